// Two-phase commit as one group's primary sees it: what each transaction over several groups may do next.
// States and events make a table; a pair without a row is a broken assertion. Must never vote before the entry is
// committed in the group's log, never forget an outcome that somebody may still ask for, and never prepare what it
// has refused (R11).
import type { LockKey, LockRequest, LockTable } from './locks.js';
import { type Ask, coordinatorOf, type Txn, type TxnEntry, type TxnKey } from './messages.js';
import { TxnLocks } from './txn-locks.js';
import { TxnMap } from './txn-map.js';
import {
  EMPTY,
  entriesOf,
  freshRecord,
  type LockOwner,
  type ParticipantAction,
  type PreparedTxn,
  prepareOf,
  refused,
  type TxnRecord,
  tell,
  undecidedOf,
  vote,
} from './txn-record.js';

/** Transactions over several groups at one primary, for one term. `P` is a parked plain command. */
export class Participant<P> {
  private readonly records = new TxnMap<TxnRecord<P>>();
  private readonly held = new TxnLocks<P>(this.records);
  private readonly fenced = new Set<string>();
  /** Entries not committed yet, in order of the log. */
  private awaiting: { record: TxnRecord<P>; seq: number }[] = [];
  private tokens = 0;

  /**
   * @param term term of this primary: part of every token, so that none outlives it
   * @param maxRecords transactions known at a time, above which no lock is granted and no new NEVER is promised
   */
  constructor(
    private term: number,
    private readonly maxRecords = 100_000,
  ) {}

  /** The group's locks; plain commands that meet one wait in it too. */
  get locks(): LockTable<LockOwner<P>> {
    return this.held.all;
  }

  /** This member leads now, in a newer term: tokens of older ones are worth nothing. */
  lead(term: number): void {
    this.term = term;
  }
  /** Effects of a prepared transaction. */
  effectsOf(txn: Txn): Buffer | null {
    const record = this.records.get(txn);
    return record?.state === 'prepared' ? record.effects : null;
  }
  /** Effects of transactions that are prepared, or about to be. */
  *promisedEffects(): Generator<Buffer> {
    for (const { state, effects } of this.records.values()) {
      if (state === 'preparing' || state === 'prepared') yield effects;
    }
  }
  /** Everything that the log says of transactions that are not forgotten, as entries for a new member (design, section 4). */
  snapshot(): TxnEntry[] {
    return entriesOf(this.records.values(), this.fenced);
  }

  /** What a transaction has locked and not prepared, and under which ring; null: it is in no such state. */
  lockedBy(txn: Txn): { keys: readonly TxnKey[]; ring: number } | null {
    const record = this.records.get(txn);
    return record?.state === 'locked' ? { keys: record.keys, ring: record.ask!.ring } : null;
  }
  /** Number of transactions known. */
  get size(): number {
    return this.records.size;
  }
  /** Prepared, finished or refused transactions that have not been forgotten. */
  undecided(): PreparedTxn[] {
    return undecidedOf(this.records.values());
  }
  /** Whether this transaction is prepared here and its outcome not known. */
  inDoubt(txn: Txn): boolean {
    return this.records.get(txn)?.state === 'prepared';
  }
  /** Keys whose outcome a client may know before it is known here: a read of all keys waits for them. */
  undecidedKeys(): LockKey[] {
    return this.held.promised();
  }
  /** An Ask arrived over connection `lane`. */
  ask(lane: number, ask: Ask): ParticipantAction<P>[] {
    const record = this.records.get(ask.txn);
    switch (ask.kind) {
      case 'lock':
        return this.onLock(lane, ask, record);
      case 'release':
        return record && (record.state === 'waiting' || record.state === 'locked') ? this.drop(record) : [];
      case 'prepare':
        return this.onPrepare(lane, ask, record);
      case 'outcome':
        return this.onOutcome(lane, ask, record);
      case 'inquire':
        return this.onInquire(lane, ask.txn, record);
      case 'forget':
        return this.onForget(ask.txn, record, false);
      case 'aside':
        throw new Error('aside is executed by the owner, not by the state machine');
    }
  }

  /** The entry of an action `log` was given this seq. */
  logged(txn: Txn, seq: number): void {
    const record = this.records.get(txn);
    if (record === undefined) return;
    record.seq = seq;
    this.awaiting.push({ record, seq });
  }

  /** The commit index is now `upTo`: votes, and confirmations, go out (R4, R11). */
  committed(upTo: number): ParticipantAction<P>[] {
    const actions: ParticipantAction<P>[] = [];
    let done = 0;
    while (done < this.awaiting.length && this.awaiting[done]!.seq <= upTo) {
      const { record, seq } = this.awaiting[done++]!;
      // A transaction that logged a second entry meanwhile waits for that one.
      if (record.seq !== seq || this.records.get(record.txn) !== record) continue;
      if (record.state === 'preparing') record.state = 'prepared';
      else if (record.state === 'finishing') record.state = 'finished';
      else if (record.state === 'refusing') record.state = 'refused';
      else continue;
      tell(record, actions);
      if (record.forgotten) actions.push(...this.onForget(record.txn, record, false));
    }
    this.awaiting.splice(0, done);
    return actions;
  }

