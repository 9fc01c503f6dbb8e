// Keys that arrive in pieces and become keys when they are whole: nobody sees any of it before. The same on every
// member, since pieces and their end are effects. Bounded in number and in bytes.
import { Buffer } from 'node:buffer';
import { type Imported, KeyImport } from './key-pieces.js';
import { payloadHead } from './payload.js';
import { PIECE_SIZE, PieceCutter } from './piecewise.js';
import { partsOf } from './types.js';

/** Keys under way at most, and their bytes together; one alone may have more. */
const MOST = 16;
const MOST_BYTES = 2 * 1024 * 1024 * 1024;
/** So many bytes of elements become some 2 MiB of objects. */
const OFTEN = 256 * 1024;
const NONE = Buffer.alloc(0);

interface Stage {
  readonly key: KeyImport;
  /** When a piece arrived last, ms of the group's clock. */
  at: number;
}

/** What is staged in one store. */
export class Stages {
  private readonly all = new Map<string, Stage>();
  private bytes = 0;
  private untold = 0;
  /** Called whenever another OFTEN bytes were taken: what they became will stay. */
  onTaken: (() => void) | null = null;

  get size(): number {
    return this.all.size;
  }
  names(): string[] {
    return [...this.all.keys()];
  }
  has(name: string): boolean {
    return this.all.has(name);
  }

  /**
   * Takes a piece.
   * @param n its number; 0 begins the key, anew if there was one
   * @param last whether nothing follows it
   * @returns why not; null: taken
   */
  add(name: string, n: number, last: boolean, bytes: Buffer, now: number): string | null {
    if (n === 0) {
      this.drop(name);
      if (this.all.size >= MOST) return 'too much is staged';
      this.all.set(name, { key: new KeyImport(), at: now });
    }
    const stage = this.all.get(name);
    if (stage === undefined) return 'no such stage';
    if (n !== stage.key.pieces) return 'a piece that does not follow';
    if (this.all.size > 1 && this.bytes + bytes.length > MOST_BYTES) return 'too much is staged';
    const refused = stage.key.take(bytes, last);
    if (refused !== null) return refused;
    this.bytes += bytes.length;
    this.untold += bytes.length;
    stage.at = now;
    if (this.untold >= OFTEN) {
      this.untold = 0;
      this.onTaken?.();
    }
    return null;
  }

  /** Whether everything is here. */
  whole(name: string): boolean {
    return this.all.get(name)?.key.whole != null;
  }

  /** Takes what is whole away, to make a key of it; null: it is not. */
  take(name: string): Imported | null {
    const imported = this.all.get(name)?.key.whole ?? null;
    if (imported !== null) this.drop(name);
    return imported;
  }

  /** What is whole in pieces again, for a member that has none of it. */
  *pieces(name: string): Generator<{ bytes: Buffer; last: boolean }> {
    const imported = this.all.get(name)?.key.whole ?? null;
    if (imported === null) return;
    const cutter = new PieceCutter(partsOf(imported.type, imported.value));
    let head = payloadHead(imported.type, imported.expireAt);
    while (!cutter.over) {
      const bytes = cutter.next(head, PIECE_SIZE);
      head = NONE;
      yield { bytes, last: cutter.over };
    }
  }

  drop(name: string): void {
    const stage = this.all.get(name);
    if (stage === undefined) return;
    this.all.delete(name);
    this.bytes -= stage.key.bytes;
  }

  /** Names of which no piece has arrived since `before`. */
  idle(before: number): string[] {
    return [...this.all].filter(([, { at }]) => at < before).map(([name]) => name);
  }

  clear(): void {
    this.all.clear();
    this.bytes = 0;
  }
}
