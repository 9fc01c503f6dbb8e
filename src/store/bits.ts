// Reading and changing single bits of bytes; bit 0 is the highest of byte 0. No commands here.

const ONES = new Uint8Array(256);
for (let i = 1; i < 256; i++) ONES[i] = ONES[i >> 1]! + (i & 1);

/** Number of ones among bits [first, last] of `bytes`. */
export function countOnes(bytes: Uint8Array, first: number, last: number): number {
  const from = Math.floor(first / 8);
  const to = Math.floor(last / 8);
  // What the first and the last byte hold outside the range.
  const head = 0xff >> (first % 8);
  const tail = 0xff & (0xff << (7 - (last % 8)));
  if (from === to) return ONES[bytes[from]! & head & tail]!;
  let count = ONES[bytes[from]! & head]! + ONES[bytes[to]! & tail]!;
  for (let i = from + 1; i < to; i++) count += ONES[bytes[i]!]!;
  return count;
}

/** Position of the first bit equal to `bit` among bits [first, last] of `bytes`; -1: none. */
export function findBit(bytes: Uint8Array, bit: number, first: number, last: number): number {
  const skip = bit === 1 ? 0 : 0xff;
  const to = Math.floor(last / 8);
  for (let i = Math.floor(first / 8); i <= to; i++) {
    if (bytes[i] === skip) continue;
    // At most the first byte and the one with the answer get here, and the last.
    for (let at = Math.max(first, i * 8); at < i * 8 + 8 && at <= last; at++) {
      if (((bytes[i]! >> (7 - (at % 8))) & 1) === bit) return at;
    }
  }
  return -1;
}

/** The `bits` bits at bit `offset`, as an unsigned number; zeros beyond the end. */
export function readBits(bytes: Uint8Array, offset: number, bits: number): bigint {
  let value = 0n;
  const last = offset + bits - 1;
  const to = Math.floor(last / 8);
  for (let i = Math.floor(offset / 8); i <= to; i++) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return BigInt.asUintN(bits, value >> BigInt(7 - (last % 8)));
}

/** Writes the lowest `bits` bits of `value` at bit `offset`; the bytes must be there. */
export function writeBits(bytes: Uint8Array, offset: number, bits: number, value: bigint): void {
  let rest = BigInt.asUintN(bits, value);
  for (let at = offset + bits - 1; at >= offset; at--) {
    const mask = 1 << (7 - (at % 8));
    const index = Math.floor(at / 8);
    bytes[index] = (rest & 1n) === 1n ? bytes[index]! | mask : bytes[index]! & ~mask;
    rest >>= 1n;
  }
}
