// Numbers kept in strings: INCR and its kin. Numbers are text; a BigInt only beyond the safe range.
import { STRING_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { NOT_INTEGER, reject } from './errors.js';
import type { Handlers } from './handler.js';
import { addInt64, INT64_MIN, type Int64, int64, integerArgument, parseInt64 } from './integers.js';
import { addLongDoubles, formatLongDouble, isFinite80, parseLongDouble } from './long-double.js';
import { textOf } from './value.js';

function add(store: Access, request: Request, ctx: Context, delta: Int64): void {
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  let old: Int64 = 0;
  if (entry !== undefined) {
    const { value } = entry;
    old = (typeof value === 'string' ? parseInt64(value) : null) ?? reject(NOT_INTEGER);
  }
  const sum = addInt64(old, delta) ?? reject('ERR increment or decrement would overflow');
  store.writeString(ctx, key, entry, String(sum));
  store.same(ctx, request);
  ctx.notify(STRING_EVENT, 'incrby', key);
  ctx.reply.integer(sum);
}

function decrby(store: Access, request: Request, ctx: Context): void {
  const delta = integerArgument(request, 2);
  if (delta === INT64_MIN) reject('ERR decrement would overflow');
  add(store, request, ctx, typeof delta === 'number' ? -delta : int64(-delta));
}

function incrbyfloat(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  const old = parseLongDouble(entry === undefined ? '0' : textOf(entry.value));
  const delta = parseLongDouble(request.text(2));
  if (old === null || delta === null) reject('ERR value is not a valid float');
  const sum = addLongDoubles(old, delta);
  if (!isFinite80(sum)) reject('ERR increment would produce NaN or Infinity');
  const text = formatLongDouble(sum);
  store.writeString(ctx, key, entry, text);
  // Its result, not the command: no copy shall depend on how its processor adds.
  store.effect(ctx, 'SET', key, text, 'KEEPTTL');
  ctx.notify(STRING_EVENT, 'incrbyfloat', key);
  ctx.reply.bulk(text);
}

export const COUNTERS: Handlers = {
  incr: (store, request, ctx) => add(store, request, ctx, 1),
  decr: (store, request, ctx) => add(store, request, ctx, -1),
  incrby: (store, request, ctx) => add(store, request, ctx, integerArgument(request, 2)),
  decrby,
  incrbyfloat,
};
