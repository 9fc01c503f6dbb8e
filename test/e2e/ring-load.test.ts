// Eight clients over three routers while two groups are added and one is removed, before the first drain has begun:
// nothing is lost, nothing wrong, no client sees an error, and the new groups take their part.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ringLoad } from './ring-load.js';

test('groups are added and removed under load: lost 0, wrong 0, errors 0', async (t) => {
  const { result, code, longestHistory, changes } = await ringLoad({
    rounds: 1,
    keys: 3000,
    members: 2,
    pauseMs: 700,
    say: (line) => t.diagnostic(line),
  });
  const { lost, wrong, errors, verified, groups } = result;
  assert.deepEqual(
    { lost, wrong, errors },
    { lost: 0, wrong: 0, errors: 0 },
    JSON.stringify(result, null, 1),
  );
  assert.deepEqual([code, verified, changes], [0, 3000, 3]);
  assert.equal(longestHistory, 3, 'keys had chains of more than two groups');
  for (const group of ['g1', 'g2', 'g3']) {
    assert.ok(groups[group]!.reads > 0 && groups[group]!.writes > 0, `${group} took its part`);
  }
});
