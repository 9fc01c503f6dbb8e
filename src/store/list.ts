// Commands on one list. Effects are the commands themselves; without a change there is none.
import { LIST_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { LIST } from './entry.js';
import { NO_KEY, reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { type End, List } from './list-value.js';
import { argumentValue } from './value.js';

const find = (store: Access, request: Request, ctx: Context) =>
  store.findTyped<List>(ctx, request.text(1), LIST);

const NOT_POSITIVE = 'ERR value is out of range, must be positive';

/** Argument i as an integer that is not negative. @throws ReplyError */
function positiveArgument(request: Request, i: number, error = NOT_POSITIVE): number {
  const value = clampedArgument(request, i, error);
  return value < 0 ? reject(error) : value;
}

// ---- the ends

/** Events of what is put at an end, and taken from it. */
export const PUSHED = { left: 'lpush', right: 'rpush' };
export const POPPED = { left: 'lpop', right: 'rpop' };

function push(end: End, onlyIfThere: boolean) {
  return (store: Access, request: Request, ctx: Context): void => {
    const key = request.text(1);
    const entry = find(store, request, ctx);
    if (entry === undefined && onlyIfThere) {
      ctx.reply.integer(0);
      return;
    }
    const list = entry?.value ?? new List();
    const { held } = list;
    for (let i = 2; i < request.argc; i++) list.push(end, argumentValue(request, i));
    if (entry === undefined) store.place(ctx, ctx.db, key, LIST, list, -1);
    else store.changed(ctx, key, entry, held);
    store.same(ctx, request);
    ctx.notify(LIST_EVENT, PUSHED[end], key);
    ctx.reply.integer(list.size);
  };
}

/** Takes `count` elements, of which there must be so many, and answers each. */
export function popSome(ctx: Context, list: List, end: End, count: number): void {
  for (let i = 0; i < count; i++) ctx.reply.bulk(list.pop(end));
}

function pop(end: End, name: string) {
  return (store: Access, request: Request, ctx: Context): void => {
    const { reply } = ctx;
    if (request.argc > 3) reject(`ERR wrong number of arguments for '${name}' command`);
    const count = request.argc === 3 ? positiveArgument(request, 2) : null;
    const entry = find(store, request, ctx);
    if (entry === undefined) {
      if (count === null) reply.nil();
      else reply.nilArray();
      return;
    }
    const list = entry.value;
    const { held } = list;
    const wanted = Math.min(count ?? 1, list.size);
    if (count !== null) reply.array(wanted);
    if (wanted === 0) return;
    popSome(ctx, list, end, wanted);
    const key = request.text(1);
    ctx.notify(LIST_EVENT, POPPED[end], key);
    store.changed(ctx, key, entry, held);
    store.same(ctx, request);
  };
}

// ---- reading

function llen(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(find(store, request, ctx)?.value.size ?? 0);
}

/** The element that an index, perhaps counted from the end, names; -1: none. */
function indexIn(list: List, index: number): number {
  const i = index < 0 ? list.size + index : index;
  return i >= 0 && i < list.size ? i : -1;
}

function lindex(store: Access, request: Request, ctx: Context): void {
  const list = find(store, request, ctx)?.value;
  const at = list === undefined ? -1 : indexIn(list, clampedArgument(request, 2));
  if (list === undefined || at < 0) ctx.reply.nil();
  else ctx.reply.bulk(list.at(at));
}

/** First element and number of elements of a range from `start` to `end`, both perhaps counted from the end. */
function rangeIn(size: number, start: number, end: number): { from: number; count: number } {
  const from = Math.max(0, start < 0 ? size + start : start);
  const last = Math.min(size - 1, end < 0 ? size + end : end);
  return from > last ? { from: 0, count: 0 } : { from, count: last - from + 1 };
}

function lrange(store: Access, request: Request, ctx: Context): void {
  const start = clampedArgument(request, 2);
  const end = clampedArgument(request, 3);
  const list = find(store, request, ctx)?.value;
  const { from, count } = rangeIn(list?.size ?? 0, start, end);
  ctx.reply.array(count);
  if (list === undefined || count === 0) return;
  let left = count;
  for (const value of list.values(from)) {
    ctx.reply.bulk(value);
    if (--left === 0) return;
  }
}

const ZERO_RANK =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  'or use negative to start from the end of the list';

function lpos(store: Access, request: Request, ctx: Context): void {
  const { reply } = ctx;
  let rank = 1;
  let count: number | null = null;
  let most = 0;
  for (let i = 3; i < request.argc; i += 2) {
    const more = i + 1 < request.argc;
    if (more && request.is(i, 'rank')) {
      rank = clampedArgument(request, i + 1);
      if (rank === 0) reject(ZERO_RANK);
    } else if (more && request.is(i, 'count'))
      count = positiveArgument(request, i + 1, "ERR COUNT can't be negative");
    else if (more && request.is(i, 'maxlen'))
      most = positiveArgument(request, i + 1, "ERR MAXLEN can't be negative");
    else reject(SYNTAX);
  }
  const list = find(store, request, ctx)?.value;
  // COUNT 0: all of them.
  const limit = count === null ? 1 : count === 0 ? Number.POSITIVE_INFINITY : count;
  let passed = 0;
  const found: number[] = [];
  for (const i of list?.find(argumentValue(request, 2), rank < 0 ? 'right' : 'left', most) ?? []) {
    if (++passed < Math.abs(rank)) continue;
    found.push(i);
    if (found.length >= limit) break;
  }
  if (count !== null) reply.array(found.length);
  else if (found.length === 0) reply.nil();
  for (const i of found) reply.integer(i);
}

// ---- in the middle

function lset(store: Access, request: Request, ctx: Context): void {
  const entry = find(store, request, ctx) ?? reject(NO_KEY);
  const list = entry.value;
  const at = indexIn(list, clampedArgument(request, 2));
  if (at < 0) reject('ERR index out of range');
  const { held } = list;
  list.set(at, argumentValue(request, 3));
  const key = request.text(1);
  ctx.notify(LIST_EVENT, 'lset', key);
  store.changed(ctx, key, entry, held);
  store.same(ctx, request);
  ctx.reply.ok();
}

function linsert(store: Access, request: Request, ctx: Context): void {
  const after = request.is(2, 'after');
  if (!after && !request.is(2, 'before')) reject(SYNTAX);
  const entry = find(store, request, ctx);
  if (entry === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const list = entry.value;
  const [at] = list.find(argumentValue(request, 3));
  if (at === undefined) {
    ctx.reply.integer(-1);
    return;
  }
  const { held } = list;
  list.insert(after ? at + 1 : at, argumentValue(request, 4));
  const key = request.text(1);
  ctx.notify(LIST_EVENT, 'linsert', key);
  store.changed(ctx, key, entry, held);
  store.same(ctx, request);
  ctx.reply.integer(list.size);
}

function lrem(store: Access, request: Request, ctx: Context): void {
  const count = clampedArgument(request, 2);
  const entry = find(store, request, ctx);
  let removed = 0;
  if (entry !== undefined) {
    const list = entry.value;
    const { held } = list;
    const limit = count === 0 ? list.size : Math.abs(count);
    removed = list.removeEqual(argumentValue(request, 3), limit, count < 0 ? 'right' : 'left');
    if (removed > 0) {
      const key = request.text(1);
      ctx.notify(LIST_EVENT, 'lrem', key);
      store.changed(ctx, key, entry, held);
      store.same(ctx, request);
    }
  }
  ctx.reply.integer(removed);
}

function ltrim(store: Access, request: Request, ctx: Context): void {
  const start = clampedArgument(request, 2);
  const end = clampedArgument(request, 3);
  const entry = find(store, request, ctx);
  if (entry !== undefined) {
    const list = entry.value;
    const { held, size } = list;
    const { from, count } = rangeIn(size, start, end);
    const key = request.text(1);
    ctx.notify(LIST_EVENT, 'ltrim', key);
    list.removeRange(from + count, size - from - count);
    list.removeRange(0, from);
    store.changed(ctx, key, entry, held);
    // Also when nothing goes: to those who watch it, Redis has changed it.
    store.same(ctx, request);
  }
  ctx.reply.ok();
}

export const LISTS: Handlers = {
  lpush: push('left', false),
  rpush: push('right', false),
  lpushx: push('left', true),
  rpushx: push('right', true),
  lpop: pop('left', 'lpop'),
  rpop: pop('right', 'rpop'),
  llen,
  lindex,
  lrange,
  lpos,
  lset,
  linsert,
  lrem,
  ltrim,
};
