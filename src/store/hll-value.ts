// A HyperLogLog as Redis keeps it in a string: 16 bytes of head (magic, encoding, the cardinality that was counted
// last), then the registers, dense (6 bits each) or sparse (runs). Byte for byte what Redis 7.0 writes, so that a value
// can go to one and come from one. Knows no keys and no commands.
import { Buffer } from 'node:buffer';
import { ReplyError, reject } from './errors.js';
import { estimate } from './hll-count.js';
import { REGISTERS } from './hll-hash.js';
import { type Place, placeIn, type Run, runs, splitRun } from './hll-sparse.js';
import type { Int64 } from './integers.js';

const HEAD = 16;
const DENSE_SIZE = HEAD + (REGISTERS * 6) / 8;
const DENSE = 0;
const SPARSE = 1;
/** Byte of the head that says how registers are kept; where the cardinality begins; its last byte. */
const ENCODING = 4;
export const CARDINALITY = 8;
const CARDINALITY_END = 16;
/** Set in the cardinality's last byte: it must be counted anew. */
const STALE = 0x80;
/** Bytes beyond which a sparse one becomes dense: Redis's default of hll-sparse-max-bytes. */
const SPARSE_MAX_BYTES = 3000;
/** The greatest value that a run can say. */
const SPARSE_MAX_VALUE = 32;

const NOT_ONE = 'WRONGTYPE Key is not a valid HyperLogLog string value.';
const CORRUPTED = 'INVALIDOBJ Corrupted HLL object detected';

/** A new one, sparse: one run of zeros. */
const EMPTY = Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff', 'latin1');

/** One HyperLogLog. */
export class HyperLogLog {
  /** @param bytes owned by it from now on: it changes them, or leaves them for others */
  private constructor(public bytes: Buffer) {}

  static empty(): HyperLogLog {
    return new HyperLogLog(Buffer.from(EMPTY));
  }

  /** @throws ReplyError when the bytes are no HyperLogLog's; runs are looked at only when they are needed */
  static of(bytes: Buffer): HyperLogLog {
    const known = bytes.length >= HEAD && bytes.latin1Slice(0, 4) === 'HYLL' && bytes[ENCODING]! <= SPARSE;
    if (!known || (bytes[ENCODING] === DENSE && bytes.length !== DENSE_SIZE)) reject(NOT_ONE);
    return new HyperLogLog(bytes);
  }

  get dense(): boolean {
    return this.bytes[ENCODING] === DENSE;
  }
  /** The cardinality that was counted last; null: something was added since. */
  get counted(): bigint | null {
    return (this.bytes[CARDINALITY_END - 1]! & STALE) === 0 ? this.bytes.readBigUInt64LE(CARDINALITY) : null;
  }
  remember(cardinality: Int64): void {
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(cardinality)), CARDINALITY);
  }
  forget(): void {
    this.bytes[CARDINALITY_END - 1]! |= STALE;
  }

  /** Calls `see` with each run of registers, in order. @throws ReplyError when they are not as many as there should be */
  private each(see: (value: number, length: number, at: number) => void): void {
    if (this.dense) {
      for (let i = 0; i < REGISTERS; i++) see(this.get(i), 1, i);
      return;
    }
    let at = 0;
    for (const { value, length } of runs(this.bytes, HEAD)) {
      if (at + length > REGISTERS) throw new ReplyError(CORRUPTED);
      see(value, length, at);
      at += length;
    }
    if (at !== REGISTERS) throw new ReplyError(CORRUPTED);
  }

  /** Its runs, as they are. */
  runs(): Iterable<Run> {
    return runs(this.bytes, HEAD);
  }

  /** The registers' values. @throws ReplyError when it is corrupted */
  registers(): Uint8Array {
    const all = new Uint8Array(REGISTERS);
    this.mergeInto(all);
    return all;
  }

  /** Raises each of `all` to what it is here. @throws ReplyError when it is corrupted */
  mergeInto(all: Uint8Array): void {
    this.each((value, length, at) => {
      for (let i = at; i < at + length; i++) if (value > all[i]!) all[i] = value;
    });
  }

  /** @throws ReplyError when it is corrupted */
  count(): Int64 {
    const histogram = new Uint32Array(64);
    this.each((value, length) => {
      histogram[value]! += length;
    });
    return estimate(histogram);
  }

  /** Makes it dense if it is not. @returns whether it was not. @throws ReplyError when it is corrupted */
  toDense(): boolean {
    if (this.dense) return false;
    const wide = new HyperLogLog(Buffer.alloc(DENSE_SIZE));
    this.bytes.copy(wide.bytes, 0, 0, HEAD);
    wide.bytes[ENCODING] = DENSE;
    this.each((value, length, at) => {
      if (value > 0) for (let i = at; i < at + length; i++) wide.put(i, value);
    });
    this.bytes = wide.bytes;
    return true;
  }

  /** Raises a register to `value`. @returns whether it was lower. @throws ReplyError when it is corrupted */
  raise(index: number, value: number): boolean {
    if (!this.dense) {
      if (value <= SPARSE_MAX_VALUE) {
        const place = placeIn(this.bytes, HEAD, index);
        if (place === null) throw new ReplyError(CORRUPTED);
        if (place.value >= value) return false;
        if (this.split(place, index, value)) return true;
      }
      this.toDense();
    }
    if (this.get(index) >= value) return false;
    this.put(index, value);
    return true;
  }

  /** Splits the run that holds a register. @returns false when it would take too much room */
  private split(place: Place, index: number, value: number): boolean {
    const bytes = splitRun(this.bytes, HEAD, place, index, value);
    if (bytes.length > this.bytes.length && bytes.length > SPARSE_MAX_BYTES) return false;
    this.bytes = bytes;
    return true;
  }

  // ---- dense: register i is the 6 bits from bit 6 * i on, the lowest bit of a byte first

  private get(index: number): number {
    const bit = index * 6;
    const at = HEAD + (bit >> 3);
    return (((this.bytes[at]! | ((this.bytes[at + 1] ?? 0) << 8)) >> (bit & 7)) & 63) >>> 0;
  }
  private put(index: number, value: number): void {
    const bit = index * 6;
    const at = HEAD + (bit >> 3);
    const shift = bit & 7;
    const mask = 63 << shift;
    const both = value << shift;
    this.bytes[at] = (this.bytes[at]! & ~mask) | both;
    if (shift > 2) this.bytes[at + 1] = (this.bytes[at + 1]! & ~(mask >> 8)) | (both >> 8);
  }
}

/** How many elements registers have seen together. */
export function countRegisters(registers: Uint8Array): Int64 {
  const histogram = new Uint32Array(64);
  for (const value of registers) histogram[value]!++;
  return estimate(histogram);
}
