// The sparse form of a HyperLogLog's registers: runs of equal ones, as Redis writes them. `00xxxxxx`: x + 1 zeros;
// `01xxxxxx yyyyyyyy`: xy + 1 zeros; `1vvvvvxx`: x + 1 registers of value v + 1. How a run is split and its neighbours
// joined decides the bytes, so it is done in Redis's order. Knows nothing of heads or limits.
import { Buffer } from 'node:buffer';

const ZERO_MAX = 64;
const VALUE_RUN_MAX = 4;
/** How many runs are looked at, from the one before the change on, for two that can be joined. */
const JOIN_LOOKS = 5;

/** A run of equal registers, and the bytes [from, to) that say it. */
export interface Run {
  value: number;
  length: number;
  from: number;
  to: number;
}

/** The run that holds a register, and which register is its first. */
export interface Place extends Run {
  first: number;
  /** Where the run before it begins; -1: there is none. */
  before: number;
}

const isLong = (byte: number): boolean => (byte & 0xc0) === 0x40;
const isValue = (byte: number): boolean => (byte & 0x80) !== 0;
const levelOf = (byte: number): number => ((byte >> 2) & 31) + 1;
const levelRun = (byte: number): number => (byte & 3) + 1;
const valueByte = (value: number, length: number): number => 0x80 | ((value - 1) << 2) | (length - 1);

/** Reads the run that begins at byte `at` into `run`. */
function readRun(bytes: Uint8Array, at: number, run: Run): void {
  const byte = bytes[at]!;
  run.from = at;
  run.to = at + 1;
  run.value = 0;
  if (isValue(byte)) {
    run.value = levelOf(byte);
    run.length = levelRun(byte);
  } else if (isLong(byte)) {
    run.length = (((byte & 63) << 8) | (bytes[at + 1] ?? 0)) + 1;
    run.to++;
  } else run.length = (byte & 63) + 1;
}

/** Every run from byte `from` on. The object is the same one each time. */
export function* runs(bytes: Uint8Array, from: number): Generator<Run> {
  const run: Run = { value: 0, length: 0, from, to: from };
  while (run.to < bytes.length) {
    readRun(bytes, run.to, run);
    yield run;
  }
}

/** Where register `index` is; null: the runs end before it. */
export function placeIn(bytes: Uint8Array, from: number, index: number): Place | null {
  const place: Place = { value: 0, length: 0, from, to: from, first: 0, before: -1 };
  // Without runs(): an addition looks at a thousand runs, and a command may make many.
  while (place.to < bytes.length) {
    readRun(bytes, place.to, place);
    if (index < place.first + place.length) return place;
    place.before = place.from;
    place.first += place.length;
  }
  return null;
}

/** The bytes of a run of `length` registers; none: no bytes. */
function runBytes(value: number, length: number): number[] {
  if (length === 0) return [];
  if (value > 0) return [valueByte(value, length)];
  return length > ZERO_MAX ? [0x40 | ((length - 1) >> 8), (length - 1) & 0xff] : [length - 1];
}

/** The bytes with register `index`, which `place` holds, raised to `value` (at most 32): new ones, perhaps longer. */
export function splitRun(bytes: Buffer, from: number, place: Place, index: number, value: number): Buffer {
  const { first, length, before } = place;
  const parts = [
    ...runBytes(place.value, index - first),
    valueByte(value, 1),
    ...runBytes(place.value, first + length - 1 - index),
  ];
  const split = Buffer.concat([
    bytes.subarray(0, place.from),
    Buffer.from(parts),
    bytes.subarray(Math.min(place.to, bytes.length)),
  ]);
  return joined(split, before === -1 ? from : before);
}

/** Joins neighbours of the same value near a change. */
function joined(bytes: Buffer, from: number): Buffer {
  let end = bytes.length;
  let at = from;
  for (let looks = JOIN_LOOKS; at < end && looks > 0; looks--) {
    const byte = bytes[at]!;
    if (!isValue(byte)) {
      at += isLong(byte) ? 2 : 1;
      continue;
    }
    const next = at + 1 < end ? bytes[at + 1]! : 0;
    const length = levelRun(byte) + (isValue(next) ? levelRun(next) : 0);
    if (isValue(next) && levelOf(next) === levelOf(byte) && length <= VALUE_RUN_MAX) {
      // The joined one is looked at again: it may go together with the one behind it.
      bytes[at + 1] = valueByte(levelOf(byte), length);
      bytes.copyWithin(at, at + 1, end);
      end--;
      continue;
    }
    at++;
  }
  return bytes.subarray(0, end);
}
