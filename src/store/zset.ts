// Commands on single members of a sorted set: ZADD and its kin, removal, scores, ranks, pops, random members.
// Effects name exact scores: what ZINCRBY adds is added once.
import { ZSET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { cursorArgument, scanReply } from './element-scan.js';
import { type Entry, ZSET } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handler, Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { draw, drawArgument, positiveArgument } from './set.js';
import { formatScore, scoreArgument } from './zset-scores.js';
import { SortedSet } from './zset-value.js';

/** An entry that is known to hold a sorted set. */
export type SortedEntry = Entry & { value: SortedSet };

/** As find(), of a sorted set. @throws ReplyError when the key holds another type. */
export function findSorted(store: Access, ctx: Context, key: string): SortedEntry | undefined {
  return store.findTyped<SortedSet>(ctx, key, ZSET);
}

/** Writes a score, or nil. */
export function replyScore(ctx: Context, score: number | undefined): void {
  if (score === undefined) ctx.reply.nil();
  else ctx.reply.double(formatScore(score));
}

// ---- ZADD, ZINCRBY

const WORDS = ['nx', 'xx', 'ch', 'incr', 'gt', 'lt'] as const;
type Options = Record<(typeof WORDS)[number], boolean>;

/** What a member's score becomes; undefined: it stays as it is. @throws ReplyError */
function nextScore(old: number | undefined, given: number, options: Options): number | undefined {
  if (old === undefined) return options.xx ? undefined : given;
  if (options.nx) return undefined;
  const score = options.incr ? old + given : given;
  if (Number.isNaN(score)) reject('ERR resulting score is not a number (NaN)');
  return (options.lt && score >= old) || (options.gt && score <= old) ? undefined : score;
}

function zadd(incr: boolean): Handler {
  return (store, request, ctx) => {
    const options: Options = { nx: false, xx: false, ch: false, incr, gt: false, lt: false };
    let at = 2;
    for (; at < request.argc; at++) {
      const word = WORDS.find((each) => request.is(at, each));
      if (word === undefined) break;
      options[word] = true;
    }
    const left = request.argc - at;
    if (left === 0 || left % 2 !== 0) reject(SYNTAX);
    const { nx, xx, gt, lt } = options;
    if (nx && xx) reject('ERR XX and NX options at the same time are not compatible');
    if ((gt && nx) || (lt && nx) || (gt && lt)) {
      reject('ERR GT, LT, and/or NX options at the same time are not compatible');
    }
    if (options.incr && left > 2) reject('ERR INCR option supports a single increment-element pair');
    const scores: number[] = [];
    for (let i = at; i < request.argc; i += 2) scores.push(scoreArgument(request, i));
    addAll(store, request, ctx, { from: at + 1, step: 2 }, scores, options);
  };
}

/**
 * Gives members their scores, and replies.
 * @param members the arguments that name them: the first one, and how far the next one is
 */
export function addAll(
  store: Access,
  request: Request,
  ctx: Context,
  members: { readonly from: number; readonly step: number },
  scores: readonly number[],
  options: Options,
): void {
  const key = request.text(1);
  const entry = findSorted(store, ctx, key);
  const value = entry?.value ?? new SortedSet();
  const { held } = value;
  let added = 0;
  let updated = 0;
  let last: number | undefined;
  for (const [i, given] of scores.entries()) {
    const member = request.text(members.from + members.step * i);
    const old = value.score(member);
    last = nextScore(old, given, options);
    // Equal ones are left as they are: 0 does not become -0.
    if (last === undefined || last === old) continue;
    value.set(member, last);
    if (old === undefined) added++;
    else updated++;
  }
  if (added + updated > 0) {
    if (entry === undefined) store.place(ctx, ctx.db, key, ZSET, value, -1);
    else store.changed(ctx, key, entry, held);
    ctx.notify(ZSET_EVENT, options.incr ? 'zincr' : 'zadd', key);
    if (options.incr) store.effect(ctx, 'ZADD', key, formatScore(last!), request.bytes(members.from));
    else store.same(ctx, request);
  }
  if (options.incr) replyScore(ctx, last);
  else ctx.reply.integer(options.ch ? added + updated : added);
}

// ---- members

function zrem(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = findSorted(store, ctx, key);
  let removed = 0;
  if (entry !== undefined) {
    const { held } = entry.value;
    for (let i = 2; i < request.argc; i++) if (entry.value.delete(request.text(i))) removed++;
    if (removed > 0) {
      ctx.notify(ZSET_EVENT, 'zrem', key);
      store.changed(ctx, key, entry, held);
      store.same(ctx, request);
    }
  }
  ctx.reply.integer(removed);
}

function zcard(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(findSorted(store, ctx, request.text(1))?.value.size ?? 0);
}

function zscore(store: Access, request: Request, ctx: Context): void {
  replyScore(ctx, findSorted(store, ctx, request.text(1))?.value.score(request.text(2)));
}

function zmscore(store: Access, request: Request, ctx: Context): void {
  const value = findSorted(store, ctx, request.text(1))?.value;
  ctx.reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) replyScore(ctx, value?.score(request.text(i)));
}

function zrank(reverse: boolean): Handler {
  return (store, request, ctx) => {
    const value = findSorted(store, ctx, request.text(1))?.value;
    const rank = value?.rank(request.text(2));
    if (value === undefined || rank === undefined) ctx.reply.nil();
    else ctx.reply.integer(reverse ? value.size - 1 - rank : rank);
  };
}

/** Integers up to this are such in a listpack. */
const MAX_LISTED = 2 ** 62;

