// SWAPDB, of what this store holds. Every key of both databases counts as written by it: who watches one, gives it away
// in pieces or waits for it must notice. Time and a short stop are in proportion to their keys, as for FLUSHALL.
import { swappedDatabases } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';

function swapdb(store: Access, request: Request, ctx: Context): void {
  const databases = swappedDatabases(request);
  if (typeof databases === 'string') reject(databases);
  const [a, b] = databases;
  // Aside it changes nothing: the transaction has taken it into account (router/exec-plan.ts).
  if (!ctx.aside && a !== b && store.dbSize(a) + store.dbSize(b) > 0) {
    store.swapDatabases(ctx, a, b);
    store.same(ctx, request);
  }
  ctx.saw(store.deleteSeq);
  ctx.reply.ok();
}

export const SWAP: Handlers = { swapdb };
