// Reads that only routers send, beside the commands of the table: what a group holds, for those who ask every group.
// Must never change a key.
import { Buffer } from 'node:buffer';
import type { CommandRow } from '../command/row.js';
import { keyOfName, type LockTable } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { SLOTS, slotOfText } from '../ring/index.js';
import type { Context } from '../store/context.js';
import { DATABASES, type Store } from '../store/index.js';

/** What such reads look at. */
export interface Insides {
  store: Store;
  locks: LockTable<unknown>;
}

/**
 * A command of the table, of the slots in ctx.slots only; else
 * `TOWLINE.EMPTY`: a bit for each slot, the lowest first: no key of any database, and nothing locked in it.
 * `TOWLINE.SCAN from count [MATCH pattern] [TYPE type]`: [next position or -1, key, position, key, position, ...].
 * `TOWLINE.RANDOM name ...`: a key of any other name, or nil.
 * `INFO`, `CLUSTER COUNTKEYSINSLOT`, `CLUSTER GETKEYSINSLOT`: what this group has to say in them.
 * Anything else: Redis's error for an unknown command.
 */
export function internalRead(
  { store, locks }: Insides,
  row: CommandRow | undefined,
  request: Request,
  ctx: Context,
): void {
  const { reply } = ctx;
  if (row !== undefined && row.where !== 'router') return store.execute(row, request, ctx);
  if (request.is(0, 'towline.empty')) {
    ctx.saw(store.deleteSeq);
    return reply.bulk(emptySlots(store, locks));
  }
  if (request.is(0, 'towline.scan')) return scan(store, request, ctx);
  if (request.is(0, 'towline.random')) {
    const names = new Set<string>();
    for (let i = 1; i < request.argc; i++) names.add(request.text(i));
    const key = store.randomKeyBut(ctx, names);
    return key === undefined ? reply.nil() : reply.bulk(key);
  }
  if (request.is(0, 'info')) return reply.bulk(info(store, ctx));
  if (request.is(0, 'cluster') && request.argc >= 3) {
    const slot = Number(request.text(2));
    if (!(slot >= 0 && slot < SLOTS)) return reply.error('ERR Invalid slot');
    ctx.saw(store.changeSeq);
    if (request.is(1, 'countkeysinslot')) return reply.integer(store.keyCount(ctx.db, slot));
    if (request.argc < 4) return reply.error('ERR syntax error');
    const keys = store.keysInSlot(ctx.db, slot).slice(0, Number(request.text(3)));
    reply.array(keys.length);
    for (const key of keys) reply.bulk(key);
    return;
  }
  reply.error(`ERR unknown command '${request.text(0).slice(0, 128)}'`);
}

function scan(store: Store, request: Request, ctx: Context): void {
  const from = request.argc < 3 ? -1 : Number(request.text(1));
  const count = request.argc < 3 ? -1 : Number(request.text(2));
  if (!(Number.isSafeInteger(from) && from >= 0 && count >= 1)) return ctx.reply.error('ERR syntax error');
  const options: { match?: string; type?: string } = {};
  for (let i = 3; i + 1 < request.argc; i += 2) {
    if (request.is(i, 'match')) options.match = request.text(i + 1);
    else options.type = request.text(i + 1).toLowerCase();
  }
  const found = store.scanRange(ctx, ctx.db, from, count, options);
  ctx.reply.array(1 + found.keys.length * 2);
  ctx.reply.integer(found.next);
  for (const { key, position } of found.keys) {
    ctx.reply.bulk(key);
    ctx.reply.integer(position);
  }
}

/** Memory, what reads found, and keyspace, in INFO's own lines. The average time to live is not kept. */
function info(store: Store, ctx: Context): string {
  const lines = [
    `used_memory:${store.bytes}`,
    `used_memory_peak:${store.peakBytes}`,
    `expired_keys:${store.expiredKeys}`,
    `changes:${ctx.dirty}`,
    `keyspace_hits:${ctx.hits}`,
    `keyspace_misses:${ctx.misses}`,
  ];
  for (let db = 0; db < DATABASES; db++) {
    const keys = store.dbSize(db);
    if (keys > 0) lines.push(`db${db}:keys=${keys},expires=${store.expiringIn(db)},avg_ttl=0`);
  }
  return lines.join('\r\n');
}

/** Slots without keys in which nothing is locked or waits for a lock (R2). */
function emptySlots(store: Store, locks: LockTable<unknown>): Buffer {
  if (locks.lockedEverything) return Buffer.alloc(SLOTS / 8);
  const bits = store.emptySlots();
  for (const name of locks.names()) {
    const slot = slotOfText(keyOfName(name));
    bits[slot >> 3]! &= ~(1 << (slot & 7));
  }
  return bits;
}
