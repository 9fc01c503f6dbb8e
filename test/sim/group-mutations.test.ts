// The simulator against broken rules of a group's life: each mutation must be found by the seeds that it names, and
// for what it breaks. A simulator that finds nothing proves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROUP_MUTATIONS } from './group-mutations.js';
import { run } from './run.js';

for (const { name, finds, seeds, temper = {}, variant = {}, apply } of GROUP_MUTATIONS) {
  // Without a seed: no run found it so far, which says what the simulator does not check.
  test(`finds: ${name}`, { todo: seeds.length === 0 }, () => {
    const others: string[] = [];
    for (const seed of seeds) {
      assert.equal(run(seed, { temper, variant }).failure, null, `seed ${seed}, nothing broken`);
      const mend = apply();
      try {
        const { failure } = run(seed, { temper, variant });
        if (failure === null) continue;
        if (finds.test(failure.replace(/^at \S+ ms: (# )?/, ''))) return;
        others.push(`seed ${seed}: ${failure}`);
      } finally {
        mend();
      }
    }
    assert.fail(`not found by ${seeds.length} seeds; other failures: ${others.join('\n') || 'none'}`);
  });
}
