// Strings of a collection as bytes, for payloads: a mark of the type's own, how many strings, then each with its
// length. What comes from another process is judged by isPacked() before it is unpacked. One pass over the strings.
import { Buffer } from 'node:buffer';
import type { StringValue } from './entry.js';
import { keptRange } from './value.js';

/** The mark, and the number of strings. */
const HEAD = 5;
/** Length of a string, in front of it. */
const LENGTH = 4;

/** Packs strings, which are iterated over twice. @param mark 0-255 */
export function pack(mark: number, values: () => Iterable<StringValue>): Buffer {
  let size = HEAD;
  let count = 0;
  for (const value of values()) {
    size += LENGTH + value.length;
    count++;
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  bytes[0] = mark;
  bytes.writeUInt32BE(count, 1);
  let at = HEAD;
  for (const value of values()) {
    at = bytes.writeUInt32BE(value.length, at);
    if (typeof value !== 'string') value.copy(bytes, at);
    // A call into the runtime costs more than a few characters.
    else if (value.length > 24) bytes.latin1Write(value, at);
    else for (let i = 0; i < value.length; i++) bytes[at + i] = value.charCodeAt(i);
    at += value.length;
  }
  return bytes;
}

/** The mark that pack() was given. */
export function markOf(bytes: Buffer): number {
  return bytes[0]!;
}

/** The strings, in order; none of them keeps `bytes`. */
export function* unpack(bytes: Buffer): Generator<StringValue> {
  for (let at = HEAD; at < bytes.length; ) {
    const from = at + LENGTH;
    at = from + bytes.readUInt32BE(at);
    yield keptRange(bytes, from, at);
  }
}

/** Whether pack() could have made this of one string or more, `each` at a time, with a mark up to `marks`. */
export function isPacked(bytes: Buffer, marks: number, each = 1): boolean {
  const { length } = bytes;
  if (length < HEAD || bytes[0]! > marks) return false;
  const count = bytes.readUInt32BE(1);
  if (count === 0 || count % each !== 0) return false;
  let at = HEAD;
  for (let i = 0; i < count; i++) {
    if (at + LENGTH > length) return false;
    at += LENGTH + bytes.readUInt32BE(at);
  }
  return at === length;
}
