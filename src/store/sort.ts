// SORT and SORT_RO of lists, sets and sorted sets. BY and GET patterns that name other keys are refused: those keys
// are not in the command, so nobody has locked or fetched them (as Redis Cluster refuses them, and in its words).
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { LIST, SET, ZSET } from './entry.js';
import { reject, SYNTAX, WRONG_TYPE } from './errors.js';
import type { Handlers } from './handler.js';
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
  /** For each GET: whether it is `#`, the element itself; any other that is allowed names nothing. */
  readonly gets: boolean[];
  /** Argument of the key that takes the result; 0: it is answered. */
  store: number;
}

/** @throws ReplyError */
function queryOf(request: Request, readonly: boolean): Query {
  const query: Query = {
    descending: false,
    alpha: false,
    unsorted: false,
    offset: 0,
    limit: -1,
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
      if (namesKeys(request.text(++i))) reject('ERR BY option of SORT denied in Cluster mode.');
      query.unsorted = true;
    } else if (request.is(i, 'get') && left >= 1) {
      const pattern = request.text(++i);
      if (namesKeys(pattern)) reject('ERR GET option of SORT denied in Cluster mode.');
      query.gets.push(pattern === '#');
    } else reject(SYNTAX);
  }
  return query;
}

/** Whether a pattern stands for a key of each element. */
function namesKeys(pattern: string): boolean {
  const star = pattern.indexOf('*');
  const zero = pattern.indexOf('\0');
  return star >= 0 && (zero < 0 || star < zero);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** @throws ReplyError when an element is no number and must be one */
function sorted(elements: readonly string[], { alpha, descending }: Query): string[] {
  const sign = descending ? -1 : 1;
  if (alpha) return elements.toSorted((a, b) => sign * compare(a, b));
  const weighed = elements.map((text) => {
    const number = looseNumber(text);
    if (number === null || number.outside) reject("ERR One or more scores can't be converted into double");
    return { text, value: number.value };
  });
  // Equal numbers by their text: the order is the same in every process.
  weighed.sort((a, b) => sign * (a.value - b.value || compare(a.text, b.text)));
  return weighed.map(({ text }) => text);
}

/** The part of `elements` that LIMIT leaves. */
function limited(elements: readonly string[], { offset, limit }: Query): readonly string[] {
  const start = Math.max(0, offset);
  return limit < 0 ? elements.slice(start) : elements.slice(start, start + limit);
}

function sort(store: Access, request: Request, ctx: Context, readonly: boolean): void {
  const query = queryOf(request, readonly);
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
  if (!query.unsorted) elements = sorted(elements, query);
  else if (query.descending && entry?.type !== SET) elements = elements.toReversed();
  answer(store, request, ctx, query, limited(elements, query));
}

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
  const { gets } = query;
  if (query.store > 0) {
    const each = gets.length === 0 ? [true] : gets;
    const all = elements.flatMap((element) => each.map((itself) => (itself ? element : '')));
    storeResult(store, request, ctx, LIST, listOf(all), query.store);
    return;
  }
  ctx.reply.array(elements.length * Math.max(1, gets.length));
  for (const element of elements) {
    if (gets.length === 0) ctx.reply.bulk(element);
    for (const itself of gets) {
      if (itself) ctx.reply.bulk(element);
      else ctx.reply.nil();
    }
  }
}

export const SORTS: Handlers = {
  sort: (store, request, ctx) => sort(store, request, ctx, false),
  sort_ro: (store, request, ctx) => sort(store, request, ctx, true),
};
