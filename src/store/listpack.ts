// Elements of Redis's listpacks: integers and strings, each with its length behind it. Reading for what is trusted, and
// reading that checks every offset for what is not; writing in the very form that Redis chooses. Knows no type of value.
import { Buffer } from 'node:buffer';
import { parseInt64 } from './integers.js';
import { bad } from './rdb-reader.js';

/** The byte behind the last element. */
export const LISTPACK_END = 0xff;
/** Bytes in front of the first element: the size of the whole, and the number of elements. */
export const LISTPACK_HEAD = 6;

/** An element: what it holds. */
export type Element = Buffer | bigint | number;

/** A number of bytes that must be there. */
export function need(bytes: Buffer, at: number, count: number): void {
  if (at + count > bytes.length) bad();
}

/** Bytes that the length behind an element takes. */
export function backLength(size: number): number {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

/** Integers longer than two bytes, by their marks. */
const WIDTHS = [2, 3, 4, 8];

/** One element of a listpack: its bytes, and how many it takes in front of its back length. @throws BadPayload */
export function element(bytes: Buffer, at: number): { value: Element; size: number } {
  need(bytes, at, 1);
  const first = bytes[at]!;
  const string = (head: number, length: number) => {
    need(bytes, at, head + length);
    return { value: bytes.subarray(at + head, at + head + length), size: head + length };
  };
  if (first < 0x80) return { value: first, size: 1 };
  if (first < 0xc0) return string(1, first & 63);
  if (first < 0xf0) {
    need(bytes, at, 2);
    const low = ((first & (first < 0xe0 ? 31 : 15)) << 8) | bytes[at + 1]!;
    if (first >= 0xe0) return string(2, low);
    return { value: low >= 4096 ? low - 8192 : low, size: 2 };
  }
  if (first === 0xf0) {
    need(bytes, at, 5);
    return string(5, bytes.readUInt32LE(at + 1));
  }
  const width = WIDTHS[first - 0xf1] ?? bad();
  need(bytes, at, 1 + width);
  if (width === 8) return { value: bytes.readBigInt64LE(at + 1), size: 9 };
  return { value: bytes.readIntLE(at + 1, width), size: 1 + width };
}

/** Where the next element begins; of elements that were checked, or written here. */
export function elementEnd(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return at + 2;
  let size: number;
  if (first < 0xc0) size = 1 + (first & 63);
  else if (first < 0xe0) return at + 3;
  else if (first < 0xf0) size = 2 + (((first & 15) << 8) | bytes[at + 1]!);
  else if (first === 0xf0) size = 5 + bytes.readUInt32LE(at + 1);
  else size = 1 + WIDTHS[first - 0xf1]!;
  return at + size + backLength(size);
}

/** A small integer; of elements that were checked. */
export function integerAt(bytes: Buffer, at: number): number | bigint {
  const first = bytes[at]!;
  return first < 0x80 ? first : (element(bytes, at).value as number | bigint);
}

/** The element as the text or the bytes that were put in; a view, good until the next change. */
export function textAt(bytes: Buffer, at: number): Buffer | string {
  const { value } = element(bytes, at);
  return Buffer.isBuffer(value) ? value : String(value);
}

/** Bytes that an integer takes, its back length left out. */
export function integerSize(value: number | bigint): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -32768 && value <= 32767) return 3;
  if (value >= -8388608 && value <= 8388607) return 4;
  return value >= -2147483648 && value <= 2147483647 ? 5 : 9;
}

/** Writes elements, one behind the other; grows as needed. */
export class ListpackWriter {
  constructor(
    public bytes: Buffer,
    public used = 0,
  ) {}

  private room(count: number): void {
    const wanted = this.used + count;
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, Math.min(2 * this.bytes.length, wanted + 65536)));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  /** The length behind an element, to be read backwards. */
  private back(size: number): void {
    const { bytes } = this;
    const length = backLength(size);
    for (let i = length - 1, left = size; i >= 0; i--, left = Math.floor(left / 128))
      bytes[this.used + i] = (left & 127) | (i === 0 ? 0 : 128);
    this.used += length;
  }

  integer(value: number | bigint): void {
    const size = integerSize(value);
    this.room(size + 1);
    const { bytes, used } = this;
    if (size === 1) bytes[used] = Number(value);
    else if (size === 2) bytes.writeUInt16BE(0xc000 | (Number(value) & 0x1fff), used);
    else {
      bytes[used] = 0xf1 + WIDTHS.indexOf(size - 1);
      if (size === 9) bytes.writeBigInt64LE(BigInt(value), used + 1);
      else bytes.writeIntLE(Number(value), used + 1, size - 1);
    }
    this.used += size;
    this.back(size);
  }

  /** A string; one that spells an integer becomes one. */
  text(value: Buffer): void {
    const { length } = value;
    const number = length <= 20 ? parseInt64(value.latin1Slice(0, length)) : null;
    if (number !== null) return this.integer(number);
    this.room(length + 10);
    const { bytes, used } = this;
    let head = 1;
    if (length < 64) bytes[used] = 0x80 | length;
    else if (length < 4096) {
      head = 2;
      bytes.writeUInt16BE(0xe000 | length, used);
    } else {
      head = 5;
      bytes[used] = 0xf0;
      bytes.writeUInt32LE(length, used + 1);
    }
    value.copy(bytes, used + head);
    this.used += head + length;
    this.back(head + length);
  }
}
