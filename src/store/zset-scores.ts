// Scores in text: read as C's strtod reads them, written as Redis writes doubles (`%.17g`). Pure.
import type { Request } from '../resp/index.js';
import { reject } from './errors.js';

/** What strtod makes of the beginning of a text. */
interface Scanned {
  readonly value: number;
  /** Characters that were used; 0: none of them is a number. */
  readonly used: number;
  /** Too large for a double, or so small that it became 0. */
  readonly outside: boolean;
}

const SPACE = /^[ \t\n\v\f\r]*/;
const WORD = /^([+-]?)(inf(?:inity)?|nan(?:\([a-z0-9_]*\))?)/i;
const HEX = /^([+-]?)0x(?:([0-9a-f]+)(?:\.([0-9a-f]*))?|\.([0-9a-f]+))(?:p([+-]?[0-9]+))?/i;
const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?/i;
const MOST = 2 ** 1023;

/** n x 2^power. @returns Infinity or 0 where a double cannot hold it */
function scaled(n: bigint, power: number): number {
  let bits = n.toString(2).length;
  // Leading zeros aside, only 53 bits count; below them one bit says whether anything was cut off.
  if (bits > 64) {
    const cut = BigInt(bits - 64);
    const rest = n & ((1n << cut) - 1n);
    n = (n >> cut) | (rest === 0n ? 0n : 1n);
    power += bits - 64;
    bits = 64;
  }
  if (bits + power > 1024) return Number.POSITIVE_INFINITY;
  if (bits + power < -1075) return 0;
  let value = Number(n);
  for (; power > 1000; power -= 1000) value *= 2 ** 1000;
  for (; power < -1000; power += 1000) value /= 2 ** 1000;
  return value * 2 ** power;
}

function scan(text: string): Scanned {
  const skipped = SPACE.exec(text)![0].length;
  const rest = skipped === 0 ? text : text.slice(skipped);
  const word = WORD.exec(rest);
  if (word !== null) {
    const value = word[2]![0]!.toLowerCase() === 'n' ? Number.NaN : Number.POSITIVE_INFINITY;
    return { value: word[1] === '-' ? -value : value, used: skipped + word[0].length, outside: false };
  }
  const hex = HEX.exec(rest);
  if (hex !== null) {
    const fraction = hex[3] ?? hex[4] ?? '';
    const n = BigInt(`0x${hex[2] ?? ''}${fraction}`);
    const size = n === 0n ? 0 : scaled(n, Number(hex[5] ?? 0) - 4 * fraction.length);
    const outside = n !== 0n && (size === 0 || size > MOST * 2);
    return { value: hex[1] === '-' ? -size : size, used: skipped + hex[0].length, outside };
  }
  const decimal = DECIMAL.exec(rest);
  if (decimal === null) return { value: 0, used: 0, outside: false };
  const value = Number(decimal[0]);
  const zero = value === 0 && /[1-9]/.test(decimal[0].replace(/e.*/i, ''));
  return { value, used: skipped + decimal[0].length, outside: zero || !Number.isFinite(value) };
}

const PLAIN = /^-?(?:0|[1-9][0-9]{0,14})$/;

/** The double that the whole of `text` spells; null: none, NaN, or out of range. */
export function parseScore(text: string): number | null {
  if (PLAIN.test(text)) return Number(text);
  if (text.length === 0 || SPACE.exec(text)![0].length > 0) return null;
  const { value, used, outside } = scan(text);
  return used !== text.length || outside || Number.isNaN(value) ? null : value;
}

/** Argument i as a score. @throws ReplyError */
export function scoreArgument(request: Request, i: number, error = 'ERR value is not a valid float'): number {
  return parseScore(request.text(i)) ?? reject(error);
}

/**
 * What C makes of a text that it reads up to its first zero byte: no number is 0, what is too large is infinite.
 * @returns null when something follows the number, or when it is none and not empty
 */
export function looseNumber(text: string): { value: number; outside: boolean } | null {
  const end = text.indexOf('\0');
  const string = end < 0 ? text : text.slice(0, end);
  const { value, used, outside } = scan(string);
  return used === string.length && !Number.isNaN(value) ? { value, outside } : null;
}

/** As C's `%.17g` prints it; infinities as `inf`, `-inf`. */
export function formatScore(score: number): string {
  if (Number.isInteger(score) && score < 1e15 && score > -1e15) {
    return score === 0 && Object.is(score, -0) ? '-0' : String(score);
  }
  if (!Number.isFinite(score)) return score > 0 ? 'inf' : '-inf';
  // d.dddde+x: from it the form that %g chooses.
  const [mantissa, power] = rounded(score).split('e') as [string, string];
  const exponent = Number(power);
  const negative = mantissa[0] === '-' ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '');
  if (exponent < -4 || exponent >= DIGITS) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${negative}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return negative + whole + (fraction === '' ? '' : `.${fraction}`);
}

const DIGITS = 17;

/** 17 digits in exponential form; where exactly half is cut off, the last digit is even, as C has it. */
function rounded(score: number): string {
  const text = score.toExponential(DIGITS - 1);
  const longer = score.toExponential(DIGITS);
  const [digits, power] = longer.split('e') as [string, string];
  if (!digits.endsWith('5')) return text;
  // Exact as far as it goes: a half is a half when only zeros follow.
  const exact = score.toExponential(100).replace(/[-.]|e.*/g, '');
  if (!/^50*$/.test(exact.slice(DIGITS))) return text;
  const kept = digits.slice(0, -1);
  return Number(kept.at(-1)) % 2 === 0 ? `${kept}e${power}` : text;
}
