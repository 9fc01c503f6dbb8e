// Jute, ZooKeeper's encoding: big-endian numbers, length-prefixed strings, buffers and vectors.
// Knows no message. Reading never goes past the frame: a malformed one throws WireError.
import { Buffer } from 'node:buffer';

/** The bytes do not parse as what they should be; the connection is closed. */
export class WireError extends Error {}

/** Reads jute values one after the other. */
export class JuteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  #take(size: number): number {
    if (size < 0 || size > this.left) throw new WireError(`${size} bytes wanted, ${this.left} left`);
    const at = this.#at;
    this.#at += size;
    return at;
  }
  int(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }
  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }
  bool(): boolean {
    return this.#bytes[this.#take(1)] !== 0;
  }
  /** A copy, since the tree keeps it; null is encoded as length -1. */
  buffer(): Buffer | null {
    const size = this.int();
    if (size === -1) return null;
    const at = this.#take(size);
    return Buffer.from(this.#bytes.subarray(at, at + size));
  }
  string(): string {
    const size = this.int();
    if (size === -1) return '';
    const at = this.#take(size);
    return this.#bytes.toString('utf8', at, at + size);
  }
  /** At most as many elements as bytes are left: a forged count cannot make memory grow. */
  vector<T>(element: () => T): T[] {
    const count = this.int();
    if (count === -1) return [];
    if (count < 0 || count > this.left) throw new WireError(`vector of ${count}`);
    return Array.from({ length: count }, element);
  }
}

/** Collects jute values; `frame()` gives them with their length in front. */
export class JuteWriter {
  #bytes = Buffer.allocUnsafe(128);
  #at = 4;

  #room(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(at + size, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#at = at + size;
    return at;
  }
  int(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }
  long(value: bigint): this {
    const at = this.#room(8);
    this.#bytes.writeBigInt64BE(value, at);
    return this;
  }
  bool(value: boolean): this {
    const at = this.#room(1);
    this.#bytes[at] = value ? 1 : 0;
    return this;
  }
  buffer(value: Buffer | null): this {
    if (value === null) return this.int(-1);
    this.int(value.length);
    const at = this.#room(value.length);
    value.copy(this.#bytes, at);
    return this;
  }
  string(value: string): this {
    return this.buffer(Buffer.from(value, 'utf8'));
  }
  vector<T>(values: readonly T[], element: (value: T) => void): this {
    this.int(values.length);
    for (const value of values) element(value);
    return this;
  }
  /** The message, its length in front. */
  frame(): Buffer {
    this.#bytes.writeInt32BE(this.#at - 4, 0);
    return this.#bytes.subarray(0, this.#at);
  }
}
