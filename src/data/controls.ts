// Control lanes: transactions over several groups as they reach this primary, and the answers that go back. Never
// paused: votes and outcomes must always get through. An answer that saw something undecided waits for it (R8).
import {
  type Answer,
  type Ask,
  EMPTY,
  type KeyValue,
  LOCKS_DB,
  type Participant,
  type ParticipantAction,
  type Taken,
} from '../commit/index.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { decodeAsk, encodeAnswer } from '../net/wire.js';
import {
  encodeCommand,
  inOne,
  MAX_BULK,
  ProtocolError,
  ReplyWriter,
  type RequestParser,
} from '../resp/index.js';
import type { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import { runAside, withOwn } from './aside.js';
import { BROKE } from './broken.js';
import { sayStates } from './exec.js';
import { internalRead } from './internal.js';
import type { Parked } from './lane.js';
import type { PrimaryRing } from './primary-ring.js';
import { chosenFrom, deletionOf, takenFrom } from './taking.js';
import { adoptedIn, keysMadeBy, readOf, readsIn, vetAsk } from './vet.js';
import { Yielded } from './yielded.js';

/** What the primary gives. */
export interface ControlsOwner {
  readonly transactions: Participant<Parked>;
  readonly ctx: Context;
  readonly store: Store;
  readonly term: number;
  /** Executes work on database `db` within the group's log; `ctx.need` says afterwards what it saw. */
  execute(db: number, work: () => void): void;
  perform(actions: ParticipantAction<Parked>[]): void;
  readonly ring: PrimaryRing;
  /** Bytes of the largest value that a transaction takes along when a key moves. */
  readonly largeBytes: number;
  writable(): boolean;
  touch(): void;
  /** Does it once, after so many ms. */
  later(ms: number, work: () => void): void;
  /** Handing over, or at an end: nothing more is taken. */
  halted(): boolean;
  /** Commands that ran aside broke an assertion, and have been answered with an error. @param commands their names */
  broke(error: unknown, commands: string): void;
}

interface ControlLane {
  id: number;
  conn: Conn;
  /** Incarnation of the router, or id of the member of another group. */
  from: string;
  out: Buffer[];
  /** It has been told that it is fenced. */
  told: boolean;
  /** Somebody waits for what is in `out`. */
  urgent: boolean;
}

/** Locks that wait for a newer ring, at most. */
const MAX_EARLY = 10_000;
/** How long a DONE waits for something to ride on, ms. */
const LAZY_MS = 5;

/** All control lanes of one primary. */
export class Controls {
  private readonly lanes = new Map<number, ControlLane>();
  private ids = 0;
  private pending: { need: number; lane: number; bytes: Buffer }[] = [];
  /** Locks asked for under a ring that is not known here yet. */
  private early: { lane: number; ask: Ask & { kind: 'lock' } }[] = [];
  private readonly yielded: Yielded;

  constructor(private readonly owner: ControlsOwner) {
    this.yielded = new Yielded(owner);
  }

  /** Whether a coordinator has a lane open. */
  connected(coordinator: string): boolean {
    for (const lane of this.lanes.values()) if (lane.from === coordinator) return true;
    return false;
  }

  accept(conn: Conn, from: string, parser: RequestParser): ConnHandler {
    // What an older connection of the same coordinator locked goes with it.
    for (const other of [...this.lanes.values()]) if (other.from === from) this.lose(other);
    const lane: ControlLane = { id: ++this.ids, conn, from, out: [], told: false, urgent: false };
    this.lanes.set(lane.id, lane);
    this.tellFenced(lane);
    const read = (chunk?: Buffer) => {
      // What is said now would be logged behind what the next primary begins with (R9).
      if (this.owner.halted()) return;
      try {
        if (chunk !== undefined) parser.feed(chunk);
        while (this.lanes.has(lane.id) && parser.next()) {
          this.tellFenced(lane);
          this.onAsk(lane.id, decodeAsk(parser.request));
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        conn.destroy();
      }
      this.owner.touch();
    };
    read();
    return {
      data: (chunk) => {
        if (this.lanes.has(lane.id)) read(chunk);
      },
      closed: () => this.lose(lane),
    };
  }

  send(lane: number, answer: Answer): void {
    const to = this.lanes.get(lane);
    if (to === undefined) return;
    if (answer.kind === 'state' && answer.state === 'prepared' && this.yielded.asked(answer.txn))
      answer = { ...answer, state: 'yielded' };
    to.out.push(encodeAnswer(answer));
    if (answer.kind !== 'done') to.urgent = true;
    // No client waits for a DONE: it rides on what follows it.
    else if (to.out.length === 1) {
      this.owner.later(LAZY_MS, () => {
        to.urgent = true;
        this.owner.touch();
      });
    }
  }

  /** Locks are granted: what was asked for is read now, and sent when it is committed. */
  fetch(lane: number, ask: Ask & { kind: 'lock' }, token: string): void {
    const { owner } = this;
    const { txn, keys } = ask;
    if (ask.ring !== owner.ring.fence) {
      this.send(lane, { kind: 'refused', txn, why: 'stale' });
      owner.perform(owner.transactions.ask(lane, { kind: 'release', txn }));
      return;
    }
    const { ctx, store } = owner;
    const large = this.tooLarge(ask);
    if (large !== null) {
      this.send(lane, { kind: 'refused', txn, why: 'large', key: large });
      owner.perform(owner.transactions.ask(lane, { kind: 'release', txn }));
      return;
    }
    let need = 0;
    const values: KeyValue[] = [];
    const replies = new ReplyWriter();
    ctx.reply = replies;
    // Fetched for a transaction: no look-up of a reading command.
    const { hits, misses } = ctx;
    for (const { db, key } of ask.fetch ? keys : []) {
      if (db === LOCKS_DB) continue;
      owner.execute(db, () => {
        // The look-up deletes the key if it has expired, and says what the value depends on.
        const found = store.findQuiet(ctx, key, db) !== undefined;
        values.push({ db, key, payload: found ? store.exportKey(db, key) : null });
      });
      need = Math.max(need, ctx.need);
    }
    let taken: Taken | undefined;
    if (ask.take !== undefined) {
      taken = takenFrom(store, ctx, keys, ask.take, (db, work) => {
        owner.execute(db, work);
        need = Math.max(need, ctx.need);
      });
    }
    ctx.hits = hits;
    ctx.misses = misses;
    for (const read of readsIn(ask)) {
      const { row, request } = readOf(read.command);
      const before = replies.length;
      replies.proto = read.proto;
      const insides = { store, locks: owner.transactions.locks };
      owner.execute(read.db, () => {
        if (request.is(0, 'towline.states')) return sayStates(owner, request);
        try {
          internalRead(insides, row, request, ctx);
        } catch (error) {
          replies.truncate(before);
          replies.error(BROKE);
          owner.broke(error, request.text(0));
        }
      });
      need = Math.max(need, ctx.need);
      // An answer that is too long would end the lane, and be said again on the next one.
      if (ask.everything && replies.length > MAX_BULK) {
        replies.truncate(before);
        replies.error('ERR too many keys to be named inside MULTI');
      }
    }
    const ran =
      ask.aside && runAside(this.owner, { ...ask.aside, values: withOwn(ask.aside.values, values) }, replies);
    const bytes = encodeAnswer({
      kind: 'locked',
      txn,
      token,
      firm: owner.writable(),
      values,
      reply: replies.length > 0 ? replies.take() : EMPTY,
      changes: ran?.changes,
      events: ran?.events,
      taken,
    });
    this.pending.push({ need, lane, bytes });
    owner.touch();
  }

  /** A key that is to leave this group and is too large for a message: it goes in pieces first (design, Drain). */
  private tooLarge({ fetch, keys }: Ask & { kind: 'lock' }): { db: number; key: string } | null {
    const { store, ring, largeBytes } = this.owner;
    if (!fetch || !ring.moving) return null;
    const found = keys.find(
      ({ db, key }) => db !== LOCKS_DB && !ring.owns(store.slotOf(key)) && store.sizeOf(db, key) > largeBytes,
    );
    return found === undefined ? null : { db: found.db, key: found.key };
  }

  /** A newer ring is known: locks that waited for it are asked for now. */
  ringChanged(): void {
    const { early } = this;
    this.early = [];
    for (const { lane, ask } of early) if (this.lanes.has(lane)) this.onAsk(lane, ask);
  }

  /** End of the turn. */
  flush(committed: number): void {
    if (this.pending.length > 0) {
      const waiting: typeof this.pending = [];
      for (const answer of this.pending) {
        if (answer.need > committed) waiting.push(answer);
        else {
          const to = this.lanes.get(answer.lane);
          if (to === undefined) continue;
          to.out.push(answer.bytes);
          to.urgent = true;
        }
      }
      this.pending = waiting;
    }
    for (const lane of this.lanes.values()) {
      const { conn, out } = lane;
      if (out.length === 0 || !lane.urgent) continue;
      lane.urgent = false;
      lane.out = [];
      conn.write(inOne(out));
    }
  }

  /** Ends every lane: their coordinators open new ones, and ask again. */
  drop(): void {
    for (const lane of [...this.lanes.values()]) this.lose(lane);
  }

  stop(): void {
    for (const { conn } of this.lanes.values()) conn.destroy();
    this.lanes.clear();
  }

  /** A coordinator may be fenced while it is connected; it must take a new name, or nothing it begins gets on. */
  private tellFenced(lane: ControlLane): void {
    if (lane.told || !this.owner.transactions.isFenced(lane.from)) return;
    lane.told = true;
    lane.out.push(encodeCommand(['TOWLINE.FENCED']));
    // What is lazy waits only if it is first: it would wait behind this for ever.
    lane.urgent = true;
  }

  private onAsk(lane: number, ask: Ask): void {
    const { owner } = this;
    // Before its locks are waited for: later it could only be met on somebody else's turn.
    vetAsk(ask);
    if (ask.kind === 'lock') {
      const { fence } = owner.ring;
      if (ask.ring > fence) {
        if (this.early.length >= MAX_EARLY)
          return this.send(lane, { kind: 'refused', txn: ask.txn, why: 'full' });
        this.early.push({ lane, ask });
        return;
      }
      if (ask.ring < fence) return this.send(lane, { kind: 'refused', txn: ask.txn, why: 'stale' });
      if (
        !owner.writable() &&
        (ask.everything || ask.take || ask.keys.some(({ db, exclusive }) => exclusive && db !== LOCKS_DB))
      ) {
        return this.send(lane, { kind: 'refused', txn: ask.txn, why: 'noreplicas' });
      }
      if (ask.take !== undefined) {
        const { locks } = owner.transactions;
        ask = { ...ask, keys: chosenFrom({ store: owner.store, locks }, ask.take) };
      }
    }
    // What is given up before its ring was known here must not be locked when it is.
    if (ask.kind === 'release') this.early = this.early.filter((each) => each.ask.txn !== ask.txn);
    if (ask.kind === 'aside') return this.onAside(lane, ask);
    // Its coordinator gives up as soon as it knows the ring.
    if (ask.kind === 'outcome' && !this.yielded.takes(ask.txn, this.lanes.get(lane)?.from)) return;
    if (ask.kind === 'prepare') ask = this.parted(ask);
    if (ask.kind === 'prepare' && !this.staged(ask.effects)) {
      // What it would adopt was dropped: it is refused as one without a lock (R11).
      owner.perform(owner.transactions.ask(lane, { ...ask, token: '' }));
      return;
    }
    owner.perform(ask.kind === 'outcome' ? this.onOutcome(lane, ask) : owner.transactions.ask(lane, ask));
  }

  /** What a PREPARE of keys that one group has chosen means here. */
  private parted(ask: Ask & { kind: 'prepare' }): Ask & { kind: 'prepare' } {
    const { part, txn, effects } = ask;
    if (part === undefined) return ask;
    const { transactions, ring } = this.owner;
    const locked = transactions.lockedBy(txn);
    if (part === 'gives') return { ...ask, effects: deletionOf(locked?.keys ?? []) };
    // Its keys are locked only now: under a newer ring this group may have called their slots empty (R2), and says NEVER.
    const token = locked === null || locked.ring === ring.fence ? ask.token : '';
    return { ...ask, token, more: keysMadeBy(effects) };
  }

  /** Whether everything that these effects adopt is here. */
  private staged(effects: Buffer): boolean {
    return adoptedIn(effects).every((name) => this.owner.store.stages.whole(name));
  }

  /** An outcome that contradicts what this group has promised (R11) changes nothing: it is its sender's failure. */
  private onOutcome(lane: number, ask: Ask & { kind: 'outcome' }): ParticipantAction<Parked>[] {
    try {
      return this.owner.transactions.ask(lane, ask);
    } catch (error) {
      throw new ProtocolError(error instanceof Error ? error.message : 'impossible outcome');
    }
  }

  private onAside(lane: number, ask: Ask & { kind: 'aside' }): void {
    const reply = new ReplyWriter();
    const ran = runAside(this.owner, ask, reply);
    this.send(lane, { kind: 'ran', txn: ask.txn, reply: reply.take(), ...ran });
  }

  private lose(lane: ControlLane): void {
    if (!this.lanes.delete(lane.id)) return;
    lane.conn.destroy();
    this.early = this.early.filter((each) => each.lane !== lane.id);
    this.pending = this.pending.filter((each) => each.lane !== lane.id);
    this.owner.perform(this.owner.transactions.laneLost(lane.id));
  }
}
