// Every key this process holds: 16 databases of 16384 slots, what expires next, counts and memory.
// Knows nothing of commands, effects or clocks: who may delete what, and when, is decided in access.ts.
import { Buffer } from 'node:buffer';
import { SLOTS, slotOfText } from '../ring/index.js';
import { Deadlines } from './deadlines.js';
import { Entry, type Value } from './entry.js';
import { SlotOrder } from './order.js';
import { typeOf } from './types.js';

/** Number of databases. */
export const DATABASES = 16;
/** Rough bytes of a key beside its name and value: entry, map cell, string headers. */
const OVERHEAD = 112;
/** Slots below this many keys are sorted anew for each SCAN step. */
const SMALL_SLOT = 64;
/** Most orders of large slots remembered at once. */
const MAX_ORDERS = 8;

type Slot = Map<string, Entry>;

/** The data structure; keys are latin1 text, one character a byte. */
export class Keyspace {
  private readonly slots: (Slot | undefined)[][] = Array.from({ length: DATABASES }, () => []);
  private readonly keysOfDb = new Array<number>(DATABASES).fill(0);
  private readonly keysOfSlot = new Uint32Array(SLOTS);
  /** A bit for each slot without keys, the lowest first. */
  private readonly emptyBits = new Uint8Array(SLOTS / 8).fill(0xff);
  private readonly orders = new Map<number, SlotOrder>();
  private expiring = 0;
  private readonly expiringOfDb = new Array<number>(DATABASES).fill(0);
  /** What expires next; items may be stale. */
  readonly deadlines = new Deadlines(
    () => this.expiring,
    (item) => this.peek(item.db, item.key)?.expireAt === item.at,
  );
  /** Approximate memory of all keys, bytes. */
  bytes = 0;
  /** The most that it ever was. */
  peakBytes = 0;
  /** Called for each key that is created or replaced, and for a stream that is changed in place. */
  onPut: ((db: number, key: string, type: number) => void) | null = null;
  /** Called for each key that is deleted; null: every key of the database. */
  onGone: ((db: number, key: string | null) => void) | null = null;
  /** Called for each key that is changed in any way, of whatever database; null: for all of them at once. */
  onChange: ((key: string | null) => void) | null = null;
  // Commands look a key up and then write it: the slot is computed once.
  private lastKey = '';
  private lastSlot = slotOfText('');

  /** Slot of a key. */
  slotOf(key: string): number {
    if (key === this.lastKey) return this.lastSlot;
    this.lastKey = key;
    return (this.lastSlot = slotOfText(key));
  }

  /** The entry as it is, expired or not. */
  peek(db: number, key: string): Entry | undefined {
    return this.slots[db]![this.slotOf(key)]?.get(key);
  }

  /** Creates the key or replaces everything about it. @returns its entry. */
  put(
    db: number,
    key: string,
    type: number,
    value: Value,
    expireAt: number,
    seq: number,
    used: number,
  ): Entry {
    const slot = this.slotOf(key);
    let slots = this.slots[db]!;
    // All at once: an array that grows by far-apart indexes would become a hash table.
    if (slots.length === 0) this.slots[db] = slots = new Array<Slot | undefined>(SLOTS).fill(undefined);
    const map = (slots[slot] ??= new Map<string, Entry>());
    let entry = map.get(key);
    if (entry === undefined) {
      entry = new Entry(value, type, -1, seq, used);
      map.set(key, entry);
      this.keysOfDb[db]!++;
      if (this.keysOfSlot[slot]!++ === 0) this.emptyBits[slot >> 3]! &= ~(1 << (slot & 7));
      this.bytes += OVERHEAD + key.length + typeOf(type).held(value);
      if (this.orders.size > 0) this.orders.get(db * SLOTS + slot)?.add(key);
    } else {
      this.bytes += typeOf(type).held(value) - typeOf(entry.type).held(entry.value);
      entry.value = value;
      entry.type = type;
      entry.seq = seq;
      entry.used = used;
    }
    if (this.bytes > this.peakBytes) this.peakBytes = this.bytes;
    if (entry.expireAt !== expireAt) this.expire(db, key, entry, expireAt);
    if (this.onPut !== null) this.onPut(db, key, type);
    if (this.onChange !== null) this.onChange(key);
    return entry;
  }

