// Redis's compact encodings of small collections, as elements: listpack, ziplist (before 7.0), intset. Each is one string
// of a payload. Every offset is checked: the checksum around them is no proof against a client.
import { Buffer } from 'node:buffer';
import { backLength, type Element, LISTPACK_END as END, element, LISTPACK_HEAD, need } from './listpack.js';
import { bad } from './rdb-reader.js';

const asBytes = (value: Element) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value), 'latin1'));

/** The elements of a listpack. @throws BadPayload */
export function listpack(bytes: Buffer): Buffer[] {
  need(bytes, 0, 7);
  if (bytes.readUInt32LE(0) !== bytes.length) bad();
  const count = bytes.readUInt16LE(4);
  const found: Buffer[] = [];
  let at = LISTPACK_HEAD;
  while (at < bytes.length && bytes[at] !== END) {
    const { value, size } = element(bytes, at);
    found.push(asBytes(value));
    at += size + backLength(size);
  }
  if (at !== bytes.length - 1) bad();
  // 65535: there are so many, or more.
  return count !== 0xffff && count !== found.length ? bad() : found;
}

/** The elements of a ziplist. @throws BadPayload */
export function ziplist(bytes: Buffer): Buffer[] {
  need(bytes, 0, 11);
  if (bytes.readUInt32LE(0) !== bytes.length) bad();
  const count = bytes.readUInt16LE(8);
  const found: Buffer[] = [];
  let at = 10;
  while (at < bytes.length && bytes[at] !== END) {
    at += bytes[at] === 0xfe ? 5 : 1;
    need(bytes, at, 1);
    const first = bytes[at]!;
    let head = 1;
    let length = 0;
    if (first < 0x40) length = first;
    else if (first < 0x80) {
      need(bytes, at, (head = 2));
      length = ((first & 63) << 8) | bytes[at + 1]!;
    } else if (first === 0x80) {
      need(bytes, at, (head = 5));
      length = bytes.readUInt32BE(at + 1);
    } else {
      const { value, size } = number(bytes, at, first);
      found.push(asBytes(value));
      at += size;
      continue;
    }
    need(bytes, at, head + length);
    found.push(bytes.subarray(at + head, at + head + length));
    at += head + length;
  }
  if (at !== bytes.length - 1) bad();
  return count !== 0xffff && count !== found.length ? bad() : found;
}

/** Widths of a ziplist's integers, by their mark. */
const WIDTHS: Readonly<Record<number, number>> = { 192: 2, 208: 4, 224: 8, 240: 3, 254: 1 };

function number(bytes: Buffer, at: number, first: number): { value: bigint | number; size: number } {
  if (first > 0xf0 && first < 0xfe) return { value: first - 0xf1, size: 1 };
  const width = WIDTHS[first] ?? bad();
  need(bytes, at, 1 + width);
  if (width === 8) return { value: bytes.readBigInt64LE(at + 1), size: 9 };
  return { value: bytes.readIntLE(at + 1, width), size: 1 + width };
}

/** The integers of an intset, as text. @throws BadPayload */
export function intset(bytes: Buffer): string[] {
  need(bytes, 0, 8);
  const width = bytes.readUInt32LE(0);
  const count = bytes.readUInt32LE(4);
  if ((width !== 2 && width !== 4 && width !== 8) || bytes.length !== 8 + width * count) bad();
  const found: string[] = [];
  for (let at = 8; at < bytes.length; at += width) {
    found.push(String(width === 8 ? bytes.readBigInt64LE(at) : bytes.readIntLE(at, width)));
  }
  return found;
}
