// What stands in front of a value that goes to another process: its type, and when its key expires. What came from
// elsewhere is judged here before any of it is used.
import { Buffer } from 'node:buffer';
import { STRING } from './entry.js';
import { knowsType, typeOf } from './types.js';

/** Bytes before the value: type code, expiry as a big-endian double. */
export const PAYLOAD_HEAD = 9;

/** The head of a payload. @param expireAt ms since 1970; -1: never */
export function payloadHead(type: number, expireAt: number): Buffer {
  return writeHead(Buffer.allocUnsafe(PAYLOAD_HEAD), type, expireAt);
}

/** Writes a head into PAYLOAD_HEAD bytes. @returns the bytes */
export function writeHead(head: Buffer, type: number, expireAt: number): Buffer {
  head[0] = type;
  head.writeDoubleBE(expireAt, 1);
  return head;
}

/** Whether bytes begin with a head at `from`. */
export function isHead(bytes: Buffer, from = 0, to = bytes.length): boolean {
  if (to - from < PAYLOAD_HEAD || !knowsType(bytes[from]!)) return false;
  return Number.isSafeInteger(bytes.readDoubleBE(from + 1));
}

/** Whether bytes [from, to) from another process have the shape of exportKey()'s; only such ones may be imported. */
export function isPayload(bytes: Buffer, from = 0, to = bytes.length): boolean {
  if (!isHead(bytes, from, to)) return false;
  const type = bytes[from]!;
  // Any bytes are a string: no view is made of them.
  return type === STRING || typeOf(type).accepts(bytes.subarray(from + PAYLOAD_HEAD, to));
}
