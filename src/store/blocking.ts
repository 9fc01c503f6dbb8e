// Blocking commands as a store executes them: as if nothing could be waited for, which is also what they do between
// MULTI and EXEC. Nil says that there was nothing to pop; whoever waits then is not a store's affair.
import { type CommandRow, findText, LIST_EVENT, timeoutAt, timeoutOf, ZSET_EVENT } from '../command/index.js';
import { type Request, requestOf } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { LIST } from './entry.js';
import { reject } from './errors.js';
import type { Handler, Handlers } from './handler.js';
import { POPPED } from './list.js';
import { LISTS_SEVERAL, lmpopOptions } from './list-several.js';
import type { End, List } from './list-value.js';
import { findSorted, replyScore, SORTED_SETS, zmpopOptions } from './zset.js';

/** @throws ReplyError when the timeout is none */
function vetTimeout(name: string, request: Request): void {
  const wait = timeoutOf(request.text(timeoutAt(rowOf(name), request)));
  if (typeof wait === 'string') reject(wait);
}

function rowOf(name: string): CommandRow {
  return findText(name)!;
}

function pop(name: string, end: End): Handler {
  return (store: Access, request: Request, ctx: Context) => {
    vetTimeout(name, request);
    for (let i = 1; i < request.argc - 1; i++) {
      const key = request.text(i);
      const entry = store.findTyped<List>(ctx, key, LIST);
      if (entry === undefined) continue;
      const { held } = entry.value;
      const value = entry.value.pop(end);
      ctx.notify(LIST_EVENT, POPPED[end], key);
      store.changed(ctx, key, entry, held);
      store.effect(ctx, end === 'left' ? 'LPOP' : 'RPOP', request.bytes(i));
      ctx.reply.array(2);
      ctx.reply.bulk(request.bytes(i));
      ctx.reply.bulk(value);
      return;
    }
    ctx.reply.nilArray();
  };
}

function zpop(name: string, from: 'min' | 'max'): Handler {
  return (store, request, ctx) => {
    vetTimeout(name, request);
    for (let i = 1; i < request.argc - 1; i++) {
      const key = request.text(i);
      const entry = findSorted(store, ctx, key);
      if (entry === undefined) continue;
      const { value } = entry;
      const { held, size } = value;
      const at = from === 'min' ? 0 : size - 1;
      ctx.reply.array(3);
      ctx.reply.bulk(request.bytes(i));
      value.forEach(at, 1, false, (member, score) => {
        ctx.reply.bulk(member);
        replyScore(ctx, score);
      });
      value.removeRange(at, 1);
      ctx.notify(ZSET_EVENT, from === 'min' ? 'zpopmin' : 'zpopmax', key);
      store.changed(ctx, key, entry, held);
      store.effect(ctx, from === 'min' ? 'ZPOPMIN' : 'ZPOPMAX', request.bytes(i));
      return;
    }
    ctx.reply.nilArray();
  };
}

/** Of another command without its timeout, which is judged at once, or after what `vetFirst` judges of that command. */
function as(name: string, other: string, handler: Handler, vetFirst?: (request: Request) => void): Handler {
  return (store, request, ctx) => {
    const without = timeoutAt(rowOf(name), request);
    const words: (string | Buffer)[] = [other];
    for (let i = 1; i < request.argc; i++) if (i !== without) words.push(request.bytes(i));
    const plain = requestOf(words);
    vetFirst?.(plain);
    vetTimeout(name, request);
    handler(store, plain, ctx);
  };
}

/** The ends of BLMOVE are judged before its timeout. */
function vetEnds(request: Request): void {
  for (const i of [3, 4]) if (!request.is(i, 'left') && !request.is(i, 'right')) reject('ERR syntax error');
}

export const BLOCKING: Handlers = {
  blpop: pop('blpop', 'left'),
  brpop: pop('brpop', 'right'),
  blmove: as('blmove', 'LMOVE', LISTS_SEVERAL['lmove']!, vetEnds),
  brpoplpush: as('brpoplpush', 'RPOPLPUSH', LISTS_SEVERAL['rpoplpush']!),
  blmpop: as('blmpop', 'LMPOP', LISTS_SEVERAL['lmpop']!, lmpopOptions),
  bzpopmin: zpop('bzpopmin', 'min'),
  bzpopmax: zpop('bzpopmax', 'max'),
  bzmpop: as('bzmpop', 'ZMPOP', SORTED_SETS['zmpop']!, zmpopOptions),
};
