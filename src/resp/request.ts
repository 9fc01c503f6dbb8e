// Bytes -> commands. Finds where each argument of the next command begins and ends; copies nothing that
// arrived whole. State survives a chunk boundary at any byte, so no byte is scanned twice.
// Must never decide what a command means.
import { Buffer } from 'node:buffer';
import { type Argument, encodeCommand } from './encode.js';
import { splitInline } from './inline.js';
import { MAX_ARGUMENTS, MAX_BULK, MAX_INLINE, MAX_QUERY, ProtocolError } from './limits.js';

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;
/** Room behind a long argument: what comes with its last bytes must not make it move once more. */
const BEHIND = 64 * 1024;

/** One command as byte ranges of `buffer`; reused by its parser, valid until the parser's next `next()`. */
export class Request {
  /** Holds the command; never changed after arrival, so ranges of it may be kept. */
  buffer: Buffer = Buffer.alloc(0);
  /** First byte of the command in `buffer`. */
  start = 0;
  /** One past its last byte. */
  end = 0;
  /** Number of arguments, the command's name included; 0 for an empty inline line or `*0`. */
  argc = 0;
  /** First byte of each argument, counted from `start`. */
  readonly from: number[] = [];
  /** One past the last byte of each argument, counted from `start`. */
  readonly to: number[] = [];

  /** Argument i as latin1 text: one character a byte. */
  text(i: number): string {
    return this.buffer.latin1Slice(this.start + this.from[i]!, this.start + this.to[i]!);
  }
  /** Argument i as a view of the bytes that arrived. */
  bytes(i: number): Buffer {
    return this.buffer.subarray(this.start + this.from[i]!, this.start + this.to[i]!);
  }
  /** Length of argument i in bytes. */
  length(i: number): number {
    return this.to[i]! - this.from[i]!;
  }
  /** Whether argument i is this word, in any case; `lower` must be lower-case ASCII letters or digits. */
  is(i: number, lower: string): boolean {
    const from = this.start + this.from[i]!;
    if (this.to[i]! - this.from[i]! !== lower.length) return false;
    for (let k = 0; k < lower.length; k++) {
      let c = this.buffer[from + k]!;
      if (c >= 65 && c <= 90) c += 32;
      if (c !== lower.charCodeAt(k)) return false;
    }
    return true;
  }
  /** Argument i as a whole number from 0 on; -1: it is none, or above 2^53 - 1. */
  count(i: number): number {
    const { buffer, start } = this;
    const end = start + this.to[i]!;
    let at = start + this.from[i]!;
    if (at === end || end - at > 16) return -1;
    let value = 0;
    for (; at < end; at++) {
      const digit = buffer[at]! - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return Number.isSafeInteger(value) ? value : -1;
  }
  /** Every argument as latin1 text. */
  texts(): string[] {
    const all: string[] = [];
    for (let i = 0; i < this.argc; i++) all.push(this.text(i));
    return all;
  }
  /** The whole command's bytes, as it arrived (an inline command: as a RESP array). */
  raw(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }
  /**
   * A command of this one's name, or of another, and of `each` arguments from every one of these places on, which must
   * be above 0: their bytes as they arrived.
   */
  excerpt(places: readonly number[], each: number, name = this.text(0)): Buffer {
    const { buffer, start, to } = this;
    const head = `*${1 + each * places.length}\r\n$${name.length}\r\n${name}\r\n`;
    let size = head.length;
    for (const at of places) size += to[at + each - 1]! - to[at - 1]!;
    const out = Buffer.allocUnsafe(size);
    let written = out.latin1Write(head, 0);
    // From behind the line's end of the argument before to that of the last one.
    for (const at of places)
      written += buffer.copy(out, written, start + to[at - 1]! + 2, start + to[at + each - 1]! + 2);
    return out;
  }
  /** A copy that outlives the parser's next command (the bytes themselves are shared). */
  clone(): Request {
    const copy = new Request();
    copy.buffer = this.buffer;
    copy.start = this.start;
    copy.end = this.end;
    copy.argc = this.argc;
    for (let i = 0; i < this.argc; i++) {
      copy.from.push(this.from[i]!);
      copy.to.push(this.to[i]!);
    }
    return copy;
  }
}

/** Incremental parser of one connection's requests: feed() bytes, then next() until it says false. */
export class RequestParser {
  /** The command that the last successful next() found. */
  readonly request = new Request();
  private buffer: Buffer = Buffer.alloc(0);
  /** One past the last valid byte of `buffer`. */
  private filled = 0;
  private pos = 0;
  private begin = 0;
  /** Whether `buffer` is our own accumulation, with room after `filled`. */
  private own = false;
  /** Arguments the command announced; -1 between commands. */
  private expected = -1;
  private index = 0;
  /** Announced length of the argument being read; -1 when its length line has not been read. */
  private bulk = -1;
  private maxArguments = MAX_ARGUMENTS;
  private maxBulk = MAX_BULK;

