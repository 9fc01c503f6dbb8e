// IDs of stream entries: 64 bits of milliseconds and 64 bits of a sequence, as one number of 128 bits, so that their
// order is that of numbers. Decides which texts are IDs; knows no stream.
import { Buffer } from 'node:buffer';
import type { Request } from '../resp/index.js';
import { reject } from './errors.js';
import { parseInt64 } from './integers.js';

/** The least and the greatest ID: `-` and `+`. */
export const FIRST_ID = 0n;
export const LAST_ID = (1n << 128n) - 1n;
const MOST = (1n << 64n) - 1n;
/** Longest text that is read as an ID. */
const MAX_TEXT = 127;
const BAD_ID = 'ERR Invalid stream ID specified as stream command argument';

/** @param ms 0 to 2^64 - 1 @param seq as well */
export function idOf(ms: bigint, seq: bigint): bigint {
  return (ms << 64n) | seq;
}
export function msOf(id: bigint): bigint {
  return id >> 64n;
}
export function seqOf(id: bigint): bigint {
  return id & MOST;
}

/** As replies show it. */
export function idText(id: bigint): string {
  return `${id >> 64n}-${id & MOST}`;
}

/** The 16 bytes that sort as the ID does. */
export function idBytes(id: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeBigUInt64BE(id >> 64n, 0);
  bytes.writeBigUInt64BE(id & MOST, 8);
  return bytes;
}
/** Undoes idBytes(). */
export function idIn(bytes: Buffer, at = 0): bigint {
  return idOf(bytes.readBigUInt64BE(at), bytes.readBigUInt64BE(at + 8));
}

/** As C's strtoull reads it: spaces in front, a sign, zeros. */
const NUMBER = /^[ \t\n\v\f\r]*([+-]?)([0-9]{1,100})$/;

/** One half of an ID; null: none. A negative number is none either, unless Redis does not see that it is one. */
function half(text: string): bigint | null {
  const found = NUMBER.exec(text);
  if (found === null) return null;
  const value = BigInt(found[2]!);
  if (value > MOST) return null;
  if (found[1] !== '-') return value;
  const plain = parseInt64(text);
  return plain !== null && plain < 0 ? null : BigInt.asUintN(64, -value);
}

/** Milliseconds and sequence, as texts; the sequence is null where there is none. */
function halves(text: string): { ms: string; seq: string | null } | null {
  if (text.length > MAX_TEXT) return null;
  // As C sees a string.
  const zero = text.indexOf('\0');
  const shown = zero < 0 ? text : text.slice(0, zero);
  const dash = shown.indexOf('-');
  return dash < 0 ? { ms: shown, seq: null } : { ms: shown.slice(0, dash), seq: shown.slice(dash + 1) };
}

/** `ms`, or `ms-seq`. @param missing what the sequence is where there is none @returns null when it is no ID */
export function parseId(text: string, missing = 0n): bigint | null {
  const parts = halves(text);
  if (parts === null) return null;
  const ms = half(parts.ms);
  const seq = parts.seq === null ? missing : half(parts.seq);
  return ms === null || seq === null ? null : idOf(ms, seq);
}

/** Argument i as an ID. @throws ReplyError when it is none; `-` and `+` are none */
export function idArgument(request: Request, i: number): bigint {
  return parseId(request.text(i)) ?? reject(BAD_ID);
}

/** The same, where `-` and `+` stand for the least and the greatest. @throws ReplyError */
export function looseIdArgument(request: Request, i: number, missing = 0n): bigint {
  const text = request.text(i);
  if (text === '-') return FIRST_ID;
  if (text === '+') return LAST_ID;
  return parseId(text, missing) ?? reject(BAD_ID);
}

/** Argument i as the ID that XADD gives an entry. `sequence` false: `ms-*`, and the ID is the least of that ms. */
export function newIdArgument(request: Request, i: number): { id: bigint; sequence: boolean } {
  const parts = halves(request.text(i));
  if (parts?.seq !== '*') return { id: idArgument(request, i), sequence: true };
  return { id: idOf(half(parts.ms) ?? reject(BAD_ID), 0n), sequence: false };
}

/** Argument i as the first ID of a range; `(` leaves the ID itself out. @throws ReplyError */
export function rangeStart(request: Request, i: number): bigint {
  const text = request.text(i);
  if (text.length < 2 || text[0] !== '(') return looseIdArgument(request, i);
  const id = parseId(text.slice(1)) ?? reject(BAD_ID);
  return id === LAST_ID ? reject('ERR invalid start ID for the interval') : id + 1n;
}

/** Argument i as the last ID of a range. @throws ReplyError */
export function rangeEnd(request: Request, i: number): bigint {
  const text = request.text(i);
  if (text.length < 2 || text[0] !== '(') return looseIdArgument(request, i, MOST);
  const id = parseId(text.slice(1), MOST) ?? reject(BAD_ID);
  return id === FIRST_ID ? reject('ERR invalid end ID for the interval') : id - 1n;
}
