// The member that leads: executes what routers send, in order of arrival and on top of what is undecided, logs the
// effects, and lets replies go when every in-sync member holds what they saw (R4, R8). The branch of two-phase
// commit. Must never reply before that, never execute a command twice (R10), never undo what it executed (R9).
import {
  type GroupConfig,
  GroupLog,
  LARGE_VALUE,
  type Participant,
  type ParticipantAction,
  type Remembered,
} from '../commit/index.js';
import { pushConfig } from '../net/config-message.js';
import type { Address, Conn, ConnHandler, Host } from '../net/host.js';
import { encodeCommand, type Request, type RequestParser } from '../resp/index.js';
import { fenceOf, type RingDocument } from '../ring/index.js';
import type { Store } from '../store/index.js';
import type { Applier, Held } from './applier.js';
import { Blocking } from './blocking.js';
import type { GroupClock } from './clock.js';
import { Controls } from './controls.js';
import { Giving } from './giving.js';
import { handOver } from './hand-over.js';
import { InSync, type InSyncOwner } from './insync.js';
import type { Parked } from './lane.js';
import { Lanes } from './lanes.js';
import type { LanesOwner } from './lanes-owner.js';
import { LogWriter, type WriterOwner } from './log-writer.js';
import { Orphans } from './orphans.js';
import type { LargeLimits, PrimaryOptions } from './primary-options.js';
import { PrimaryRing } from './primary-ring.js';
import { dropStages } from './staging.js';
import { type SyncOwner, SyncSource } from './sync-source.js';
import { Herald } from './tell.js';

/** Bytes of unacknowledged entries at which reading from routers pauses. */
const LOG_CAPACITY = 64 * 1024 * 1024;
const EXPIRE_MS = 100;
/** Keys that one round of active expiry deletes at most. */
const EXPIRE_LIMIT = 200;

/** The primary's role of a data node. */
export class Primary implements InSyncOwner, SyncOwner, LanesOwner, WriterOwner {
  readonly log: GroupLog;
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly transactions: Participant<Parked>;
  readonly remembered: Remembered;
  readonly ring: PrimaryRing;
  readonly blocking: Blocking;
  readonly giving: Giving;
  readonly large: LargeLimits | undefined;
  /** The candidate that is being given everything: at most one. */
  private source: SyncSource | null = null;
  readonly writer: LogWriter;
  private readonly lanes: Lanes;
  readonly inSync: InSync;
  private inherited: readonly Held[];
  /** Nothing is answered before every member holds exactly the inherited log (R9). */
  private gathering = true;
  /** A new primary reads the ring after its compare-and-set, and before it serves (R2). */
  private ringIsRead = false;
  /** Handing over: nothing new is taken, nothing leaves (R6). */
  private ending = false;
  /** Members and routers have been told who leads now. */
  private toldOf = false;
  /** Ready to tell the members so. */
  private herald: Herald | null = null;
  private readonly controls: Controls;
  private readonly orphans: Orphans;
  private scheduled = false;
  stopped = false;
  private cancelExpiry: () => void = () => {};

  constructor(
    private readonly host: Host,
    readonly store: Store,
    private readonly clock: GroupClock,
    private readonly options: PrimaryOptions,
    private readonly applier: Applier,
    ring: RingDocument,
  ) {
    this.group = options.group;
    this.ring = new PrimaryRing(options.group, store, ring);
    this.id = options.id;
    this.term = options.config.term;
    const { transactions, remembered } = applier;
    this.transactions = transactions;
    this.remembered = remembered;
    transactions.lead(this.term);
    this.log = new GroupLog(options.start, options.minInSync, LOG_CAPACITY);
    this.inherited = options.inherited;
    this.inSync = new InSync(host, this, options.config, options.times, options.cas);
    this.writer = new LogWriter(this, () => host.random());
    for (const held of this.inherited) this.writer.inherit(held);
    this.blocking = new Blocking(this);
    this.large = options.large;
    this.giving = new Giving(this.large?.piece);
    this.lanes = new Lanes(this);
    this.controls = new Controls({
      transactions,
      term: this.term,
      ctx: this.writer.ctx,
      store,
      execute: (db, work) => this.writer.aside(db, work),
      perform: (actions) => this.perform(actions),
      ring: this.ring,
      largeBytes: this.large?.bytes ?? LARGE_VALUE,
      writable: () => this.log.writable,
      touch: () => this.touch(),
      later: (ms, work) => {
        host.after(ms, work);
      },
      halted: () => this.halted,
      broke: (error, commands) => this.broke(error, commands, false),
    });
    this.orphans = new Orphans(host, {
      self: options.group,
      id: options.id,
      orphanMs: options.orphanMs,
      transactions,
      // One that leads no more, and does not know, would ask about what all have confirmed and forgotten (R6).
      active: () => this.active && this.inSync.serving(),
      connected: (coordinator) => this.controls.connected(coordinator),
      configOf: (group) => options.configOf(group),
      abandoned: (group) => this.ring.document.abandoned.includes(group),
      perform: (actions) => this.perform(actions),
    });
    store.onSwapped = this.swapped;
    this.expireLater();
    this.touch();
  }

