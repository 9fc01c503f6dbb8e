// A primary that holds no lease may lead no more: what it has prepared is perhaps settled and forgotten by everybody
// else, and whoever is asked would promise NEVER (simulator, exec-main --seed 592).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serving } from './group.js';

test('an orphan is asked about under a lease only', () => {
  const group = serving({ members: 2, orphanMs: 100, held: true });
  const control = group.control('a', 'r9');
  control.prepare('r9:1', control.lock('r9:1', 'k'), ['TOWLINE.DB', 0], ['SET', 'k', 'v']);
  group.run(10);
  assert.equal(group.at('a').node.serving, true);
  const { role } = group.at('a').node as unknown as { role: { orphans: { owner: { active(): boolean } } } };
  const { owner } = role.orphans;
  assert.equal(owner.active(), true);
  group.freeze('b');
  group.run(1500);
  assert.equal(owner.active(), false, 'its lease is over');
  group.thaw('b');
  group.run(50);
});
