// FORGET is said once. A new primary below minInSync holds an outcome that its predecessor has confirmed and that is
// not committed again yet: a FORGET that meets it there must not be lost (simulator, exec-main --seed 119).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Participant } from '../../src/commit/index.js';

for (const kind of ['outcome', 'never'] as const) {
  test(`FORGET of an inherited ${kind} that is not committed yet`, () => {
    const group = new Participant<never>(2);
    const txn = 'r1:3';
    const keys = [{ db: 0, key: 'k', exclusive: true }];
    if (kind === 'never') group.restore({ kind, txn });
    else {
      group.restore({
        kind: 'prepare',
        txn,
        participants: ['g1', 'g2'],
        keys,
        everything: false,
        effects: Buffer.alloc(0),
      });
      group.restore({ kind, txn, commit: true });
    }
    group.unconfirmed(txn, 5);
    assert.deepEqual(group.ask(1, { kind: 'forget', txn }), []);
    assert.deepEqual(group.committed(4), []);
    assert.deepEqual(group.committed(5), [{ do: 'log', entry: { kind: 'forget', txn, fence: false } }]);
    assert.deepEqual([group.size, group.locks.size], [0, 0]);
  });
}
