// A growing byte buffer: what everything that collects output writes into. Knows bytes, not the protocol.
import { Buffer } from 'node:buffer';

const FIRST = 16 * 1024;
/** A buffer that grew past this is given back after take(), so that one huge reply does not pin memory. */
const KEEP = 1024 * 1024;

/** Appends bytes and latin1 text; take() gives what was collected. */
export class ByteWriter {
  protected buffer: Buffer;
  /** Bytes collected since the last take() or clear(). */
  length = 0;

  /** @param first room to begin with, bytes; it grows as it must */
  constructor(first = FIRST) {
    this.buffer = first < FIRST ? Buffer.allocUnsafe(first) : Buffer.allocUnsafeSlow(first);
  }

  /** Makes room for `more` bytes. */
  protected room(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  /** Appends the bytes [from, to) of `source`. */
  range(source: Uint8Array, from: number, to: number): void {
    const size = to - from;
    this.room(size);
    const { buffer } = this;
    let at = this.length;
    if (size <= 64) for (let i = from; i < to; i++) buffer[at++] = source[i]!;
    else buffer.set(from === 0 && to === source.length ? source : source.subarray(from, to), at);
    this.length += size;
  }
  /** Appends all of `source`. */
  bytes(source: Uint8Array): void {
    this.range(source, 0, source.length);
  }
  /** Appends latin1 text: one byte a character. */
  latin1(text: string): void {
    this.room(text.length);
    const { buffer } = this;
    let at = this.length;
    if (text.length <= 24) for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i);
    else buffer.latin1Write(text, at);
    this.length += text.length;
  }
  /** Appends one byte. */
  byte(value: number): void {
    this.room(1);
    this.buffer[this.length++] = value;
  }
  /** Appends the collected bytes [from, length) to another writer. */
  appendTo(other: ByteWriter, from: number): void {
    other.range(this.buffer, from, this.length);
  }
  /** A copy of the collected bytes [from, length). */
  copy(from = 0): Buffer {
    const out = Buffer.allocUnsafe(this.length - from);
    this.buffer.copy(out, 0, from, this.length);
    return out;
  }
  /** The byte at `index`, which is below `length`. */
  at(index: number): number {
    return this.buffer[index]!;
  }
  /** The collected bytes [from, length) without a copy: valid until the next append. */
  view(from = 0): Buffer {
    return this.buffer.subarray(from, this.length);
  }
  /** Gives the collected bytes away and starts anew. Small results are copied, large ones handed over. */
  take(): Buffer {
    if (this.length <= FIRST) {
      const out = Buffer.allocUnsafe(this.length);
      this.buffer.copy(out, 0, 0, this.length);
      this.clear();
      return out;
    }
    const out = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafeSlow(FIRST);
    this.length = 0;
    return out;
  }
  /** Forgets what was collected after `to`. */
  truncate(to: number): void {
    this.length = to;
  }
  /** Forgets everything collected. */
  clear(): void {
    this.length = 0;
    if (this.buffer.length > KEEP) this.buffer = Buffer.allocUnsafeSlow(FIRST);
  }
}

/** The parts one behind the other; a single one is not copied. */
export function inOne(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
