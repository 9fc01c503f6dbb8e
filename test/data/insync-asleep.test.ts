// A member that was asleep when its group was created, and for long after: as long as it is listed nothing can have been
// committed without it, so that it may take its place, empty, whatever the epoch is by then (R3, R4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Group } from './group.js';

/** c is frozen before it hears of the group. */
function asleep(): Group {
  const group = new Group({ members: 3 });
  group.freeze('c');
  group.run(100);
  return group;
}
function wake(group: Group): void {
  group.thaw('c');
  group.tell(group.at('c'));
  group.settle();
}

describe('a member asleep since the creation of its group', () => {
  it('leads when the others are gone, though the configuration has changed: nothing was ever executed', () => {
    const group = asleep();
    assert.equal(group.at('a').node.roleName, 'primary');
    group.kill('b');
    group.run(200);
    assert.equal(group.inSync, 'a c');
    assert.equal(group.config.epoch, 2);
    assert.ok(!group.leads('a'), 'not without a word of c (R9)');
    group.kill('a');
    wake(group);
    assert.deepEqual(group.at('c').failures, []);
    group.until(() => group.leads('c'), 5000, 'c leads');
    const lane = group.lane('c');
    lane.send('SET', 'k', '2').send('GET', 'k');
    group.run(20);
    assert.match(lane.replies(), /\+OK \$1 2$/);
    assert.deepEqual(group.keys('c'), ['0:k=2']);
  });
  it('takes the whole log when it wakes in time', () => {
    const group = asleep();
    group.kill('b');
    group.run(200);
    wake(group);
    group.run(300);
    assert.ok(group.leads('a'));
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    group.run(20);
    assert.match(lane.replies(), /\+OK$/);
    assert.equal(group.inSync, 'a c');
    assert.deepEqual(group.keys('c'), ['0:k=1']);
  });
  it('follows whoever has taken over meanwhile', () => {
    const group = asleep();
    group.kill('a');
    group.until(() => group.config.term === 2, 5000);
    assert.equal(group.inSync, 'b c');
    wake(group);
    group.run(300);
    assert.deepEqual(group.at('c').failures, []);
    assert.ok(group.leads('b'));
    const lane = group.lane('b');
    lane.send('SET', 'k', '1');
    group.run(20);
    assert.match(lane.replies(), /\+OK$/);
    assert.deepEqual(group.keys('c'), ['0:k=1']);
  });
  it('begins anew when it was removed before it woke', () => {
    const group = asleep();
    group.until(() => group.inSync === 'a b', 8000);
    wake(group);
    group.run(50);
    assert.deepEqual(group.keys('c'), []);
    assert.ok(group.leads('a'));
    // It was nobody yet, so it is nobody still, and is let in as a candidate.
    group.until(() => group.inSync === 'a b c', 3000);
  });
});

describe('a member that was given a part of the keys', () => {
  it('does not take a place by what it holds (R3)', () => {
    const group = new Group({ members: 2 });
    group.until(() => group.leads('a'), 500);
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    assert.match(lane.replies(), /\+OK$/);
    group.start('c');
    group.until(() => JSON.parse(group.at('a').node.status()).sync !== null, 2000);
    // The sync comes to nothing, and yet it reads that it is listed.
    group.cut('a', 'c');
    group.at('c').node.setConfig('g1', {
      ...group.config,
      epoch: 5,
      inSync: [...group.config.inSync, group.at('c').id],
    });
    assert.equal(group.at('c').failures.length, 1);
  });
});
