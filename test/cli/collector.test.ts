// Which flags a role gives its collector of garbage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectorFlags } from '../../src/cli/collector.js';

test('few processors: nothing is marked in threads that would wait for one; whoever gave a flag keeps it', () => {
  assert.deepEqual(collectorFlags(1, []), ['--no-concurrent-marking']);
  assert.deepEqual(collectorFlags(4, ['--max-old-space-size=100']), ['--no-concurrent-marking']);
  assert.deepEqual(collectorFlags(5, []), []);
  assert.deepEqual(collectorFlags(2, ['--concurrent-marking']), []);
  assert.deepEqual(collectorFlags(2, ['--no_concurrent_marking']), []);
});
