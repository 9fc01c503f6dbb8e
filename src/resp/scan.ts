// Where does a reply end? For those who pass replies on without decoding them.
import { ByteWriter } from './bytes.js';
import { ProtocolError } from './limits.js';

const CR = 13;
/** Deepest nesting a peer's reply may have. */
const MAX_DEPTH = 64;

/**
 * Finds the end of the reply that begins at `from`.
 * @returns one past its last byte, or -1 when it is not complete within `to`.
 * @throws ProtocolError when the bytes are no reply.
 */
export function replyEnd(buffer: Buffer, from: number, to: number, depth = 0): number {
  if (depth > MAX_DEPTH) throw new ProtocolError('reply nested too deeply');
  if (from >= to) return -1;
  const kind = buffer[from]!;
  // Length or integer of the first line, read on the way to its end.
  let at = from + 1;
  let value = 0;
  let digits = true;
  let negative = false;
  for (; at < to; at++) {
    const c = buffer[at]!;
    if (c === CR) break;
    if (c >= 48 && c <= 57) value = value * 10 + (c - 48);
    else if (c === 45) negative = true;
    else digits = false;
  }
  if (at + 1 >= to) return -1;
  const next = at + 2;
  switch (kind) {
    case 36: // $ bulk
    case 61: // = verbatim
    case 33: {
      // ! bulk error
      if (!digits) throw new ProtocolError('bad length in reply');
      if (negative) return next;
      const end = next + value + 2;
      return end <= to ? end : -1;
    }
    case 42: // * array
    case 126: // ~ set
    case 62: // > push
    case 37: // % map
    case 124: {
      // | attribute
      if (!digits) throw new ProtocolError('bad length in reply');
      if (negative) return next;
      let end = next;
      for (let left = kind === 37 || kind === 124 ? value * 2 : value; left > 0; left--) {
        end = replyEnd(buffer, end, to, depth + 1);
        if (end < 0) return -1;
      }
      // An attribute only decorates the reply after it.
      return kind === 124 ? replyEnd(buffer, end, to, depth + 1) : end;
    }
    case 43: // + status
    case 45: // - error
    case 58: // : integer
    case 95: // _ null
    case 35: // # boolean
    case 44: // , double
    case 40: // ( big number
      return next;
    default:
      throw new ProtocolError(`not a reply: byte ${kind}`);
  }
}

/** Joins the pieces of a stream of replies: feed(), then next() until it says false. */
export class ReplySplitter {
  /** Holds the reply found: bytes [start, end). The bytes are never changed afterwards. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  private filled = 0;
  private waiting: ByteWriter | null = null;
  /** Do not look again before this many bytes are held: keeps a long reply from being scanned per chunk. */
  private retry = 0;

  /** Takes the bytes that arrived. */
  feed(chunk: Buffer): void {
    if (this.waiting !== null) {
      this.waiting.bytes(chunk);
      if (this.waiting.length < this.retry) return;
      this.buffer = this.waiting.take();
      this.waiting = null;
    } else this.buffer = chunk;
    this.start = 0;
    this.end = 0;
    this.filled = this.buffer.length;
  }

  /** Finds the next whole reply. @returns false when more bytes are needed. @throws ProtocolError */
  next(): boolean {
    if (this.waiting !== null) return false;
    if (this.end >= this.filled) return false;
    const end = replyEnd(this.buffer, this.end, this.filled);
    if (end < 0) {
      const left = this.filled - this.end;
      this.waiting = new ByteWriter();
      this.waiting.range(this.buffer, this.end, this.filled);
      this.retry = wantedBytes(this.buffer, this.end, this.filled) ?? left + Math.min(left, 8 << 20);
      return false;
    }
    this.start = this.end;
    this.end = end;
    return true;
  }
}

/** Whole size of an incomplete bulk reply, when its length line is there; null otherwise. */
function wantedBytes(buffer: Buffer, from: number, to: number): number | null {
  if (buffer[from] !== 36) return null;
  const cr = buffer.indexOf(CR, from);
  if (cr < 0 || cr + 1 >= to) return null;
  const length = Number(buffer.latin1Slice(from + 1, cr));
  return Number.isSafeInteger(length) && length >= 0 ? cr - from + 2 + length + 2 : null;
}
