// Lease and grace: two primaries never serve at once, whatever the network and one of the clocks do (R6).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Grace, type Instant, Lease } from '../../src/commit/lease.js';

const at = (mono: number, wall = mono): Instant => ({ mono, wall });

describe('Lease', () => {
  it('is valid alone, and needs everybody who has joined', () => {
    const lease = new Lease(1000);
    assert.ok(lease.valid(at(0)));
    lease.join('b');
    assert.ok(!lease.valid(at(0)), 'who has joined has granted nothing yet');
    lease.sent('b', 1, at(10));
    assert.ok(!lease.valid(at(11)), 'sending is not granting');
    lease.acknowledged('b', 1);
    assert.ok(lease.valid(at(11)));
    lease.join('c');
    assert.ok(!lease.valid(at(12)));
    lease.leave('c');
    assert.ok(lease.valid(at(13)));
    lease.leave('b');
    assert.ok(lease.valid(at(1e9)));
  });
  it('joining twice takes nothing away; leaving and joining again begins anew', () => {
    const lease = new Lease(1000);
    lease.join('b');
    lease.sent('b', 1, at(0));
    lease.acknowledged('b', 1);
    lease.join('b');
    assert.ok(lease.valid(at(1)));
    lease.leave('b');
    lease.join('b');
    assert.ok(!lease.valid(at(1)));
    lease.acknowledged('b', 1);
    assert.ok(!lease.valid(at(1)), 'an answer to a beacon of before');
  });
  it('counts from when the beacon was sent, not from its answer', () => {
    const lease = new Lease(1000);
    lease.join('b');
    lease.sent('b', 1, at(0));
    lease.acknowledged('b', 1);
    assert.ok(lease.valid(at(999.9)));
    assert.ok(!lease.valid(at(1000)));
    lease.sent('b', 2, at(1000));
    lease.sent('b', 3, at(1900));
    lease.acknowledged('b', 2);
    assert.ok(lease.valid(at(1999)));
    assert.ok(!lease.valid(at(2000)), 'beacon 3 was not answered');
  });
  it('is over when either clock says so, and a wall clock set back prolongs nothing', () => {
    const lease = new Lease(1000);
    lease.join('b');
    lease.sent('b', 1, at(0, 50_000));
    lease.acknowledged('b', 1);
    assert.ok(lease.valid(at(500, 50_500)));
    assert.ok(!lease.valid(at(500, 51_000)), 'the machine slept: only the wall clock went on');
    assert.ok(!lease.valid(at(1000, 50_100)), 'the wall clock was set back');
    assert.ok(!lease.valid(at(1000, 0)));
    assert.ok(lease.valid(at(999, 0)));
  });
  it('is not shortened or prolonged by late and double answers, nor by ones to beacons that were never sent', () => {
    const lease = new Lease(1000);
    lease.join('b');
    lease.sent('b', 1, at(0));
    lease.sent('b', 2, at(200));
    lease.acknowledged('b', 2);
    lease.acknowledged('b', 1);
    assert.ok(lease.valid(at(1100)), 'the older answer came last');
    lease.acknowledged('b', 2);
    lease.acknowledged('b', 7);
    lease.acknowledged('z', 1);
    assert.ok(!lease.valid(at(1200)));
    lease.sent('z', 1, at(1200));
    assert.ok(!lease.valid(at(1200)));
  });
  it('forgets beacons that nobody answers: an answer to one so old grants nothing', () => {
    const lease = new Lease(1000);
    lease.join('b');
    for (let i = 1; i <= 65; i++) lease.sent('b', i, at(i));
    lease.acknowledged('b', 1);
    assert.ok(!lease.valid(at(65)));
    lease.acknowledged('b', 2);
    assert.ok(lease.valid(at(65)));
  });
  it('ends before the grace of any member that granted it is over', () => {
    const LEASE = 1000;
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 700 }),
      what: fc.constantFrom('send', 'receive', 'answer', 'lose'),
      jump: fc.integer({ min: -5000, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lease = new Lease(LEASE);
        lease.join('b');
        // The same moments on both: the backup's monotonic clock runs as fast as the primary's.
        const grace = new Grace(1250, 0);
        let now = 0;
        let wall = 0;
        let number = 0;
        const there: number[] = [];
        const back: number[] = [];
        for (const { wait, what, jump } of steps) {
          now += wait;
          wall += wait + (jump > 4000 ? jump : 0) - (jump < -4000 ? -jump : 0);
          if (what === 'send') {
            lease.sent('b', ++number, at(now, wall));
            there.push(number);
          } else if (what === 'receive') {
            const beacon = there.shift();
            if (beacon === undefined) continue;
            grace.heard(now);
            back.push(beacon);
          } else if (what === 'answer') {
            const beacon = back.shift();
            if (beacon !== undefined) lease.acknowledged('b', beacon);
          } else there.shift();
          if (grace.over(now)) assert.ok(!lease.valid(at(now, wall)), 'two primaries at once');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Grace', () => {
  it('counts from when it was last heard, and never from an earlier moment', () => {
    const grace = new Grace(1250, 100);
    assert.ok(!grace.over(1349));
    assert.ok(grace.over(1350));
    grace.heard(1000);
    assert.ok(!grace.over(2249));
    grace.heard(500);
    assert.ok(!grace.over(2249));
    assert.ok(grace.over(2250));
  });
});
