// Settings of Redis that say how its memory is laid out or tidied up: accepted and remembered, so that tools and tests
// that tune them run, and without effect here, where values are held in another way (OBJECT ENCODING goes by Redis's
// defaults). Must never list a setting whose effect a client could miss.
import { parseMemory, parseSmall } from './parse.js';

/** Sizes and counts: with the least that Redis accepts. */
const NUMBERS: Readonly<Record<string, number>> = {
  'active-expire-effort': 1,
  'hash-max-listpack-entries': 0,
  'hash-max-listpack-value': 0,
  'hll-sparse-max-bytes': 0,
  hz: 0,
  'lfu-decay-time': 0,
  'lfu-log-factor': 0,
  'list-compress-depth': 0,
  'list-max-listpack-size': -2147483648,
  'maxmemory-samples': 1,
  'set-max-intset-entries': 0,
  'stream-node-max-bytes': 0,
  'stream-node-max-entries': 0,
  'zset-max-listpack-entries': 0,
  'zset-max-listpack-value': 0,
};
const SWITCHES: ReadonlySet<string> = new Set([
  'activerehashing',
  'dynamic-hz',
  'lazyfree-lazy-eviction',
  'lazyfree-lazy-expire',
  'lazyfree-lazy-server-del',
  'lazyfree-lazy-user-del',
  'lazyfree-lazy-user-flush',
  'rdbchecksum',
  'rdbcompression',
]);

/** The names that Redis 7.0 also has for some settings. */
export const ALIASES: Readonly<Record<string, string>> = {
  'hash-max-ziplist-entries': 'hash-max-listpack-entries',
  'hash-max-ziplist-value': 'hash-max-listpack-value',
  'list-max-ziplist-size': 'list-max-listpack-size',
  'zset-max-ziplist-entries': 'zset-max-listpack-entries',
  'zset-max-ziplist-value': 'zset-max-listpack-value',
};

/** Whether a value is accepted for a setting of the layout: the text to remember; null: it is none, or not so. */
export function layoutValue(name: string, text: string): string | null {
  if (SWITCHES.has(name)) return /^(yes|no)$/i.test(text) ? text.toLowerCase() : null;
  const least = NUMBERS[name];
  if (least === undefined) return null;
  const value = parseSmall(text) ?? parseMemory(text);
  return value === null || value < least || value > Number.MAX_SAFE_INTEGER ? null : String(value);
}
