// Large values on their way to a candidate: piece by piece, so that clients are served in between, and put together
// there. A value that is written meanwhile is begun anew. Must never give a value that the key did not have at once.
import { encodeCommand, MAX_BULK, ProtocolError } from '../resp/index.js';
import type { Store } from '../store/index.js';

/** Bytes of one piece; a larger value travels in several. */
export const PIECE = 256 * 1024;
/** So often a value that is written again and again is begun anew; then it is copied and given in one turn. */
const TRIES = 3;
/** Bytes of a payload that are not the value, at most. */
const HEAD = 64;

const NONE = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n');
/** Head of a message of six words; one of five is as long. */
const SIX = Buffer.from('*6\r\n');

interface Under {
  db: number;
  key: string;
  head: Buffer;
  value: Buffer;
  seq: number;
  at: number;
  tries: number;
}

/** Keys of a primary that are too large for one message and were not given yet. */
export class LargeValues {
  private readonly keys = new Map<string, { db: number; key: string }>();
  private under: Under | null = null;

  /** Whether this one was not given yet. */
  has(db: number, key: string): boolean {
    return this.keys.size > 0 && this.keys.has(`${db}:${key}`);
  }
  add(db: number, key: string): void {
    this.keys.set(`${db}:${key}`, { db, key });
  }
  get size(): number {
    return this.keys.size;
  }

  /** The next piece, or what is left in pieces when there is no other way; nothing when the key is gone. */
  next(store: Store): Buffer[] {
    const [first] = this.keys.values();
    if (first === undefined) return [];
    const { db, key } = first;
    let under = this.under;
    // Not written since the last piece: its bytes are at hand, and a collection need not be written out again.
    if (under !== null && store.peek(db, key)?.seq === under.seq) return this.piece(under);
    const now = store.exportParts(db, key);
    if (now === null) {
      this.done(db, key);
      return [];
    }
    if (under === null) under = this.under = { db, key, ...now, at: 0, tries: 1 };
    else {
      // The view may show half of the old value and half of the new one.
      under = this.under = { db, key, ...now, at: 0, tries: under.tries + 1 };
    }
    if (under.tries <= TRIES) return this.piece(under);
    // From here on what is written is said behind the copy.
    under.value = Buffer.from(under.value);
    const all: Buffer[] = [];
    while (this.under !== null) all.push(...this.piece(under));
    return all;
  }

  private piece(under: Under): Buffer[] {
    const { db, key, head, value, at, tries } = under;
    const size = head.length + value.length;
    const end = Math.min(size, at + PIECE);
    under.at = end;
    if (end === size) this.done(db, key);
    // The head goes with the first piece.
    const from = Math.max(0, at - head.length);
    const bytes = value.subarray(from, end - head.length);
    const first = at === 0 ? head : NONE;
    // What the store holds may be written before it has left; a copy need not be copied once more.
    const body = tries > TRIES ? bytes : Buffer.from(bytes);
    const words = encodeCommand(['TOWLINE.PART', db, key, size, at]);
    const length = `$${first.length + bytes.length}\r\n`;
    return [Buffer.concat([SIX, words.subarray(SIX.length), Buffer.from(length), first]), body, CRLF];
  }

  private done(db: number, key: string): void {
    this.keys.delete(`${db}:${key}`);
    this.under = null;
  }
}

/** Puts a candidate's pieces together, one key at a time. */
export class Assembly {
  private key = '';
  private whole: Buffer | null = null;
  private filled = 0;

  /** Takes a piece. @returns the payload when it is whole @throws ProtocolError when it is not the one that follows */
  take(db: number, key: string, size: number, at: number, bytes: Buffer): Buffer | null {
    const name = `${db}:${key}`;
    if (at === 0) {
      if (size > MAX_BULK + HEAD) throw new ProtocolError('a value that is too large');
      this.key = name;
      this.whole = Buffer.allocUnsafeSlow(size);
      this.filled = 0;
    }
    const { whole } = this;
    if (whole === null || name !== this.key || at !== this.filled || at + bytes.length > whole.length)
      throw new ProtocolError('a piece that does not follow');
    bytes.copy(whole, at);
    this.filled += bytes.length;
    if (this.filled < whole.length) return null;
    this.whole = null;
    return whole;
  }
}
