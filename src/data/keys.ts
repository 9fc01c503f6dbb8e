// Which keys does a message of a lane touch? As the lock table names them.
import { type CommandRow, databasesOf, keysOf } from '../command/index.js';
import { LOCKS_DB, type LockKey, lockName, MOVES, type Participant } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { type ExecMessage, execOf, statesOf } from './exec.js';
import type { Wrap } from './lane.js';
import { tryOf } from './vet.js';

/** What a lane brings, to be executed. */
export interface Message {
  readonly row: CommandRow | undefined;
  readonly request: Request;
  readonly db: number;
  readonly wrap: Wrap;
}

/** Whether it must wait for a lock. */
export function mustWait<P>(transactions: Participant<P>, { row, request, db, wrap }: Message): boolean {
  const { locks } = transactions;
  if (locks.size === 0) return false;
  if (ofAll(wrap) && locks.blocks(ALL_MOVES, true)) return true;
  if (readsAll(row, request) && transactions.undecidedKeys().length > 0) return true;
  const keys = lockedKeys(row, request, db);
  if (keys === null) return locks.blocks('', false);
  return keys.some((key) => locks.blocks(key, exclusive(row)));
}

/** What it must have locked before it is executed. */
export function locksOf<P>(transactions: Participant<P>, { row, request, db, wrap }: Message): LockKey[] {
  const wanted = (lockedKeys(row, request, db) ?? []).map((key) => ({ key, exclusive: exclusive(row) }));
  // A client may have been told of an outcome that has not come here: a read of all keys waits for it.
  if (readsAll(row, request)) wanted.push(...transactions.undecidedKeys());
  if (ofAll(wrap)) wanted.push({ key: ALL_MOVES, exclusive: true });
  return wanted;
}

/** Whether it is an attempt to pop, not only to read. */
export const triesToWrite = (wrap: Wrap, request: Request): boolean =>
  wrap === 'try' && tryOf(request).row.write;

/** Keys that a command touches; null: the whole keyspace rather than keys. */
function lockedKeys(row: CommandRow | undefined, request: Request, db: number): string[] | null {
  if (row !== undefined) return rowKeys(row, request, db);
  if (request.is(0, 'towline.exec')) return execKeys(execOf(request));
  if (request.is(0, 'towline.try')) {
    const attempt = tryOf(request);
    return rowKeys(attempt.row, attempt.request, db);
  }
  if (request.is(0, 'towline.block') || request.is(0, 'towline.unblock')) return [];
  if (request.is(0, 'towline.states')) return statesOf(request).map((each) => lockName(each.db, each.key));
  return null;
}

/** Whether it reads keys that it does not name: any transaction's. */
function readsAll(row: CommandRow | undefined, request: Request): boolean {
  if (row?.where === 'all') return !row.write;
  if (request.is(0, 'towline.scan') || request.is(0, 'cluster')) return true;
  return request.is(0, 'towline.exec') && execOf(request).runs.some((run) => readsAll(run.row, run.request));
}

function rowKeys(row: CommandRow, request: Request, db: number): string[] | null {
  if (row.where !== 'keys') return null;
  const names = keysOf(row, request).map((index) => request.text(index));
  return databasesOf(row, request, db).flatMap((each) => names.map((key) => lockName(each, key)));
}

function execKeys({ watched, runs }: ExecMessage): string[] | null {
  const names = watched.map(({ db, key }) => lockName(db, key));
  for (const { row, request, db } of runs) names.push(...(rowKeys(row, request, db) ?? []));
  return names.length === 0 ? null : names;
}

/**
 * What a read of all keys waits for while keys move. Of those that are not at their owner: one that was on its way here
 * under an older ring, in which this group was the owner, would be missed both here and, later, where it came from. Of
 * those that are: one that has left its older group, and whose outcome is not known here yet, would be missed in both.
 */
const ALL_MOVES = lockName(LOCKS_DB, MOVES);

/** Whether it is a part of a read of all keys. */
const ofAll = (wrap: Wrap): boolean => wrap === 'elsewhere' || wrap === 'owned';

/** Whether it wants its keys for itself: writes, and what is no client's command. */
const exclusive = (row: CommandRow | undefined): boolean => row === undefined || row.write;
