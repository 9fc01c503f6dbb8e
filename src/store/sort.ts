// SORT and SORT_RO of lists, sets and sorted sets. BY and GET patterns that name other keys are looked up where those keys
// were fetched (aside.ts); elsewhere nobody has locked them, and they are refused (as Redis Cluster does, in its words).
import { Buffer } from 'node:buffer';
import { LIST_EVENT, namesKeys, patternKey } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { HASH, LIST, SET, STRING, type StringValue, ZSET } from './entry.js';
import { reject, SYNTAX, WRONG_TYPE } from './errors.js';
import type { Handlers } from './handler.js';
import type { Hash } from './hash-value.js';
import { clampedArgument } from './integers.js';
import { List } from './list-value.js';
import { storeResult } from './set-several.js';
import type { SetValue } from './set-value.js';
import { keptBytes, textOf } from './value.js';
import { looseNumber } from './zset-scores.js';
import type { SortedSet } from './zset-value.js';

interface Query {
  descending: boolean;
  alpha: boolean;
  /** BY a pattern without `*`: the elements as they come. */
  unsorted: boolean;
  offset: number;
  /** Negative: all. */
  limit: number;
  /** BY a pattern that names keys; '': none. */
  by: string;
  /** The GET patterns: `#` is the element itself; any other without `*` names nothing. */
  readonly gets: string[];
  /** Argument of the key that takes the result; 0: it is answered. */
  store: number;
}

/** @throws ReplyError */
function queryOf(request: Request, readonly: boolean, aside: boolean): Query {
  const query: Query = {
    descending: false,
    alpha: false,
    unsorted: false,
    offset: 0,
    limit: -1,
    by: '',
    gets: [],
    store: 0,
  };
  for (let i = 2; i < request.argc; i++) {
    const left = request.argc - i - 1;
    if (request.is(i, 'asc')) query.descending = false;
    else if (request.is(i, 'desc')) query.descending = true;
    else if (request.is(i, 'alpha')) query.alpha = true;
    else if (request.is(i, 'limit') && left >= 2) {
      query.offset = clampedArgument(request, ++i);
      query.limit = clampedArgument(request, ++i);
    } else if (!readonly && request.is(i, 'store') && left >= 1) query.store = ++i;
    else if (request.is(i, 'by') && left >= 1) {
      const pattern = request.text(++i);
      const names = namesKeys(pattern);
      if (names && !aside) reject('ERR BY option of SORT denied in Cluster mode.');
      // Redis: what names nothing once means: not sorted, whatever is said later.
      if (names) query.by = pattern;
      else query.unsorted = true;
    } else if (request.is(i, 'get') && left >= 1) {
      const pattern = request.text(++i);
      if (namesKeys(pattern) && !aside) reject('ERR GET option of SORT denied in Cluster mode.');
      query.gets.push(pattern);
    } else reject(SYNTAX);
  }
  return query;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** What a pattern names for an element; null: nothing, or no string. */
function lookUp(store: Access, ctx: Context, pattern: string, element: string): string | null {
  if (pattern === '#') return element;
  if (!namesKeys(pattern)) return null;
  const { key, field } = patternKey(pattern, element);
  const entry = store.peek(ctx.db, key);
  if (entry === undefined || (entry.expireAt !== -1 && ctx.now > entry.expireAt)) return null;
  if (field === '') return entry.type === STRING ? textOf(entry.value as StringValue) : null;
  const value = entry.type === HASH ? (entry.value as Hash).get(field) : undefined;
  return value === undefined ? null : textOf(value);
}

/** Elements in order of their weights: themselves, or what BY names. @throws ReplyError when one must be a number */
function sorted(
  elements: readonly string[],
  query: Query,
  weightOf: (element: string) => string | null,
): string[] {
  const { alpha, descending } = query;
  const sign = descending ? -1 : 1;
  if (alpha) {
    const weighed = elements.map((text) => ({ text, weight: weightOf(text) }));
    // What is absent comes first. Equal ones by their text: the order is the same in every process.
    const order = (a: string | null, b: string | null) =>
      a === null || b === null ? Number(a !== null) - Number(b !== null) : compare(a, b);
    weighed.sort((a, b) => sign * (order(a.weight, b.weight) || compare(a.text, b.text)));
    return weighed.map(({ text }) => text);
  }
  const weighed = elements.map((text) => {
    const weight = weightOf(text);
    const number = weight === null ? ZERO : looseNumber(weight);
    if (number === null || number.outside) reject("ERR One or more scores can't be converted into double");
    return { text, value: number.value };
  });
  weighed.sort((a, b) => sign * (a.value - b.value || compare(a.text, b.text)));
  return weighed.map(({ text }) => text);
}

const ZERO = { value: 0, outside: false };

/** The part of `elements` that LIMIT leaves. */
function limited(elements: readonly string[], { offset, limit }: Query): readonly string[] {
  const start = Math.max(0, offset);
  return limit < 0 ? elements.slice(start) : elements.slice(start, start + limit);
}

function sort(store: Access, request: Request, ctx: Context, readonly: boolean): void {
  const query = queryOf(request, readonly, ctx.aside);
  ctx.reads = true;
  const entry = store.find(ctx, request.text(1));
  let elements: readonly string[] = [];
  if (entry?.type === SET) {
    elements = (entry.value as SetValue).names();
    // Members have no order of their own: what is stored must be the same everywhere.
    if (query.unsorted && query.store > 0) {
      query.unsorted = false;
      query.alpha = true;
    }
  } else if (entry?.type === ZSET) {
    const value = entry.value as SortedSet;
    const members: string[] = [];
    value.forEach(0, value.size, false, (member) => members.push(member));
    elements = members;
  } else if (entry?.type === LIST) elements = Array.from((entry.value as List).values(), textOf);
  else if (entry !== undefined) reject(WRONG_TYPE);
  const { by } = query;
  const weightOf = by === '' ? (text: string) => text : (text: string) => lookUp(store, ctx, by, text);
  if (!query.unsorted) elements = sorted(elements, query, weightOf);
  else if (query.descending && entry?.type !== SET) elements = elements.toReversed();
  answer(store, request, ctx, query, limited(elements, query));
}

const SORTSTORE = { kind: LIST_EVENT, name: 'sortstore' };

function listOf(elements: readonly string[]): List {
  const list = new List();
  for (const element of elements) list.push('right', keptBytes(Buffer.from(element, 'latin1')));
  return list;
}

function answer(
  store: Access,
  request: Request,
  ctx: Context,
  query: Query,
  elements: readonly string[],
): void {
  const gets = query.gets.length === 0 ? ['#'] : query.gets;
  const all = elements.flatMap((element) => gets.map((pattern) => lookUp(store, ctx, pattern, element)));
  if (query.store > 0) {
    const list = listOf(all.map((text) => text ?? ''));
    storeResult(store, request, ctx, LIST, list, SORTSTORE, query.store);
    return;
  }
  ctx.reply.array(all.length);
  for (const text of all) {
    if (text === null) ctx.reply.nil();
    else ctx.reply.bulk(text);
  }
}

export const SORTS: Handlers = {
  sort: (store, request, ctx) => sort(store, request, ctx, false),
  sort_ro: (store, request, ctx) => sort(store, request, ctx, true),
};
