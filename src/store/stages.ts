// Payloads that arrive in pieces and become keys when they are whole: no key shows any of it before. The same on every
// member, since pieces and their end are effects. Bounded in number and in bytes.
import { MAX_BULK } from '../resp/index.js';

/** Payloads under way at most, and their bytes together. */
const MOST = 16;
const MOST_BYTES = 2 * 1024 * 1024 * 1024;
/** Bytes of a payload that are not the value, at most. */
const HEAD = 64;

interface Stage {
  readonly whole: Buffer;
  filled: number;
  /** When a piece arrived last, ms of the group's clock. */
  at: number;
}

/** What is staged in one store. */
export class Stages {
  private readonly all = new Map<string, Stage>();
  private bytes = 0;

  get size(): number {
    return this.all.size;
  }
  names(): string[] {
    return [...this.all.keys()];
  }

  /**
   * Takes a piece.
   * @param at where it begins in the payload of `size` bytes; 0 begins the payload, anew if there was one
   * @returns why not; null: taken
   */
  add(name: string, size: number, at: number, bytes: Buffer, now: number): string | null {
    if (at === 0) {
      this.drop(name);
      if (size > MAX_BULK + HEAD) return 'a value that is too large';
      if (this.all.size >= MOST || this.bytes + size > MOST_BYTES) return 'too much is staged';
      this.all.set(name, { whole: Buffer.allocUnsafeSlow(size), filled: 0, at: now });
      this.bytes += size;
    }
    const stage = this.all.get(name);
    if (stage === undefined || stage.whole.length !== size) return 'no such stage';
    if (at !== stage.filled || at + bytes.length > size) return 'a piece that does not follow';
    bytes.copy(stage.whole, at);
    stage.filled += bytes.length;
    stage.at = now;
    return null;
  }

  /** The payload when it is whole. */
  whole(name: string): Buffer | null {
    const stage = this.all.get(name);
    return stage !== undefined && stage.filled === stage.whole.length ? stage.whole : null;
  }

  drop(name: string): void {
    const stage = this.all.get(name);
    if (stage === undefined) return;
    this.all.delete(name);
    this.bytes -= stage.whole.length;
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
