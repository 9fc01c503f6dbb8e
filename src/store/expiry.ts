// Commands on the time a key has left. Effects name absolute times; an expiry in the past is a deletion,
// but only a primary judges that: on a backup PEXPIREAT always sets.
import { cut, GENERIC_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import type { Entry } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { EX, EXAT, expiryArgument, PX, PXAT, type TimeForm } from './times.js';

/** NX, XX, GT, LT after argument 2. */
class Conditions {
  nx = false;
  xx = false;
  gt = false;
  lt = false;

  /** @throws ReplyError on unknown words and on combinations that exclude each other. */
  read(request: Request): void {
    this.nx = this.xx = this.gt = this.lt = false;
    for (let i = 3; i < request.argc; i++) {
      if (request.is(i, 'nx')) this.nx = true;
      else if (request.is(i, 'xx')) this.xx = true;
      else if (request.is(i, 'gt')) this.gt = true;
      else if (request.is(i, 'lt')) this.lt = true;
      else reject(`ERR Unsupported option ${cut(request.text(i))}`);
    }
    if (this.nx && (this.xx || this.gt || this.lt)) {
      reject('ERR NX and XX, GT or LT options at the same time are not compatible');
    }
    if (this.gt && this.lt) reject('ERR GT and LT options at the same time are not compatible');
  }

  /** Whether an entry that expires at `old` (-1: never) may be given `at`. */
  allow(old: number, at: number): boolean {
    if (this.nx && old !== -1) return false;
    if (this.xx && old === -1) return false;
    if (this.gt && (old === -1 || at <= old)) return false;
    return !(this.lt && old !== -1 && at >= old);
  }
}

const conditions = new Conditions();

function expire(name: string, form: TimeForm) {
  return (store: Access, request: Request, ctx: Context): void => {
    conditions.read(request);
    const at = expiryArgument(request, 2, form, ctx.now, name);
    const key = request.text(1);
    const entry = store.find(ctx, key);
    if (entry === undefined || !conditions.allow(entry.expireAt, at)) {
      ctx.reply.integer(0);
      return;
    }
    if (at <= ctx.now && !ctx.replica) {
      store.delete(ctx, key);
      store.effect(ctx, 'DEL', key);
      ctx.notify(GENERIC_EVENT, 'del', key);
    } else {
      store.changeExpiry(ctx, key, entry, at);
      store.effect(ctx, 'PEXPIREAT', key, at);
      ctx.notify(GENERIC_EVENT, 'expire', key);
    }
    ctx.reply.integer(1);
  };
}

function persist(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.find(ctx, key);
  if (entry === undefined || entry.expireAt === -1) {
    ctx.reply.integer(0);
    return;
  }
  store.changeExpiry(ctx, key, entry, -1);
  store.same(ctx, request);
  ctx.notify(GENERIC_EVENT, 'persist', key);
  ctx.reply.integer(1);
}

/** A command that answers a time: -2 for no key, -1 for no expiry. */
function time(answer: (entry: Entry, now: number) => number) {
  return (store: Access, request: Request, ctx: Context): void => {
    const entry = store.findQuiet(ctx, request.text(1));
    if (entry === undefined) ctx.reply.integer(-2);
    else ctx.reply.integer(entry.expireAt === -1 ? -1 : answer(entry, ctx.now));
  };
}

const seconds = (ms: number) => Math.floor((ms + 500) / 1000);
// On a backup a key outlives its time until the primary says so.
const left = (entry: Entry, now: number) => Math.max(0, entry.expireAt - now);

export const EXPIRY: Handlers = {
  expire: expire('expire', EX),
  pexpire: expire('pexpire', PX),
  expireat: expire('expireat', EXAT),
  pexpireat: expire('pexpireat', PXAT),
  ttl: time((entry, now) => seconds(left(entry, now))),
  pttl: time(left),
  expiretime: time((entry) => seconds(entry.expireAt)),
  pexpiretime: time((entry) => entry.expireAt),
  persist,
};
