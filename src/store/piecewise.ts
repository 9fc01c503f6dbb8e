// Values that leave and come part by part, so that neither end ever works on the whole of one at once. A part is a text
// or bytes; what a type makes of its values is its own business. Cuts parts into pieces, and puts them together again;
// every length that comes from another process is checked.
import { Buffer } from 'node:buffer';
import { MAX_BULK } from '../resp/index.js';
import type { StringValue, Value } from './entry.js';
import { keptRange, ownedBytes } from './value.js';

/** How much goes into one piece: bytes, and parts, at most. */
export interface PieceSize {
  readonly bytes: number;
  readonly parts: number;
}

/** What a process spends on a piece of this size keeps nobody waiting. */
export const PIECE_SIZE: PieceSize = { bytes: 256 * 1024, parts: 1024 };

/** A value that grows by the parts that its type has made of another one. */
export interface Gathering<V extends Value = Value> {
  /** Takes the next part, which it may keep. @returns false: it can be none, and the value will never be whole */
  take(part: StringValue): boolean;
  /** The value, when nothing is missing; null: something is. Called once, last. */
  whole(): V | null;
}

/** Length of a part, in front of it. */
const LENGTH = 4;

/** Cuts the parts of one value, which must not change meanwhile, into pieces. */
export class PieceCutter {
  private part: StringValue | undefined;
  /** Bytes of `part` that have left; its length has left before them. */
  private sent = 0;

  constructor(private readonly parts: Iterator<StringValue>) {
    this.part = parts.next().value;
  }

  /** Whether everything has left. */
  get over(): boolean {
    return this.part === undefined;
  }

  /** The next piece behind `head`: a copy, to be kept by whoever gets it. */
  next(head: Buffer, { bytes, parts }: PieceSize): Buffer {
    // Room for the length of a part, and one byte of it at least, or it would never get on.
    const room = head.length + Math.max(bytes, LENGTH + 1);
    let piece = Buffer.allocUnsafeSlow(Math.min(room, head.length + 1024));
    let at = head.copy(piece);
    for (let count = 0; this.part !== undefined && count < parts; count++) {
      const { part, sent } = this;
      const lead = sent === 0 ? LENGTH : 0;
      if (at + lead >= room && at > head.length) break;
      const size = Math.min(part.length - sent, room - at - lead);
      if (at + lead + size > piece.length) {
        const grown = Buffer.allocUnsafeSlow(Math.min(room, Math.max(2 * piece.length, at + lead + size)));
        piece.copy(grown, 0, 0, at);
        piece = grown;
      }
      if (lead > 0) at = piece.writeUInt32BE(part.length, at);
      at += write(part, sent, size, piece, at);
      this.sent = sent + size;
      // What is left of it begins the next piece.
      if (this.sent < part.length) break;
      this.part = this.parts.next().value;
      this.sent = 0;
    }
    return piece.subarray(0, at);
  }
}

/** Writes bytes [from, from + size) of a part. @returns size */
function write(part: StringValue, from: number, size: number, to: Buffer, at: number): number {
  if (typeof part !== 'string') part.copy(to, at, from, from + size);
  // A call into the runtime costs more than a few characters.
  else if (size > 24) to.latin1Write(size === part.length ? part : part.slice(from, from + size), at);
  else for (let i = 0; i < size; i++) to[at + i] = part.charCodeAt(from + i);
  return size;
}

/** Puts pieces together: gives each part to a Gathering as soon as it is whole. */
export class PieceJoiner {
  private readonly length = Buffer.alloc(LENGTH);
  /** Bytes of `length` that are here. */
  private known = 0;
  /** A part of which only the beginning is here, and how much. */
  private part: Buffer | null = null;
  private filled = 0;

  constructor(private readonly gathering: Gathering) {}

  /** Takes the next piece. @returns whether it can be one */
  take(piece: Buffer): boolean {
    const { gathering } = this;
    for (let at = 0; at < piece.length; ) {
      if (this.part === null) {
        const more = Math.min(LENGTH - this.known, piece.length - at);
        piece.copy(this.length, this.known, at, at + more);
        this.known += more;
        at += more;
        if (this.known < LENGTH) return true;
        const size = this.length.readUInt32BE(0);
        if (size > MAX_BULK) return false;
        if (at + size <= piece.length) {
          this.known = 0;
          if (!gathering.take(keptRange(piece, at, at + size))) return false;
          at += size;
          continue;
        }
        // Not touched before it is filled: the memory comes with the pieces.
        this.part = Buffer.allocUnsafeSlow(size);
        this.filled = 0;
      }
      const { part } = this;
      const more = Math.min(part.length - this.filled, piece.length - at);
      piece.copy(part, this.filled, at, at + more);
      this.filled += more;
      at += more;
      if (this.filled < part.length) return true;
      this.part = null;
      this.known = 0;
      // One that was put together here is nobody else's.
      if (!gathering.take(ownedBytes(part))) return false;
    }
    return true;
  }

  /** Whether nothing is missing of the part begun last. */
  get between(): boolean {
    return this.part === null && this.known === 0;
  }
}
