// Brings a new group into the ring: its primary tries until the ring names it, or never will (R1: a group that was
// released or given up does not come back under its name). Decides nothing about a group that the ring names already.
import type { Logger } from 'pino';
import type { Host } from '../net/host.js';
import { changeRing, groupsLack } from '../net/ring-change.js';
import { addGroup, type RingDocument, standingOf } from '../ring/index.js';
import type { ZooKeeper } from '../zookeeper/index.js';

/** First and longest pause between two tries, ms; it doubles. */
const FIRST_MS = 20;
const LAST_MS = 1000;
/** Longest wait for other changes of the ring, ms; then it is tried again. */
const LOCK_MS = 10_000;

/** What is to join. */
export interface JoinOptions {
  group: string;
  weight: number;
  log: Logger;
}

/** Whether a group of this name may begin, and join. A ring that is not known yet forbids nothing. */
export function mayJoin(ring: RingDocument | null, group: string): boolean {
  if (ring === null) return true;
  const standing = standingOf(ring, group);
  return standing !== 'released' && standing !== 'abandoned';
}

/** One member's care for its group's place in the ring, while it leads. */
export class RingJoin {
  private active = false;
  private settled = false;
  private cancel = () => {};
  private said = '';

  constructor(
    private readonly host: Host,
    private readonly zk: ZooKeeper,
    private readonly options: JoinOptions,
  ) {}

  /** This member leads: it tries until the group's place is settled. */
  start(): void {
    if (this.active || this.settled) return;
    this.active = true;
    void this.attempt(FIRST_MS);
  }

  /** It leads no more, or ends. */
  stop(): void {
    this.active = false;
    this.cancel();
  }

  private async attempt(pause: number): Promise<void> {
    const why = await this.join();
    if (why === null) this.settled = true;
    if (why === null || !this.active) {
      this.active = false;
      return;
    }
    if (why !== this.said) this.options.log.warn({ group: this.options.group, why }, 'not in the ring yet');
    this.said = why;
    this.cancel = this.host.after(pause, () => void this.attempt(Math.min(2 * pause, LAST_MS)));
  }

  /** One try. @returns why it is to be tried again; null: the group's place is settled */
  private async join(): Promise<string | null> {
    const { group, weight, log } = this.options;
    try {
      const outcome = await changeRing(this.zk, {
        // A name that the ring knows already is no reason to try again, and no error.
        change: (now) => (standingOf(now, group) === 'none' ? addGroup(now, group, weight) : now),
        lack: (next) =>
          this.active
            ? groupsLack(this.zk, this.host, next.groups)
            : Promise.resolve('this member leads no more'),
        lockMs: LOCK_MS,
      });
      if ('refused' in outcome) return outcome.refused;
      const { ring } = outcome;
      if (outcome.changed) log.info({ group, ring: ring.version }, 'group is in the ring');
      else if (!mayJoin(ring, group)) {
        log.warn({ group }, `this group was ${standingOf(ring, group)}: start its nodes under another name`);
      }
      return null;
    } catch (error) {
      return `ZooKeeper: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
