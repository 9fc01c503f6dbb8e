// What stands in front of a value that goes to another process: its type, and when its key expires. What came from
// elsewhere is judged here before any of it is used.
import { knowsType, typeOf } from './types.js';

/** Bytes before the value: type code, expiry as a big-endian double. */
export const PAYLOAD_HEAD = 9;

/** The head of a payload. @param expireAt ms since 1970; -1: never */
export function payloadHead(type: number, expireAt: number): Buffer {
  const head = Buffer.allocUnsafe(PAYLOAD_HEAD);
  head[0] = type;
  head.writeDoubleBE(expireAt, 1);
  return head;
}

/** Whether bytes begin with a head. */
export function isHead(bytes: Buffer): boolean {
  return bytes.length >= PAYLOAD_HEAD && knowsType(bytes[0]!) && Number.isSafeInteger(bytes.readDoubleBE(1));
}

/** Whether bytes from another process have the shape of exportKey()'s; only such ones may be imported. */
export function isPayload(bytes: Buffer): boolean {
  return isHead(bytes) && typeOf(bytes[0]!).accepts(bytes.subarray(PAYLOAD_HEAD));
}
