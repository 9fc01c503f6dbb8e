// Commands on several sets: SMOVE, intersection, union, difference, and the forms that store the result.
import { GENERIC_EVENT, SET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { type Collection, SET } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handler, Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { findSet, positiveArgument, replyMembers } from './set.js';
import { SetValue } from './set-value.js';

function smove(store: Access, request: Request, ctx: Context): void {
  const [from, to, member] = [request.text(1), request.text(2), request.text(3)];
  const quiet = store.find(ctx, from);
  const target = store.find(ctx, to);
  if (quiet === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const source = findSet(store, ctx, from)!;
  const destination = target === undefined ? undefined : findSet(store, ctx, to);
  const there = source.value.has(member);
  if (there && from !== to) {
    const { held } = source.value;
    source.value.delete(member);
    ctx.notify(SET_EVENT, 'srem', from);
    store.changed(ctx, from, source, held);
    if (destination === undefined) {
      const value = new SetValue();
      value.add(member);
      store.place(ctx, ctx.db, to, SET, value, -1);
      ctx.notify(SET_EVENT, 'sadd', to);
    } else {
      const before = destination.value.held;
      if (destination.value.add(member)) {
        store.changed(ctx, to, destination, before);
        ctx.notify(SET_EVENT, 'sadd', to);
      }
    }
    store.same(ctx, request);
  }
  ctx.reply.integer(there ? 1 : 0);
}

type Sets = readonly (SetValue | null)[];

/** The sets of the keys in arguments [from, to); null: no such key. @throws ReplyError when one is of another type */
function setsOf(store: Access, request: Request, ctx: Context, from: number, to: number, stop = false): Sets {
  const sets: (SetValue | null)[] = [];
  let absent = false;
  for (let i = from; i < to; i++) {
    const set = findSet(store, ctx, request.text(i))?.value ?? null;
    absent ||= set === null;
    sets.push(set);
  }
  return stop && absent ? [] : sets;
}

/** Members of every set, at most `limit`; no sets: none. */
function intersection(sets: Sets, limit = Number.POSITIVE_INFINITY): string[] {
  const found: string[] = [];
  const [smallest, ...others] = (sets as readonly SetValue[]).toSorted((a, b) => a.size - b.size);
  if (smallest === undefined) return found;
  for (const member of smallest.names()) {
    if (found.length >= limit) break;
    if (others.every((other) => other.has(member))) found.push(member);
  }
  return found;
}

function union(sets: Sets): string[] {
  const all = new Set<string>();
  for (const set of sets) for (const member of set?.names() ?? []) all.add(member);
  return [...all];
}

function difference([first, ...others]: Sets): string[] {
  const same = others.some((other) => other === first);
  if (first === null || first === undefined || same) return [];
  return first.names().filter((member) => !others.some((other) => other?.has(member)));
}

const OPERATIONS: readonly (readonly [string, (sets: Sets) => string[], boolean])[] = [
  ['sinter', intersection, true],
  ['sunion', union, false],
  ['sdiff', difference, false],
];

function answered(operation: (sets: Sets) => string[], all: boolean): Handler {
  return (store, request, ctx) =>
    replyMembers(ctx, operation(setsOf(store, request, ctx, 1, request.argc, all)));
}

function stored(name: string, operation: (sets: Sets) => string[], all: boolean): Handler {
  const event = { kind: SET_EVENT, name };
  return (store, request, ctx) => {
    ctx.reads = true;
    const members = operation(setsOf(store, request, ctx, 2, request.argc, all));
    const value = new SetValue();
    for (const member of members) value.add(member);
    storeResult(store, request, ctx, SET, value, event);
  };
}

/**
 * Makes the key in argument `at` this collection, or deletes it when that is empty; the command's bytes are the effect.
 * @param event what is announced when there is a result
 */
export function storeResult(
  store: Access,
  request: Request,
  ctx: Context,
  type: number,
  value: Collection,
  event: { readonly kind: number; readonly name: string },
  at = 1,
): void {
  const key = request.text(at);
  ctx.reads = false;
  const there = store.findQuiet(ctx, key) !== undefined;
  if (value.size > 0) {
    store.place(ctx, ctx.db, key, type, value, -1);
    ctx.notify(event.kind, event.name, key);
  } else if (there) {
    store.delete(ctx, key);
    ctx.notify(GENERIC_EVENT, 'del', key);
  }
  if (value.size > 0 || there) store.same(ctx, request);
  ctx.reply.integer(value.size);
}

function sintercard(store: Access, request: Request, ctx: Context): void {
  const notCount = 'ERR numkeys should be greater than 0';
  const count = clampedArgument(request, 1, notCount);
  if (count < 1) reject(notCount);
  const end = 2 + count;
  if (end > request.argc) reject("ERR Number of keys can't be greater than number of args");
  let limit = 0;
  for (let i = end; i < request.argc; i += 2) {
    if (!request.is(i, 'limit') || i + 1 >= request.argc) reject(SYNTAX);
    limit = positiveArgument(request, i + 1, "ERR LIMIT can't be negative");
  }
  const sets = setsOf(store, request, ctx, 2, end, true);
  ctx.reply.integer(intersection(sets, limit === 0 ? undefined : limit).length);
}

export const SET_ALGEBRA: Handlers = {
  smove,
  sintercard,
  ...Object.fromEntries(OPERATIONS.map(([name, run, all]) => [name, answered(run, all)])),
  ...Object.fromEntries(
    OPERATIONS.map(([name, run, all]) => [`${name}store`, stored(`${name}store`, run, all)]),
  ),
};
