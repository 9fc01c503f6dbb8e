// FLUSHDB and FLUSHALL, of what this store holds.
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { DATABASES } from './keyspace.js';

function flush(all: boolean) {
  return (store: Access, request: Request, ctx: Context): void => {
    const mode =
      request.argc === 1 || (request.argc === 2 && (request.is(1, 'async') || request.is(1, 'sync')));
    if (!mode) reject(SYNTAX);
    let size = 0;
    if (all) for (let db = 0; db < DATABASES; db++) size += store.dbSize(db);
    else size = store.dbSize(ctx.db);
    if (size > 0) {
      store.clear(all ? undefined : ctx.db);
      store.flushed(ctx, size, all ? undefined : ctx.db);
      store.same(ctx, request);
    }
    // The caller learns that nothing is left, deleted just now or before.
    ctx.saw(store.deleteSeq);
    ctx.reply.ok();
  };
}

export const FLUSH: Handlers = { flushall: flush(true), flushdb: flush(false) };
