// How long a blocking command waits, as its client wrote it: seconds, with a fraction, in any form that C reads.
// Judges the text and nothing else; holds no clock.

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEX = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
/** ms from here on do not fit into 64 bits, and are negative to Redis. */
const MOST_MS = 2 ** 63;
/** Longest text that is read as a number, bytes. */
const MAX_TEXT = 5 * 1024 - 1;

function secondsOf(text: string): number | null {
  if (text.length > MAX_TEXT) return null;
  if (DECIMAL.test(text)) return Number(text);
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  const hex = HEX.exec(text);
  if (hex === null || hex[2]!.length + hex[3]!.length === 0) return null;
  const value = [...`${hex[2]}${hex[3]}`].reduce((sum, digit) => sum * 16 + Number.parseInt(digit, 16), 0);
  const scaled = value * 2 ** (Number(hex[4] ?? 0) - 4 * hex[3]!.length);
  return hex[1] === '-' ? -scaled : scaled;
}

/** The wait in ms, 0: for ever; or the error that the client is answered. */
export function timeoutOf(text: string): number | string {
  const seconds = secondsOf(text);
  if (seconds === null) return 'ERR timeout is not a float or out of range';
  const ms = Math.ceil(seconds * 1000);
  return ms < 0 || ms >= MOST_MS ? 'ERR timeout is negative' : ms;
}
