// Random commands against a live redis-server: the same replies, byte for byte, in RESP2 and RESP3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Proto } from '../../src/resp/index.js';
import { needs } from '../needs.js';
import { command } from './commands.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';

const TIMES = ['ttl', 'pttl', 'expiretime', 'pexpiretime'];
/** How far the two clocks may be apart, ms. */
const SKEW = 5000;
/** A little less than the farthest expiry and the longest time to one, ms. */
const FAR = 2 ** 53 - 1e13;

/**
 * A reply in a form that can be compared, where Towline's is allowed to differ:
 * - KEYS, SCAN: the order of keys, and SCAN's cursor, are another (fixed hash order).
 * - Times: the two servers read their clocks at different moments.
 * - OBJECT ENCODING: Towline goes by the value alone; Redis remembers how it came about
 *   (`raw` after APPEND, `embstr` for an integer that INCRBYFLOAT wrote).
 * - From a cursor that it has not given (-1 stands for 2^64 - 1) SCAN gives what happens to be there; it is not asked.
 * - Expiries beyond 2^53 - 1 ms are kept as that.
 */
function same(words: readonly string[], mine: string, theirs: string): boolean {
  if (mine === theirs) return true;
  const name = words[0]!.toLowerCase();
  // Where a cursor that nobody gave leads to is the order's business.
  if (name === 'scan' && words[1]!.startsWith('-')) return mine.startsWith('*2') && theirs.startsWith('*2');
  if (name === 'keys' || name === 'scan') {
    const sorted = (reply: string) => reply.split('\r\n').sort().join();
    if (sorted(mine) === sorted(theirs)) return true;
  }
  if (TIMES.includes(name) && mine[0] === ':' && theirs[0] === ':') {
    const a = Number(mine.slice(1));
    const b = Number(theirs.slice(1));
    const far = name.startsWith('p') ? FAR : FAR / 1000;
    if (b > far) return a > far;
    return a > 0 && b > 0 && Math.abs(a - b) <= (name.startsWith('p') ? SKEW : SKEW / 1000);
  }
  if (name !== 'object' || words[1]!.toLowerCase() !== 'encoding') return false;
  if (mine === '$3\r\nint\r\n') return theirs === '$3\r\nraw\r\n' || theirs === '$6\r\nembstr\r\n';
  return mine === '$6\r\nembstr\r\n' && theirs === '$3\r\nraw\r\n';
}

for (const proto of [2, 3] as Proto[]) {
  test(`RESP${proto}: the same replies as redis-server`, { ...needs('redis-server') }, async (t) => {
    const connection = await (await startRedis(t))();
    await connection.ask('HELLO', String(proto));
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }), async (commands) => {
        const theirs = await connection.askAll([['FLUSHALL'], ...commands]);
        const primary = new Primary(Date.now(), proto);
        for (const [i, words] of commands.entries()) {
          const mine = primary.run(...words);
          if (!same(words, mine, theirs[i + 1]!)) {
            assert.fail(
              `${JSON.stringify(words)}: mine ${JSON.stringify(mine)} theirs ${JSON.stringify(theirs[i + 1])}`,
            );
          }
        }
      }),
      { seed: 20_000 + proto, numRuns: 1200, endOnFailure: false },
    );
  });
}
