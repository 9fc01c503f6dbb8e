// Who stays in sync while ZooKeeper is away, and when a member's own attempt to change the configuration ends (R4-R6).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, serving } from './group.js';

function acknowledged(group: Group): boolean {
  const lane = group.lane('a', `probe${group.host.now()}`);
  lane.send('SET', 'probe', '1');
  group.run(10);
  return lane.replies().endsWith('+OK');
}
/** ZooKeeper is away for everybody, and everybody has noticed. */
function away(group: Group, is: boolean): void {
  for (const place of group.places.values()) place.zookeeper = !is;
}

describe('while ZooKeeper is away', () => {
  it('no compare-and-set is begun; a backup that was frozen meanwhile and is back stays', () => {
    const group = serving();
    away(group, true);
    group.freeze('b');
    group.run(900);
    assert.deepEqual(group.changes, []);
    assert.ok(!acknowledged(group), 'it is needed all the same (R4)');
    group.thaw('b');
    group.run(300);
    assert.ok(acknowledged(group));
    away(group, false);
    group.run(1000);
    assert.deepEqual([group.inSync, group.config.epoch], ['a b c', 1]);
  });
  it('a backup whose connection was lost and is back stays', () => {
    const group = serving();
    away(group, true);
    for (const link of group.between('a', 'b')) group.drop(link);
    group.run(300);
    assert.deepEqual(group.changes, []);
    assert.ok(acknowledged(group));
    away(group, false);
    group.run(1000);
    assert.deepEqual([group.inSync, group.config.epoch], ['a b c', 1]);
  });
  it('a backup that is gone leaves as soon as ZooKeeper is back', () => {
    const group = serving();
    away(group, true);
    group.kill('b');
    group.run(1200);
    assert.deepEqual(group.changes, []);
    away(group, false);
    group.run(60);
    assert.equal(group.inSync, 'a c');
    assert.ok(acknowledged(group));
  });
  it('a backup that is gone when ZooKeeper is back leaves, though another one has come back', () => {
    const group = serving({ members: 4 });
    away(group, true);
    group.freeze('b');
    group.kill('c');
    group.run(900);
    group.thaw('b');
    group.run(200);
    away(group, false);
    group.run(200);
    assert.equal(group.inSync, 'a b d');
    assert.ok(acknowledged(group));
  });
});

describe('a backup that is back', () => {
  it('before the compare-and-set that removes it could be sent stays', () => {
    const group = serving({ held: true });
    group.freeze('b');
    group.until(() => group.changes.length === 1, 2000);
    const [change] = group.changes;
    assert.ok(change!.wanted(), 'while it is silent');
    group.thaw('b');
    group.run(300);
    assert.ok(!change!.wanted());
    // Not sent, and never will be: as if another had been faster.
    change!.refuse();
    group.held = false;
    group.run(1000);
    assert.deepEqual([group.inSync, group.config.epoch], ['a b c', 1]);
    assert.ok(acknowledged(group));
  });
  it('after it was sent leaves all the same, and comes in again', () => {
    const group = serving({ held: true });
    group.freeze('b');
    group.until(() => group.changes.length === 1, 2000);
    group.changes[0]!.apply();
    group.thaw('b');
    group.run(300);
    group.release();
    group.run(100);
    assert.equal(group.inSync, 'a c');
    assert.equal(group.at('b').failures.length, 1);
    group.start('b');
    group.until(() => group.inSync === 'a c b', 3000);
  });
});

describe('an attempt to lead whose outcome is unknown', () => {
  /** b tries to lead, since it hears nothing of a, and does not hear what comes of it. */
  function trying(): Group {
    const group = serving({ held: true });
    group.mute('a', 'b');
    group.mute('a', 'c');
    group.until(() => group.changes.some(({ member }) => member === 'b'), 5000);
    group.heal();
    return group;
  }
  it('is over when a configuration of the same epoch is read that is another one', () => {
    const group = trying();
    const attempt = group.changes.find(({ member }) => member === 'b')!;
    group.run(200);
    const lane = group.lane('a', 'before');
    lane.send('SET', 'k', '1');
    group.run(20);
    assert.equal(lane.replies(), '', 'suspended: it grants nothing to whom it may have followed');
    // Another change was faster; that b's own came to nothing it is not told.
    group.publish({ ...group.config, epoch: 2 });
    group.run(1);
    for (const change of [...group.changes]) if (change !== attempt) change.tell();
    group.run(500);
    assert.ok(group.leads('a'));
    assert.ok(acknowledged(group), 'b votes again, and grants leases');
    // What it hears much later changes nothing.
    attempt.tell();
    group.held = false;
    group.run(1000);
    assert.ok(acknowledged(group));
    assert.deepEqual([group.config.primary, group.config.term], [group.at('a').id, 1]);
  });
  it('is over when a later one is read, though it had succeeded: who was named and never knew follows', () => {
    const group = trying();
    const attempt = group.changes.find(({ member }) => member === 'b')!;
    group.at('b').zookeeper = false;
    attempt.apply();
    assert.equal(group.config.primary, group.at('b').id);
    // c finds b silent, and leads.
    group.held = false;
    group.until(() => group.leads('c'), 8000, 'c leads');
    group.run(300);
    group.at('b').zookeeper = true;
    group.at('b').node.setConfig('g1', group.config);
    group.run(50);
    attempt.tell();
    group.run(2000);
    assert.ok(group.leads('c'));
    assert.equal(group.at('b').failures.length, group.config.inSync.includes(group.at('b').id) ? 0 : 1);
  });
  it('goes on while what is read is older, or its own', () => {
    const group = trying();
    const attempt = group.changes.find(({ member }) => member === 'b')!;
    group.at('b').node.setConfig('g1', group.config);
    group.run(200);
    const lane = group.lane('a', 'before');
    lane.send('SET', 'k', '1');
    group.run(20);
    assert.equal(lane.replies(), '');
    attempt.tell();
    group.release();
    group.until(() => group.leads('b'), 3000, 'b leads');
    assert.equal(
      attempt.next,
      group.history.find(({ term }) => term === 2),
    );
  });
});
