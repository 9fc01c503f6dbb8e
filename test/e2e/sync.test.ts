// A new backup is synced under load and then left alone: everything that was acknowledged is there. The short
// version of `node dist/test/bench/sync.js`; timing decides nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSync } from '../bench/sync-run.js';

test('a backup that joined under load holds everything when the old primary is killed', async (t) => {
  let seed = 7;
  const outcome = await runSync({
    keys: 20_000,
    clients: 6,
    measureMs: 300,
    random: () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed / 0x80000000;
    },
    say: (line) => t.diagnostic(line),
  });
  assert.deepEqual(outcome.wrong, []);
  assert.deepEqual(outcome.errors, {});
  assert.equal(outcome.equal, 20_000);
});
