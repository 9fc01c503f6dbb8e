// Which arguments of a request are keys? By its row, and by nothing else.
import type { Request } from '../resp/index.js';
import type { CommandRow } from './row.js';

/** Whether what stands where keys do is something else: shard channels. */
export function standsForKeys(row: CommandRow): boolean {
  return row.specs?.some(({ flags }) => flags.includes('not_key')) ?? false;
}

/** Index of the argument that is the first key; 0: none, or not at a fixed place (then ask keysOf). */
export function firstKey(row: CommandRow): number {
  return row.findKeys === undefined ? row.keys.first : 0;
}

/** Index of the last key by the row's KeyRange, for a request of `argc` arguments. */
export function lastKey(row: CommandRow, argc: number): number {
  const { last } = row.keys;
  return last < 0 ? argc + last : last;
}

/** Indexes of the key arguments, ascending; never past the end, whatever the arguments are. */
export function keysOf(row: CommandRow, request: Request): number[] {
  if (row.findKeys !== undefined) return row.findKeys(request);
  const { first, step } = row.keys;
  const found: number[] = [];
  if (first === 0) return found;
  const last = Math.min(lastKey(row, request.argc), request.argc - 1);
  for (let i = first; i <= last; i += step) found.push(i);
  return found;
}

/** Databases that the request may touch, for a client in database `db`: that one, and the row's other one. */
export function databasesOf(row: CommandRow, request: Request, db: number): number[] {
  const other = otherDatabase(row, request)?.db ?? db;
  return other === db ? [db] : [db, other];
}

/** The second database that the request names, and in which argument; null: none, or none that there is. */
export function otherDatabase(row: CommandRow, request: Request): { at: number; db: number } | null {
  const at = row.otherDatabase?.(request) ?? -1;
  if (at < 0 || at >= request.argc) return null;
  const db = Number(request.text(at));
  return Number.isInteger(db) && db >= 0 && db < 16 ? { at, db } : null;
}