  /** Whether routers may open lanes. */
  get active(): boolean {
    return !this.gathering && !this.ending && !this.stopped;
  }
  /** Whether it will serve as soon as every member holds its log and the ring is read. */
  get preparing(): boolean {
    return this.gathering && !this.ending && !this.stopped;
  }
  get epoch(): number {
    return this.inSync.epoch;
  }

  // ---- what the node tells

  /**
   * Stops serving, lets every member take the whole log, and names the first other member as the next primary.
   * @param told told when the configuration stands, or that it does not; at once when it hands over already, since only
   * one of two could know whether anything may still be answered (R6)
   */
  handOver(told: (handed: boolean) => void): void {
    const { cas } = this.options;
    if (cas === null || this.gathering || this.ending) return told(false);
    this.writer.close();
    this.ending = true;
    this.lanes.pause();
    this.inSync.flush([]);
    this.herald = new Herald(this.host, this.others(this.inSync.current));
    handOver(this.host, this, cas, (handed, asked) => {
      // Once a compare-and-set was sent, another may lead whatever its answer is: then nothing is answered any more (R6).
      if (!handed && !asked && !this.stopped) {
        // It leads on. What routers said meanwhile was not read: they say it again over new connections (R10).
        this.ending = false;
        this.herald?.stop();
        this.herald = null;
        this.lanes.drop();
        this.controls.drop();
        this.touch();
      }
      told(handed);
    });
  }

  broke(error: unknown, command: string, halfDone: boolean): void {
    this.options.broke(error, command);
    if (!halfDone || this.stopped) return;
    // What a candidate has been given may hold the half of it.
    this.source?.breakOff();
    // The only copy there is can only lead on.
    if (this.inSync.size === 1) return;
    this.handOver(() => {
      if (this.ending) this.options.deposed();
    });
  }

  /**
   * By this configuration another member leads. It, the other members and the connected routers hear so from here, at
   * once: from ZooKeeper each would hear some ten milliseconds later. Told once.
   */
  succeeded(config: GroupConfig): void {
    if (this.toldOf) return;
    this.toldOf = true;
    // The members before the routers, who are to find their new primary prepared.
    this.herald ??= new Herald(this.host, this.others(config));
    this.herald.tell(this.group, config);
    this.lanes.tell(pushConfig(this.group, config));
  }

  private others({ inSync }: GroupConfig): string[] {
    return inSync.filter((member) => member !== this.id);
  }

  /** A newer ring is known: what waited for it goes on (R2). */
  adoptRing(document: RingDocument): void {
    if (this.ring.adopt(document)) this.ringChanged();
  }

  private ringChanged(): void {
    this.blocking.ringChanged();
    this.lanes.ringChanged();
    this.controls.ringChanged();
    this.touch();
  }

  /** Databases were swapped while keys move: what was planned before that is STALE at once, and told so later (R2). */
  private readonly swapped = (): void => {
    if (!this.ring.swapped()) return;
    this.host.endOfTurn(() => {
      if (!this.stopped) this.ringChanged();
    });
  };

  /** The ring that adoptRing() was told is not older than this primary's term. */
  ringRead(): void {
    this.ringIsRead = true;
    this.gathered();
    this.touch();
  }

  stop(): void {
    this.stopped = true;
    this.store.onSwapped = null;
    this.cancelExpiry();
    this.orphans.stop();
    this.controls.stop();
    this.lanes.stop();
    this.inSync.stop();
    this.herald?.stop();
    this.source?.stop();
  }

