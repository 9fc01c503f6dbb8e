// Whether a transaction's messages have room for its keys: one that had not would end its lane's connection at the
// other side, be said again on the next one, and take every other transaction of that group with it. Pure.
import { Buffer } from 'node:buffer';
import type { Plan } from '../commit/index.js';
import { MAX_ARGUMENTS } from '../resp/index.js';

/** Words of such messages (net/wire.ts): of a key that is locked, of a value that is carried, and of all the rest. */
const WORDS = { key: 3, value: 4, rest: 1024 };

const TOO_MANY = Buffer.from(
  '-ERR too many keys for one command over several groups; nothing was executed\r\n',
  'latin1',
);

/** @returns the error for a plan whose messages would be too long; null: they have room */
export function tooMany({ shares }: Plan): Buffer | null {
  let carried = 0;
  for (const { fetch, keys } of shares) if (fetch) carried += keys.length;
  for (const { keys } of shares) {
    if (WORDS.key * keys.length + WORDS.value * carried + WORDS.rest > MAX_ARGUMENTS) return TOO_MANY;
  }
  return null;
}
