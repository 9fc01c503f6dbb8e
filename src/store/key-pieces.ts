// A key on its way in pieces: type and expiry, then its value part by part. Here it leaves one store, and comes into
// another. Must never give a value that the key did not have at once: pieces of a key that has changed since the first
// one are worth nothing, and whoever asks for more is told so.
import { Buffer } from 'node:buffer';
import type { Entry, Value } from './entry.js';
import { isHead, PAYLOAD_HEAD, payloadHead } from './payload.js';
import { type Gathering, PIECE_SIZE, PieceCutter, PieceJoiner, type PieceSize } from './piecewise.js';
import { gather, partsOf } from './types.js';

const NONE = Buffer.alloc(0);

/** Where keys are found: a store. */
interface Keys {
  peek(db: number, key: string): Entry | undefined;
}

/** A key that leaves, piece by piece. Costs a turn one piece, whatever the value is. */
export class KeyExport {
  /** Seq of the key's last change before the first piece. */
  readonly seq: number;
  /** Bytes given so far. */
  bytes = 0;
  private head: Buffer;
  /** Null: everything has left, and the value is not held here any more. */
  private cutter: PieceCutter | null;
  private value: Value | null;

  private constructor(
    private readonly keys: Keys,
    readonly db: number,
    readonly key: string,
    { type, value, expireAt, seq }: Entry,
    private readonly size: PieceSize,
  ) {
    this.seq = seq;
    this.value = value;
    this.head = payloadHead(type, expireAt);
    this.cutter = new PieceCutter(partsOf(type, value));
  }

  /** Begins with a key; null: there is none. Expired ones too. Nothing of the seq that it has may be open any more. */
  static of(keys: Keys, db: number, key: string, size: PieceSize = PIECE_SIZE): KeyExport | null {
    const entry = keys.peek(db, key);
    return entry === undefined ? null : new KeyExport(keys, db, key, entry, size);
  }

  /** Whether everything has left. */
  get over(): boolean {
    return this.cutter === null;
  }
  /** Whether the key still is what it was when this began. */
  get current(): boolean {
    const entry = this.keys.peek(this.db, this.key);
    return (
      entry !== undefined && entry.seq === this.seq && (this.value === null || entry.value === this.value)
    );
  }

  /** The next piece, which is the caller's; null: the key has changed or is gone, or everything has left. */
  next(): Buffer | null {
    const { cutter } = this;
    if (cutter === null || !this.current) return null;
    const piece = cutter.next(this.head, this.size);
    this.head = NONE;
    this.bytes += piece.length;
    if (cutter.over) {
      this.cutter = null;
      this.value = null;
    }
    return piece;
  }
}

/** What a store makes a key of. */
export interface Imported {
  readonly type: number;
  readonly value: Value;
  readonly expireAt: number;
}

/** A key that comes, piece by piece, and is none before it is whole. */
export class KeyImport {
  /** Bytes, and pieces, taken so far. */
  bytes = 0;
  pieces = 0;
  private type = 0;
  private expireAt = -1;
  private gathering: Gathering | null = null;
  private joiner: PieceJoiner | null = null;
  private imported: Imported | null = null;

  /** Takes the next piece. @returns why not; null: taken */
  take(piece: Buffer, last: boolean): string | null {
    if (this.imported !== null) return 'a piece behind the last one';
    let bytes = piece;
    if (this.joiner === null) {
      if (!isHead(piece)) return 'a piece without a key';
      this.type = piece[0]!;
      this.expireAt = piece.readDoubleBE(1);
      this.gathering = gather(this.type);
      this.joiner = new PieceJoiner(this.gathering);
      bytes = piece.subarray(PAYLOAD_HEAD);
    }
    this.bytes += piece.length;
    this.pieces++;
    if (!this.joiner.take(bytes)) return 'a piece that is none';
    if (!last) return null;
    const value = this.joiner.between ? this.gathering!.whole() : null;
    if (value === null) return 'a value that is cut short';
    this.imported = { type: this.type, value, expireAt: this.expireAt };
    return null;
  }

  /** What has come; null: not everything. */
  get whole(): Imported | null {
    return this.imported;
  }
}
