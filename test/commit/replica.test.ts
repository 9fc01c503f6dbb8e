// The backup's half of the log: a contiguous prefix, no older term, nothing undecided applied.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReplicaLog } from '../../src/commit/index.js';

describe('ReplicaLog', () => {
  it('takes what follows, knows what it has, refuses holes and older terms', () => {
    const log = new ReplicaLog<string>(3, 10);
    const rows: [number, number, string][] = [
      [3, 12, 'gap'],
      [3, 11, 'held'],
      [3, 11, 'known'],
      [3, 5, 'known'],
      [2, 12, 'old-term'],
      [2, 11, 'old-term'],
      [3, 12, 'held'],
      [3, 14, 'gap'],
    ];
    for (const [term, seq, said] of rows)
      assert.equal(log.accept(term, seq, `e${seq}`), said, `${term} ${seq}`);
    assert.equal(log.held, 12);
    assert.equal(log.applied, 10);
  });
  it('applies up to the commit index, each entry once, never what it lacks', () => {
    const log = new ReplicaLog<string>(1, 0);
    for (let seq = 1; seq <= 4; seq++) log.accept(1, seq, `e${seq}`);
    assert.deepEqual(log.advance(2), ['e1', 'e2']);
    assert.deepEqual(log.advance(1), []);
    assert.deepEqual(log.advance(9), ['e3', 'e4']);
    assert.equal(log.applied, 4);
    assert.deepEqual(log.advance(9), []);
  });
  it('follows newer terms only', () => {
    const log = new ReplicaLog<string>(3, 0);
    assert.ok(!log.follow(2));
    assert.ok(log.follow(3));
    assert.ok(log.follow(5));
    assert.equal(log.term, 5);
    assert.equal(log.accept(3, 1, 'e'), 'old-term');
    assert.equal(log.accept(5, 1, 'e'), 'held');
  });
  it('applies every entry once and in order, whatever arrives', () => {
    const step = fc.record({ seq: fc.integer({ min: -2, max: 3 }), commit: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const log = new ReplicaLog<number>(1, 0);
        const applied: number[] = [];
        let committed = 0;
        for (const { seq, commit } of steps) {
          const before = log.held;
          const said = log.accept(1, before + seq, before + seq);
          assert.equal(said, seq <= 0 ? 'known' : seq === 1 ? 'held' : 'gap');
          assert.equal(log.held, seq === 1 ? before + 1 : before);
          committed = Math.max(committed, commit);
          applied.push(...log.advance(commit));
          assert.ok(log.applied <= log.held && log.applied <= committed);
        }
        assert.deepEqual(
          applied,
          Array.from({ length: log.applied }, (_, i) => i + 1),
        );
      }),
    );
  });
});
