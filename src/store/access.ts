// How commands reach keys: every look-up, change and effect goes through here. Decides when an expired key goes
// (only on a primary, with a DEL effect before whatever the command writes), what the reply depends on (R8) and
// what an entry remembers. Backups never expire a key on their own.
import { EXPIRED_EVENT, GENERIC_EVENT, MISS_EVENT, NEW_EVENT } from '../command/index.js';
import type { Argument, Request } from '../resp/index.js';
import { SLOTS } from '../ring/index.js';
import type { Context } from './context.js';
import {
  type Collection,
  type Entry,
  STREAM,
  STRING,
  type StringEntry,
  type StringValue,
  type TypedEntry,
  usedAt,
  type Value,
} from './entry.js';
import { reject, WRONG_TYPE } from './errors.js';
import { DATABASES, Keyspace } from './keyspace.js';
import { VERB_DB } from './verbs.js';

/** A keyspace as a command sees it. */
export class Access extends Keyspace {
  /** Seq of the last deletion: who finds a key absent depends on it (R8). */
  deleteSeq = 0;
  /** By database and slot: seq of the last deletion there; and of the last flush. Who watches an absent key looks at these. */
  private readonly deleteSeqs: (Float64Array | undefined)[] = [];
  private readonly flushSeqs = new Float64Array(DATABASES);
  /** Seq of the last change of any key. */
  changeSeq = 0;
  /** Keys that have expired here, met or found by active expiry. */
  expiredKeys = 0;
  /** Called for each key that is looked up and not there; throws where that is a broken assertion (aside.ts). */
  onAbsent: ((db: number, key: string) => void) | null = null;

  /** The live entry of a key, of database `db`; its last access is not touched. */
  findQuiet(ctx: Context, key: string, db = ctx.db): Entry | undefined {
    const entry = this.peek(db, key);
    if (entry === undefined) {
      if (this.onAbsent !== null) this.onAbsent(db, key);
      ctx.saw(this.deleteSeq);
      ctx.misses++;
      if (ctx.reads) ctx.notify(MISS_EVENT, 'keymiss', key, db);
      return undefined;
    }
    if (entry.expireAt !== -1 && ctx.now > entry.expireAt && !ctx.replica) {
      if (!ctx.frozen) this.deleteExpired(ctx, key, db);
      ctx.saw(ctx.frozen ? entry.seq : this.deleteSeq);
      ctx.misses++;
      if (ctx.reads) ctx.notify(MISS_EVENT, 'keymiss', key, db);
      return undefined;
    }
    ctx.saw(entry.seq);
    ctx.hits++;
    return entry;
  }

  /** The live entry of a key, whose last access is now. */
  find(ctx: Context, key: string): Entry | undefined {
    const entry = this.findQuiet(ctx, key);
    if (entry !== undefined) entry.used = usedAt(ctx.now);
    return entry;
  }

  /** As find(), of a string. @throws ReplyError when the key holds another type. */
  findString(ctx: Context, key: string): StringEntry | undefined {
    const entry = this.find(ctx, key);
    if (entry !== undefined && entry.type !== STRING) reject(WRONG_TYPE);
    return entry as StringEntry | undefined;
  }

  /** Whether an entry holds a string. */
  isString(entry: Entry): entry is StringEntry {
    return entry.type === STRING;
  }

  /** As find(), of a collection of this type. @throws ReplyError when the key holds another type. */
  findTyped<C extends Collection>(ctx: Context, key: string, type: number): TypedEntry<C> | undefined {
    const entry = this.find(ctx, key);
    if (entry !== undefined && entry.type !== type) reject(WRONG_TYPE);
    return entry as TypedEntry<C> | undefined;
  }

  /**
   * A live entry's collection was changed in place; before that it held `held` bytes. An empty one is deleted, which
   * is announced (the command's own event comes before it). Writes no effect. A new collection is filled first and then given to place().
   */
  changed(ctx: Context, key: string, entry: TypedEntry<Collection>, held: number): void {
    this.grown(entry.value.held - held);
    if (this.onChange !== null) this.onChange(key);
    entry.seq = this.changeSeq = ctx.seq;
    if (entry.value.size > 0) ctx.dirty++;
    else {
      this.delete(ctx, key);
      ctx.notify(GENERIC_EVENT, 'del', key);
    }
    if (entry.type === STREAM && this.onPut !== null) this.onPut(ctx.db, key, STREAM);
  }

