// Walking the keyspace: SCAN by positions (order.ts), KEYS, RANDOMKEY, DBSIZE. Expired keys met on a primary are
// deleted first, as in any look-up. Every step is bounded but KEYS, which is bounded by the keyspace.

import { globMatch } from '../command/index.js';
import type { Request } from '../resp/index.js';
import { SLOTS, slotOfPosition, slotStart } from '../ring/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { cursorArgument } from './element-scan.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import type { Placed } from './order.js';
import { typeOf } from './types.js';

/** What SCAN filters by; latin1 text. */
export interface ScanOptions {
  /** Glob over names. */
  match?: string | undefined;
  /** Name of a type, lower case. */
  type?: string | undefined;
}

/** Keys found, and where to go on. */
export interface ScanStep {
  /** By ascending position. */
  keys: Placed[];
  /** First position not examined; -1: the end was reached. */
  next: number;
}

/**
 * One step of a SCAN over database `db`: examines about `count` keys at `from` and later, all those of one
 * position together, and gives those that match.
 */
export function scanRange(
  store: Access,
  ctx: Context,
  db: number,
  from: number,
  count: number,
  options: ScanOptions = {},
): ScanStep {
  const keys: Placed[] = [];
  let examined = 0;
  if (store.dbSize(db) === 0) {
    ctx.saw(store.deleteSeq);
    return { keys, next: -1 };
  }
  for (let slot = slotOfPosition(from); slot < SLOTS; slot++, from = slotStart(slot)) {
    if (store.keyCount(db, slot) === 0 || leftOut(ctx, slot)) continue;
    // Also when this slot is only entered: a step that begins with a full slot examines it.
    if (examined >= count) return { keys, next: from };
    let last = -1;
    const here = new Set<string>();
    for (const placed of store.orderOf(db, slot)?.walk(from) ?? []) {
      if (placed.position !== last) {
        if (examined >= count) return { keys, next: placed.position };
        last = placed.position;
        here.clear();
      } else if (here.has(placed.key)) continue;
      here.add(placed.key);
      examined++;
      if (wanted(store, ctx, db, placed.key, options))
        keys.push({ key: placed.key, position: placed.position });
    }
    store.forgetOrder(db, slot);
  }
  ctx.saw(store.deleteSeq);
  return { keys, next: -1 };
}

function wanted(store: Access, ctx: Context, db: number, key: string, options: ScanOptions): boolean {
  const { match, type } = options;
  if (match !== undefined && !globMatch(match, key)) return false;
  // Remembered orders may name keys that are gone: those are no look-ups.
  if (store.peek(db, key) === undefined) return false;
  const entry = store.findQuiet(ctx, key, db);
  return entry !== undefined && (type === undefined || typeOf(entry.type).name === type);
}

/** Whether a slot is none of those that were asked for. */
function leftOut(ctx: Context, slot: number): boolean {
  return ctx.slots !== null && !ctx.slots(slot);
}

function scan(store: Access, request: Request, ctx: Context): void {
  const from = cursorArgument(request, 1);
  const options: ScanOptions = {};
  let count = 10;
  for (let i = 2; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) reject(SYNTAX);
    if (request.is(i, 'count')) {
      count = clampedArgument(request, i + 1);
      if (count < 1) reject(SYNTAX);
    } else if (request.is(i, 'match')) options.match = request.text(i + 1);
    else if (request.is(i, 'type')) options.type = request.text(i + 1).toLowerCase();
    else reject(SYNTAX);
  }
  const { keys, next } = scanRange(store, ctx, ctx.db, from, count, options);
  ctx.reply.array(2);
  ctx.reply.bulk(next === -1 ? '0' : String(next));
  ctx.reply.array(keys.length);
  for (const { key } of keys) ctx.reply.bulk(key);
}

function keys(store: Access, request: Request, ctx: Context): void {
  const pattern = request.text(1);
  const found: string[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    if (store.keyCount(ctx.db, slot) === 0 || leftOut(ctx, slot)) continue;
    for (const key of store.keysInSlot(ctx.db, slot)) {
      if (globMatch(pattern, key) && store.findQuiet(ctx, key) !== undefined) found.push(key);
    }
  }
  ctx.saw(store.deleteSeq);
  ctx.reply.array(found.length);
  for (const key of found) ctx.reply.bulk(key);
}

/** Slots tried at random before the walk to the next one with keys. */
const TRIES = 64;
/** Keys of one slot that are chosen among. */
const DEPTH = 1024;

/** A key of the database, each about as likely as any other while slots hold few keys; undefined: none. */
function randomKeyOf(store: Access, ctx: Context): string | undefined {
  const { db, random } = ctx;
  if (store.dbSize(db) === 0) return undefined;
  const none = (at: number) => store.keyCount(db, at) === 0 || leftOut(ctx, at);
  let slot = 0;
  for (let i = 0; i < TRIES; i++) {
    slot = Math.floor(random() * SLOTS);
    if (!none(slot)) break;
  }
  for (let passed = 0; none(slot); slot = (slot + 1) % SLOTS) if (++passed > SLOTS) return undefined;
  return store.nthKey(db, slot, Math.floor(random() * Math.min(DEPTH, store.keyCount(db, slot))));
}

/**
 * A key of the database with another name than these, any of them as likely as with RANDOMKEY while they are many;
 * undefined: there is none. As for any look-up, what has expired is deleted where that can be.
 */
export function randomKeyBut(store: Access, ctx: Context, names: ReadonlySet<string>): string | undefined {
  const live = (key: string) => !names.has(key) && store.findQuiet(ctx, key) !== undefined;
  for (let turn = 0; turn < TRIES; turn++) {
    const key = randomKeyOf(store, ctx);
    if (key === undefined) break;
    if (live(key)) return key;
  }
  // There are few others, or none: every key is looked at.
  const first = Math.floor(ctx.random() * SLOTS);
  for (let i = 0; i < SLOTS; i++) {
    const slot = (first + i) % SLOTS;
    if (store.keyCount(ctx.db, slot) === 0 || leftOut(ctx, slot)) continue;
    const key = store.keysInSlot(ctx.db, slot).find(live);
    if (key !== undefined) return key;
  }
  ctx.saw(store.deleteSeq);
  return undefined;
}

function randomkey(store: Access, _request: Request, ctx: Context): void {
  // Ends: each turn but the last deletes a key that has expired. Where none can be deleted, one of them may be named.
  for (let turn = 0; ; turn++) {
    const key = randomKeyOf(store, ctx);
    if (key === undefined) break;
    if (store.findQuiet(ctx, key) === undefined && !(ctx.frozen && turn > TRIES)) continue;
    ctx.reply.bulk(key);
    return;
  }
  ctx.saw(store.deleteSeq);
  ctx.reply.nil();
}

function dbsize(store: Access, _request: Request, ctx: Context): void {
  // Depends on every key: on the last write of any of them.
  ctx.saw(store.changeSeq);
  ctx.reply.integer(store.dbSize(ctx.db));
}

export const SCANNING: Handlers = { scan, keys, randomkey, dbsize };
