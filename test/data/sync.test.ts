// Dynamic SYNC between shipping nodes: what a candidate holds when it is let in, and what becomes of one that is
// interrupted, too slow, or in the hands of two primaries (design, section 4; R3, R4, R7).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, serving } from './group.js';

/** Gives the primary so many keys. */
function fill(group: Group, name: string, count: number): void {
  const lane = group.lane(name, 'filler');
  for (let i = 0; i < count; i++) lane.send('SET', `key${i}`, `value${i}`);
  assert.match(lane.replies(), /\+OK$/);
  group.run(20);
}

describe('SYNC', () => {
  it('gives a candidate everything, and lets it in', () => {
    const group = serving({ members: 2 });
    fill(group, 'a', 600);
    group.start('c');
    group.until(() => group.inSync === 'a b c', 3000, 'c is let in');
    group.run(20);
    assert.equal(group.keys('c').length, 600);
    assert.deepEqual(group.keys('c'), group.keys('a'));
  });

  it('is taken over by a newer one: the end of an older connection takes nothing away', () => {
    const group = serving({ members: 2 });
    fill(group, 'a', 600);
    group.start('c');
    const size = () => group.at('c').node.store.dbSize(0);
    group.share = () => 0.1;
    group.stuck = (link) => size() > 200 && group.connects(link, 'a', 'c');
    group.until(() => size() > 200, 2000, 'the first sync is under way');
    assert.equal(group.between('a', 'c').length, 1);
    group.freeze('a');
    group.until(() => group.leads('b'), 4000, 'b leads');
    // b tries the frozen one first, and then takes c; it stops in the middle of that.
    let begun = false;
    group.stuck = (link) => {
      if (size() === 0) begun = true;
      return begun && size() > 200 && group.connects(link, 'b', 'c');
    };
    group.until(() => begun, 5000, 'the new sync begins');
    group.run(100);
    assert.ok(size() > 200 && size() < 600, `${size()}`);
    group.stuck = (link) => group.connects(link, 'b', 'c');
    group.thaw('a');
    group.run(50);
    assert.deepEqual(group.at('a').failures.length, 1, 'a is deposed');
    group.stuck = () => false;
    group.share = () => 1;
    group.until(() => group.inSync === 'b c', 3000, 'c is let in');
    group.run(20);
    assert.deepEqual(group.keys('c'), group.keys('b'));
    assert.equal(group.keys('c').length, 600);
  });
});
