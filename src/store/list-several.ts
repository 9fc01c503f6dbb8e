// Commands on lists of several keys. Their effects name one key each, so that a copy that has been given a part of
// the keys can use them: LMPOP becomes the pop it came to, LMOVE a pop and a push of the element.
import { LIST_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { LIST } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { POPPED, PUSHED, popSome } from './list.js';
import { type End, List } from './list-value.js';

/** Argument i as an end. @throws ReplyError */
function endArgument(request: Request, i: number): End {
  if (request.is(i, 'left')) return 'left';
  return request.is(i, 'right') ? 'right' : reject(SYNTAX);
}

const POP = { left: 'LPOP', right: 'RPOP' };
const PUSH = { left: 'LPUSH', right: 'RPUSH' };

function move(store: Access, request: Request, ctx: Context, fromEnd: End, toEnd: End): void {
  const from = request.text(1);
  const to = request.text(2);
  const source = store.findTyped<List>(ctx, from, LIST);
  if (source === undefined) {
    ctx.reply.nil();
    return;
  }
  const { held } = source.value;
  if (from === to) {
    const value = source.value.pop(fromEnd);
    source.value.push(toEnd, value);
    ctx.notify(LIST_EVENT, PUSHED[toEnd], to);
    ctx.notify(LIST_EVENT, POPPED[fromEnd], from);
    store.changed(ctx, from, source, held);
    store.same(ctx, request);
    ctx.reply.bulk(value);
    return;
  }
  const target = store.findTyped<List>(ctx, to, LIST);
  const value = source.value.pop(fromEnd);
  const list = target?.value ?? new List();
  const before = list.held;
  list.push(toEnd, value);
  if (target === undefined) store.place(ctx, ctx.db, to, LIST, list, -1);
  else store.changed(ctx, to, target, before);
  // In Redis's order: it gives before it takes.
  ctx.notify(LIST_EVENT, PUSHED[toEnd], to);
  ctx.notify(LIST_EVENT, POPPED[fromEnd], from);
  store.changed(ctx, from, source, held);
  store.effect(ctx, POP[fromEnd], request.bytes(1));
  store.effect(ctx, PUSH[toEnd], request.bytes(2), value);
  ctx.reply.bulk(value);
}

function lmove(store: Access, request: Request, ctx: Context): void {
  const fromEnd = endArgument(request, 3);
  move(store, request, ctx, fromEnd, endArgument(request, 4));
}

/** A positive argument. @throws ReplyError */
function atLeastOne(request: Request, i: number, error: string): number {
  const value = clampedArgument(request, i, error);
  return value >= 1 ? value : reject(error);
}

/** What LMPOP says behind its keys. @throws ReplyError when that is wrong */
export function lmpopOptions(request: Request): { where: number; end: End; count: number | null } {
  const keys = atLeastOne(request, 1, 'ERR numkeys should be greater than 0');
  const where = keys + 2;
  if (where >= request.argc) reject(SYNTAX);
  const end = endArgument(request, where);
  let count: number | null = null;
  for (let i = where + 1; i < request.argc; i += 2) {
    if (count !== null || !request.is(i, 'count') || i + 1 >= request.argc) reject(SYNTAX);
    count = atLeastOne(request, i + 1, 'ERR count should be greater than 0');
  }
  return { where, end, count };
}

function lmpop(store: Access, request: Request, ctx: Context): void {
  const { where, end, count } = lmpopOptions(request);
  for (let i = 2; i < where; i++) {
    const key = request.text(i);
    const entry = store.findTyped<List>(ctx, key, LIST);
    if (entry === undefined) continue;
    const list = entry.value;
    const { held } = list;
    const popped = Math.min(count ?? 1, list.size);
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    ctx.reply.array(popped);
    popSome(ctx, list, end, popped);
    ctx.notify(LIST_EVENT, POPPED[end], key);
    store.changed(ctx, key, entry, held);
    store.effect(ctx, POP[end], request.bytes(i), popped);
    return;
  }
  ctx.reply.nilArray();
}

export const LISTS_SEVERAL: Handlers = {
  lmove,
  rpoplpush: (store, request, ctx) => move(store, request, ctx, 'right', 'left'),
  lmpop,
};
