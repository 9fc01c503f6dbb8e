// Which register of a HyperLogLog an element belongs to, and what it would set it to: Redis's 64-bit MurmurHash2 of
// the element's bytes. In halves of 32 bits, since elements may be long and bigints are slow. Holds no state.

/** Registers of every HyperLogLog. */
export const REGISTERS = 16384;
/** Bits of the hash that choose the register, and bits that are left for its value. */
const INDEX_BITS = 14;
export const VALUE_BITS = 64 - INDEX_BITS;

const SEED = 0xadc83b19;
/** The multiplier, 0xc6a4a7935bd1e995. */
const M_HIGH = 0xc6a4a793;
const M_LOW = 0x5bd1e995;

// The product of the last multiplication by the multiplier: two numbers cannot be returned without an object.
let high = 0;
let low = 0;

/** Multiplies (h, l) by the multiplier, modulo 2^64, into `high` and `low`. */
function multiply(h: number, l: number): void {
  const [l0, l1] = [l & 0xffff, l >>> 16];
  const m0 = M_LOW & 0xffff;
  const m1 = M_LOW >>> 16;
  const first = l0 * m0;
  // Below 2^34: exact as a double.
  const middle = l0 * m1 + l1 * m0 + (first >>> 16);
  const carry = l1 * m1 + Math.floor(middle / 65536);
  low = (((middle & 0xffff) << 16) | (first & 0xffff)) >>> 0;
  high = (carry + Math.imul(h, M_LOW) + Math.imul(l, M_HIGH)) >>> 0;
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/** The element's register and the value that it sets, as `index * 64 + value`; the value is 1 to 51. */
export function placeOf(bytes: Uint8Array): number {
  const { length } = bytes;
  multiply(0, length);
  let h = high;
  let l = (low ^ SEED) >>> 0;
  const whole = length - (length % 8);
  for (let at = 0; at < whole; at += 8) {
    multiply(word(bytes, at + 4), word(bytes, at));
    // A shift by 47 leaves only the upper half's upper bits.
    multiply(high, (low ^ (high >>> 15)) >>> 0);
    multiply((h ^ high) >>> 0, (l ^ low) >>> 0);
    [h, l] = [high, low];
  }
  if (whole < length) {
    let [tailHigh, tailLow] = [0, 0];
    for (let i = length - 1; i >= whole; i--) {
      const at = i - whole;
      if (at >= 4) tailHigh |= bytes[i]! << (8 * (at - 4));
      else tailLow |= bytes[i]! << (8 * at);
    }
    multiply((h ^ tailHigh) >>> 0, (l ^ tailLow) >>> 0);
    [h, l] = [high, low];
  }
  multiply(h, (l ^ (h >>> 15)) >>> 0);
  [h, l] = [high, (low ^ (high >>> 15)) >>> 0];
  const index = l & (REGISTERS - 1);
  // The bits above the index, with a one behind the last of them: it ends the count of zeros.
  const restLow = (l >>> INDEX_BITS) | (h << (32 - INDEX_BITS));
  const restHigh = (h >>> INDEX_BITS) | (1 << (VALUE_BITS - 32));
  const zeros = restLow !== 0 ? trailingZeros(restLow) : 32 + trailingZeros(restHigh);
  return index * 64 + zeros + 1;
}

/** Zeros below the lowest one of a 32-bit number that is not 0. */
const trailingZeros = (bits: number): number => 31 - Math.clz32(bits & -bits);
