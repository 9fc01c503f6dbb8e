// The member that leads: executes what routers send, in order of arrival and on top of what is undecided, logs the
// effects, and lets replies go when every in-sync member holds what they saw (R4, R8). The branch of two-phase
// commit. Must never reply before that, never execute a command twice (R10), never undo what it executed (R9).
import { arityOk, find, findRequest } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import {
  type GroupConfig,
  GroupLog,
  type Participant,
  type ParticipantAction,
  type Remembered,
  type TxnEntry,
} from '../commit/index.js';
import type { Address, Conn, ConnHandler, Host } from '../net/host.js';
import { encodeTxnEntry } from '../net/wire.js';
import { encodeCommand, type Proto, ProtocolError, type Request, type RequestParser } from '../resp/index.js';
import { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import type { Applier, Held } from './applier.js';
import type { GroupClock } from './clock.js';
import { Controls } from './controls.js';
import { batchFrame, OpenEntry, txnFrame } from './entry.js';
import { type CompareAndSet, type GroupTimes, InSync, type InSyncOwner } from './insync.js';
import { internalRead, lockedKeys } from './internal.js';
import { Lane, type Parked } from './lane.js';
import { Orphans } from './orphans.js';
import { type SyncOwner, SyncSource } from './sync-source.js';
import { databaseOf, numberOf } from './vet.js';

/** Bytes of unacknowledged entries, and of replies on one lane, at which reading from routers pauses. */
const LOG_CAPACITY = 64 * 1024 * 1024;
const LANE_CAPACITY = 64 * 1024 * 1024;
/** Commands parked on one lane at which reading from it pauses. */
const PARKED_CAPACITY = 10_000;
const EXPIRE_MS = 100;
/** Keys that one round of active expiry deletes at most. */
const EXPIRE_LIMIT = 200;

/** What a primary is told about itself and the world. */
export interface PrimaryOptions {
  group: string;
  /** Member id. */
  id: string;
  /** The configuration that makes this member the primary. */
  config: GroupConfig;
  /** Seq up to which the store already is: every other member in sync holds at least that. */
  start: number;
  /** Entries after `start` that this member holds: they are its log now (R9). */
  inherited: readonly Held[];
  times: GroupTimes;
  /** Absent: the configuration never changes. */
  cas: CompareAndSet | null;
  minInSync: number;
  /** How long a prepared transaction waits for its coordinator's return before it is finished without it, ms. */
  orphanMs: number;
  /** Where a member of this group listens. */
  member(id: string): Address | null;
  /** Where the primary of another group listens. */
  primaryOf(group: string): Address | null;
  /** A newer term exists. */
  deposed(): void;
  /** The configuration is not what was thought: it must be read. */
  conflict(): void;
  /** This primary changed the configuration. */
  changed(config: GroupConfig): void;
  /** Every member holds the inherited log and nothing else: this primary serves from now on. */
  active(): void;
}

/** The primary's role of a data node. */
export class Primary implements InSyncOwner, SyncOwner {
  readonly log: GroupLog;
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly transactions: Participant<Parked>;
  readonly remembered: Remembered;
  /** The candidate that is being given everything: at most one. */
  private source: SyncSource | null = null;
  private readonly ctx = new Context();
  private readonly open = new OpenEntry();
  private readonly lanes = new Set<Lane>();
  readonly inSync: InSync;
  private inherited: readonly Held[];
  /** Nothing is answered before every member holds exactly the inherited log (R9). */
  private gathering = true;
  /** A new primary reads the ring after its compare-and-set, and before it serves (R2). */
  private ringIsRead = false;
  /** Handing over: nothing new is taken, nothing leaves (R6). */
  private ending = false;
  private readonly controls: Controls;
  private readonly orphans: Orphans;
  /** Acknowledgements of routers that the backups have not been told: router -> counter. */
  private readonly acked = new Map<string, number>();
  private scheduled = false;
  private stopped = false;
  private cancelExpiry: () => void = () => {};
  /** Commands executed by kind, for status. */
  reads = 0;
  writes = 0;

  constructor(
    private readonly host: Host,
    readonly store: Store,
    private readonly clock: GroupClock,
    private readonly options: PrimaryOptions,
    private readonly applier: Applier,
    private ringVersion: number,
  ) {
    this.group = options.group;
    this.id = options.id;
    this.term = options.config.term;
    const { transactions, remembered } = applier;
    this.transactions = transactions;
    this.remembered = remembered;
    transactions.lead(this.term);
    this.ctx.effects = this.open.effects;
    this.ctx.random = () => host.random();
    this.log = new GroupLog(options.start, options.minInSync, LOG_CAPACITY);
    this.inherited = options.inherited;
    this.inSync = new InSync(host, this, options.config, options.times, options.cas);
    for (const held of this.inherited) {
      const head = this.head();
      if (held.kind === 'batch') this.log.append(batchFrame(head, held));
      else this.log.append(txnFrame(head, encodeTxnEntry(held.entry)));
    }
    this.controls = new Controls({
      transactions,
      ctx: this.ctx,
      store,
      execute: (db, work) => this.aside(db, work),
      perform: (actions) => this.perform(actions),
      ringVersion: () => this.ringVersion,
      writable: () => this.log.writable,
      touch: () => this.touch(),
      later: (ms, work) => {
        host.after(ms, work);
      },
    });
    this.orphans = new Orphans(host, {
      self: options.group,
      id: options.id,
      orphanMs: options.orphanMs,
      transactions,
      connected: (coordinator) => this.controls.connected(coordinator),
      primaryOf: (group) => options.primaryOf(group),
      perform: (actions) => this.perform(actions),
    });
    this.expireLater();
    this.touch();
  }

  /** Whether routers may open lanes. */
  get active(): boolean {
    return !this.gathering && !this.ending && !this.stopped;
  }
  get epoch(): number {
    return this.inSync.epoch;
  }

  // ---- what the node tells

  /**
   * Stops serving, lets every member take the whole log, and names the first other member as the next primary.
   * @param done told when the configuration stands, or that it does not
   */
  handOver(done: (handed: boolean) => void): void {
    const config = this.inSync.current;
    const heir = config.inSync.find((member) => member !== this.id);
    const { cas } = this.options;
    if (heir === undefined || cas === null || this.gathering || this.stopped) return done(false);
    this.closeEntry();
    this.ending = true;
    for (const lane of this.lanes) lane.conn.pause();
    this.inSync.flush([]);
    const give = () => {
      if (this.stopped) return done(false);
      if (this.log.committed < this.log.head) {
        this.host.after(2, give);
        return;
      }
      const now = this.inSync.current;
      const inSync = now.inSync.filter((member) => member !== this.id);
      if (!inSync.includes(heir)) return done(false);
      const next = { ...now, epoch: now.epoch + 1, term: now.term + 1, primary: heir, inSync };
      cas(next, now.epoch, (result) => done(result === 'written'));
    };
    give();
  }

  /** A newer ring is known: what waited for it goes on (R2). */
  adoptRing(version: number): void {
    if (version <= this.ringVersion) return;
    this.ringVersion = version;
    for (const lane of this.lanes) {
      if (!lane.blocked) continue;
      lane.blocked = false;
      this.read(lane, null);
    }
    this.controls.ringChanged();
    this.touch();
  }

  /** The ring that adoptRing() was told is not older than this primary's term. */
  ringRead(): void {
    this.ringIsRead = true;
    this.gathered();
    this.touch();
  }

  stop(): void {
    this.stopped = true;
    this.cancelExpiry();
    this.orphans.stop();
    this.controls.stop();
    for (const lane of this.lanes) {
      lane.gone = true;
      lane.conn.destroy();
    }
    this.inSync.stop();
    this.source?.stop();
  }

  address(member: string): Address | null {
    return this.options.member(member);
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
  now(): number {
    return this.clock.now();
  }
  advanced(): void {
    this.touch();
  }

  // ---- data lanes

  /** A router opened its data lane: `TOWLINE.LANE router floor fresh ring`. What `parser` still holds follows. */
  acceptLane(conn: Conn, hello: Request, parser: RequestParser): ConnHandler {
    const router = hello.text(1);
    const lane = new Lane(router, conn, parser);
    lane.next = numberOf(hello, 2);
    // What was sent over a connection that is gone may arrive after what followed it over another one (R10).
    this.closeEntry();
    lane.fresh = Math.max(numberOf(hello, 3), this.remembered.reached(router));
    lane.ring = numberOf(hello, 4);
    // What the router's older connection still says would be said twice (R10).
    for (const other of this.lanes) if (other.router === router) this.loseLane(other);
    this.lanes.add(lane);
    this.remembered.acknowledge(router, lane.next);
    const words = ['TOWLINE.LANE', this.group, this.term, this.epoch, this.ringVersion].map(
      (word) => `${word}`,
    );
    conn.write(
      Buffer.from(`>5\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`, 'latin1'),
    );
    this.read(lane);
    return {
      data: (chunk) => {
        if (!lane.gone) this.read(lane, chunk);
      },
      drained: () => this.resume(lane),
      closed: () => this.loseLane(lane),
    };
  }

  private loseLane(lane: Lane): void {
    if (lane.gone) return;
    lane.gone = true;
    this.lanes.delete(lane);
    lane.conn.destroy();
    for (const queue of lane.parked.values()) {
      for (const parked of queue) {
        if (parked.lock !== null) this.perform(this.transactions.unpark(parked.lock));
      }
    }
    lane.parked.clear();
    for (const parked of lane.single)
      if (parked.lock !== null) this.perform(this.transactions.unpark(parked.lock));
    lane.single.clear();
  }

  /** Reads on, with what arrived; null: begins with the command that a newer ring was awaited for. */
  private read(lane: Lane, chunk?: Buffer | null): void {
    if (this.stopped || this.ending) return;
    this.ctx.now = this.clock.now();
    try {
      if (chunk === null) this.command(lane, lane.parser.request);
      else if (chunk !== undefined) lane.parser.feed(chunk);
      while (!lane.gone && !lane.blocked && lane.parser.next()) this.command(lane, lane.parser.request);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.loseLane(lane);
    }
    if (!lane.paused && !lane.gone && this.overfull(lane)) {
      lane.paused = true;
      lane.conn.pause();
    }
    this.touch();
  }

  /** Whether no more of the lane should be read for now. */
  private overfull(lane: Lane): boolean {
    return (
      // Bytes are kept rather than the connection paused: a paused one does not hear that its peer is gone.
      (lane.blocked && lane.parser.pending > LANE_CAPACITY) ||
      this.log.full ||
      lane.waiting > LANE_CAPACITY ||
      lane.parkedCount > PARKED_CAPACITY
    );
  }

  private resume(lane: Lane): void {
    if (!lane.paused || this.overfull(lane)) return;
    lane.paused = false;
    lane.conn.resume();
  }

  /** One message of a lane. Outcomes: a modifier is taken; a plain command is executed, parked, recalled, or STALE. */
  private command(lane: Lane, request: Request): void {
    if (request.argc === 0) return;
    const from = request.start + request.from[0]!;
    let row = find(request.buffer, from, request.start + request.to[0]!);
    if (row?.subcommands !== undefined) row = findRequest(request);
    if (row === undefined) {
      if (this.modifier(lane, request)) return;
    } else if (!arityOk(row, request.argc))
      throw new ProtocolError('command with a wrong number of arguments');
    if (lane.ring > this.ringVersion) {
      lane.blocked = true;
      return;
    }
    const counter = lane.next++;
    // R10 before R2: STALE means that nothing was executed, and this may have been, under the ring that it names.
    if (counter < lane.fresh && this.recall(lane, counter)) return;
    if (lane.ring < this.ringVersion) return this.stale(lane, counter);
    if (this.transactions.locks.size > 0 || lane.parkedCount > 0) {
      if (this.parks(lane, counter, row, request)) return;
    }
    this.run(lane, counter, row, request, lane.db, lane.proto);
  }

  /** Nothing was executed: the router plans anew with the newer ring (R2). */
  private stale(lane: Lane, counter: number): void {
    lane.push(counter, ['TOWLINE.STALE', counter, this.ringVersion]);
  }

  private modifier(lane: Lane, request: Request): boolean {
    switch (request.text(0)) {
      case 'TOWLINE.DB':
        lane.db = databaseOf(request, 1);
        return true;
      case 'TOWLINE.PROTO':
        lane.proto = numberOf(request, 1) === 3 ? 3 : 2;
        return true;
      case 'TOWLINE.CLIENT':
        lane.tag = numberOf(request, 1);
        if (request.argc > 2) lane.adopt(numberOf(request, 2));
        return true;
      case 'TOWLINE.RING':
        lane.ring = numberOf(request, 1);
        return true;
      case 'TOWLINE.AT':
        lane.next = numberOf(request, 1);
        return true;
      case 'TOWLINE.ACK': {
        const counter = numberOf(request, 1);
        this.remembered.acknowledge(lane.router, counter);
        this.acked.set(lane.router, counter);
        return true;
      }
      default:
        return false;
    }
  }

  /** R10: a command that was sent before is answered from memory if it is there. */
  private recall(lane: Lane, counter: number): boolean {
    this.closeEntry();
    const known = this.remembered.recall(lane.router, counter);
    if (known.kind === 'new') return false;
    lane.later.begin(counter);
    if (known.kind === 'answered') {
      lane.later.writer.bytes(known.reply);
      if (known.seq > lane.later.need) lane.later.need = known.seq;
    } else lane.later.writer.error('UNCERTAIN the outcome of this command has been forgotten');
    return true;
  }

  /** Executes now. Replies of writes wait in `later`; those of reads leave at once unless they saw something undecided. */
  private run(
    lane: Lane,
    counter: number,
    row: CommandRow | undefined,
    request: Request,
    db: number,
    proto: Proto,
  ): void {
    const { ctx, open, store } = this;
    if (open.router !== lane.router) {
      this.closeEntry();
      open.router = lane.router;
    }
    const write = row?.write === true;
    const replies = write ? lane.later : lane.now;
    const mark = replies.begin(counter);
    const { writer } = replies;
    const from = writer.length;
    writer.proto = proto;
    if (write) this.writes++;
    else this.reads++;
    if (write && !this.log.writable) {
      writer.error('NOREPLICAS Not enough good replicas to write.');
      return;
    }
    ctx.reply = writer;
    ctx.db = db;
    ctx.need = 0;
    ctx.seq = this.log.head + 1;
    open.begin(db);
    if (row === undefined || row.where === 'router') internalRead(store, request, ctx);
    else store.execute(row, request, ctx);
    if (open.end(db)) {
      ctx.need = ctx.seq;
      if (write) open.answered(counter, writer.view(), from, writer.length);
    }
    if (write) {
      if (ctx.need > replies.need) replies.need = ctx.need;
    } else if (ctx.need > this.log.committed) lane.defer(counter, mark, from, ctx.need);
  }

  // ---- parking

  /** Whether the command must wait for a lock, or behind an earlier command of its client. */
  private parks(lane: Lane, counter: number, row: CommandRow | undefined, request: Request): boolean {
    const { tag } = lane;
    const behind = tag !== 0 ? lane.parked.get(tag) : undefined;
    if (behind === undefined && !this.blockedKeys(row, request, lane.db)) return false;
    const parked: Parked = {
      lane,
      counter,
      row,
      request: request.clone(),
      db: lane.db,
      proto: lane.proto,
      ring: lane.ring,
      tag,
      lock: null,
    };
    lane.parkedCount++;
    if (behind !== undefined) {
      behind.push(parked);
      return true;
    }
    if (tag !== 0) lane.parked.set(tag, [parked]);
    else lane.single.add(parked);
    this.lockFor(parked);
    return true;
  }

  private blockedKeys(row: CommandRow | undefined, request: Request, db: number): boolean {
    const { locks } = this.transactions;
    if (locks.size === 0) return false;
    const keys = lockedKeys(row, request, db);
    if (keys === null) return locks.blocks('', false);
    return keys.some((key) => locks.blocks(key, row?.write === true));
  }

  private lockFor(parked: Parked): void {
    const exclusive = parked.row?.write === true;
    const keys = lockedKeys(parked.row, parked.request, parked.db) ?? [];
    parked.lock = this.transactions.locks.request(
      { parked },
      keys.map((key) => ({ key, exclusive })),
      false,
    );
    if (parked.lock.granted) this.wake([parked]);
  }

  /** Locks of parked commands are granted: they execute, then those behind them of the same client. */
  private wake(granted: Parked[]): void {
    for (const parked of granted) {
      const { lane, tag, lock } = parked;
      if (lane.gone || lock === null) continue;
      this.ctx.now = this.clock.now();
      this.finishParked(parked);
      parked.lock = null;
      this.perform(this.transactions.unpark(lock));
      if (tag === 0) {
        lane.single.delete(parked);
        continue;
      }
      const queue = lane.parked.get(tag);
      if (queue === undefined) continue;
      queue.shift();
      while (queue.length > 0) {
        const next = queue[0]!;
        if (this.blockedKeys(next.row, next.request, next.db)) {
          this.lockFor(next);
          break;
        }
        this.finishParked(next);
        queue.shift();
      }
      if (queue.length === 0) lane.parked.delete(tag);
    }
    this.touch();
  }

  /** R2: the ring is checked when the command executes, not only when it arrived. */
  private finishParked({ lane, counter, row, request, db, proto, ring }: Parked): void {
    lane.parkedCount--;
    if (ring !== this.ringVersion) return this.stale(lane, counter);
    this.run(lane, counter, row, request, db, proto);
  }

  // ---- the log

  /** Executes work that is no router's plain command (locks' reads, effects of outcomes, expiry) in an entry of the group. */
  private aside(db: number, work: () => void): void {
    const { open, ctx } = this;
    if (open.router !== '') this.closeEntry();
    ctx.now = this.clock.now();
    ctx.db = db;
    ctx.need = 0;
    ctx.seq = this.log.head + 1;
    open.begin(db);
    work();
    if (open.end(db)) ctx.need = ctx.seq;
  }

  private head() {
    const { term, log, clock } = this;
    return { term, seq: log.head + 1, commit: log.committed, clock: clock.now() };
  }

  private closeEntry(): void {
    if (this.open.empty) return;
    const head = this.head();
    const parts = this.open.take();
    this.log.append(batchFrame(head, parts));
    this.source?.entry(parts.effects);
    if (parts.router !== '')
      this.remembered.add(parts.router, { seq: head.seq, index: parts.index, replies: parts.replies });
  }

  private logTxn(entry: TxnEntry): number {
    this.closeEntry();
    const head = this.head();
    this.log.append(txnFrame(head, encodeTxnEntry(entry)));
    return head.seq;
  }

  /** Does what the participant's state machine says. */
  private perform(actions: ParticipantAction<Parked>[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'log': {
          const seq = this.logTxn(action.entry);
          this.transactions.logged(action.entry.txn, seq);
          this.ctx.seq = seq;
          break;
        }
        case 'apply': {
          // The outcome's own entry carries the change to the backups; here it is executed under that entry's seq.
          const { ctx } = this;
          ctx.db = 0;
          ctx.seq = this.log.head;
          ctx.replica = true;
          this.store.apply(action.effects, ctx);
          ctx.replica = false;
          this.source?.entry(action.effects);
          break;
        }
        case 'send':
          this.controls.send(action.lane, action.answer);
          break;
        case 'fetch':
          this.controls.fetch(action.lane, action.ask, action.token);
          break;
        case 'wake':
          this.wake(action.parked);
          break;
      }
    }
    if (actions.length > 0) this.touch();
  }

  /** A router, or another group's primary, opened its control lane. */
  acceptControl(conn: Conn, from: string, parser: RequestParser): ConnHandler {
    return this.controls.accept(conn, from, parser);
  }

  // ---- turns

  private touch(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.host.endOfTurn(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    if (this.stopped) return;
    this.closeEntry();
    const acks = [...this.acked].map(([router, counter]) =>
      encodeCommand(['TOWLINE.ACK', this.term, router, counter]),
    );
    this.acked.clear();
    this.inSync.flush(acks);
    this.gathered();
    this.inSync.moved();
    // R6: looked at right before replies leave. What is held leaves when a lease is granted again, or never.
    if (this.gathering || this.ending || !this.inSync.serving()) return;
    this.perform(this.transactions.committed(this.log.committed));
    const { committed } = this.log;
    this.controls.flush(committed);
    for (const lane of this.lanes) {
      lane.flush(committed);
      if (lane.paused) this.resume(lane);
    }
  }

  /** R9: once every member has the inherited log, its entries are committed, and this primary serves. */
  private gathered(): void {
    if (
      !this.gathering ||
      !this.ringIsRead ||
      this.log.committed < this.options.start + this.inherited.length
    )
      return;
    for (const held of this.inherited) this.applier.apply(held);
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
    this.closeEntry();
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
      if (this.log.writable && this.active)
        this.aside(0, () => this.store.expireSome(this.ctx, EXPIRE_LIMIT));
      this.touch();
      this.expireLater();
    });
  }
}
