// The simulator against broken rules: each mutation must be found within a bounded number of seeds, and for what it
// breaks. A simulator that finds nothing proves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTATIONS } from './mutations.js';
import { run } from './run.js';

/** Those that find what is rare come first. */
const SEEDS = [233, 166, 242, 64, 86, 132, ...Array.from({ length: 60 }, (_, i) => i + 1)];

for (const { name, finds, apply } of MUTATIONS) {
  test(`finds: ${name}`, () => {
    const mend = apply();
    const others: string[] = [];
    try {
      for (const seed of SEEDS) {
        const { failure } = run(seed);
        if (failure === null) continue;
        const what = failure.replace(/^at \S+ ms: (# )?/, '');
        if (finds.test(what)) return;
        others.push(`seed ${seed}: ${failure}`);
      }
    } finally {
      mend();
    }
    assert.fail(
      `not found by ${SEEDS.length} seeds; other failures: ${others.slice(0, 3).join('\n') || 'none'}`,
    );
  });
}

test('mended, the same seeds find nothing', () => {
  for (let seed = 1; seed <= 5; seed++) assert.equal(run(seed).failure, null);
});