  /** A value changed in place holds so many bytes more, or less. */
  protected grown(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.peakBytes) this.peakBytes = this.bytes;
  }

  /** Sets or (-1) removes an entry's expiry. */
  expire(db: number, key: string, entry: Entry, at: number): void {
    if (entry.expireAt === at) return;
    if (entry.expireAt !== -1) this.expires(db, -1);
    entry.expireAt = at;
    if (at === -1) return;
    this.expires(db, 1);
    this.deadlines.add({ at, db, key });
  }

  /** One key more, or less, has an expiry. */
  private expires(db: number, change: 1 | -1): void {
    this.expiring += change;
    this.expiringOfDb[db]! += change;
  }

  /** Deletes the key. @returns whether it was there. */
  remove(db: number, key: string): boolean {
    const slot = this.slotOf(key);
    const map = this.slots[db]![slot];
    const entry = map?.get(key);
    if (map === undefined || entry === undefined) return false;
    map.delete(key);
    if (this.onChange !== null) this.onChange(key);
    if (entry.expireAt !== -1) this.expires(db, -1);
    this.keysOfDb[db]!--;
    this.left(slot, 1);
    this.bytes -= OVERHEAD + key.length + typeOf(entry.type).held(entry.value);
    if (map.size === 0) {
      this.slots[db]![slot] = undefined;
      this.orders.delete(db * SLOTS + slot);
    }
    if (this.onGone !== null) this.onGone(db, key);
    return true;
  }

  /** So many keys have left the slot. */
  private left(slot: number, keys: number): void {
    if ((this.keysOfSlot[slot]! -= keys) === 0) this.emptyBits[slot >> 3]! |= 1 << (slot & 7);
  }

  /** Deletes every key of a database; of all databases when none is named. */
  clear(db?: number): void {
    if (this.onChange !== null) this.onChange(null);
    if (db === undefined) for (let each = 0; each < DATABASES; each++) this.clearDatabase(each);
    else this.clearDatabase(db);
    if (this.keysOfDb.every((count) => count === 0)) {
      this.bytes = 0;
      this.deadlines.clear();
      this.orders.clear();
    }
  }

  private clearDatabase(db: number): void {
    if (this.keysOfDb[db] === 0) return;
    const maps = this.slots[db]!;
    for (let slot = 0; slot < maps.length; slot++) {
      const map = maps[slot];
      if (map === undefined) continue;
      for (const [key, entry] of map) {
        if (entry.expireAt !== -1) this.expires(db, -1);
        this.bytes -= OVERHEAD + key.length + typeOf(entry.type).held(entry.value);
      }
      this.left(slot, map.size);
      this.orders.delete(db * SLOTS + slot);
    }
    this.slots[db] = [];
    this.keysOfDb[db] = 0;
    if (this.onGone !== null) this.onGone(db, null);
  }

  /** Swaps two databases. Their keys are as if put just now, at `seq`. */
  protected swap(a: number, b: number, seq: number): void {
    if (this.onChange !== null) this.onChange(null);
    for (const of of [this.slots, this.keysOfDb, this.expiringOfDb]) [of[a], of[b]] = [of[b]!, of[a]!];
    for (const id of [...this.orders.keys()]) {
      const db = Math.floor(id / SLOTS);
      if (db === a || db === b) this.orders.delete(id);
    }
    for (const db of [a, b]) {
      for (const map of this.slots[db]!) {
        if (map === undefined) continue;
        for (const [key, entry] of map) {
          entry.seq = seq;
          if (entry.expireAt !== -1) this.deadlines.add({ at: entry.expireAt, db, key });
          if (this.onPut !== null) this.onPut(db, key, entry.type);
        }
      }
    }
  }

  // ---- counts

  /** Keys of a database, those included that have expired and were not met yet. */
  dbSize(db: number): number {
    return this.keysOfDb[db]!;
  }
  /** Keys with an expiry, in all databases. */
  get expiringKeys(): number {
    return this.expiring;
  }
  /** Keys of a database with an expiry. */
  expiringIn(db: number): number {
    return this.expiringOfDb[db]!;
  }
  /** Keys of a slot in all databases. */
  slotSize(slot: number): number {
    return this.keysOfSlot[slot]!;
  }
  /** Whether no database has a key in the slot. */
  slotEmpty(slot: number): boolean {
    return this.keysOfSlot[slot] === 0;
  }

  /** A bit for each slot, the lowest first, set where no database has a key in it: a copy. */
  emptySlots(): Buffer {
    return Buffer.from(this.emptyBits);
  }

  // ---- iteration

  /** The keys of a slot: a copy. */
  keysInSlot(db: number, slot: number): string[] {
    const map = this.slots[db]![slot];
    return map === undefined ? [] : [...map.keys()];
  }

  /**
   * Shows keys of a slot in memory order with the bytes that they hold, while `see` says true; nothing may change meanwhile.
   * @returns false: it said false
   */
  showKeys(db: number, slot: number, see: (key: string, size: number) => boolean): boolean {
    const keys = this.slots[db]![slot];
    if (keys === undefined) return true;
    for (const [key, { type, value }] of keys) {
      if (!see(key, key.length + typeOf(type).held(value))) return false;
    }
    return true;
  }

  /** Number of keys of a database in a slot. */
  keyCount(db: number, slot: number): number {
    return this.slots[db]![slot]?.size ?? 0;
  }

  /** The first keys of a slot in memory order, at most `count`: for sampling. */
  nthKey(db: number, slot: number, n: number): string | undefined {
    for (const key of this.slots[db]![slot]?.keys() ?? []) if (n-- <= 0) return key;
    return undefined;
  }

  /**
   * Every (db, key), slot by slot, while commands run in between. A key that is there from before the walk to its
   * end is given exactly once; one that was deleted meanwhile may be given too (its export is then null).
   */
  *snapshot(): Generator<{ db: number; key: string }> {
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.slotEmpty(slot)) continue;
      for (let db = 0; db < DATABASES; db++) for (const key of this.keysInSlot(db, slot)) yield { db, key };
    }
  }

  /** Order of the keys of one slot, remembered when the slot is large; deleted keys may still be in it. */
  orderOf(db: number, slot: number): SlotOrder | undefined {
    const map = this.slots[db]![slot];
    if (map === undefined) return undefined;
    if (map.size < SMALL_SLOT) return new SlotOrder(db, slot, map.keys());
    const id = db * SLOTS + slot;
    const known = this.orders.get(id);
    if (known !== undefined && known.size <= 2 * map.size) return known;
    const order = new SlotOrder(db, slot, map.keys());
    this.orders.set(id, order);
    if (this.orders.size > MAX_ORDERS) {
      for (const oldest of this.orders.keys()) {
        this.orders.delete(oldest);
        break;
      }
    }
    return order;
  }

  /** A SCAN has left the slot: its order is not kept for nobody. */
  forgetOrder(db: number, slot: number): void {
    this.orders.delete(db * SLOTS + slot);
  }
}
