// What a participant knows of one transaction, and what can be read off all of them. Data and pure functions:
// what may happen next is participant.ts.
import { Buffer } from 'node:buffer';
import type { LockKey, LockRequest } from './locks.js';
import type { Answer, Ask, Txn, TxnEntry, TxnKey, TxnState } from './messages.js';
import type { TxnMap } from './txn-map.js';

/** What the owner must do, in order. */
export type ParticipantAction<P> =
  /** Append this entry to the log now, then call logged(txn, seq). */
  | { do: 'log'; entry: TxnEntry }
  /** The transaction commits: execute its effects now, under the seq of the entry just logged. */
  | { do: 'apply'; effects: Buffer }
  | { do: 'send'; lane: number; answer: Answer }
  /** The locks are granted: read what was asked for, and send `locked` when what was read is committed (R8). */
  | { do: 'fetch'; lane: number; ask: Ask & { kind: 'lock' }; token: string }
  /** Plain commands that waited for locks go on. */
  | { do: 'wake'; parked: P[] };

/** Rows of the participant's table. */
type State =
  | 'waiting'
  | 'locked'
  | 'preparing'
  | 'prepared'
  | 'finishing'
  | 'finished'
  | 'refusing'
  | 'refused';

export interface TxnRecord<P> {
  txn: Txn;
  state: State;
  /** Connection that holds the lock, while nothing is prepared; then who is to be told the vote. */
  lane: number;
  ask: (Ask & { kind: 'lock' }) | null;
  lock: LockRequest<LockOwner<P>> | null;
  token: string;
  participants: string[];
  keys: TxnKey[];
  everything: boolean;
  effects: Buffer;
  commit: boolean;
  /** Its coordinator needs it no more: it goes when the entry under way is committed. */
  forgotten: boolean;
  /** Seq of the entry whose commitment moves the state on. */
  seq: number;
  /** Who wants to know what when that happens. */
  waiters: { lane: number; wants: 'vote' | 'done' | 'state' }[];
}

/** Who asked for locks: a transaction, or a plain command that met one. */
export type LockOwner<P> = { txn: Txn } | { parked: P };

/** One transaction that is prepared, for those who look after orphans. */
export interface PreparedTxn {
  txn: Txn;
  participants: string[];
  /** Outcome, when it is known; null while in doubt. */
  commit: boolean | null;
  /** It came with the log: an earlier primary of the group prepared it. */
  inherited: boolean;
}

/** No key has it: they are latin1 text. */
const OTHER = '\u0100';

/** Name of a key in the lock table. That of a key in database 0 is the key itself: no text is made for it. */
export function lockName(db: number, key: string): string {
  return db === 0 ? key : `${OTHER}${db}:${key}`;
}

/** The key of a name in the lock table. */
export function keyOfName(name: string): string {
  return name.startsWith(OTHER) ? name.slice(name.indexOf(':') + 1) : name;
}

/** Keys as the lock table names them. */
export function lockKeys(keys: readonly TxnKey[]): LockKey[] {
  const named: LockKey[] = [];
  for (const each of keys)
    named.push(each.db === 0 ? each : { key: lockName(each.db, each.key), exclusive: each.exclusive });
  return named;
}

/** Nothing: no effects, no reply. */
export const EMPTY: Buffer = Buffer.alloc(0);

/** A transaction that has just been heard of, over connection `lane`. */
export function freshRecord<P>(txn: Txn, lane: number): TxnRecord<P> {
  return {
    txn,
    state: 'waiting',
    lane,
    ask: null,
    lock: null,
    token: '',
    participants: [],
    keys: [],
    everything: false,
    effects: EMPTY,
    commit: false,
    forgotten: false,
    seq: 0,
    waiters: [],
  };
}

/** Prepared, finished or refused transactions. */
export function undecidedOf<P>(records: Iterable<TxnRecord<P>>): PreparedTxn[] {
  const found: PreparedTxn[] = [];
  for (const { txn, state, participants, commit, token } of records) {
    // Whoever prepared it granted its locks first.
    const inherited = token === '';
    if (state === 'prepared') found.push({ txn, participants, commit: null, inherited });
    if (state === 'finished') found.push({ txn, participants, commit, inherited });
    // A refusal has nobody to convince: it is remembered only until its coordinator can ask no more.
    if (state === 'refused') found.push({ txn, participants: [], commit: false, inherited });
  }
  return found;
}

/** What the log says when it is prepared. */
export function prepareOf<P>({ txn, participants, keys, everything, effects }: TxnRecord<P>): TxnEntry {
  return { kind: 'prepare', txn, participants, keys, everything, effects };
}

/** All that the log says of these transactions and of fenced coordinators, as entries. */
export function entriesOf<P>(records: Iterable<TxnRecord<P>>, fenced: Iterable<string>): TxnEntry[] {
  const entries: TxnEntry[] = [];
  for (const record of records) {
    const { txn, state, commit } = record;
    if (state === 'waiting' || state === 'locked') continue;
    if (state === 'refusing' || state === 'refused') {
      entries.push({ kind: 'never', txn });
      continue;
    }
    entries.push(prepareOf(record));
    if (state === 'finishing' || state === 'finished') entries.push({ kind: 'outcome', txn, commit });
  }
  for (const name of fenced) entries.push({ kind: 'forget', txn: `${name}:0`, fence: true });
  return entries;
}

/** Keys that transactions write which are prepared, or about to be: to be locked, shared, by who must see their outcomes. */
export function promisedKeys<P>(
  granted: Iterable<LockRequest<LockOwner<P>>>,
  records: TxnMap<TxnRecord<P>>,
): LockKey[] {
  const promised = new Set<string>();
  for (const { owner, keys } of granted) {
    const state = 'txn' in owner ? records.get(owner.txn)?.state : undefined;
    if (state !== 'preparing' && state !== 'prepared') continue;
    for (const { key, exclusive } of keys) if (exclusive) promised.add(key);
  }
  return [...promised].map((key) => ({ key, exclusive: false }));
}

/** How a state is told to whoever inquires. */
function saidOf<P>(state: TxnRecord<P>['state'], commit: boolean): TxnState {
  if (state === 'prepared') return 'prepared';
  if (state === 'refused') return 'never';
  return commit ? 'committed' : 'aborted';
}

/** The answer to PREPARE. */
export function vote<P>(
  lane: number,
  txn: Txn,
  said: 'prepared' | 'never' | 'uncertain',
): ParticipantAction<P> {
  return { do: 'send', lane, answer: { kind: 'vote', txn, vote: said } };
}

/** Tells everybody who wants to know what the record has come to, as far as it has. */
export function tell<P>(record: TxnRecord<P>, actions: ParticipantAction<P>[]): void {
  const { txn, state, commit, waiters } = record;
  const good = state === 'prepared' || (state === 'finished' && commit);
  record.waiters = [];
  for (const { lane, wants } of waiters) {
    if (wants === 'vote') actions.push(vote(lane, txn, good ? 'prepared' : 'never'));
    else if (wants === 'state') {
      actions.push({ do: 'send', lane, answer: { kind: 'state', txn, state: saidOf(state, commit) } });
    } else if (state === 'prepared') record.waiters.push({ lane, wants });
    else actions.push({ do: 'send', lane, answer: { kind: 'done', txn } });
  }
}

/** Nothing was locked, and this is why. */
export function refused<P>(lane: number, txn: Txn, why: 'stale' | 'full' | 'busy'): ParticipantAction<P> {
  return { do: 'send', lane, answer: { kind: 'refused', txn, why } };
}
