// How fast a drain goes: how much at a time, and how long it rests.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pace } from '../../src/router/pace.js';
import { FakeHost } from '../net/fake-host.js';

/** Ms until the next transaction may begin. */
function rest(host: FakeHost, pace: Pace): number {
  let began: number | null = null;
  const from = host.now();
  pace.wait(() => {
    began = host.now();
  });
  for (let i = 0; i < 20_000 && began === null; i++) host.advance(1);
  return began! - from;
}

describe('Pace', () => {
  it('does not rest when it is told so, nor for a moment by itself', () => {
    const host = new FakeHost();
    const pace = new Pace(host);
    pace.setRate('max');
    assert.deepEqual([pace.parallel, pace.keysAtOnce], [4, 1024]);
    pace.took({ keys: 512 }, host.now() - 1000);
    assert.equal(rest(host, pace), 0);
    pace.setRate('auto');
    assert.deepEqual([pace.parallel, pace.keysAtOnce], [2, 256]);
    pace.begins();
    assert.deepEqual([pace.parallel, pace.keysAtOnce], [2, 1024]);
    pace.took({ keys: 512 }, host.now() - 1000);
    assert.equal(rest(host, pace), 0);
    host.advance(2000);
    assert.deepEqual([pace.parallel, pace.keysAtOnce], [2, 256]);
  });
  it('rests by itself in proportion to what a transaction took, within bounds', () => {
    const host = new FakeHost();
    host.advance(10_000);
    const pace = new Pace(host);
    for (const [took, rests] of [
      [1, 4],
      [100, 50],
      [10_000, 250],
    ] as const) {
      pace.took({ keys: 1 }, host.now() - took);
      assert.equal(rest(host, pace), rests);
    }
  });
  it('moves so many keys a second, and none at 0', () => {
    const host = new FakeHost();
    const pace = new Pace(host);
    pace.setRate(100);
    assert.deepEqual([pace.parallel, pace.keysAtOnce], [1, 10]);
    pace.took({ keys: 10 }, host.now());
    assert.equal(rest(host, pace), 100);
    pace.setRate(1_000_000);
    assert.equal(pace.keysAtOnce, 128);
    pace.setRate(0);
    let go: boolean | null = null;
    pace.wait((may) => {
      go = may;
    });
    host.advance(500);
    assert.equal(go, false);
  });
});
