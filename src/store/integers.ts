// 64-bit integers in text, as strictly as Redis reads them: no sign but a minus, no leading zero, no space.
import type { Request } from '../resp/index.js';
import { NOT_INTEGER, reject } from './errors.js';

/** A signed 64-bit integer: a number where that is exact, else a bigint. */
export type Int64 = number | bigint;

const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

/** A bigint as Int64. */
export function int64(value: bigint): Int64 {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** The integer that latin1 `text` spells, or null. */
export function parseInt64(text: string): Int64 | null {
  const { length } = text;
  if (length === 0 || length > 20) return null;
  const first = text.charCodeAt(0);
  const from = first === 45 ? 1 : 0;
  if (length === from) return null;
  if (text.charCodeAt(from) === 48) return length === 1 ? 0 : null;
  let value = 0;
  for (let i = from; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  if (value <= Number.MAX_SAFE_INTEGER) return from === 1 ? -value : value;
  const exact = BigInt(text);
  return exact < INT64_MIN || exact > INT64_MAX ? null : exact;
}

/** Argument i as an integer. @throws ReplyError */
export function integerArgument(request: Request, i: number, error = NOT_INTEGER): Int64 {
  // Longer than any integer: not worth a string.
  const value = request.length(i) > 20 ? null : parseInt64(request.text(i));
  return value ?? reject(error);
}

/** Argument i as an integer that JavaScript holds exactly; beyond that: clamped. @throws ReplyError when it is none. */
export function clampedArgument(request: Request, i: number, error = NOT_INTEGER): number {
  const value = integerArgument(request, i, error);
  if (typeof value === 'number') return value;
  return value < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

/** a + b, or null when that is no 64-bit integer. */
export function addInt64(a: Int64, b: Int64): Int64 | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return sum < INT64_MIN || sum > INT64_MAX ? null : int64(sum);
}
