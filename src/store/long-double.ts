// The 80-bit floating point numbers of x86-64, in which Redis computes INCRBYFLOAT, with exact integers:
// a 64-bit mantissa and a binary exponent, round half to even, printed with 17 decimals.
// The answers are bit for bit those of Redis on x86-64, on any machine.

/** mantissa x 2^exponent, mantissa below 2^64; `infinite` outweighs both. */
export interface LongDouble {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly infinite: boolean;
}

const BITS = 64;
/** Exponent of the lowest bit: of denormals, and one past that of the largest number's mantissa. */
const LOWEST = -16445;
const HIGHEST = 16384 - BITS;
/** Longest text that Redis reads as a number, bytes. */
const MAX_TEXT = 5 * 1024 - 1;

const bitLength = (n: bigint) => (n === 0n ? 0 : n.toString(2).length);

function infinity(negative: boolean): LongDouble {
  return { negative, mantissa: 0n, exponent: 0, infinite: true };
}

/** n x 2^exponent rounded to what 80 bits hold; `sticky`: something smaller than the lowest bit of n was cut off. */
function round(negative: boolean, n: bigint, exponent: number, sticky: boolean): LongDouble {
  const drop = Math.max(bitLength(n) - BITS, LOWEST - exponent);
  if (drop > 0) {
    const cut = BigInt(drop);
    const rest = n & ((1n << cut) - 1n);
    const half = 1n << (cut - 1n);
    n >>= cut;
    exponent += drop;
    if (rest > half || (rest === half && (sticky || (n & 1n) === 1n))) n += 1n;
    if (bitLength(n) > BITS) {
      n >>= 1n;
      exponent++;
    }
  }
  if (n === 0n) return { negative, mantissa: 0n, exponent: 0, infinite: false };
  if (exponent + bitLength(n) > HIGHEST + BITS) return infinity(negative);
  return { negative, mantissa: n, exponent, infinite: false };
}

/** numerator / denominator, rounded. */
function divide(negative: boolean, numerator: bigint, denominator: bigint): LongDouble {
  const shift = BITS + 2 - (bitLength(numerator) - bitLength(denominator));
  const scaled = shift > 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  return round(negative, scaled / divisor, -shift, scaled % divisor !== 0n);
}

const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
const HEX = /^([+-]?)0x(?:([0-9a-f]+)(?:\.([0-9a-f]*))?|\.([0-9a-f]+))(?:p([+-]?\d+))?$/i;

/** What C's strtold makes of the whole of `text`; null when Redis refuses it (also: out of range, NaN). */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length === 0 || text.length > MAX_TEXT) return null;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinity(infinite[1] === '-');
  const hex = HEX.exec(text);
  const match = hex ?? DECIMAL.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? match[4] ?? '';
  const digits = (match[2] ?? '') + fraction;
  const n = BigInt(hex === null ? digits : `0x${digits}`);
  const negative = match[1] === '-';
  if (n === 0n) return { negative, mantissa: 0n, exponent: 0, infinite: false };
  const power = Number(match[5] ?? 0);
  let value: LongDouble;
  if (hex !== null) {
    const exponent = power - 4 * fraction.length;
    if (Math.abs(power) > 100_000) return null;
    value = round(negative, n, exponent, false);
  } else {
    const exponent = power - fraction.length;
    // Far outside the range: refused before a power of ten is computed.
    if (Math.abs(power) > 20_000) return null;
    value =
      exponent >= 0
        ? round(negative, n * 10n ** BigInt(exponent), 0, false)
        : divide(negative, n, 10n ** BigInt(-exponent));
  }
  return value.infinite || value.mantissa === 0n ? null : value;
}

/** a + b as the processor adds them. Of two opposite infinities: an infinity. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble {
  if (a.infinite || b.infinite) return infinity(a.infinite ? a.negative : b.negative);
  const exponent = Math.min(a.exponent, b.exponent);
  const left = (a.negative ? -a.mantissa : a.mantissa) << BigInt(a.exponent - exponent);
  const right = (b.negative ? -b.mantissa : b.mantissa) << BigInt(b.exponent - exponent);
  const sum = left + right;
  return round(sum < 0n, sum < 0n ? -sum : sum, exponent, false);
}

/** Whether it is a number. */
export function isFinite80(value: LongDouble): boolean {
  return !value.infinite;
}

/** With up to 17 decimals, without an exponent and without trailing zeros. */
export function formatLongDouble(value: LongDouble): string {
  const scaled = value.mantissa * 10n ** 17n;
  let n: bigint;
  if (value.exponent >= 0) n = scaled << BigInt(value.exponent);
  else {
    const cut = BigInt(-value.exponent);
    const rest = scaled & ((1n << cut) - 1n);
    const half = 1n << (cut - 1n);
    n = scaled >> cut;
    if (rest > half || (rest === half && (n & 1n) === 1n)) n += 1n;
  }
  const digits = n.toString().padStart(18, '0');
  const fraction = digits.slice(-17).replace(/0+$/, '');
  const text = digits.slice(0, -17) + (fraction === '' ? '' : `.${fraction}`);
  return value.negative && text !== '0' ? `-${text}` : text;
}