  /** Other bounds: narrower until a client has authenticated (10 arguments of 16 KiB), or as proto-max-bulk-len says. */
  limit(maxArguments = MAX_ARGUMENTS, maxBulk = MAX_BULK): void {
    this.maxArguments = maxArguments;
    this.maxBulk = maxBulk;
  }

  /** Bytes held of a command that is not complete yet. */
  get pending(): number {
    return this.filled - this.begin;
  }

  /** Takes the bytes that arrived. @throws ProtocolError when an incomplete command exceeds MAX_QUERY. */
  feed(chunk: Buffer): void {
    const left = this.filled - this.begin;
    if (left === 0) {
      this.buffer = chunk;
      this.filled = chunk.length;
      this.pos -= this.begin;
      this.begin = 0;
      this.own = false;
      return;
    }
    const total = left + chunk.length;
    if (total > MAX_QUERY) throw new ProtocolError('Protocol error: query buffer limit exceeded');
    if (!this.own || this.buffer.length - this.filled < chunk.length) {
      // Room for the whole argument when its length is known, else twice: each byte is copied O(1) times.
      const whole = this.bulk >= BEHIND ? this.pos - this.begin + this.bulk + 2 + BEHIND : 0;
      const room = Buffer.allocUnsafeSlow(Math.max(total, whole, Math.min(2 * total, MAX_QUERY)));
      this.buffer.copy(room, 0, this.begin, this.filled);
      this.buffer = room;
      this.pos -= this.begin;
      this.filled = left;
      this.begin = 0;
      this.own = true;
    }
    chunk.copy(this.buffer, this.filled);
    this.filled += chunk.length;
  }

  /**
   * Finds the next whole command and describes it in `request`.
   * @returns false when more bytes are needed.
   * @throws ProtocolError with Redis's text; the parser must not be used afterwards.
   */
  next(): boolean {
    const { request } = this;
    if (this.expected < 0) {
      if (this.pos >= this.filled) return false;
      this.begin = this.pos;
      if (this.buffer[this.pos] !== STAR) return this.inline();
      const count = this.line('too big mbulk count string', 'invalid multibulk length');
      if (count === null) return false;
      if (count > this.maxArguments) {
        throw new ProtocolError(
          `Protocol error: ${this.maxArguments < 1024 ? 'unauthenticated' : 'invalid'} multibulk length`,
        );
      }
      this.expected = Math.max(0, count);
      this.index = 0;
    }
    const { from, to } = request;
    while (this.index < this.expected) {
      if (this.bulk < 0) {
        if (this.pos >= this.filled) return false;
        if (this.buffer[this.pos] !== DOLLAR) {
          // As Redis: only a whole line is wrong, and its end must not break the reply.
          if (this.lineEnd('too big bulk count string') < 0) return false;
          const got = String.fromCharCode(this.buffer[this.pos]!).replace(/[\r\n]/, ' ');
          throw new ProtocolError(`Protocol error: expected '$', got '${got}'`);
        }
        const length = this.line('too big bulk count string', 'invalid bulk length');
        if (length === null) return false;
        if (length < 0) throw new ProtocolError('Protocol error: invalid bulk length');
        if (length > this.maxBulk) {
          const who = this.maxBulk < MAX_INLINE ? 'unauthenticated' : 'invalid';
          throw new ProtocolError(`Protocol error: ${who} bulk length`);
        }
        this.bulk = length;
      }
      if (this.filled - this.pos < this.bulk + 2) return false;
      from[this.index] = this.pos - this.begin;
      to[this.index] = this.pos - this.begin + this.bulk;
      this.pos += this.bulk + 2;
      this.bulk = -1;
      this.index++;
    }
    request.buffer = this.buffer;
    request.start = this.begin;
    request.end = this.pos;
    request.argc = this.expected;
    this.begin = this.pos;
    this.expected = -1;
    return true;
  }