/** A score as ZSCAN shows it: of a compact sorted set as it stands in the listpack. */
function scannedScore(value: SortedSet, member: string): string {
  const score = value.score(member)!;
  const listed = value.compact && Number.isInteger(score) && Math.abs(score) <= MAX_LISTED;
  return listed ? String(BigInt(score)) : formatScore(score);
}

function zscan(store: Access, request: Request, ctx: Context): void {
  const cursor = cursorArgument(request, 2);
  const value = findSorted(store, ctx, request.text(1))?.value;
  scanReply(request, ctx, 3, cursor, value, (members) => {
    ctx.reply.array(2 * members.length);
    for (const member of members) {
      ctx.reply.bulk(member);
      ctx.reply.bulk(scannedScore(value!, member));
    }
  });
}

// ---- from the ends

/** Pops `count` members from one end. `nested`: each with its score in an array of its own. */
function pop(
  store: Access,
  ctx: Context,
  key: string,
  entry: SortedEntry,
  from: 'min' | 'max',
  count: number,
  nested: boolean,
): void {
  const { value } = entry;
  const { held, size } = value;
  const some = Math.min(count, size);
  ctx.reply.array(nested ? some : 2 * some);
  value.forEach(from === 'min' ? 0 : size - 1, some, from === 'max', (member, score) => {
    if (nested) ctx.reply.array(2);
    ctx.reply.bulk(member);
    replyScore(ctx, score);
  });
  if (some === 0) return;
  value.removeRange(from === 'min' ? 0 : size - some, some);
  ctx.notify(ZSET_EVENT, from === 'min' ? 'zpopmin' : 'zpopmax', key);
  store.changed(ctx, key, entry, held);
  store.effect(ctx, from === 'min' ? 'ZPOPMIN' : 'ZPOPMAX', key, some);
}

function zpop(from: 'min' | 'max'): Handler {
  return (store, request, ctx) => {
    if (request.argc > 3) reject(SYNTAX);
    const one = request.argc === 2;
    const count = one ? 1 : positiveArgument(request, 2);
    const key = request.text(1);
    const entry = findSorted(store, ctx, key);
    if (entry === undefined) ctx.reply.array(0);
    else pop(store, ctx, key, entry, from, count, !one && ctx.proto === 3);
  };
}

/** What ZMPOP says behind its keys. @throws ReplyError when that is wrong */
export function zmpopOptions(request: Request): { where: number; min: boolean; count: number } {
  const keys = countArgument(request, 1, 'ERR numkeys should be greater than 0');
  const where = 2 + keys;
  if (where >= request.argc) reject(SYNTAX);
  const min = request.is(where, 'min');
  if (!min && !request.is(where, 'max')) reject(SYNTAX);
  let count = 1;
  if (request.argc > where + 1) {
    if (request.argc !== where + 3 || !request.is(where + 1, 'count')) {
      // The first COUNT is judged before what follows it.
      if (request.argc > where + 2 && request.is(where + 1, 'count')) {
        countArgument(request, where + 2, 'ERR count should be greater than 0');
      }
      reject(SYNTAX);
    }
    count = countArgument(request, where + 2, 'ERR count should be greater than 0');
  }
  return { where, min, count };
}

function zmpop(store: Access, request: Request, ctx: Context): void {
  const { where, min, count } = zmpopOptions(request);
  for (let i = 2; i < where; i++) {
    const key = request.text(i);
    const entry = findSorted(store, ctx, key);
    if (entry === undefined) continue;
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    pop(store, ctx, key, entry, min ? 'min' : 'max', count, true);
    return;
  }
  ctx.reply.nilArray();
}

/** Argument i as a number from 1 on. @throws ReplyError with `error` when it is none */
function countArgument(request: Request, i: number, error: string): number {
  const value = clampedArgument(request, i, error);
  return value < 1 ? reject(error) : value;
}

// ---- at random

/** Half of LONG_MAX: more members with their scores could not be counted. */
const HALF_LONG = 2 ** 62;

function zrandmember(store: Access, request: Request, ctx: Context): void {
  const one = request.argc === 2;
  let count = 1;
  if (!one) {
    count = drawArgument(request, 2);
    const scores = request.argc === 4 && request.is(3, 'withscores');
    if (request.argc > 4 || (request.argc === 4 && !scores)) reject(SYNTAX);
    // Clamped: as text it says whether it was too large.
    if (scores && Math.abs(Number(request.text(2))) >= HALF_LONG) reject('ERR value is out of range');
  }
  const value = findSorted(store, ctx, request.text(1))?.value;
  if (value === undefined) {
    if (one) ctx.reply.nil();
    else ctx.reply.array(0);
    return;
  }
  const drawn = draw(ctx.random, value.size, count);
  const scores = request.argc === 4;
  if (!one) ctx.reply.array(scores && ctx.proto === 2 ? 2 * drawn.length : drawn.length);
  for (const rank of drawn) {
    value.forEach(rank, 1, false, (member, score) => {
      if (scores && ctx.proto === 3) ctx.reply.array(2);
      ctx.reply.bulk(member);
      if (scores) replyScore(ctx, score);
    });
  }
}

export const SORTED_SETS: Handlers = {
  zadd: zadd(false),
  zincrby: zadd(true),
  zrem,
  zcard,
  zscore,
  zmscore,
  zrank: zrank(false),
  zrevrank: zrank(true),
  zscan,
  zpopmin: zpop('min'),
  zpopmax: zpop('max'),
  zmpop,
  zrandmember,
};
