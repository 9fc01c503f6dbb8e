// PFADD, PFCOUNT, PFMERGE, PFDEBUG, PFSELFTEST: strings that count distinct elements (hll-value.ts).
// As in Redis, PFCOUNT of one key writes what it has counted into the value: a read with an effect, like one that finds
// a key expired. Where nothing may be written now it only counts.
import { Buffer } from 'node:buffer';
import { cut, STRING_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import type { StringEntry } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { placeOf, REGISTERS } from './hll-hash.js';
import { selfTest } from './hll-selftest.js';
import { CARDINALITY, countRegisters, HyperLogLog } from './hll-value.js';
import { ownedBytes, viewOf, writable } from './value.js';

/** A live key's HyperLogLog, to look at; undefined: there is no such key. @throws ReplyError */
function look(store: Access, ctx: Context, key: string): HyperLogLog | undefined {
  const entry = store.findString(ctx, key);
  return entry === undefined ? undefined : HyperLogLog.of(viewOf(entry.value));
}

/**
 * A live key's HyperLogLog, to be changed. What is sparse is a copy: a change that finds it corrupted changes nothing.
 * A dense one is the stored bytes, and is never corrupted. @throws ReplyError
 */
function own(entry: StringEntry): HyperLogLog {
  const found = HyperLogLog.of(viewOf(entry.value));
  return HyperLogLog.of(found.dense ? writable(entry.value, 0) : Buffer.from(found.bytes));
}

function save(
  store: Access,
  ctx: Context,
  key: string,
  entry: StringEntry | undefined,
  { bytes }: HyperLogLog,
): void {
  // A sparse one may be a view of something longer.
  const kept = bytes.length === bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
  store.writeString(ctx, key, entry, ownedBytes(kept));
}

function pfadd(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  const hll = entry === undefined ? HyperLogLog.empty() : own(entry);
  let changed = entry === undefined;
  for (let i = 2; i < request.argc; i++) {
    const place = placeOf(request.bytes(i));
    if (hll.raise(place >> 6, place & 63)) changed = true;
  }
  if (changed) {
    hll.forget();
    save(store, ctx, key, entry, hll);
    store.same(ctx, request);
    ctx.notify(STRING_EVENT, 'pfadd', key);
  }
  ctx.reply.integer(changed ? 1 : 0);
}

function pfcount(store: Access, request: Request, ctx: Context): void {
  if (request.argc > 2) {
    const all = new Uint8Array(REGISTERS);
    for (let i = 1; i < request.argc; i++) look(store, ctx, request.text(i))?.mergeInto(all);
    ctx.reply.integer(countRegisters(all));
    return;
  }
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  if (entry === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const hll = HyperLogLog.of(viewOf(entry.value));
  const { counted } = hll;
  if (counted !== null) {
    ctx.reply.integer(counted);
    return;
  }
  const cardinality = hll.count();
  ctx.reply.integer(cardinality);
  // Aside, the key's lock may be one that others share.
  if (ctx.frozen || ctx.replica || ctx.aside) return;
  const written = own(entry);
  written.remember(cardinality);
  save(store, ctx, key, entry, written);
  store.effect(ctx, 'SETRANGE', key, CARDINALITY, written.bytes.subarray(CARDINALITY, CARDINALITY + 8));
}

function pfmerge(store: Access, request: Request, ctx: Context): void {
  const all = new Uint8Array(REGISTERS);
  let dense = false;
  ctx.reads = true;
  for (let i = 1; i < request.argc; i++) {
    const source = look(store, ctx, request.text(i));
    if (source === undefined) continue;
    if (source.dense) dense = true;
    source.mergeInto(all);
  }
  ctx.reads = false;
  const target = request.text(1);
  const entry = store.findString(ctx, target);
  const hll = entry === undefined ? HyperLogLog.empty() : own(entry);
  if (dense) hll.toDense();
  for (let i = 0; i < REGISTERS; i++) if (all[i]! > 0) hll.raise(i, all[i]!);
  hll.forget();
  save(store, ctx, target, entry, hll);
  store.same(ctx, request);
  // The name that Redis gives it.
  ctx.notify(STRING_EVENT, 'pfadd', target);
  ctx.reply.ok();
}

function pfdebug(store: Access, request: Request, ctx: Context): void {
  const key = request.text(2);
  const entry = store.findString(ctx, key) ?? reject('ERR The specified key does not exist');
  const hll = own(entry);
  const widen = (): boolean => {
    if (!hll.toDense()) return false;
    save(store, ctx, key, entry, hll);
    store.effect(ctx, 'PFDEBUG', 'TODENSE', key);
    return true;
  };
  if (request.is(1, 'getreg')) {
    widen();
    ctx.reply.array(REGISTERS);
    for (const value of hll.registers()) ctx.reply.integer(value);
  } else if (request.is(1, 'decode')) {
    if (hll.dense) reject('ERR HLL encoding is not sparse');
    const words: string[] = [];
    for (const { value, length, from, to } of hll.runs())
      words.push(value > 0 ? `v:${value},${length}` : `${to - from === 1 ? 'z' : 'Z'}:${length}`);
    ctx.reply.bulk(words.join(' '));
  } else if (request.is(1, 'encoding')) ctx.reply.simple(hll.dense ? 'dense' : 'sparse');
  else if (request.is(1, 'todense')) ctx.reply.integer(widen() ? 1 : 0);
  else reject(`ERR Unknown PFDEBUG subcommand '${cut(request.text(1))}'`);
}

function pfselftest(_store: Access, _request: Request, ctx: Context): void {
  const failed = selfTest();
  if (failed !== null) reject(`ERR TESTFAILED ${failed}`);
  ctx.reply.ok();
}

export const HYPERLOGLOGS: Handlers = { pfadd, pfcount, pfmerge, pfdebug, pfselftest };
