// How many distinct elements a HyperLogLog has seen, from how many of its registers have each value: Otmar Ertl's
// estimator (arXiv:1702.01284), in the order of operations that gives Redis's numbers to the last one. Pure.
import { REGISTERS, VALUE_BITS } from './hll-hash.js';
import { INT64_MIN, type Int64, int64 } from './integers.js';

const ALPHA = 0.7213475204444817;

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let x = start;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let x = start;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}

/**
 * The estimate. Of registers that no elements can have set (a forged value) it may be no 64-bit integer: then the least of
 * all integers, as Redis's conversion gives it. @param histogram how many of the registers have the value i; 64 numbers
 */
export function estimate(histogram: Uint32Array): Int64 {
  let z = REGISTERS * tau((REGISTERS - histogram[VALUE_BITS + 1]!) / REGISTERS);
  for (let value = VALUE_BITS; value >= 1; value--) z = (z + histogram[value]!) * 0.5;
  z += REGISTERS * sigma(histogram[0]! / REGISTERS);
  const count = Math.round((ALPHA * REGISTERS * REGISTERS) / z);
  return count < 2 ** 63 ? int64(BigInt(count)) : INT64_MIN;
}
