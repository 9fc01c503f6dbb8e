// The drain's side towards ZooKeeper: one router at a time is elected to move keys, hears how fast, says how far it
// is, and has the ring's history shortened by compare-and-set. Decides nothing about keys.
import type { Logger } from 'pino';
import { PATHS } from '../net/directory.js';
import { DRAIN_PATHS, type DrainProgress, type DrainRateDocument, rateIn } from '../net/drain.js';
import type { Host } from '../net/host.js';
import { type RingDocument, trim } from '../ring/index.js';
import { CasDocument, DocumentView, Election, type ZooKeeper } from '../zookeeper/index.js';
import type { DrainState, Mover } from './mover.js';

const ELECTION = '/towline/drain/election';
/** How often progress is written, ms. */
const REPORT_MS = 1000;

/** One router's candidature for the drain. */
export class DrainLeader {
  private readonly election: Election;
  private readonly rates: DocumentView<DrainRateDocument>;
  private readonly progress: CasDocument<DrainProgress>;
  private mover: Mover | null = null;
  private stopped = false;
  private before: (DrainState & { at: number }) | null = null;

  constructor(
    private readonly host: Host,
    private readonly zk: ZooKeeper,
    private readonly id: string,
    private readonly log: Logger,
  ) {
    this.election = new Election(zk, ELECTION, id, (leader) => {
      log.info({ id }, leader ? 'this router leads the drain' : 'this router does not lead the drain');
      this.mover?.lead(leader);
    });
    this.rates = new DocumentView<DrainRateDocument>(zk, DRAIN_PATHS.rate, (found) =>
      this.mover?.setRate(rateIn(found?.value)),
    );
    this.progress = new CasDocument<DrainProgress>(zk, DRAIN_PATHS.progress);
  }

  /** Stands for election. Resolves at once: who drains is nobody's to wait for. */
  start(mover: Mover): void {
    this.mover = mover;
    // They retry by themselves; only stop() ends them without a beginning.
    this.rates.start().catch(() => {});
    this.election.start().catch(() => {});
    this.reportLater();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.allSettled([this.election.stop(), this.rates.stop()]);
  }

  /** Takes from history what can go, if this is still the ring's version. Tells when it was tried. */
  trim(version: number, emptyIn: (group: string, slot: number) => boolean, done: () => void): void {
    const document = new CasDocument<RingDocument>(this.zk, PATHS.ring);
    let shorter = false;
    document
      .update((now) => {
        const next = now?.version === version ? trim(now, emptyIn) : null;
        shorter ||= next !== null;
        return next;
      })
      .then((found) => {
        if (shorter)
          this.log.info({ ring: found?.value.version, history: found?.value.history.length }, 'drained');
      })
      .catch((error) => this.log.warn({ error }, 'the ring was not shortened yet'))
      .finally(done);
  }

  private reportLater(): void {
    this.host.after(REPORT_MS, () => {
      if (this.stopped) return;
      void this.report().finally(() => this.reportLater());
    });
  }

  /** Writes how far it is; speeds are those since the last report. */
  private async report(): Promise<void> {
    const state = this.mover?.progress ?? null;
    const { before } = this;
    const at = this.host.now();
    this.before = state && { ...state, at };
    if (state === null) return;
    const same = before?.version === state.version ? before : { ...state, at: at - REPORT_MS };
    const perSecond = (now: number, then: number) => Math.max(0, ((now - then) * 1000) / (at - same.at));
    await this.progress
      .update(() => ({
        ...state,
        mover: this.id,
        keysPerSecond: perSecond(state.keysMoved, same.keysMoved),
        bytesPerSecond: perSecond(state.bytesMoved, same.bytesMoved),
        keysLeft: null,
        at: this.host.wall(),
      }))
      .catch((error) => this.log.warn({ error }, 'progress of the drain not written'));
  }
}
