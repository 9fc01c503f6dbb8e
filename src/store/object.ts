// OBJECT: what is known about a key beside its value. None of it counts as an access.
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { type Entry, usedAt } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { typeOf } from './types.js';

function about(answer: (ctx: Context, entry: Entry) => void) {
  return (store: Access, request: Request, ctx: Context): void => {
    ctx.reads = false;
    const entry = store.findQuiet(ctx, request.text(2));
    if (entry === undefined) ctx.reply.nil();
    else answer(ctx, entry);
  };
}

const NO_FREQUENCY =
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. ' +
  'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';

export const OBJECT: Handlers = {
  'object|encoding': about((ctx, entry) => ctx.reply.bulk(typeOf(entry.type).encoding(entry.value))),
  'object|freq': about(() => reject(NO_FREQUENCY)),
  'object|idletime': about((ctx, entry) => ctx.reply.integer(Math.max(0, usedAt(ctx.now) - entry.used))),
  // Values are never shared between keys.
  'object|refcount': about((ctx) => ctx.reply.integer(1)),
};
