// Reads the elements of Redis's payloads: lengths, strings (plain, as integers, LZF), doubles. Every length is checked
// against what is there before anything is allocated: a payload comes from a client and may say anything.
import { Buffer } from 'node:buffer';

/** A payload is not what it says it is. */
export class BadPayload extends Error {}

/** @throws BadPayload always */
export function bad(): never {
  throw new BadPayload();
}

/** A run of literals or a copy makes at most this much of a byte. */
const MOST_LZF = 264;
/** Longest string. */
const MAX_STRING = 512 * 1024 * 1024;

/** Undoes LZF. @param size of the result */
function inflate(from: Buffer, size: number): Buffer {
  if (size > MAX_STRING || size > from.length * MOST_LZF) bad();
  const to = Buffer.allocUnsafeSlow(size);
  let out = 0;
  for (let at = 0; at < from.length; ) {
    const control = from[at++]!;
    if (control < 32) {
      const count = control + 1;
      if (at + count > from.length || out + count > size) bad();
      from.copy(to, out, at, at + count);
      at += count;
      out += count;
      continue;
    }
    let count = control >> 5;
    if (count === 7) count += from[at++] ?? bad();
    count += 2;
    const distance = ((control & 31) << 8) + (from[at++] ?? bad()) + 1;
    if (distance > out || out + count > size) bad();
    // Byte by byte: a copy may reach into itself, which repeats it.
    for (let end = out + count; out < end; out++) to[out] = to[out - distance]!;
  }
  if (out !== size) bad();
  return to;
}

/** Bytes [0, end) of a payload, read from the front. Strings are views, not to be kept. */
export class RdbReader {
  private at = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  take(count: number): Buffer {
    if (count > this.left) bad();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  byte(): number {
    return this.take(1)[0]!;
  }
  double(): number {
    return this.take(8).readDoubleLE(0);
  }

  /** A length; the second is true when it names an encoding instead. */
  private lengthOrEncoding(): [number, boolean] {
    const first = this.byte();
    switch (first >> 6) {
      case 0:
        return [first & 63, false];
      case 1:
        return [((first & 63) << 8) | this.byte(), false];
      case 3:
        return [first & 63, true];
    }
    if (first === 0x80) return [this.take(4).readUInt32BE(0), false];
    if (first !== 0x81) bad();
    const long = this.take(8).readBigUInt64BE(0);
    return long > BigInt(Number.MAX_SAFE_INTEGER) ? bad() : [Number(long), false];
  }

  length(): number {
    const [length, encoded] = this.lengthOrEncoding();
    return encoded ? bad() : length;
  }

  /** A number of 64 bits, unsigned, written as a length. */
  unsigned(): bigint {
    if (this.left === 0 || this.bytes[this.at] !== 0x81) return BigInt(this.length());
    return this.take(9).readBigUInt64BE(1);
  }
  /** A time in ms since 1970. */
  time(): number {
    const time = Number(this.take(8).readBigInt64LE(0));
    return Number.isSafeInteger(time) ? time : bad();
  }

  /** A number of things of at least one byte each. */
  count(): number {
    const count = this.length();
    return count === 0 || count > this.left ? bad() : count;
  }

  string(): Buffer {
    const [value, encoded] = this.lengthOrEncoding();
    if (!encoded) return this.take(value);
    switch (value) {
      case 0:
        return text(this.take(1).readInt8(0));
      case 1:
        return text(this.take(2).readInt16LE(0));
      case 2:
        return text(this.take(4).readInt32LE(0));
      case 3: {
        const packed = this.length();
        const size = this.length();
        return inflate(this.take(packed), size);
      }
    }
    return bad();
  }

  /** A score as Redis before 5.0 wrote it: digits, or a mark. */
  oldDouble(): number {
    const length = this.byte();
    if (length === 255) return Number.NEGATIVE_INFINITY;
    if (length === 254) return Number.POSITIVE_INFINITY;
    if (length === 253) return bad();
    const digits = this.take(length).latin1Slice();
    const value = Number(digits);
    return digits.trim() === '' || Number.isNaN(value) ? bad() : value;
  }
}

const text = (value: number) => Buffer.from(String(value), 'latin1');
