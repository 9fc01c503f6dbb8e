// Writes the elements of Redis's payloads: lengths and strings, plainly.
import { Buffer } from 'node:buffer';
import type { StringValue } from './entry.js';
import { viewOf } from './value.js';

/** A length, or any number of 64 bits, unsigned. */
export function rdbLength(value: number | bigint): Buffer {
  if (value > 0xffffffff) {
    const bytes = Buffer.alloc(9, 0x81);
    bytes.writeBigUInt64BE(BigInt(value), 1);
    return bytes;
  }
  const n = Number(value);
  if (n < 64) return Buffer.from([n]);
  if (n < 16384) return Buffer.from([0x40 | (n >> 8), n & 0xff]);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(n, 1);
  return bytes;
}

/** A string behind its length. */
export const rdbString = (value: StringValue): Buffer[] => [rdbLength(value.length), viewOf(value)];

/** A time in ms since 1970. */
export function rdbTime(ms: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(BigInt(ms), 0);
  return bytes;
}
