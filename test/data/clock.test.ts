// The group's clock: never backwards, never behind what it has heard.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GroupClock } from '../../src/data/clock.js';

describe('GroupClock', () => {
  it('starts from the wall clock and advances with the monotonic one', () => {
    let monotonic = 50.5;
    const clock = new GroupClock(() => monotonic, 1_000_000);
    assert.equal(clock.now(), 1_000_000);
    monotonic += 10.7;
    assert.equal(clock.now(), 1_000_010);
  });
  it('takes a larger time over and ignores a smaller one', () => {
    let monotonic = 0;
    const clock = new GroupClock(() => monotonic, 1000);
    clock.heard(500);
    assert.equal(clock.now(), 1000);
    clock.heard(2000);
    assert.equal(clock.now(), 2000);
    monotonic += 5;
    assert.equal(clock.now(), 2005);
  });
  it('stands still when its source goes back', () => {
    let monotonic = 100;
    const clock = new GroupClock(() => monotonic, 1000);
    monotonic = 150;
    assert.equal(clock.now(), 1050);
    monotonic = 120;
    assert.equal(clock.now(), 1050);
    monotonic = 160;
    assert.equal(clock.now(), 1060);
  });
  it('is an integer, never goes back, and is never behind what it heard or how long it ran', () => {
    const step = fc.oneof(
      // Eighths: exact in binary, so that no rounding is taken for a clock that runs slow.
      fc.record({ advance: fc.integer({ min: 0, max: 8000 }).map((eighths) => eighths / 8) }),
      fc.record({ hear: fc.integer({ min: 0, max: 20_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let monotonic = 123.25;
        const clock = new GroupClock(() => monotonic, 10_000);
        let last = clock.now();
        for (const each of steps) {
          if ('hear' in each) {
            clock.heard(each.hear);
            assert.ok(clock.now() >= each.hear);
            assert.equal(clock.now(), Math.max(last, each.hear));
          } else {
            monotonic += each.advance;
            assert.ok(clock.now() - last >= Math.floor(each.advance));
          }
          const now = clock.now();
          assert.ok(Number.isInteger(now) && now >= last);
          last = now;
        }
      }),
    );
  });
});
