// Commands on ranges of a sorted set: by rank, by score, by member; reading, storing, counting, removing.
import { ZSET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { ZSET } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handler, Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { storeResult } from './set-several.js';
import { findSorted, replyScore } from './zset.js';
import { lexRange, type Range, rankRange, scoreRange } from './zset-limits.js';
import { MAX_COMPACT, SortedSet } from './zset-value.js';

type By = 'rank' | 'score' | 'lex';

/** What a command of the ZRANGE family asks for. */
interface Query {
  readonly range: Range;
  readonly byRank: boolean;
  readonly reverse: boolean;
  readonly scores: boolean;
  readonly offset: number;
  /** Negative: all. */
  readonly limit: number;
}

/** Reads the query whose key is argument `at`; `by`, `reverse`: null where an option decides. @throws ReplyError */
function queryOf(
  request: Request,
  at: number,
  stores: boolean,
  by: By | null,
  reverse: boolean | null,
): Query {
  let scores = false;
  let offset = 0;
  let limit = -1;
  for (let i = at + 3; i < request.argc; i++) {
    if (!stores && request.is(i, 'withscores')) scores = true;
    else if (request.is(i, 'limit') && i + 2 < request.argc) {
      offset = clampedArgument(request, ++i);
      limit = clampedArgument(request, ++i);
    } else if (reverse === null && request.is(i, 'rev')) reverse = true;
    else if (by === null && request.is(i, 'bylex')) by = 'lex';
    else if (by === null && request.is(i, 'byscore')) by = 'score';
    else reject(SYNTAX);
  }
  by ??= 'rank';
  reverse ??= false;
  if (limit !== -1 && by === 'rank') {
    reject('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
  }
  if (scores && by === 'lex') reject('ERR syntax error, WITHSCORES not supported in combination with BYLEX');
  const range = rangeOf(request, by, at + 1, reverse);
  const byRank = by === 'rank';
  return { range, byRank, reverse, scores, offset: byRank ? 0 : offset, limit: byRank ? -1 : limit };
}

/** The range in arguments i and i + 1; of a reversed one by score or member the greater end comes first. */
function rangeOf(request: Request, by: By, i: number, reverse: boolean): Range {
  if (by === 'rank') return rankRange(clampedArgument(request, i), clampedArgument(request, i + 1));
  const [min, max] = reverse ? [i + 1, i] : [i, i + 1];
  return by === 'score' ? scoreRange(request, min, max) : lexRange(request, min, max);
}

/** First rank in reading order, and how many from there on. */
function selection(query: Query, value: SortedSet): { first: number; count: number } {
  let { from, to } = query.range(value);
  // Ranks count from the other end.
  if (query.byRank && query.reverse) [from, to] = [value.size - to, value.size - from];
  const all = to - from;
  const { offset, limit, reverse } = query;
  const left = offset < 0 ? 0 : all - offset;
  const count = Math.max(0, limit < 0 ? left : Math.min(left, limit));
  return { first: reverse ? to - 1 - offset : from + offset, count };
}

function zrange(by: By | null, reverse: boolean | null): Handler {
  return (store, request, ctx) => {
    const query = queryOf(request, 1, false, by, reverse);
    const value = findSorted(store, ctx, request.text(1))?.value;
    if (value === undefined) {
      ctx.reply.array(0);
      return;
    }
    const { first, count } = selection(query, value);
    const nested = query.scores && ctx.proto === 3;
    ctx.reply.array(query.scores && !nested ? 2 * count : count);
    value.forEach(first, count, query.reverse, (member, score) => {
      if (nested) ctx.reply.array(2);
      ctx.reply.bulk(member);
      if (query.scores) replyScore(ctx, score);
    });
  };
}

function zrangestore(store: Access, request: Request, ctx: Context): void {
  const query = queryOf(request, 2, true, null, null);
  ctx.reads = true;
  const source = findSorted(store, ctx, request.text(2))?.value;
  const value = new SortedSet();
  if (source !== undefined) {
    const { first, count } = selection(query, source);
    if (query.byRank && count > MAX_COMPACT) value.compact = false;
    source.forEach(first, count, query.reverse, (member, score) => value.set(member, score));
  }
  storeResult(store, request, ctx, ZSET, value, { kind: ZSET_EVENT, name: 'zrangestore' });
}

function zcount(by: By): Handler {
  return (store, request, ctx) => {
    const range = rangeOf(request, by, 2, false);
    const value = findSorted(store, ctx, request.text(1))?.value;
    const { from, to } = value === undefined ? { from: 0, to: 0 } : range(value);
    ctx.reply.integer(Math.max(0, to - from));
  };
}

function zremrange(by: By): Handler {
  return (store, request, ctx) => {
    const range = rangeOf(request, by, 2, false);
    const key = request.text(1);
    const entry = findSorted(store, ctx, key);
    let count = 0;
    if (entry !== undefined) {
      const { from, to } = range(entry.value);
      const { held } = entry.value;
      count = Math.max(0, to - from);
      if (count > 0) {
        entry.value.removeRange(from, count);
        ctx.notify(ZSET_EVENT, `zremrangeby${by}`, key);
        store.changed(ctx, key, entry, held);
        store.same(ctx, request);
      }
    }
    ctx.reply.integer(count);
  };
}

export const SORTED_RANGES: Handlers = {
  zrange: zrange(null, null),
  zrangebyscore: zrange('score', false),
  zrevrangebyscore: zrange('score', true),
  zrangebylex: zrange('lex', false),
  zrevrangebylex: zrange('lex', true),
  zrevrange: zrange('rank', true),
  zrangestore,
  zcount: zcount('score'),
  zlexcount: zcount('lex'),
  zremrangebyrank: zremrange('rank'),
  zremrangebyscore: zremrange('score'),
  zremrangebylex: zremrange('lex'),
};
