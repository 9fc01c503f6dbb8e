// A key to another name or database: RENAME, COPY, MOVE. An expired target goes first, with its own effect, so
// that the command's own bytes do the same on every copy.
import { GENERIC_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { NO_KEY, reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { DATABASES } from './keyspace.js';
import { typeOf } from './types.js';

function rename(store: Access, request: Request, ctx: Context, ifNone: boolean): void {
  const from = request.text(1);
  const to = request.text(2);
  const entry = store.find(ctx, from) ?? reject(NO_KEY);
  const target = from === to ? entry : store.findQuiet(ctx, to);
  const done = from !== to && !(ifNone && target !== undefined);
  if (done) {
    store.place(ctx, ctx.db, to, entry.type, entry.value, entry.expireAt, true);
    store.delete(ctx, from);
    store.same(ctx, request);
    ctx.notify(GENERIC_EVENT, 'rename_from', from);
    ctx.notify(GENERIC_EVENT, 'rename_to', to);
  }
  if (ifNone) ctx.reply.integer(done ? 1 : 0);
  else ctx.reply.ok();
}

const NOT_INT = 'ERR value is out of range, value must between -2147483648 and 2147483647';

function databaseArgument(request: Request, i: number): number {
  const db = clampedArgument(request, i);
  if (db < -0x80000000 || db > 0x7fffffff) reject(NOT_INT);
  if (db < 0 || db >= DATABASES) reject('ERR DB index is out of range');
  return db;
}

const SAME = 'ERR source and destination objects are the same';

function copy(store: Access, request: Request, ctx: Context): void {
  let { db } = ctx;
  let replace = false;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'replace')) replace = true;
    else if (request.is(i, 'db') && i + 1 < request.argc) db = databaseArgument(request, ++i);
    else reject(SYNTAX);
  }
  const from = request.text(1);
  const to = request.text(2);
  if (db === ctx.db && from === to) reject(SAME);
  ctx.reads = true;
  const entry = store.find(ctx, from);
  ctx.reads = false;
  const target = entry === undefined ? undefined : store.findQuiet(ctx, to, db);
  if (entry === undefined || (target !== undefined && !replace)) {
    ctx.reply.integer(0);
    return;
  }
  store.place(ctx, db, to, entry.type, typeOf(entry.type).copy(entry.value), entry.expireAt, true);
  store.same(ctx, request);
  ctx.notify(GENERIC_EVENT, 'copy_to', to, db);
  ctx.reply.integer(1);
}

function move(store: Access, request: Request, ctx: Context): void {
  const db = databaseArgument(request, 2);
  if (db === ctx.db) reject(SAME);
  const key = request.text(1);
  const entry = store.find(ctx, key);
  if (entry === undefined || store.findQuiet(ctx, key, db) !== undefined) {
    ctx.reply.integer(0);
    return;
  }
  store.place(ctx, db, key, entry.type, entry.value, entry.expireAt);
  store.delete(ctx, key);
  store.same(ctx, request);
  ctx.notify(GENERIC_EVENT, 'move_from', key);
  ctx.notify(GENERIC_EVENT, 'move_to', key, db);
  ctx.reply.integer(1);
}

export const RELOCATE: Handlers = {
  rename: (store, request, ctx) => rename(store, request, ctx, false),
  renamenx: (store, request, ctx) => rename(store, request, ctx, true),
  copy,
  move,
};
