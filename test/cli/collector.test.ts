// Which flags a role gives its collector of garbage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectorFlags } from '../../src/cli/collector.js';

test('few processors: nothing is marked or copied in threads that would wait for one; a flag that is given is kept', () => {
  const both = ['--no-concurrent-marking', '--no-parallel-scavenge'];
  assert.deepEqual(collectorFlags(1, []), both);
  assert.deepEqual(collectorFlags(4, ['--max-old-space-size=100']), both);
  assert.deepEqual(collectorFlags(5, []), []);
  assert.deepEqual(collectorFlags(2, ['--concurrent-marking']), ['--no-parallel-scavenge']);
  assert.deepEqual(collectorFlags(2, ['--no_concurrent_marking', '--parallel-scavenge']), []);
});