  /** A connection is gone: what it locked and did not prepare is released; the coordinator starts again. */
  laneLost(lane: number): ParticipantAction<P>[] {
    const actions: ParticipantAction<P>[] = [];
    for (const record of this.records.values()) {
      record.waiters = record.waiters.filter((waiter) => waiter.lane !== lane);
      if (record.lane === lane && (record.state === 'waiting' || record.state === 'locked')) {
        actions.push(...this.drop(record));
      }
    }
    return actions;
  }

  /** A plain command gives its place in the lock table up: executed, or its client is gone. */
  unpark(lock: LockRequest<LockOwner<P>>): ParticipantAction<P>[] {
    return this.granted(this.locks.release(lock));
  }

  /** Every other participant has the outcome of this orphan: it is forgotten, and its coordinator fenced. */
  settled(txn: Txn): ParticipantAction<P>[] {
    return this.onForget(txn, this.records.get(txn), true);
  }

  /** Whether nothing of this coordinator may be accepted any more: its orphans were settled without it. */
  isFenced(coordinator: string): boolean {
    return this.fenced.has(coordinator);
  }

  /** Takes over what the log says, as a new primary or from a snapshot: prepared ones lock their keys again (R9). */
  restore(entry: TxnEntry): void {
    if (entry.kind === 'forget') {
      const record = this.records.get(entry.txn);
      if (record !== undefined) this.held.unlock(record);
      this.records.delete(entry.txn);
      if (entry.fence) this.fence(coordinatorOf(entry.txn));
      return;
    }
    const record = this.records.get(entry.txn) ?? this.record(entry.txn, -1);
    if (entry.kind === 'prepare') {
      record.state = 'prepared';
      record.participants = entry.participants;
      record.keys = entry.keys;
      record.everything = entry.everything;
      record.effects = entry.effects;
      this.held.restore(record);
    } else if (entry.kind === 'outcome') {
      record.state = 'finished';
      record.commit = entry.commit;
      record.effects = EMPTY;
      this.held.unlock(record);
    } else record.state = 'refused';
  }

  /** What was restored last of this transaction is at `seq` and not committed yet: nothing is told of it before (R4). */
  unconfirmed(txn: Txn, seq: number): void {
    const record = this.records.get(txn);
    if (record?.state === 'prepared') record.state = 'preparing';
    else if (record?.state === 'finished') record.state = 'finishing';
    else if (record?.state === 'refused') record.state = 'refusing';
    this.logged(txn, seq);
  }

  // ---- rows of the table

  private onLock(
    lane: number,
    ask: Ask & { kind: 'lock' },
    record: TxnRecord<P> | undefined,
  ): ParticipantAction<P>[] {
    if (record !== undefined) {
      if (record.state === 'waiting' || record.state === 'locked') {
        record.lane = lane;
        return record.state === 'locked' ? [{ do: 'fetch', lane, ask, token: record.token }] : [];
      }
      // A lock asked for again after the decision: the coordinator has moved on; its answer would be ignored.
      return [refused(lane, ask.txn, 'stale')];
    }
    if (this.records.size >= this.maxRecords || this.fenced.has(coordinatorOf(ask.txn)))
      return [refused(lane, ask.txn, 'full')];
    const fresh = this.record(ask.txn, lane);
    fresh.ask = ask;
    fresh.keys = ask.keys;
    fresh.everything = ask.everything;
    this.held.lock(fresh);
    if (fresh.lock!.granted) return [this.grant(fresh)];
    return ask.atOnce ? [...this.drop(fresh), refused(lane, ask.txn, 'busy')] : [];
  }

  private onPrepare(
    lane: number,
    ask: Ask & { kind: 'prepare' },
    record: TxnRecord<P> | undefined,
  ): ParticipantAction<P>[] {
    const { txn } = ask;
    // Perhaps settled and forgotten. What is known here is answered as ever: its coordinator was fenced for another one.
    if (record === undefined && this.fenced.has(coordinatorOf(txn))) return [vote(lane, txn, 'uncertain')];
    switch (record?.state) {
      case 'locked':
        if (record.token !== ask.token || !this.held.extend(record, ask.more))
          return this.refuse(record, lane, 'vote');
        record.state = 'preparing';
        record.participants = ask.participants;
        record.effects = ask.effects;
        record.ask = null;
        record.waiters.push({ lane, wants: 'vote' });
        return [{ do: 'log', entry: prepareOf(record) }];
      case undefined:
      case 'waiting':
        // No token of ours: another term's, or one of a lost connection. These do not count against the bound: a
        // coordinator has only so many under way, waits for each one's vote, and has it forgotten.
        return this.refuse(record ?? this.record(txn, lane), lane, 'vote');
      default:
        return this.answer(record!, lane, 'vote');
    }
  }

