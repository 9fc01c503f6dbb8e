// Expiry times among arguments: seconds or milliseconds, relative or absolute -> absolute ms. Never reads a clock.
import type { Request } from '../resp/index.js';
import { reject } from './errors.js';
import { type Int64, integerArgument } from './integers.js';

/** How an expiry argument is written. */
export interface TimeForm {
  /** ms in one unit of the argument. */
  readonly unit: 1 | 1000;
  /** Whether it counts from now. */
  readonly relative: boolean;
}

export const EX: TimeForm = { unit: 1000, relative: true };
export const PX: TimeForm = { unit: 1, relative: true };
export const EXAT: TimeForm = { unit: 1000, relative: false };
export const PXAT: TimeForm = { unit: 1, relative: false };

/** The farthest expiry that is kept: exact as a number, in the year 287,396. What lies beyond is kept as this. */
const FARTHEST = Number.MAX_SAFE_INTEGER;
/** The farthest that is accepted, as in Redis. */
const LAST = 2n ** 63n - 1n;

/**
 * Absolute ms of an expiry given as argument i.
 * @throws ReplyError when it is no integer or too far away; `command` is named in the text.
 */
export function expiryArgument(
  request: Request,
  i: number,
  form: TimeForm,
  now: number,
  command: string,
): number {
  return absolute(integerArgument(request, i), form, now, command);
}

/** As expiryArgument(), for commands that take no zero or negative time. */
export function positiveExpiryArgument(
  request: Request,
  i: number,
  form: TimeForm,
  now: number,
  command: string,
): number {
  const value = integerArgument(request, i);
  if (value <= 0) invalid(command);
  return absolute(value, form, now, command);
}

function absolute(value: Int64, form: TimeForm, now: number, command: string): number {
  if (typeof value === 'number') {
    const near = value * form.unit + (form.relative ? now : 0);
    if (near >= 0 && Number.isSafeInteger(near)) return near;
  }
  const at = BigInt(value) * BigInt(form.unit) + (form.relative ? BigInt(now) : 0n);
  if (at > LAST || (form.unit === 1000 && BigInt(value) < -9223372036854775n)) invalid(command);
  // Before 1970 is as long ago as 1970; -1 stands for `never`.
  return at < 0n ? 0 : Math.min(Number(at), FARTHEST);
}

function invalid(command: string): never {
  reject(`ERR invalid expire time in '${command}' command`);
}
