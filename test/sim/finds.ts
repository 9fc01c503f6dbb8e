// Tests of the simulator itself: each broken rule must be found by the seeds that it names, and for what it breaks. A
// simulator that finds nothing proves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupMutation } from './group-mutations.js';
import { run } from './run.js';

/** Seeds that are tried when those that a mutation names do not find it: another seed does after most changes. */
const OTHERS = Array.from({ length: 60 }, (_, i) => i + 1);

/** One test for each mutation. Without a seed it is a todo: no run found it so far. */
export function findsEach(mutations: readonly GroupMutation[]): void {
  for (const { name, finds, seeds, temper = {}, variant = {}, apply } of mutations) {
    test(`finds: ${name}`, { todo: seeds.length === 0 }, () => {
      const others: string[] = [];
      for (const seed of new Set(seeds.length === 0 ? [] : [...seeds, ...OTHERS])) {
        const mend = apply();
        let failure: string | null;
        try {
          ({ failure } = run(seed, { temper, variant }));
        } finally {
          mend();
        }
        if (failure === null) continue;
        if (finds.test(failure.replace(/^at \S+ ms: (# )?/, ''))) {
          assert.equal(run(seed, { temper, variant }).failure, null, `seed ${seed}, nothing broken`);
          return;
        }
        others.push(`seed ${seed}: ${failure}`);
      }
      assert.fail(`not found; other failures: ${others.slice(0, 3).join('\n') || 'none'}`);
    });
  }
}