  /**
   * Creates or replaces a key. No look-up before it: what was there, expired or not, is gone.
   * @param anew what was there counts as deleted first (RENAME, COPY, RESTORE): the key is announced as new
   */
  place(
    ctx: Context,
    db: number,
    key: string,
    type: number,
    value: Value,
    expireAt: number,
    anew = false,
  ): void {
    if (ctx.notifying !== 0) this.announce(ctx, db, key, anew);
    if (this.onAbsent !== null && this.peek(db, key) === undefined) this.onAbsent(db, key);
    this.put(db, key, type, value, expireAt, ctx.seq, usedAt(ctx.now));
    this.changeSeq = ctx.seq;
    ctx.dirty++;
  }

  /** When events are wanted, before a key is created or replaced: an expired one goes first, as Redis's look-up has it. */
  private announce(ctx: Context, db: number, key: string, anew: boolean): void {
    if (ctx.replica) return;
    let there = this.peek(db, key);
    if (there !== undefined && there.expireAt !== -1 && ctx.now > there.expireAt && !ctx.frozen) {
      this.deleteExpired(ctx, key, db);
      there = undefined;
    }
    if (anew || there === undefined) ctx.notify(NEW_EVENT, 'new', key, db);
  }

  /** As place(), of a string in the command's own database. */
  putString(ctx: Context, key: string, value: StringValue, expireAt: number): void {
    this.place(ctx, ctx.db, key, STRING, value, expireAt);
  }

  /** Gives a live string entry, or an absent key, a new value; its expiry stays. */
  writeString(ctx: Context, key: string, entry: Entry | undefined, value: StringValue): void {
    this.putString(ctx, key, value, entry === undefined ? -1 : entry.expireAt);
  }

  /** Sets or removes a live entry's expiry. */
  changeExpiry(ctx: Context, key: string, entry: Entry, at: number): void {
    this.expire(ctx.db, key, entry, at);
    if (this.onChange !== null) this.onChange(key);
    entry.seq = this.changeSeq = ctx.seq;
    ctx.dirty++;
  }

  /** Deletes a key. Writes no effect. @returns whether it was there. */
  delete(ctx: Context, key: string, db = ctx.db): boolean {
    if (!this.remove(db, key)) return false;
    this.wentFrom(db, this.slotOf(key), ctx.seq);
    this.deleteSeq = this.changeSeq = ctx.seq;
    ctx.dirty++;
    return true;
  }

  private wentFrom(db: number, slot: number, seq: number): void {
    let seqs = this.deleteSeqs[db];
    if (seqs === undefined) this.deleteSeqs[db] = seqs = new Float64Array(SLOTS);
    seqs[slot] = seq;
  }

  /** Keys were removed, of any slots of a database; of all databases when none is named. */
  flushed(ctx: Context, count: number, db?: number): void {
    if (db === undefined) this.flushSeqs.fill(ctx.seq);
    else this.flushSeqs[db] = ctx.seq;
    this.deleteSeq = this.changeSeq = ctx.seq;
    ctx.dirty += count;
  }

  /** As swap(): each key went from one database and came to the other. */
  swapDatabases(ctx: Context, a: number, b: number): void {
    this.swap(a, b, ctx.seq);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.keyCount(a, slot) > 0) this.wentFrom(b, slot, ctx.seq);
      if (this.keyCount(b, slot) > 0) this.wentFrom(a, slot, ctx.seq);
    }
    this.deleteSeq = this.changeSeq = ctx.seq;
    ctx.dirty++;
  }

  /** What a key's present state is called: another one after every change. Its look-up has been made. */
  stateOf(db: number, key: string): string {
    const entry = this.peek(db, key);
    if (entry !== undefined) return `p${entry.seq}`;
    return `a${Math.max(this.flushSeqs[db]!, this.deleteSeqs[db]?.[this.slotOf(key)] ?? 0)}`;
  }

  /** Deletes a key that has expired, and says so to the backups. */
  protected deleteExpired(ctx: Context, key: string, db: number): void {
    this.remove(db, key);
    this.expiredKeys++;
    this.wentFrom(db, this.slotOf(key), ctx.seq);
    ctx.notify(EXPIRED_EVENT, 'expired', key, db);
    this.deleteSeq = this.changeSeq = ctx.seq;
    if (db !== ctx.db) this.effect(ctx, VERB_DB, db);
    this.effect(ctx, 'DEL', key);
    if (db !== ctx.db) this.effect(ctx, VERB_DB, ctx.db);
  }

  /** The command's own bytes are its effect: it does the same anywhere. */
  same(ctx: Context, request: Request): void {
    if (!ctx.replica) ctx.effects.lasting(request.buffer, request.start, request.end);
  }

  /** Writes an effect. */
  effect(ctx: Context, ...args: Argument[]): void {
    if (!ctx.replica) ctx.effects.command(args);
  }
}
