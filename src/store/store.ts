// The store of a data node: executes commands, applies effects, exports and imports keys, expires keys.
// Deterministic: the same commands with the same contexts make the same store. Holds no clock and no socket.
import { Buffer } from 'node:buffer';
import { type CommandRow, findRequest } from '../command/index.js';
import { type CommandWriter, type Request, RequestParser } from '../resp/index.js';
import { Access } from './access.js';
import type { Context } from './context.js';
import { STRING } from './entry.js';
import { ReplyError } from './errors.js';
import { HANDLERS } from './handlers.js';
import type { Imported } from './key-pieces.js';
import { PAYLOAD_HEAD, payloadHead, writeHead } from './payload.js';
import { randomKeyBut, type ScanOptions, type ScanStep, scanRange } from './scan.js';
import { Stages } from './stages.js';
import { applyGroup } from './stream-effects.js';
import { typeOf } from './types.js';
import { keptRange } from './value.js';
import {
  VERB_ADOPT,
  VERB_DB,
  VERB_GROUP,
  VERB_PUT,
  VERB_PUT_LOWER,
  VERB_STAGE,
  VERB_SWAPPED,
  VERB_UNSTAGE,
} from './verbs.js';

/** The newest SWAPDB while keys moved: the ring's version, and how many there were under it. */
export interface Swapped {
  readonly version: number;
  readonly swaps: number;
}

/** Every key of one process, and what can be done to them. */
export class Store extends Access {
  private readonly parser = new RequestParser();
  /** Keys that arrive in pieces. */
  readonly stages = new Stages();
  /** What routers knew of keys before this is wrong (R2). */
  swapped: Swapped = { version: 0, swaps: 0 };
  /** Called when that has changed. */
  onSwapped: (() => void) | null = null;

  /**
   * Executes a command that `resolve()` accepted; `row.where` must be `keys` or `all`.
   * Exactly one reply is appended to ctx.reply; effects, if anything changed, to ctx.effects.
   */
  execute(row: CommandRow, request: Request, ctx: Context): void {
    const handler = HANDLERS[row.id];
    if (handler === undefined) throw new Error(`store: ${row.name} is not executed here`);
    const before = ctx.reply.length;
    const { hits, misses } = ctx;
    ctx.reads = !row.write;
    try {
      handler(this, request, ctx);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      ctx.reply.truncate(before);
      ctx.reply.error(error.message);
    } finally {
      ctx.reads = false;
    }
    if (row.write) {
      ctx.hits = hits;
      ctx.misses = misses;
    }
  }

  /**
   * Executes effects that a primary wrote, as a copy does: nothing expires, no effects come out, replies are
   * dropped. Begins in database 0. ctx.seq and ctx.now are the entry's; ctx.need is left alone.
   * Effects that cannot be executed are a broken assertion.
   */
  apply(effects: Buffer, ctx: Context): void {
    if (effects.length === 0) return;
    const { db, replica, need, reply } = ctx;
    const before = reply.length;
    ctx.db = 0;
    ctx.replica = true;
    const parser = this.parser;
    parser.feed(effects);
    while (parser.next()) {
      this.applyOne(parser.request, ctx);
      if (reply.length > before && reply.at(before) === MINUS)
        throw new Error(`effect refused: ${reply.view(before).toString()}`);
      reply.truncate(before);
    }
    if (parser.pending > 0) throw new Error('effects end in the middle of a command');
    ctx.db = db;
    ctx.replica = replica;
    ctx.need = need;
  }

  private applyOne(request: Request, ctx: Context): void {
    const row = findRequest(request);
    if (row !== undefined) this.execute(row, request, ctx);
    else if (request.is(0, VERB_PUT_LOWER)) {
      const { buffer, start, from, to } = request;
      this.importRange(ctx.db, request.text(1), buffer, start + from[2]!, start + to[2]!, ctx.seq);
      ctx.dirty++;
    } else if (request.text(0) === VERB_DB) ctx.db = Number(request.text(1));
    else if (request.text(0) === VERB_GROUP) applyGroup(this, request, ctx);
    else if (request.text(0) === VERB_STAGE) {
      const refused = this.stage(request, ctx);
      if (refused !== null) throw new Error(`effect refused: ${refused}`);
    } else if (request.text(0) === VERB_UNSTAGE) this.stages.drop(request.text(1));
    else if (request.text(0) === VERB_SWAPPED)
      this.swappedUnder({ version: Number(request.text(1)), swaps: Number(request.text(2)) });
    else if (request.text(0) === VERB_ADOPT) this.adopt(request.text(1), request.text(2), ctx);
    else throw new Error(`no such effect: ${request.text(0)}`);
  }