  /** Reads the number of a `*` or `$` line and moves past it; null when the line is not complete. */
  private line(tooBig: string, invalid: string): number | null {
    const { buffer } = this;
    const first = this.pos + 1;
    // The common case: a few digits, CR, LF, all there.
    let i = first;
    let value = 0;
    while (i < this.filled && i - first < 10) {
      const digit = buffer[i]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    if (i > first && i + 1 < this.filled && buffer[i] === CR && (i === first + 1 || buffer[first] !== ZERO)) {
      this.pos = i + 2;
      return value;
    }
    const found = this.lineEnd(tooBig);
    if (found < 0) return null;
    const text = buffer.latin1Slice(first, found);
    if (!/^(0|-?[1-9][0-9]{0,17})$/.test(text)) throw new ProtocolError(`Protocol error: ${invalid}`);
    this.pos = found + 2;
    return Number(text);
  }

  /** Where the CR of the line at `pos` stands; -1 when the line is not complete. A zero byte ends it, as in C. */
  private lineEnd(tooBig: string): number {
    const { buffer, pos, filled } = this;
    const found = buffer.indexOf(CR, pos);
    if (found >= 0 && found + 1 < filled && !buffer.subarray(pos, found).includes(0)) return found;
    if (filled - pos > MAX_INLINE) throw new ProtocolError(`Protocol error: ${tooBig}`);
    return -1;
  }

  private inline(): boolean {
    const found = this.buffer.indexOf(LF, this.pos);
    if (found < 0 || found >= this.filled || this.buffer.subarray(this.pos, found).includes(0)) {
      if (this.filled - this.begin > MAX_INLINE)
        throw new ProtocolError('Protocol error: too big inline request');
      return false;
    }
    const end = found > this.pos && this.buffer[found - 1] === CR ? found - 1 : found;
    if (end - this.pos > MAX_INLINE) throw new ProtocolError('Protocol error: too big inline request');
    const words = splitInline(this.buffer.latin1Slice(this.pos, end));
    if (words === null) throw new ProtocolError('Protocol error: unbalanced quotes in request');
    this.pos = found + 1;
    this.begin = this.pos;
    const { request } = this;
    const encoded = encodeCommand(words);
    request.buffer = encoded;
    request.start = 0;
    request.end = encoded.length;
    request.argc = words.length;
    let at = encoded.indexOf(LF) + 1;
    for (let i = 0; i < words.length; i++) {
      at = encoded.indexOf(LF, at) + 1;
      request.from[i] = at;
      at += words[i]!.length;
      request.to[i] = at;
      at += 2;
    }
    return true;
  }
}

/** Makes a Request of words. */
export function requestOf(words: readonly Argument[]): Request {
  const parser = new RequestParser();
  parser.feed(encodeCommand(words));
  parser.next();
  return parser.request;
}
