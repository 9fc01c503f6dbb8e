// Which keys does a message of a lane touch? As the lock table names them.
import { type CommandRow, databasesOf, keysOf } from '../command/index.js';
import { LOCKS_DB, lockName, MOVES } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { type ExecMessage, execOf, statesOf } from './exec.js';
import type { Wrap } from './lane.js';
import { tryOf } from './vet.js';

/** Keys that a command touches; null: the whole keyspace rather than keys. */
export function lockedKeys(row: CommandRow | undefined, request: Request, db: number): string[] | null {
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
export const ALL_MOVES = lockName(LOCKS_DB, MOVES);

/** Whether it is a part of a read of all keys. */
export const ofAll = (wrap: Wrap): boolean => wrap === 'elsewhere' || wrap === 'owned';

/** Whether it wants its keys for itself: writes, and what is no client's command. */
export const exclusive = (row: CommandRow | undefined): boolean => row === undefined || row.write;