  private swappedUnder(swapped: Swapped): void {
    const { version, swaps } = this.swapped;
    if (swapped.version < version || (swapped.version === version && swapped.swaps <= swaps)) return;
    this.swapped = swapped;
    this.onSwapped?.();
  }

  /** Everything goes, what is staged included, when no database is named. */
  override clear(db?: number): void {
    super.clear(db);
    if (db === undefined) this.stages.clear();
  }

  /** A piece of a key, as VERB_STAGE says. @returns why it was not taken; null: it was */
  stage(request: Request, ctx: Context): string | null {
    const n = Number(request.text(2));
    const last = request.text(3);
    if (!(Number.isSafeInteger(n) && n >= 0 && (last === '0' || last === '1')))
      return 'a piece without a place';
    return this.stages.add(request.text(1), n, last === '1', request.bytes(4), ctx.now);
  }

  /** Drops what was staged under a name, on every member. */
  unstage(name: string, ctx: Context): void {
    if (!this.stages.has(name)) return;
    this.stages.drop(name);
    this.effect(ctx, VERB_UNSTAGE, name);
  }

  private adopt(key: string, name: string, ctx: Context): void {
    const imported = this.stages.take(name);
    if (imported === null) throw new Error(`nothing is staged as ${name}`);
    this.importWhole(ctx.db, key, imported, ctx.seq);
    ctx.dirty++;
  }

  /** Makes the key what came in pieces; what it was before is gone. `seq` is what the key then remembers. */
  importWhole(db: number, key: string, { type, value, expireAt }: Imported, seq: number): void {
    this.put(db, key, type, value, expireAt, seq, 0);
    if (seq > this.changeSeq) this.changeSeq = seq;
  }

  /** The live key as a payload for importKey(): type, expiry, value; null when there is none. Expired keys too. */
  exportKey(db: number, key: string): Buffer | null {
    const entry = this.peek(db, key);
    if (entry === undefined) return null;
    return Buffer.concat([payloadHead(entry.type, entry.expireAt), typeOf(entry.type).dump(entry.value)]);
  }

  /** The same as a command that makes the key, at its new owner. @returns bytes of the payload; 0: there is no such key */
  writePut(out: CommandWriter, db: number, key: string): number {
    const entry = this.peek(db, key);
    if (entry === undefined) return 0;
    const { type, value } = entry;
    const body = typeof value === 'string' ? value : typeOf(type).dump(value);
    out.threeOf(VERB_PUT, key, writeHead(HEAD, type, entry.expireAt), body);
    return PAYLOAD_HEAD + body.length;
  }

  /** Bytes of memory that a key's value holds; 0 when there is none. */
  sizeOf(db: number, key: string): number {
    const entry = this.peek(db, key);
    return entry === undefined ? 0 : typeOf(entry.type).held(entry.value);
  }

  /** Makes the key what exportKey() gave; what it was before is gone. `seq` is what the key then remembers. */
  importKey(db: number, key: string, payload: Buffer, seq: number): void {
    this.importRange(db, key, payload, 0, payload.length, seq);
  }
  /** The same of the payload that is bytes [from, to). */
  private importRange(db: number, key: string, bytes: Buffer, from: number, to: number, seq: number): void {
    const type = bytes[from]!;
    const begin = from + PAYLOAD_HEAD;
    // Most keys are short strings, and many come at once when they move: no view is made of them.
    const value =
      type === STRING ? keptRange(bytes, begin, to) : typeOf(type).restore(bytes.subarray(begin, to));
    this.importWhole(db, key, { type, value, expireAt: bytes.readDoubleBE(from + 1) }, seq);
  }

  /**
   * Active expiry on a primary: deletes keys that have expired, the longest expired first, and writes their
   * DEL effects. @param limit most keys to look at. @returns how many were deleted.
   */
  expireSome(ctx: Context, limit: number): number {
    let deleted = 0;
    for (let i = 0; i < limit; i++) {
      const next = this.deadlines.first();
      if (next === undefined || next.at >= ctx.now) break;
      this.deadlines.drop();
      if (this.peek(next.db, next.key)?.expireAt !== next.at) continue;
      this.deleteExpired(ctx, next.key, next.db);
      ctx.dirty++;
      deleted++;
    }
    return deleted;
  }

  /** A key of ctx.db that has none of these names; see scan.ts. */
  randomKeyBut(ctx: Context, names: ReadonlySet<string>): string | undefined {
    return randomKeyBut(this, ctx, names);
  }

  /** One step of a SCAN; see scan.ts. */
  scanRange(ctx: Context, db: number, from: number, count: number, options: ScanOptions = {}): ScanStep {
    return scanRange(this, ctx, db, from, count, options);
  }
}

const MINUS = 45;
/** Written anew for each key. */
const HEAD = Buffer.alloc(PAYLOAD_HEAD);
