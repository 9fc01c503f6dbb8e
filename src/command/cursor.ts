// Cursors of SCAN and its kin, as a client wrote them. Judges the text alone; what a cursor stands for is the store's.

const CURSOR = /^[+-]?[0-9]{1,20}$/;

/**
 * A cursor as C's strtoul reads it, or null when it is none. Nothing is 0; a negative one stands for a very large one,
 * and no place is that large.
 */
export function cursorOf(text: string): number | null {
  if (text === '') return 0;
  if (!CURSOR.test(text) || BigInt(text.replace(/^[+-]/, '')) >= 2n ** 64n) return null;
  const value = Number(text);
  return value < 0 ? Number.MAX_SAFE_INTEGER : Math.min(value, Number.MAX_SAFE_INTEGER);
}
