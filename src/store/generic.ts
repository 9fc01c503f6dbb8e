// Commands on keys of any type, one database: deletion, existence, type.
import { GENERIC_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import type { Handlers } from './handler.js';
import { typeOf } from './types.js';

function del(store: Access, request: Request, ctx: Context): void {
  let deleted = 0;
  for (let i = 1; i < request.argc; i++) {
    const key = request.text(i);
    if (store.findQuiet(ctx, key) === undefined) continue;
    store.delete(ctx, key);
    ctx.notify(GENERIC_EVENT, 'del', key);
    deleted++;
  }
  if (deleted > 0) store.same(ctx, request);
  ctx.reply.integer(deleted);
}

function exists(store: Access, request: Request, ctx: Context): void {
  let found = 0;
  for (let i = 1; i < request.argc; i++) if (store.findQuiet(ctx, request.text(i)) !== undefined) found++;
  ctx.reply.integer(found);
}

function touch(store: Access, request: Request, ctx: Context): void {
  let found = 0;
  for (let i = 1; i < request.argc; i++) if (store.find(ctx, request.text(i)) !== undefined) found++;
  ctx.reply.integer(found);
}

function type(store: Access, request: Request, ctx: Context): void {
  const entry = store.findQuiet(ctx, request.text(1));
  ctx.reply.simple(entry === undefined ? 'none' : typeOf(entry.type).name);
}

export const GENERIC: Handlers = { del, unlink: del, exists, touch, type };
