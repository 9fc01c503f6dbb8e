// Where does a reply end? For those who pass replies on without decoding them. Must never hold a whole reply back
// because more might come, nor scan again what was scanned.
import { Buffer } from 'node:buffer';
import { MAX_INLINE, MAX_QUERY, ProtocolError } from './limits.js';

const CR = 13;
const MINUS = 45;

// What the last head() found: one past the value's own bytes, and how many values belong to it.
let valueEnd = 0;
let inside = 0;

/** Reads the first line of the value at `from`. @returns whether the line is complete within `to`. */
function head(buffer: Buffer, from: number, to: number): boolean {
  const kind = buffer[from]!;
  // The number that most lines hold is read on the way to their end.
  let at = from + 1;
  let value = 0;
  let digits = true;
  for (; at < to; at++) {
    const c = buffer[at]!;
    if (c === CR) break;
    if (c >= 48 && c <= 57) value = value * 10 + (c - 48);
    else digits = false;
  }
  if (at + 1 >= to) {
    if (to - from > MAX_INLINE) throw new ProtocolError('line of a reply without an end');
    return false;
  }
  valueEnd = at + 2;
  inside = 0;
  switch (kind) {
    case 43: // + status
    case 45: // - error
    case 58: // : integer
    case 95: // _ null
    case 35: // # boolean
    case 44: // , double
    case 40: // ( big number
      return true;
    case 36: // $ bulk
    case 61: // = verbatim
    case 33: // ! bulk error
    case 42: // * array
    case 126: // ~ set
    case 62: // > push
    case 37: // % map
    case 124: // | attribute
      break;
    default:
      throw new ProtocolError(`not a reply: byte ${kind}`);
  }
  if (!digits || at === from + 1) {
    // No value: -1.
    if (at === from + 3 && buffer[from + 1] === MINUS && value === 1) return true;
    throw new ProtocolError('bad length in reply');
  }
  if (kind === 36 || kind === 61 || kind === 33) valueEnd += value + 2;
  else if (kind === 37) inside = value * 2;
  // An attribute only decorates the value after it.
  else if (kind === 124) inside = value * 2 + 1;
  else inside = value;
  return true;
}

/**
 * Finds the end of the reply that begins at `from`.
 * @returns one past its last byte, or -1 when it is not complete within `to`.
 * @throws ProtocolError when the bytes are no reply.
 */
export function replyEnd(buffer: Buffer, from: number, to: number): number {
  let at = from;
  let missing = 1;
  while (missing > 0) {
    if (at >= to || !head(buffer, at, to)) return -1;
    at = valueEnd;
    missing += inside - 1;
  }
  return at <= to ? at : -1;
}

/** Joins the pieces of a stream of replies: feed(), then next() until it says false. */
export class ReplySplitter {
  /** Holds the reply found: bytes [start, end). The bytes are never changed afterwards. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  private filled = 0;
  /** Whether `buffer` is our own accumulation, with room after `filled`. */
  private own = false;
  /** Where the scan of the reply after `end` goes on (maybe past `filled`), and how many values it still lacks. */
  private at = 0;
  private missing = 1;

  /** Takes the bytes that arrived. @throws ProtocolError when one reply is beyond all bounds. */
  feed(chunk: Buffer): void {
    const left = this.filled - this.end;
    if (left === 0) {
      this.buffer = chunk;
      this.start = 0;
      this.end = 0;
      this.at = 0;
      this.filled = chunk.length;
      this.own = false;
      return;
    }
    const total = left + chunk.length;
    if (total > MAX_QUERY * 2) throw new ProtocolError('reply too long');
    if (!this.own || this.buffer.length - this.filled < chunk.length) {
      // Room for a long bulk whose length is known, else twice: each byte is copied a bounded number of times.
      const known = Math.min(this.at - this.end, MAX_QUERY * 2);
      const room = Buffer.allocUnsafeSlow(known > total ? known : total * 2);
      this.buffer.copy(room, 0, this.end, this.filled);
      this.buffer = room;
      this.at -= this.end;
      this.filled = left;
      this.start = 0;
      this.end = 0;
      this.own = true;
    }
    chunk.copy(this.buffer, this.filled);
    this.filled += chunk.length;
  }

  /** Finds the next whole reply. @returns false when more bytes are needed. @throws ProtocolError */
  next(): boolean {
    const { buffer, filled } = this;
    while (this.missing > 0) {
      if (this.at >= filled || !head(buffer, this.at, filled)) return false;
      this.at = valueEnd;
      this.missing += inside - 1;
    }
    if (this.at > filled) return false;
    this.start = this.end;
    this.end = this.at;
    this.missing = 1;
    return true;
  }
}