  address(member: string): Address | null {
    return this.options.member(member);
  }
  connected(): boolean {
    return this.options.connected?.() !== false;
  }
  deposed(): void {
    this.options.deposed();
  }
  conflict(): void {
    this.options.conflict();
  }
  changed(config: GroupConfig): void {
    this.options.changed(config);
  }
  heardRing(document: RingDocument): void {
    if (fenceOf(document) > this.ring.fence) this.options.heardRing(document);
  }
  now(): number {
    return this.clock.now();
  }
  get halted(): boolean {
    return this.stopped || this.ending;
  }
  wrote(effects: readonly Buffer[]): void {
    this.source?.entry(effects);
  }
  advanced(): void {
    this.touch();
  }

  /** Does what the participant's state machine says. */
  perform(actions: ParticipantAction<Parked>[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'log': {
          const seq = this.writer.txn(action.entry);
          this.transactions.logged(action.entry.txn, seq);
          break;
        }
        case 'apply':
          this.writer.apply(action.effects);
          break;
        case 'send':
          this.controls.send(action.lane, action.answer);
          break;
        case 'fetch':
          // Handing over, it reads nothing either: a look-up may delete what has expired (R9).
          if (!this.halted) this.controls.fetch(action.lane, action.ask, action.token);
          break;
        case 'wake':
          this.lanes.wake(action.parked);
          break;
      }
    }
    if (actions.length > 0) this.touch();
  }

  /** A router opened its data lane. */
  acceptLane(conn: Conn, hello: Request, parser: RequestParser): ConnHandler {
    return this.lanes.accept(conn, hello, parser);
  }

  /** A router, or another group's primary, opened its control lane. */
  acceptControl(conn: Conn, from: string, parser: RequestParser): ConnHandler {
    return this.controls.accept(conn, from, parser);
  }

  // ---- turns

  /** Asks for a flush at the end of this turn. */
  touch(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.host.endOfTurn(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    if (this.stopped) return;
    this.writer.close();
    const { acked } = this.lanes;
    const acks: Buffer[] = [];
    for (const [router, counter] of acked)
      acks.push(encodeCommand(['TOWLINE.ACK', this.term, router, counter]));
    // Emptying a map makes a new table, whatever was in it.
    if (acked.size > 0) acked.clear();
    this.inSync.flush(acks);
    this.gathered();
    this.inSync.moved();
    // R6: looked at right before replies leave. What is held leaves when a lease is granted again, or never.
    if (this.gathering || this.ending || !this.inSync.serving()) return;
    this.perform(this.transactions.committed(this.log.committed));
    const { committed } = this.log;
    this.controls.flush(committed);
    this.lanes.flush(committed);
    this.blocking.flush();
  }

  /** R9: once every member has said that it holds the inherited log and nothing else, this primary serves. */
  private gathered(): void {
    const { inherited, log } = this;
    if (!this.gathering || !this.ringIsRead) return;
    if (!this.inSync.gathered(this.options.start + inherited.length)) return;
    for (const held of inherited) this.applier.apply(held);
    // Below minInSync they are not committed: what depends on them waits for another member (R4), the rest is served.
    for (const held of inherited) {
      if (held.entry !== null && held.seq > log.committed)
        this.transactions.unconfirmed(held.entry.txn, held.seq);
    }
    this.inherited = [];
    this.gathering = false;
    this.options.active();
  }

  // ---- candidates

  /** Begins to give a candidate everything, unless another one is being given it. @returns whether it has begun. */
  sync(member: string): boolean {
    const address = this.options.member(member);
    if (!this.active || this.source !== null || address === null || this.log.heldBy(member) >= 0)
      return false;
    this.source = new SyncSource(this.host, this, member, address);
    return true;
  }
  /** Candidate under way, and how far it is. */
  get syncing(): { member: string; keys: number; bytes: number } | null {
    return this.source && { member: this.source.member, keys: this.source.keys, bytes: this.source.bytes };
  }
  settle(): number {
    this.writer.close();
    return this.log.head;
  }
  admit(member: string, seq: number): void {
    this.inSync.admit(member, seq);
    this.touch();
  }
  ended(): void {
    this.source = null;
  }

  private expireLater(): void {
    this.cancelExpiry = this.host.after(EXPIRE_MS, () => {
      this.source?.check();
      this.blocking.expire();
      this.giving.expire(this.now());
      if (this.log.writable && this.active) dropStages(this, false);
      if (this.log.writable && this.active)
        this.writer.aside(0, () => this.store.expireSome(this.writer.ctx, EXPIRE_LIMIT));
      this.touch();
      this.expireLater();
    });
  }
}
