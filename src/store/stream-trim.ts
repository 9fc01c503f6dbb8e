// MAXLEN, MINID and LIMIT of XADD and XTRIM, and what a trim came to, as an effect that does the same anywhere.
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import { integerArgument } from './integers.js';
import { FIRST_ID, idArgument, idText, newIdArgument } from './stream-id.js';
import { NODE_ENTRIES, type Stream, type Trim } from './stream-value.js';

/** What stands before the fields of XADD, or behind the key of XTRIM. */
export interface StreamOptions {
  readonly trim: Trim | null;
  /** XADD: no stream is made. */
  readonly existing: boolean;
  /** XADD: the ID that was asked for; null: `*`. */
  readonly id: { id: bigint; sequence: boolean } | null;
  /** XADD: index of the ID. */
  readonly at: number;
}

const BOTH = 'ERR syntax error, MAXLEN and MINID options at the same time are not compatible';
/** Most entries that an approximate trim takes away at once, unless LIMIT says so. */
const LIMIT = BigInt(100 * NODE_ENTRIES);

function notNegative(request: Request, i: number, name: string): bigint {
  const value = BigInt(integerArgument(request, i));
  return value < 0n ? reject(`ERR The ${name} argument must be >= 0.`) : value;
}

/** @throws ReplyError, of what is wrong first */
export function optionsOf(request: Request, adding: boolean): StreamOptions {
  let by: Trim['by'] | null = null;
  let [approximate, existing] = [false, false];
  let limit: bigint | null = null;
  let id: StreamOptions['id'] = null;
  let i = 2;
  for (; i < request.argc; i++) {
    const more = request.argc - 1 - i;
    if (adding && request.text(i) === '*') break;
    const length = request.is(i, 'maxlen');
    if ((length || request.is(i, 'minid')) && more >= 1) {
      if (by !== null) reject(BOTH);
      const mark = more >= 2 ? request.text(i + 1) : '';
      approximate = mark === '~';
      if (mark === '~' || mark === '=') i++;
      i++;
      by = length ? { length: notNegative(request, i, 'MAXLEN') } : { id: idArgument(request, i) };
    } else if (request.is(i, 'limit') && more >= 1) limit = notNegative(request, ++i, 'LIMIT');
    else if (adding && request.is(i, 'nomkstream')) existing = true;
    else if (adding) {
      id = newIdArgument(request, i);
      break;
    } else reject(SYNTAX);
  }
  if (limit !== null && limit > 0n && by === null)
    reject('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy');
  if (!adding && by === null) reject('ERR syntax error, XTRIM must be called with a trimming strategy');
  if (limit !== null && !approximate)
    reject('ERR syntax error, LIMIT cannot be used without the special ~ option');
  const most = approximate ? (limit ?? LIMIT) : 0n;
  return { trim: by && { by, approximate, limit: most }, existing, id, at: i };
}

/** The effect of a trim that took something away. */
export function trimEffect(store: Access, ctx: Context, key: string, stream: Stream, { by }: Trim): void {
  // Both take away the same whole runs as an approximate trim did.
  if ('length' in by || stream.first === FIRST_ID)
    store.effect(ctx, 'XTRIM', key, 'MAXLEN', '=', String(stream.length));
  else store.effect(ctx, 'XTRIM', key, 'MINID', '=', idText(stream.first));
}
