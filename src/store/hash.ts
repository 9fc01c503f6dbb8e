// Commands on the fields of a hash, but for those that choose at random. Effects are the commands themselves,
// except that HINCRBYFLOAT becomes the value it came to.
import { HASH_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { cursorArgument, scanReply } from './element-scan.js';
import { HASH, type StringValue, type TypedEntry } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { Hash } from './hash-value.js';
import { addInt64, integerArgument, parseInt64 } from './integers.js';
import { addLongDoubles, formatLongDouble, isFinite80, parseLongDouble } from './long-double.js';
import { argumentValue, textOf } from './value.js';

const find = (store: Access, request: Request, ctx: Context) =>
  store.findTyped<Hash>(ctx, request.text(1), HASH);

/** Changes a key's hash by `change`, which must not be refused half done; an absent one is made. Writes no effect. */
function write(
  store: Access,
  request: Request,
  ctx: Context,
  entry: TypedEntry<Hash> | undefined,
  change: (hash: Hash) => void,
): void {
  const key = request.text(1);
  if (entry === undefined) {
    const hash = new Hash();
    change(hash);
    store.place(ctx, ctx.db, key, HASH, hash, -1);
  } else {
    const { held } = entry.value;
    change(entry.value);
    store.changed(ctx, key, entry, held);
  }
}

// ---- writing

/** Sets the pairs from argument 2 on. @returns how many fields are new. */
function setPairs(store: Access, request: Request, ctx: Context, name: string): number {
  if (request.argc % 2 === 1) reject(`ERR wrong number of arguments for '${name}' command`);
  let created = 0;
  write(store, request, ctx, find(store, request, ctx), (hash) => {
    for (let i = 2; i < request.argc; i += 2) {
      if (hash.set(request.text(i), argumentValue(request, i + 1))) created++;
    }
  });
  store.same(ctx, request);
  ctx.notify(HASH_EVENT, 'hset', request.text(1));
  return created;
}

function hset(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(setPairs(store, request, ctx, 'hset'));
}

function hmset(store: Access, request: Request, ctx: Context): void {
  setPairs(store, request, ctx, 'hmset');
  ctx.reply.ok();
}

function hsetnx(store: Access, request: Request, ctx: Context): void {
  const entry = find(store, request, ctx);
  const there = entry?.value.has(request.text(2)) === true;
  if (!there) {
    write(store, request, ctx, entry, (hash) => hash.set(request.text(2), argumentValue(request, 3)));
    store.same(ctx, request);
    ctx.notify(HASH_EVENT, 'hset', request.text(1));
  }
  ctx.reply.integer(there ? 0 : 1);
}

function hincrby(store: Access, request: Request, ctx: Context): void {
  const delta = integerArgument(request, 3);
  const entry = find(store, request, ctx);
  const field = request.text(2);
  const value = entry?.value.get(field) ?? '0';
  const old =
    (typeof value === 'string' ? parseInt64(value) : null) ?? reject('ERR hash value is not an integer');
  const sum = addInt64(old, delta) ?? reject('ERR increment or decrement would overflow');
  write(store, request, ctx, entry, (hash) => hash.set(field, String(sum)));
  store.same(ctx, request);
  ctx.notify(HASH_EVENT, 'hincrby', request.text(1));
  ctx.reply.integer(sum);
}

function hincrbyfloat(store: Access, request: Request, ctx: Context): void {
  const delta = parseLongDouble(request.text(3)) ?? reject('ERR value is not a valid float');
  if (!isFinite80(delta)) reject('ERR value is NaN or Infinity');
  const entry = find(store, request, ctx);
  const field = request.text(2);
  const old =
    parseLongDouble(textOf(entry?.value.get(field) ?? '0')) ?? reject('ERR hash value is not a float');
  const sum = addLongDoubles(old, delta);
  if (!isFinite80(sum)) reject('ERR increment would produce NaN or Infinity');
  const text = formatLongDouble(sum);
  write(store, request, ctx, entry, (hash) => hash.set(field, text));
  // Its result, not the command: no copy shall depend on how its processor adds.
  store.effect(ctx, 'HSET', request.bytes(1), request.bytes(2), text);
  ctx.notify(HASH_EVENT, 'hincrbyfloat', request.text(1));
  ctx.reply.bulk(text);
}

function hdel(store: Access, request: Request, ctx: Context): void {
  const entry = find(store, request, ctx);
  let deleted = 0;
  if (entry !== undefined) {
    const {
      value,
      value: { held },
    } = entry;
    for (let i = 2; i < request.argc; i++) if (value.delete(request.text(i))) deleted++;
    if (deleted > 0) {
      const key = request.text(1);
      ctx.notify(HASH_EVENT, 'hdel', key);
      store.changed(ctx, key, entry, held);
      store.same(ctx, request);
    }
  }
  ctx.reply.integer(deleted);
}

// ---- reading

function answer(ctx: Context, value: StringValue | undefined): void {
  if (value === undefined) ctx.reply.nil();
  else ctx.reply.bulk(value);
}

function hget(store: Access, request: Request, ctx: Context): void {
  answer(ctx, find(store, request, ctx)?.value.get(request.text(2)));
}

function hmget(store: Access, request: Request, ctx: Context): void {
  const hash = find(store, request, ctx)?.value;
  ctx.reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) answer(ctx, hash?.get(request.text(i)));
}

function hgetall(store: Access, request: Request, ctx: Context): void {
  const hash = find(store, request, ctx)?.value;
  ctx.reply.map(hash?.size ?? 0);
  for (const [field, value] of hash?.entries() ?? []) {
    ctx.reply.bulk(field);
    ctx.reply.bulk(value);
  }
}

/** HKEYS and HVALS. */
function all(of: (hash: Hash) => Iterable<StringValue>) {
  return (store: Access, request: Request, ctx: Context): void => {
    const hash = find(store, request, ctx)?.value;
    ctx.reply.array(hash?.size ?? 0);
    if (hash !== undefined) for (const each of of(hash)) ctx.reply.bulk(each);
  };
}

/** Commands that answer a number; 0 when there is no hash. */
function count(of: (hash: Hash, request: Request) => number) {
  return (store: Access, request: Request, ctx: Context): void => {
    const hash = find(store, request, ctx)?.value;
    ctx.reply.integer(hash === undefined ? 0 : of(hash, request));
  };
}

function hscan(store: Access, request: Request, ctx: Context): void {
  const cursor = cursorArgument(request, 2);
  const hash = find(store, request, ctx)?.value;
  scanReply(request, ctx, 3, cursor, hash, (fields) => {
    ctx.reply.array(2 * fields.length);
    for (const field of fields) {
      ctx.reply.bulk(field);
      answer(ctx, hash?.get(field));
    }
  });
}

export const HASHES: Handlers = {
  hset,
  hmset,
  hsetnx,
  hincrby,
  hincrbyfloat,
  hdel,
  hget,
  hmget,
  hgetall,
  hkeys: all((hash) => hash.names()),
  hvals: all((hash) => hash.values()),
  hlen: count((hash) => hash.size),
  hexists: count((hash, request) => (hash.has(request.text(2)) ? 1 : 0)),
  hstrlen: count((hash, request) => hash.get(request.text(2))?.length ?? 0),
  hscan,
};
