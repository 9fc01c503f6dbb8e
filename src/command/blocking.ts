// What blocking commands have in common: which keys they wait for, of which type, where their timeout stands, and how
// the same command reads for some of its keys. Knows nothing of who waits, or where.
import { type Request, requestOf } from '../resp/index.js';
import type { CommandRow } from './row.js';
import { idAt, streamRead, streamsOnly } from './stream-read.js';
import { timeoutOf } from './timeout.js';

/**
 * What is waited for: a list with elements, a sorted set with members, a stream with entries behind an ID, or with
 * entries that a consumer group has not been given.
 */
export const AWAITED = ['list', 'zset', 'stream', 'group'] as const;
export type Awaited = (typeof AWAITED)[number];

interface Form {
  readonly type: Awaited;
  /**
   * `first`: keys, then the timeout. `source`: the first argument alone is waited for. `counted`: timeout, numkeys,
   * keys. `streams`: as stream-read.ts reads them.
   */
  readonly shape: 'first' | 'source' | 'counted' | 'streams';
}

const FORMS: Readonly<Record<string, Form>> = {
  blpop: { type: 'list', shape: 'first' },
  brpop: { type: 'list', shape: 'first' },
  blmove: { type: 'list', shape: 'source' },
  brpoplpush: { type: 'list', shape: 'source' },
  blmpop: { type: 'list', shape: 'counted' },
  bzpopmin: { type: 'zset', shape: 'first' },
  bzpopmax: { type: 'zset', shape: 'first' },
  bzmpop: { type: 'zset', shape: 'counted' },
  xread: { type: 'stream', shape: 'streams' },
  xreadgroup: { type: 'group', shape: 'streams' },
};

/** Whether this command waits: not if it is none that may, does not say so, asks a group for what was delivered before, or is nonsense. */
export function waits(row: CommandRow, request: Request): boolean {
  if (!row.blocking) return false;
  const { type, shape } = FORMS[row.name]!;
  if (shape !== 'streams') return true;
  const read = streamRead(request);
  if (typeof read === 'string' || read.block < 0) return false;
  if (type === 'stream') return true;
  for (let i = read.first + read.keys; i < request.argc; i++) if (request.text(i) !== '>') return false;
  return true;
}

/** How long it waits, ms, 0: for ever; or the error that its client is answered. */
export function waitOf(row: CommandRow, request: Request): number | string {
  if (FORMS[row.name]!.shape !== 'streams') return timeoutOf(request.text(timeoutAt(row, request)));
  const read = streamRead(request);
  return typeof read === 'string' ? read : read.block;
}

/** The type that a blocking command waits for. */
export function awaitedType(row: CommandRow): Awaited {
  return FORMS[row.name]!.type;
}

/** Index of a blocking command's timeout. */
export function timeoutAt(row: CommandRow, request: Request): number {
  return FORMS[row.name]!.shape === 'counted' ? 1 : request.argc - 1;
}

/** Indexes of the keys that a blocking command waits for; none when its arguments are nonsense. */
export function awaitedKeys(row: CommandRow, request: Request): number[] {
  const { shape } = FORMS[row.name]!;
  if (shape === 'source') return [1];
  if (shape === 'counted' || shape === 'streams') return row.findKeys!(request);
  return Array.from({ length: request.argc - 2 }, (_, i) => i + 1);
}

/** What is waited for beside a key at `key`: the ID behind which entries are, or the group; '' for other types. */
export function awaitedDetail(row: CommandRow, request: Request, key: number): string {
  const { type } = FORMS[row.name]!;
  if (type === 'stream') return request.text(idAt(request, key));
  if (type !== 'group') return '';
  const read = streamRead(request);
  return typeof read === 'string' ? '' : request.text(read.group);
}

/** Indexes of the keys whose last ID, when the command begins, is where it begins to read: their ID is `$`. */
export function tailKeys(row: CommandRow, request: Request): number[] {
  if (FORMS[row.name]!.type !== 'stream') return [];
  return awaitedKeys(row, request).filter((at) => request.text(idAt(request, at)) === '$');
}

/** The same command for those of its keys whose indexes are given: at least one of awaitedKeys(). */
export function narrowed(row: CommandRow, request: Request, keys: readonly number[]): Request {
  const { shape } = FORMS[row.name]!;
  if (shape === 'source') return request;
  if (shape === 'streams') return streamsOnly(request, keys, (at) => request.bytes(idAt(request, at)));
  const names = keys.map((at) => request.bytes(at));
  const [name, last] = [request.bytes(0), request.argc - 1];
  if (shape === 'first') return requestOf([name, ...names, request.bytes(last)]);
  const rest = [];
  for (let at = 3 + Number(request.text(2)); at <= last; at++) rest.push(request.bytes(at));
  return requestOf([name, request.bytes(1), keys.length, ...names, ...rest]);
}
