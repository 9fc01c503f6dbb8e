// Commands on several sorted sets, and sets as if each score were 1: union, intersection, difference, and the forms
// that store the result. Scores are added in a fixed order, so that every copy comes to the same sums.
import { ZSET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { SET, ZSET } from './entry.js';
import { reject, SYNTAX, WRONG_TYPE } from './errors.js';
import type { Handler, Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { positiveArgument } from './set.js';
import { storeResult } from './set-several.js';
import type { SetValue } from './set-value.js';
import { replyScore } from './zset.js';
import { scoreArgument } from './zset-scores.js';
import { SortedSet } from './zset-value.js';

type Operation = 'union' | 'inter' | 'diff';

/** One input. */
class Source {
  weight = 1;

  constructor(readonly value: SetValue | SortedSet | null) {}

  get size(): number {
    return this.value?.size ?? 0;
  }
  /** Score of a member; undefined: it is not there. */
  score(member: string): number | undefined {
    const { value } = this;
    if (value instanceof SortedSet) return value.score(member);
    return value?.has(member) ? 1 : undefined;
  }
  *pairs(): Iterable<[string, number]> {
    const { value } = this;
    if (value instanceof SortedSet) yield* value.pairs();
    else for (const member of value?.names() ?? []) yield [member, 1];
  }
}

type Aggregate = (a: number, b: number) => number;

const orZero = (value: number) => (Number.isNaN(value) ? 0 : value);
const SUM: Aggregate = (a, b) => orZero(a + b);
const AGGREGATES: readonly (readonly [string, Aggregate])[] = [
  ['sum', SUM],
  ['min', (a, b) => (b < a ? b : a)],
  ['max', (a, b) => (b > a ? b : a)],
];

interface Query {
  readonly sources: Source[];
  aggregate: Aggregate;
  scores: boolean;
  /** 0: none. */
  limit: number;
}

/** Which form of the command: its answer, a number of members, or stored. */
type Form = 'answer' | 'count' | 'store';

/** Reads a command whose number of keys is argument `at`. @throws ReplyError */
function queryOf(
  store: Access,
  request: Request,
  ctx: Context,
  at: number,
  operation: Operation,
  form: Form,
): Query {
  const count = clampedArgument(request, at);
  if (count < 1) {
    reject(`ERR at least 1 input key is needed for '${request.text(0).toLowerCase()}' command`);
  }
  if (count >= request.argc - at) reject(SYNTAX);
  const sources: Source[] = [];
  for (let i = at + 1; i <= at + count; i++) {
    const entry = store.find(ctx, request.text(i));
    if (entry !== undefined && entry.type !== ZSET && entry.type !== SET) reject(WRONG_TYPE);
    sources.push(new Source((entry?.value as SetValue | SortedSet | undefined) ?? null));
  }
  const query: Query = { sources, aggregate: SUM, scores: false, limit: 0 };
  const weighed = operation !== 'diff' && form !== 'count';
  for (let i = at + 1 + count; i < request.argc; i++) {
    const left = request.argc - i - 1;
    if (weighed && left >= count && request.is(i, 'weights')) {
      for (const source of sources)
        source.weight = scoreArgument(request, ++i, 'ERR weight value is not a float');
    } else if (weighed && left >= 1 && request.is(i, 'aggregate')) {
      i++;
      query.aggregate = AGGREGATES.find(([word]) => request.is(i, word))?.[1] ?? reject(SYNTAX);
    } else if (form === 'answer' && request.is(i, 'withscores')) query.scores = true;
    else if (form === 'count' && left >= 1 && request.is(i, 'limit')) {
      query.limit = positiveArgument(request, ++i, "ERR LIMIT can't be negative");
    } else reject(SYNTAX);
  }
  return query;
}

/** Calls `give` for each member of the result, until it says that it wants no more. */
function run(operation: Operation, query: Query, give: (member: string, score: number) => boolean): void {
  const { sources, aggregate } = query;
  if (operation === 'diff') {
    const [first, ...others] = sources as [Source, ...Source[]];
    for (const [member, score] of first.pairs()) {
      if (others.every((other) => other.score(member) === undefined) && !give(member, score)) return;
    }
    return;
  }
  // The smallest first: the order in which scores are added.
  const ordered = sources.toSorted((a, b) => a.size - b.size);
  if (operation === 'union') {
    const all = new Map<string, number>();
    for (const source of ordered) {
      for (const [member, score] of source.pairs()) {
        const weighted = orZero(score * source.weight);
        const old = all.get(member);
        all.set(member, old === undefined ? weighted : aggregate(old, weighted));
      }
    }
    for (const [member, score] of all) if (!give(member, score)) return;
    return;
  }
  const [first, ...others] = ordered as [Source, ...Source[]];
  next: for (const [member, score] of first.pairs()) {
    let total = orZero(score * first.weight);
    for (const other of others) {
      const found = other.score(member);
      if (found === undefined) continue next;
      total = aggregate(total, found * other.weight);
    }
    if (!give(member, total)) return;
  }
}

function result(operation: Operation, query: Query): SortedSet {
  const value = new SortedSet();
  value.compact = false;
  run(operation, query, (member, score) => {
    value.set(member, score);
    return true;
  });
  return value;
}

function answered(operation: Operation): Handler {
  return (store, request, ctx) => {
    const query = queryOf(store, request, ctx, 1, operation, 'answer');
    const value = result(operation, query);
    const nested = query.scores && ctx.proto === 3;
    ctx.reply.array(query.scores && !nested ? 2 * value.size : value.size);
    value.forEach(0, value.size, false, (member, score) => {
      if (nested) ctx.reply.array(2);
      ctx.reply.bulk(member);
      if (query.scores) replyScore(ctx, score);
    });
  };
}

function stored(operation: Operation): Handler {
  const event = { kind: ZSET_EVENT, name: `z${operation}store` };
  return (store, request, ctx) => {
    ctx.reads = true;
    const query = queryOf(store, request, ctx, 2, operation, 'store');
    storeResult(store, request, ctx, ZSET, result(operation, query).packed(), event);
  };
}

function zintercard(store: Access, request: Request, ctx: Context): void {
  const query = queryOf(store, request, ctx, 1, 'inter', 'count');
  let count = 0;
  run('inter', query, () => ++count !== query.limit);
  ctx.reply.integer(count);
}

export const SORTED_ALGEBRA: Handlers = {
  zintercard,
  zunion: answered('union'),
  zinter: answered('inter'),
  zdiff: answered('diff'),
  zunionstore: stored('union'),
  zinterstore: stored('inter'),
  zdiffstore: stored('diff'),
};
