// Which keys does a message of a lane touch? As the lock table names them.
import { type CommandRow, databasesOf, keysOf } from '../command/index.js';
import { lockName } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { type ExecMessage, execOf, statesOf } from './exec.js';
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

/** Whether it reads keys that it does not name: any transaction's. */
export function readsAll(row: CommandRow | undefined, request: Request): boolean {
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
