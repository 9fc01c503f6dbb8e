// MEMORY USAGE: what a key costs, approximately: the value as its type counts it, the name, and what is kept about both.
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { typeOf } from './types.js';

/** Bytes of an entry, its cell in the map and the header of its name. */
const ENTRY = 96;

function usage(store: Access, request: Request, ctx: Context): void {
  for (let i = 3; i < request.argc; i++) {
    // Values know what they hold: nothing has to be sampled.
    if (!request.is(i, 'samples') || i + 1 >= request.argc) reject(SYNTAX);
    if (clampedArgument(request, ++i) < 0) reject(SYNTAX);
  }
  const key = request.text(2);
  ctx.reads = false;
  const entry = store.findQuiet(ctx, key);
  if (entry === undefined) ctx.reply.nil();
  else ctx.reply.integer(ENTRY + key.length + typeOf(entry.type).held(entry.value));
}

export const MEMORY: Handlers = { 'memory|usage': usage };
