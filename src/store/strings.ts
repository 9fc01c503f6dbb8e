// Commands that read and write whole strings. Effects carry absolute times and no conditions.
import { GENERIC_EVENT, STRING_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import type { StringEntry } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { EX, EXAT, PX, PXAT, positiveExpiryArgument, type TimeForm } from './times.js';
import { argumentValue } from './value.js';

/** The value of a string entry, or nil. */
function answer(ctx: Context, entry: StringEntry | undefined): void {
  if (entry === undefined) ctx.reply.nil();
  else ctx.reply.bulk(entry.value);
}

/** Effect of a SET: unconditional, with the expiry it ended up with. */
function setEffect(ctx: Context, request: Request, valueAt: number, expireAt: number): void {
  if (ctx.replica) return;
  const { effects } = ctx;
  effects.array(expireAt === -1 ? 3 : 5);
  effects.bulk('SET');
  effects.bulk(request.bytes(1));
  effects.bulk(request.bytes(valueAt));
  if (expireAt === -1) return;
  effects.bulk('PXAT');
  effects.bulk(String(expireAt));
}

// ---- SET and its options

const TIMES: readonly (readonly [string, TimeForm])[] = [
  ['ex', EX],
  ['px', PX],
  ['exat', EXAT],
  ['pxat', PXAT],
];

/** Options of SET and GETEX; one object reused. */
class Options {
  nx = false;
  xx = false;
  get = false;
  keep = false;
  persist = false;
  form: TimeForm | null = null;
  /** Argument index of the time. */
  time = 0;

  /** Reads the options from argument `i` on. @throws ReplyError on a conflict or an unknown word. */
  read(request: Request, i: number, of: 'set' | 'getex'): void {
    this.nx = this.xx = this.get = this.keep = this.persist = false;
    this.form = null;
    const set = of === 'set';
    for (; i < request.argc; i++) {
      if (set && !this.xx && request.is(i, 'nx')) this.nx = true;
      else if (set && !this.nx && request.is(i, 'xx')) this.xx = true;
      else if (set && request.is(i, 'get')) this.get = true;
      else if (set && this.form === null && request.is(i, 'keepttl')) this.keep = true;
      else if (!set && this.form === null && request.is(i, 'persist')) this.persist = true;
      else {
        const found = TIMES.find(([word]) => request.is(i, word));
        const clash = this.keep || this.persist || (this.form !== null && this.form !== found?.[1]);
        if (found === undefined || clash || i + 1 >= request.argc) reject(SYNTAX);
        this.form = found[1];
        this.time = ++i;
      }
    }
  }
}

const options = new Options();

function set(store: Access, request: Request, ctx: Context): void {
  if (request.argc === 3) {
    const name = request.text(1);
    store.putString(ctx, name, argumentValue(request, 2), -1);
    store.same(ctx, request);
    ctx.notify(STRING_EVENT, 'set', name);
    ctx.reply.ok();
    return;
  }
  options.read(request, 3, 'set');
  const { nx, xx, get, keep, form } = options;
  let expireAt = -1;
  if (form !== null) expireAt = positiveExpiryArgument(request, options.time, form, ctx.now, 'set');
  const key = request.text(1);
  ctx.reads = get;
  const string = get ? store.findString(ctx, key) : undefined;
  const entry = get ? string : store.find(ctx, key);
  if (get) answer(ctx, string);
  if ((nx && entry !== undefined) || (xx && entry === undefined)) {
    if (!get) ctx.reply.nil();
    return;
  }
  if (keep && entry !== undefined) expireAt = entry.expireAt;
  store.putString(ctx, key, argumentValue(request, 2), expireAt);
  setEffect(ctx, request, 2, expireAt);
  ctx.notify(STRING_EVENT, 'set', key);
  if (form !== null) ctx.notify(GENERIC_EVENT, 'expire', key);
  if (!get) ctx.reply.ok();
}

function setExpiring(name: string, form: TimeForm) {
  return (store: Access, request: Request, ctx: Context): void => {
    const expireAt = positiveExpiryArgument(request, 2, form, ctx.now, name);
    const key = request.text(1);
    store.putString(ctx, key, argumentValue(request, 3), expireAt);
    setEffect(ctx, request, 3, expireAt);
    ctx.notify(STRING_EVENT, 'set', key);
    ctx.notify(GENERIC_EVENT, 'expire', key);
    ctx.reply.ok();
  };
}

function setnx(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.find(ctx, key);
  if (entry === undefined) {
    store.putString(ctx, key, argumentValue(request, 2), -1);
    store.same(ctx, request);
    ctx.notify(STRING_EVENT, 'set', key);
  }
  ctx.reply.integer(entry === undefined ? 1 : 0);
}

// ---- reading

function get(store: Access, request: Request, ctx: Context): void {
  answer(ctx, store.findString(ctx, request.text(1)));
}

function getset(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  ctx.reads = true;
  answer(ctx, store.findString(ctx, key));
  store.putString(ctx, key, argumentValue(request, 2), -1);
  store.same(ctx, request);
  ctx.notify(STRING_EVENT, 'set', key);
}

function getdel(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  ctx.reads = true;
  const entry = store.findString(ctx, key);
  answer(ctx, entry);
  if (entry === undefined) return;
  store.delete(ctx, key);
  store.effect(ctx, 'DEL', key);
  ctx.notify(GENERIC_EVENT, 'del', key);
}

function getex(store: Access, request: Request, ctx: Context): void {
  options.read(request, 2, 'getex');
  const { form, persist, time } = options;
  const key = request.text(1);
  ctx.reads = true;
  const entry = store.findString(ctx, key);
  if (entry === undefined) {
    ctx.reply.nil();
    return;
  }
  if (form !== null) {
    const at = positiveExpiryArgument(request, time, form, ctx.now, 'getex');
    answer(ctx, entry);
    if (at <= ctx.now) {
      store.delete(ctx, key);
      store.effect(ctx, 'DEL', key);
      ctx.notify(GENERIC_EVENT, 'del', key);
    } else {
      store.changeExpiry(ctx, key, entry, at);
      store.effect(ctx, 'PEXPIREAT', key, at);
      ctx.notify(GENERIC_EVENT, 'expire', key);
    }
    return;
  }
  answer(ctx, entry);
  if (!persist || entry.expireAt === -1) return;
  store.changeExpiry(ctx, key, entry, -1);
  store.effect(ctx, 'PERSIST', key);
  ctx.notify(GENERIC_EVENT, 'persist', key);
}

// ---- several keys

function mget(store: Access, request: Request, ctx: Context): void {
  ctx.reply.array(request.argc - 1);
  for (let i = 1; i < request.argc; i++) {
    const entry = store.find(ctx, request.text(i));
    // A key of another type is no error here.
    if (entry === undefined || store.isString(entry)) answer(ctx, entry);
    else ctx.reply.nil();
  }
}

function pairs(request: Request, command: string): void {
  if (request.argc % 2 === 0) reject(`ERR wrong number of arguments for '${command}' command`);
}

function putPairs(store: Access, request: Request, ctx: Context): void {
  for (let i = 1; i < request.argc; i += 2) {
    const key = request.text(i);
    store.putString(ctx, key, argumentValue(request, i + 1), -1);
    ctx.notify(STRING_EVENT, 'set', key);
  }
  store.same(ctx, request);
}

function mset(store: Access, request: Request, ctx: Context): void {
  pairs(request, 'mset');
  putPairs(store, request, ctx);
  ctx.reply.ok();
}

function msetnx(store: Access, request: Request, ctx: Context): void {
  pairs(request, 'msetnx');
  for (let i = 1; i < request.argc; i += 2) {
    if (store.find(ctx, request.text(i)) === undefined) continue;
    ctx.reply.integer(0);
    return;
  }
  putPairs(store, request, ctx);
  ctx.reply.integer(1);
}

export const STRINGS: Handlers = {
  set,
  setnx,
  setex: setExpiring('setex', EX),
  psetex: setExpiring('psetex', PX),
  get,
  getset,
  getdel,
  getex,
  mget,
  mset,
  msetnx,
};
