// What blocking commands have in common: which keys they wait for, of which type, where their timeout stands, and how
// the same command reads for some of its keys. Knows nothing of who waits, or where.
import { type Request, requestOf } from '../resp/index.js';
import type { CommandRow } from './row.js';

/** What is waited for: a list with elements, or a sorted set with members. */
export type Awaited = 'list' | 'zset';

interface Form {
  readonly type: Awaited;
  /** `first`: keys, then the timeout. `source`: the first argument alone is waited for. `counted`: timeout, numkeys, keys. */
  readonly shape: 'first' | 'source' | 'counted';
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
};

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
  if (shape === 'counted') return row.findKeys!(request);
  return Array.from({ length: request.argc - 2 }, (_, i) => i + 1);
}

/** The same command for those of its keys whose indexes are given: at least one of awaitedKeys(). */
export function narrowed(row: CommandRow, request: Request, keys: readonly number[]): Request {
  const { shape } = FORMS[row.name]!;
  if (shape === 'source') return request;
  const names = keys.map((at) => request.bytes(at));
  const [name, last] = [request.bytes(0), request.argc - 1];
  if (shape === 'first') return requestOf([name, ...names, request.bytes(last)]);
  const rest = [];
  for (let at = 3 + Number(request.text(2)); at <= last; at++) rest.push(request.bytes(at));
  return requestOf([name, request.bytes(1), keys.length, ...names, ...rest]);
}
