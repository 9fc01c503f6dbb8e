// Commands on one set. What is drawn at random is drawn on the primary alone: effects name the members.
import { GENERIC_EVENT, SET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { cursorArgument, scanReply } from './element-scan.js';
import { type Entry, SET } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument, INT64_MIN, integerArgument } from './integers.js';
import { SetValue } from './set-value.js';

/** An entry that is known to hold a set. */
export type SetEntry = Entry & { value: SetValue };

/** As find(), of a set. @throws ReplyError when the key holds another type. */
export function findSet(store: Access, ctx: Context, key: string): SetEntry | undefined {
  return store.findTyped<SetValue>(ctx, key, SET);
}

function sadd(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = findSet(store, ctx, key);
  const value = entry?.value ?? new SetValue();
  const { held } = value;
  let added = 0;
  for (let i = 2; i < request.argc; i++) if (value.add(request.text(i))) added++;
  if (entry === undefined) store.place(ctx, ctx.db, key, SET, value, -1);
  else if (added > 0) store.changed(ctx, key, entry, held);
  if (added > 0) {
    store.same(ctx, request);
    ctx.notify(SET_EVENT, 'sadd', key);
  }
  ctx.reply.integer(added);
}

function srem(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = findSet(store, ctx, key);
  let removed = 0;
  if (entry !== undefined) {
    const { value } = entry;
    const { held } = value;
    for (let i = 2; i < request.argc; i++) if (value.delete(request.text(i))) removed++;
    if (removed > 0) {
      ctx.notify(SET_EVENT, 'srem', key);
      store.changed(ctx, key, entry, held);
      store.same(ctx, request);
    }
  }
  ctx.reply.integer(removed);
}

function sismember(store: Access, request: Request, ctx: Context): void {
  const entry = findSet(store, ctx, request.text(1));
  ctx.reply.integer(entry?.value.has(request.text(2)) ? 1 : 0);
}

function smismember(store: Access, request: Request, ctx: Context): void {
  const value = findSet(store, ctx, request.text(1))?.value;
  ctx.reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) ctx.reply.integer(value?.has(request.text(i)) ? 1 : 0);
}

function scard(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(findSet(store, ctx, request.text(1))?.value.size ?? 0);
}

/** Writes a set reply. */
export function replyMembers(ctx: Context, members: readonly string[]): void {
  ctx.reply.set(members.length);
  for (const member of members) ctx.reply.bulk(member);
}

function smembers(store: Access, request: Request, ctx: Context): void {
  replyMembers(ctx, findSet(store, ctx, request.text(1))?.value.names() ?? []);
}

// ---- at random

const POSITIVE = 'ERR value is out of range, must be positive';

/** Argument i as a number from 0 on. @throws ReplyError with `error` when it is none */
export function positiveArgument(request: Request, i: number, error = POSITIVE): number {
  const value = clampedArgument(request, i, error);
  return value < 0 ? reject(error) : value;
}

/** Members that are named in one effect at most. */
const MOST_NAMED = 1000;

function spop(store: Access, request: Request, ctx: Context): void {
  if (request.argc > 3) reject(SYNTAX);
  const one = request.argc === 2;
  const count = one ? 1 : positiveArgument(request, 2);
  const key = request.text(1);
  const entry = findSet(store, ctx, key);
  if (entry === undefined || count === 0) {
    if (one) ctx.reply.nil();
    else ctx.reply.set(0);
    return;
  }
  const { value } = entry;
  const { held } = value;
  const popped: string[] = [];
  if (count >= value.size) {
    popped.push(...value.names());
    store.delete(ctx, key);
    store.effect(ctx, 'DEL', key);
    ctx.notify(SET_EVENT, 'spop', key);
    ctx.notify(GENERIC_EVENT, 'del', key);
  } else {
    while (popped.length < count) {
      const member = value.nth(Math.floor(ctx.random() * value.size));
      value.delete(member);
      popped.push(member);
    }
    ctx.notify(SET_EVENT, 'spop', key);
    store.changed(ctx, key, entry, held);
    for (let i = 0; i < popped.length; i += MOST_NAMED) {
      store.effect(ctx, 'SREM', key, ...popped.slice(i, i + MOST_NAMED));
    }
  }
  if (one) ctx.reply.bulk(popped[0]!);
  else replyMembers(ctx, popped);
}

/** Most elements that may be drawn with repetition. */
const MOST_DRAWN = 2 ** 24;
/** LONG_MAX, as Redis names it in an error. */
const LONG = '9223372036854775807';

/** Argument i as a count that may be negative. @throws ReplyError */
export function drawArgument(request: Request, i: number): number {
  const value = integerArgument(request, i);
  if (value === INT64_MIN) reject(`ERR value is out of range, value must between -${LONG} and ${LONG}`);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/**
 * Indexes below `size` drawn at random: `count` different ones, all of them in order when there are no more;
 * of a negative count as many as it says, repetitions among them.
 */
export function draw(random: () => number, size: number, count: number): number[] {
  if (count < -MOST_DRAWN) reject('ERR value is out of range');
  const any = () => Math.floor(random() * size);
  if (count < 0) return Array.from({ length: -count }, any);
  if (count >= size) return Array.from({ length: size }, (_, i) => i);
  // Floyd: each subset as likely as any other, in `count` steps.
  const drawn = new Set<number>();
  for (let i = size - count; i < size; i++) {
    const at = Math.floor(random() * (i + 1));
    drawn.add(drawn.has(at) ? i : at);
  }
  return [...drawn];
}

function srandmember(store: Access, request: Request, ctx: Context): void {
  if (request.argc > 3) reject(SYNTAX);
  const one = request.argc === 2;
  const count = one ? 1 : drawArgument(request, 2);
  const value = findSet(store, ctx, request.text(1))?.value;
  if (value === undefined) {
    if (one) ctx.reply.nil();
    else ctx.reply.array(0);
    return;
  }
  const drawn = draw(ctx.random, value.size, count);
  if (!one) ctx.reply.array(drawn.length);
  for (const i of drawn) ctx.reply.bulk(value.nth(i));
}

function sscan(store: Access, request: Request, ctx: Context): void {
  const cursor = cursorArgument(request, 2);
  const value = findSet(store, ctx, request.text(1))?.value;
  scanReply(request, ctx, 3, cursor, value, (members) => {
    ctx.reply.array(members.length);
    for (const member of members) ctx.reply.bulk(member);
  });
}

export const SETS: Handlers = {
  sadd,
  srem,
  sismember,
  smismember,
  scard,
  smembers,
  spop,
  srandmember,
  sscan,
};
