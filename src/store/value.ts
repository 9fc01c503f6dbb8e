// How the bytes of a string are kept: up to SHORT as latin1 text, which costs no Buffer; longer ones in a Buffer
// of their own, never a view of a network chunk, perhaps with spare room behind it for APPEND.
import { Buffer } from 'node:buffer';
import type { Request } from '../resp/index.js';
import type { StringValue } from './entry.js';

/** Longest value kept as text, bytes. */
const SHORT = 4096;

/** Length from which on a value is kept where it arrived, if hardly anything else did there, bytes. */
const LONG = 1024 * 1024;

/** Memory of values that were kept where they arrived: a log entry may still be made of it, so it is never changed. */
const lasting = new WeakSet<ArrayBufferLike>();

/** Argument i as a value that may be kept. */
export function argumentValue(request: Request, i: number): StringValue {
  const length = request.length(i);
  if (length <= SHORT) return request.text(i);
  const bytes = request.bytes(i);
  if (length < LONG || bytes.buffer.byteLength > length + length / 4) return own(bytes);
  lasting.add(bytes.buffer);
  return bytes;
}

/** The bytes as a value that may be kept; they are copied. */
export function keptBytes(bytes: Buffer): StringValue {
  return bytes.length <= SHORT ? bytes.latin1Slice(0, bytes.length) : own(bytes);
}

/** The bytes [from, to) of `bytes` as a value that may be kept; they are copied, and no view is made of short ones. */
export function keptRange(bytes: Buffer, from: number, to: number): StringValue {
  return to - from <= SHORT ? bytes.latin1Slice(from, to) : own(bytes.subarray(from, to));
}

/** Bytes that nobody else holds, as a value; not copied unless short. */
export function ownedBytes(bytes: Buffer): StringValue {
  return bytes.length <= SHORT ? bytes.latin1Slice(0, bytes.length) : bytes;
}

function own(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** The value as bytes to look at; must not be changed or kept. */
export function viewOf(value: StringValue): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}

/** The value as latin1 text. */
export function textOf(value: StringValue): string {
  return typeof value === 'string' ? value : value.latin1Slice(0, value.length);
}

/** Bytes of memory that a value holds. */
export function heldBytes(value: StringValue): number {
  return typeof value === 'string' ? value.length : value.buffer.byteLength;
}

/**
 * A zero-padded Buffer of `length` bytes or more that begins with the value and may be changed in place:
 * the value itself when it is a Buffer with enough room behind it, else a copy, with room to grow when long.
 */
export function writable(value: StringValue, length: number): Buffer {
  const size = Math.max(value.length, length);
  if (typeof value !== 'string' && !lasting.has(value.buffer)) {
    if (value.length === size) return value;
    if (value.buffer.byteLength - value.byteOffset >= size) {
      const grown = Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, size);
      grown.fill(0, value.length);
      return grown;
    }
  }
  // Twice the size once it has outgrown its room, so that a run of APPENDs copies each byte O(1) times.
  const room =
    size <= SHORT ? size : typeof value === 'string' ? size : Math.min(2 * size, size + (64 << 20));
  const copy = Buffer.allocUnsafeSlow(room);
  if (typeof value === 'string') copy.latin1Write(value, 0);
  else value.copy(copy);
  copy.fill(0, value.length, size);
  return room === size ? copy : copy.subarray(0, size);
}
