// A byte buffer that takes long ranges as they are, uncopied, between what it copies: a command of many megabytes goes
// from where it arrived to where it leaves without standing anywhere a second time.
import { ReplyWriter } from './reply.js';

/** Bytes above which a range is taken as it is. */
const LONG = 1024 * 1024;

/** Collects bytes as parts. `length` counts those of the last part alone; `size` counts all. */
export class PartsWriter extends ReplyWriter {
  private parts: Buffer[] = [];
  private before = 0;

  /** Bytes collected since the last takeParts(). */
  get size(): number {
    return this.before + this.length;
  }

  /** Appends the bytes [from, to) of `source`, which nobody will ever change. */
  override lasting(source: Buffer, from: number, to: number): void {
    if (to - from < LONG) return this.range(source, from, to);
    if (this.length > 0) this.keep(this.take());
    this.keep(source.subarray(from, to));
  }
  private keep(part: Buffer): void {
    this.parts.push(part);
    this.before += part.length;
  }

  /** Forgets what was collected after `size` bytes, which was not taken as it is. */
  back(size: number): void {
    if (size < this.before) throw new Error('a part that is gone for good');
    this.truncate(size - this.before);
  }

  /** Gives everything away and starts anew. */
  takeParts(): Buffer[] {
    if (this.length > 0) this.keep(this.take());
    const { parts } = this;
    this.parts = [];
    this.before = 0;
    return parts;
  }
}