  private onOutcome(
    lane: number,
    ask: Ask & { kind: 'outcome' },
    record: TxnRecord<P> | undefined,
  ): ParticipantAction<P>[] {
    const { txn, commit } = ask;
    const impossible = () => new Error(`outcome ${commit} of ${txn} in state ${record?.state}`);
    switch (record?.state) {
      case undefined:
        // Forgotten, because everybody has it; or never prepared here, and then it can only be an abort.
        return [{ do: 'send', lane, answer: { kind: 'done', txn } }];
      case 'waiting':
      case 'locked':
        if (commit) throw impossible();
        return [...this.drop(record), { do: 'send', lane, answer: { kind: 'done', txn } }];
      case 'preparing':
        if (commit) throw impossible();
        return this.finish(record, lane, false);
      case 'prepared':
        return this.finish(record, lane, commit);
      case 'finishing':
      case 'finished':
        if (record.commit !== commit) throw impossible();
        return this.answer(record, lane, 'done');
      case 'refusing':
      case 'refused':
        if (commit) throw impossible();
        return this.answer(record, lane, 'done');
    }
  }

  /** A NEVER must be remembered (R11): without room for one nothing is said, and whoever asks will ask again. */
  private onInquire(lane: number, txn: Txn, record: TxnRecord<P> | undefined): ParticipantAction<P>[] {
    if (record === undefined && this.records.size >= this.maxRecords) return [];
    if (record === undefined || record.state === 'waiting' || record.state === 'locked') {
      return this.refuse(record ?? this.record(txn, -1), lane, 'state');
    }
    return this.answer(record, lane, 'state');
  }

  private onForget(txn: Txn, record: TxnRecord<P> | undefined, fence: boolean): ParticipantAction<P>[] {
    // An earlier primary has confirmed what is not committed again here yet, and a FORGET is said only once.
    if (!fence && (record?.state === 'finishing' || record?.state === 'refusing')) record.forgotten = true;
    if (record?.state !== 'finished' && record?.state !== 'refused') return [];
    this.records.delete(txn);
    if (fence) this.fence(coordinatorOf(txn));
    return [{ do: 'log', entry: { kind: 'forget', txn, fence } }];
  }

  // ---- steps
  private finish(record: TxnRecord<P>, lane: number, commit: boolean): ParticipantAction<P>[] {
    record.state = 'finishing';
    record.commit = commit;
    record.waiters.push({ lane, wants: 'done' });
    const { effects } = record;
    record.effects = EMPTY;
    const actions: ParticipantAction<P>[] = [
      { do: 'log', entry: { kind: 'outcome', txn: record.txn, commit } },
    ];
    if (commit) actions.push({ do: 'apply', effects });
    actions.push(...this.granted(this.held.unlock(record)));
    return actions;
  }

  /** Promises never to prepare: in the log first, told when that is committed (R11). */
  private refuse(record: TxnRecord<P>, lane: number, wants: 'vote' | 'state'): ParticipantAction<P>[] {
    const released = this.granted(this.held.unlock(record));
    record.ask = null;
    record.state = 'refusing';
    record.waiters.push({ lane, wants });
    return [{ do: 'log', entry: { kind: 'never', txn: record.txn } }, ...released];
  }

  /** Says what is asked now, or when the entry under way is committed. */
  private answer(
    record: TxnRecord<P>,
    lane: number,
    wants: 'vote' | 'done' | 'state',
  ): ParticipantAction<P>[] {
    // Who asks again is told once.
    if (!record.waiters.some((waiter) => waiter.lane === lane && waiter.wants === wants))
      record.waiters.push({ lane, wants });
    const actions: ParticipantAction<P>[] = [];
    if (record.state === 'prepared' || record.state === 'finished' || record.state === 'refused') {
      tell(record, actions);
    }
    return actions;
  }

  private drop(record: TxnRecord<P>): ParticipantAction<P>[] {
    this.records.delete(record.txn);
    return this.granted(this.held.unlock(record));
  }

  private grant(record: TxnRecord<P>): ParticipantAction<P> {
    record.state = 'locked';
    record.token = `${this.term}.${++this.tokens}`;
    return { do: 'fetch', lane: record.lane, ask: record.ask!, token: record.token };
  }

  /** What `locks` has granted: whoever asked for it goes on. */
  granted(requests: LockRequest<LockOwner<P>>[]): ParticipantAction<P>[] {
    const actions: ParticipantAction<P>[] = [];
    const parked: P[] = [];
    for (const { owner } of requests) {
      if ('parked' in owner) parked.push(owner.parked);
      else actions.push(this.grant(this.records.get(owner.txn)!));
    }
    if (parked.length > 0) actions.push({ do: 'wake', parked });
    return actions;
  }

  private record(txn: Txn, lane: number): TxnRecord<P> {
    const record = freshRecord<P>(txn, lane);
    this.records.set(txn, record);
    return record;
  }

  private fence(coordinator: string): void {
    this.fenced.add(coordinator);
    // Bounded: a coordinator that was settled thousands of coordinators ago has no connection left to speak on.
    if (this.fenced.size > 4096) this.fenced.delete(this.fenced.values().next().value!);
  }
}
