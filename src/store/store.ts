// The store of a data node: executes commands, applies effects, exports and imports keys, expires keys.
// Deterministic: the same commands with the same contexts make the same store. Holds no clock and no socket.
import { type CommandRow, find } from '../command/index.js';
import { type Request, RequestParser } from '../resp/index.js';
import { Access } from './access.js';
import type { Context } from './context.js';
import { ReplyError } from './errors.js';
import { HANDLERS } from './handlers.js';
import { type ScanOptions, type ScanStep, scanRange } from './scan.js';
import { Stages } from './stages.js';
import { knowsType, typeOf } from './types.js';
import { VERB_ADOPT, VERB_DB, VERB_PUT, VERB_STAGE, VERB_UNSTAGE } from './verbs.js';

/** Bytes of a payload before the value: type code, expiry as a big-endian double. */
const PAYLOAD_HEAD = 9;

/** Whether bytes from another process have the shape of exportKey()'s; only such ones may be imported. */
export function isPayload(bytes: Buffer): boolean {
  return (
    bytes.length >= PAYLOAD_HEAD &&
    knowsType(bytes[0]!) &&
    Number.isSafeInteger(bytes.readDoubleBE(1)) &&
    typeOf(bytes[0]!).accepts(bytes.subarray(PAYLOAD_HEAD))
  );
}

/** Every key of one process, and what can be done to them. */
export class Store extends Access {
  private readonly parser = new RequestParser();
  /** The payload that is given away in pieces. */
  private piecesOf: { db: number; key: string; seq: number; head: Buffer; value: Buffer } | null = null;
  /** Payloads that arrive in pieces. */
  readonly stages = new Stages();

  /**
   * Executes a command that `resolve()` accepted; `row.where` must be `keys` or `all`.
   * Exactly one reply is appended to ctx.reply; effects, if anything changed, to ctx.effects.
   */
  execute(row: CommandRow, request: Request, ctx: Context): void {
    const handler = HANDLERS.get(row.name);
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
    }
    ctx.reads = false;
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
      if (reply.view(before)[0] === MINUS)
        throw new Error(`effect refused: ${reply.view(before).toString()}`);
      reply.truncate(before);
    }
    if (parser.pending > 0) throw new Error('effects end in the middle of a command');
    ctx.db = db;
    ctx.replica = replica;
    ctx.need = need;
  }

  private applyOne(request: Request, ctx: Context): void {
    const { start } = request;
    const row = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
    if (row !== undefined) this.execute(row, request, ctx);
    else if (request.text(0) === VERB_DB) ctx.db = Number(request.text(1));
    else if (request.text(0) === VERB_PUT) {
      this.importKey(ctx.db, request.text(1), request.bytes(2), ctx.seq);
      ctx.dirty++;
    } else if (request.text(0) === VERB_STAGE) {
      const refused = this.stage(request, ctx);
      if (refused !== null) throw new Error(`effect refused: ${refused}`);
    } else if (request.text(0) === VERB_UNSTAGE) this.stages.drop(request.text(1));
    else if (request.text(0) === VERB_ADOPT) this.adopt(request.text(1), request.text(2), ctx);
    else throw new Error(`no such effect: ${request.text(0)}`);
  }

  /** Everything goes, what is staged included, when no database is named. */
  override clear(db?: number): void {
    super.clear(db);
    if (db === undefined) this.stages.clear();
  }

  /** A piece of a payload, as VERB_STAGE says. @returns why it was not taken; null: it was */
  stage(request: Request, ctx: Context): string | null {
    const [size, at] = [Number(request.text(2)), Number(request.text(3))];
    if (!(Number.isSafeInteger(size) && Number.isSafeInteger(at) && at >= 0))
      return 'a piece without a place';
    return this.stages.add(request.text(1), size, at, request.bytes(4), ctx.now);
  }

  /** Drops what was staged under a name, on every member. */
  unstage(name: string, ctx: Context): void {
    this.stages.drop(name);
    this.effect(ctx, VERB_UNSTAGE, name);
  }

  private adopt(key: string, name: string, ctx: Context): void {
    const payload = this.stages.whole(name);
    if (payload === null) throw new Error(`nothing is staged as ${name}`);
    this.stages.drop(name);
    const type = payload[0]!;
    const { restore, adopt } = typeOf(type);
    const value = (adopt ?? restore)(payload.subarray(PAYLOAD_HEAD));
    this.put(ctx.db, key, type, value, payload.readDoubleBE(1), ctx.seq, 0);
    if (ctx.seq > this.changeSeq) this.changeSeq = ctx.seq;
    ctx.dirty++;
  }

  /** The live key as a payload for importKey(): type, expiry, value; null when there is none. Expired keys too. */
  exportKey(db: number, key: string): Buffer | null {
    const parts = this.exportParts(db, key);
    if (parts === null) return null;
    const { head, value } = parts;
    const payload = Buffer.allocUnsafe(head.length + value.length);
    head.copy(payload);
    value.copy(payload, head.length);
    return payload;
  }

  /**
   * The same in two parts, so that a large value need not be copied: `value` may be a view of what the store holds,
   * and is worth nothing once the key was written again; then `seq` of the key is another one.
   */
  exportParts(db: number, key: string): { head: Buffer; value: Buffer; seq: number } | null {
    const entry = this.peek(db, key);
    if (entry === undefined) return null;
    const head = Buffer.allocUnsafe(PAYLOAD_HEAD);
    head[0] = entry.type;
    head.writeDoubleBE(entry.expireAt, 1);
    return { head, value: typeOf(entry.type).dump(entry.value), seq: entry.seq };
  }

  /** Bytes of memory that a key's value holds; 0 when there is none. */
  sizeOf(db: number, key: string): number {
    const entry = this.peek(db, key);
    return entry === undefined ? 0 : typeOf(entry.type).held(entry.value);
  }

  /**
   * Bytes [at, at + length) of the payload that exportKey() would give, its size, and the seq of the key's last change:
   * pieces with the same seq are of the same payload. Null: there is no such key.
   */
  exportPiece(
    db: number,
    key: string,
    at: number,
    length: number,
  ): { seq: number; size: number; bytes: Buffer } | null {
    const seq = this.peek(db, key)?.seq;
    if (seq === undefined) return null;
    const known = this.piecesOf;
    // Dumped once, not for each piece.
    if (known === null || known.db !== db || known.key !== key || known.seq !== seq)
      this.piecesOf = { db, key, ...this.exportParts(db, key)! };
    const { head, value } = this.piecesOf!;
    const size = head.length + value.length;
    const end = Math.min(size, at + length);
    if (end === size) this.piecesOf = null;
    const rest = value.subarray(Math.max(0, at - head.length), Math.max(0, end - head.length));
    return { seq, size, bytes: at < head.length ? Buffer.concat([head.subarray(at, end), rest]) : rest };
  }

  /** Makes the key what exportKey() gave; what it was before is gone. `seq` is what the key then remembers. */
  importKey(db: number, key: string, payload: Buffer, seq: number): void {
    const type = payload[0]!;
    const value = typeOf(type).restore(payload.subarray(PAYLOAD_HEAD));
    this.put(db, key, type, value, payload.readDoubleBE(1), seq, 0);
    if (seq > this.changeSeq) this.changeSeq = seq;
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

  /** One step of a SCAN; see scan.ts. */
  scanRange(ctx: Context, db: number, from: number, count: number, options: ScanOptions = {}): ScanStep {
    return scanRange(this, ctx, db, from, count, options);
  }
}

const MINUS = 45;
