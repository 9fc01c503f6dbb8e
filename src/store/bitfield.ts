// BITFIELD: integers of any width anywhere in a string. All arguments are read before anything is done.
import { STRING_EVENT } from '../command/index.js';
import { MAX_BULK, type Request } from '../resp/index.js';
import type { Access } from './access.js';
import { BAD_OFFSET } from './bitmaps.js';
import { readBits, writeBits } from './bits.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { integerArgument, parseInt64 } from './integers.js';
import { ownedBytes, viewOf, writable } from './value.js';

type Overflow = 'wrap' | 'sat' | 'fail';

interface Step {
  readonly kind: 'get' | 'set' | 'incrby';
  readonly signed: boolean;
  readonly bits: number;
  readonly offset: number;
  readonly overflow: Overflow;
  readonly operand: bigint;
}

function fieldType(text: string): { signed: boolean; bits: number } {
  const signed = text[0] === 'i';
  const bits = signed || text[0] === 'u' ? parseInt64(text.slice(1)) : null;
  if (typeof bits !== 'number' || bits < 1 || bits > (signed ? 64 : 63)) {
    reject(
      'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
    );
  }
  return { signed, bits };
}

/** A bit offset; `#n`: n times the width of the field. */
function fieldOffset(text: string, bits: number): number {
  const hash = text[0] === '#';
  const value = parseInt64(hash ? text.slice(1) : text);
  if (typeof value !== 'number' || value < 0) reject(BAD_OFFSET);
  const offset = hash ? value * bits : value;
  if (offset >= MAX_BULK * 8) reject(BAD_OFFSET);
  return offset;
}

function overflowOf(request: Request, i: number): Overflow {
  if (request.is(i, 'wrap')) return 'wrap';
  if (request.is(i, 'sat')) return 'sat';
  return request.is(i, 'fail') ? 'fail' : reject('ERR Invalid OVERFLOW type specified');
}

function steps(request: Request): Step[] {
  const found: Step[] = [];
  let overflow: Overflow = 'wrap';
  for (let i = 2; i < request.argc; ) {
    const left = request.argc - i - 1;
    if (request.is(i, 'overflow') && left >= 1) {
      overflow = overflowOf(request, i + 1);
      i += 2;
      continue;
    }
    const get = request.is(i, 'get') && left >= 2;
    const set = request.is(i, 'set') && left >= 3;
    if (!get && !set && !(request.is(i, 'incrby') && left >= 3)) reject(SYNTAX);
    const { signed, bits } = fieldType(request.text(i + 1));
    const offset = fieldOffset(request.text(i + 2), bits);
    const operand = get ? 0n : BigInt(integerArgument(request, i + 3));
    found.push({ kind: get ? 'get' : set ? 'set' : 'incrby', signed, bits, offset, overflow, operand });
    i += get ? 3 : 4;
  }
  return found;
}

/** `value` as the field can hold it, by the step's overflow rule; null: it cannot, and the rule is FAIL. */
function fit(step: Step, value: bigint): bigint | null {
  const { signed, bits } = step;
  const max = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  const min = signed ? -max - 1n : 0n;
  if (value >= min && value <= max) return value;
  if (step.overflow === 'fail') return null;
  if (step.overflow === 'sat') return value > max ? max : min;
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function read(bytes: Buffer, step: Step): bigint {
  const value = readBits(bytes, step.offset, step.bits);
  return step.signed ? BigInt.asIntN(step.bits, value) : value;
}

function bitfield(store: Access, request: Request, ctx: Context, readonly: boolean): void {
  const todo = steps(request);
  const writes = todo.filter((step) => step.kind !== 'get');
  if (readonly && writes.length > 0) reject('ERR BITFIELD_RO only supports the GET subcommand');
  const key = request.text(1);
  // Redis looks it up as a reader unless it writes.
  ctx.reads = writes.length === 0;
  const entry = store.findString(ctx, key);
  const end = Math.max(0, ...writes.map((step) => Math.floor((step.offset + step.bits - 1) / 8) + 1));
  const value = entry?.value ?? '';
  const bytes = writes.length > 0 ? writable(value, end) : viewOf(value);
  const grew = writes.length > 0 && (entry === undefined || end > value.length);
  let changes = 0;
  ctx.reply.array(todo.length);
  // Redis announces what is set to what it was only if the string has grown for it.
  let changed = false;
  const grown = entry === undefined || end > value.length;
  for (const step of todo) {
    const old = read(bytes, step);
    if (step.kind === 'get') {
      ctx.reply.integer(old);
      continue;
    }
    // SET takes a negative number for an unsigned field as the large number with the same 64 bits.
    const set = step.signed ? step.operand : BigInt.asUintN(64, step.operand);
    const next = fit(step, step.kind === 'set' ? set : old + step.operand);
    if (next === null) {
      ctx.reply.nil();
      continue;
    }
    if (grew || next !== old) changes++;
    writeBits(bytes, step.offset, step.bits, next);
    changed ||= grown || next !== old;
    ctx.reply.integer(step.kind === 'set' ? old : next);
  }
  // Also when every write failed: the string may have grown to hold the fields.
  if (changes === 0 && !grew) return;
  store.writeString(ctx, key, entry, ownedBytes(bytes));
  ctx.dirty += Math.max(0, changes - 1);
  store.same(ctx, request);
  if (changed) ctx.notify(STRING_EVENT, 'setbit', key);
}

export const BITFIELD: Handlers = {
  bitfield: (store, request, ctx) => bitfield(store, request, ctx, false),
  bitfield_ro: (store, request, ctx) => bitfield(store, request, ctx, true),
};
