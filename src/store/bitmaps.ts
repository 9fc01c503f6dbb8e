// Strings as arrays of bits: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP.
import { Buffer } from 'node:buffer';
import { GENERIC_EVENT, STRING_EVENT } from '../command/index.js';
import { MAX_BULK, type Request } from '../resp/index.js';
import type { Access } from './access.js';
import { countOnes, findBit } from './bits.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { ownedBytes, viewOf, writable } from './value.js';

export const BAD_OFFSET = 'ERR bit offset is not an integer or out of range';

/** Argument i as the offset of a bit. @throws ReplyError */
function bitOffset(request: Request, i: number): number {
  const offset = clampedArgument(request, i, BAD_OFFSET);
  if (offset < 0 || offset >= MAX_BULK * 8) reject(BAD_OFFSET);
  return offset;
}

function setbit(store: Access, request: Request, ctx: Context): void {
  const offset = bitOffset(request, 2);
  const bad = 'ERR bit is not an integer or out of range';
  const bit = clampedArgument(request, 3, bad);
  if (bit !== 0 && bit !== 1) reject(bad);
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  const index = Math.floor(offset / 8);
  const mask = 1 << (7 - (offset % 8));
  const grows = entry === undefined || entry.value.length <= index;
  const bytes = writable(entry?.value ?? '', index + 1);
  const before = (bytes[index]! & mask) === 0 ? 0 : 1;
  ctx.reply.integer(before);
  if (bit === before && !grows) return;
  bytes[index] = bit === 1 ? bytes[index]! | mask : bytes[index]! & ~mask;
  store.writeString(ctx, key, entry, ownedBytes(bytes));
  store.same(ctx, request);
  ctx.notify(STRING_EVENT, 'setbit', key);
}

function getbit(store: Access, request: Request, ctx: Context): void {
  const offset = bitOffset(request, 2);
  const value = store.findString(ctx, request.text(1))?.value ?? '';
  const index = Math.floor(offset / 8);
  let byte = 0;
  if (index < value.length) byte = typeof value === 'string' ? value.charCodeAt(index) : value[index]!;
  ctx.reply.integer((byte >> (7 - (offset % 8))) & 1);
}

/** The range that two indexes and a unit name, as bits; `last < first`: empty. */
interface BitRange {
  first: number;
  last: number;
}

/** Whether argument i says BIT rather than BYTE. @throws ReplyError */
function inBits(request: Request, i: number): boolean {
  if (i >= request.argc || request.is(i, 'byte')) return false;
  return request.is(i, 'bit') || reject(SYNTAX);
}

/** Clips start and end (negative: from the end) to a value of `length` bytes. */
function clip(start: number, end: number, length: number, bits: boolean): BitRange {
  const total = bits ? length * 8 : length;
  if (start < 0) start = Math.max(0, start + total);
  if (end < 0) end = Math.max(0, end + total);
  end = Math.min(end, total - 1);
  if (start > end) return { first: 0, last: -1 };
  return bits ? { first: start, last: end } : { first: start * 8, last: end * 8 + 7 };
}

function bitcount(store: Access, request: Request, ctx: Context): void {
  const entry = store.findString(ctx, request.text(1));
  if (entry === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const { value } = entry;
  let range: BitRange = { first: 0, last: value.length * 8 - 1 };
  if (request.argc === 4 || request.argc === 5) {
    const start = clampedArgument(request, 2);
    const end = clampedArgument(request, 3);
    // Both before the beginning and crossed: empty, although clipping would make them meet. Before the unit is read.
    if (start < 0 && end < 0 && start > end) range = { first: 0, last: -1 };
    else range = clip(start, end, value.length, inBits(request, 4));
  } else if (request.argc !== 2) reject(SYNTAX);
  ctx.reply.integer(range.last < range.first ? 0 : countOnes(viewOf(value), range.first, range.last));
}

function bitpos(store: Access, request: Request, ctx: Context): void {
  const wrong = 'ERR The bit argument must be 1 or 0.';
  const bit = clampedArgument(request, 2);
  if (bit !== 0 && bit !== 1) reject(wrong);
  const entry = store.findString(ctx, request.text(1));
  if (entry === undefined) {
    ctx.reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  const { value } = entry;
  let range: BitRange = { first: 0, last: value.length * 8 - 1 };
  if (request.argc >= 4 && request.argc <= 6) {
    const start = clampedArgument(request, 3);
    const bits = inBits(request, 5);
    const end = request.argc >= 5 ? clampedArgument(request, 4) : -1;
    range = clip(start, end, value.length, bits);
  } else if (request.argc !== 3) reject(SYNTAX);
  if (range.last < range.first) {
    ctx.reply.integer(-1);
    return;
  }
  const found = findBit(viewOf(value), bit, range.first, range.last);
  // A string without an end given is as if followed by zeros.
  ctx.reply.integer(found === -1 && bit === 0 && request.argc < 5 ? range.last + 1 : found);
}

// ---- BITOP

const OPERATIONS: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['and', (a, b) => a & b],
  ['or', (a, b) => a | b],
  ['xor', (a, b) => a ^ b],
];

function combine(
  sources: readonly Buffer[],
  length: number,
  apply: (a: number, b: number) => number,
): Buffer {
  const out = Buffer.alloc(length);
  sources[0]!.copy(out);
  for (const source of sources.slice(1)) {
    for (let i = 0; i < length; i++) out[i] = apply(out[i]!, i < source.length ? source[i]! : 0);
  }
  return out;
}

function bitop(store: Access, request: Request, ctx: Context): void {
  const not = request.is(1, 'not');
  const operation = OPERATIONS.find(([name]) => request.is(1, name))?.[1];
  if (!not && operation === undefined) reject(SYNTAX);
  if (not && request.argc !== 4) reject('ERR BITOP NOT must be called with a single source key.');
  const sources: Buffer[] = [];
  let length = 0;
  ctx.reads = true;
  for (let i = 3; i < request.argc; i++) {
    const value = store.findString(ctx, request.text(i))?.value ?? '';
    sources.push(viewOf(value));
    length = Math.max(length, value.length);
  }
  const target = request.text(2);
  ctx.reads = false;
  if (length === 0) {
    if (store.findQuiet(ctx, target) !== undefined) {
      store.delete(ctx, target);
      store.effect(ctx, 'DEL', target);
      ctx.notify(GENERIC_EVENT, 'del', target);
    }
  } else {
    let result: Buffer;
    if (operation === undefined) {
      result = Buffer.alloc(length);
      for (let i = 0; i < length; i++) result[i] = ~sources[0]![i]!;
    } else result = combine(sources, length, operation);
    store.putString(ctx, target, ownedBytes(result), -1);
    store.same(ctx, request);
    ctx.notify(STRING_EVENT, 'set', target);
  }
  ctx.reply.integer(length);
}

export const BITMAPS: Handlers = { setbit, getbit, bitcount, bitpos, bitop };
