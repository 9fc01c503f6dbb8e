// Who counts as in sync, as the primary decides it, and what waits for whom (R4, R6, R7; design, sections 3 and 4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, serving } from './group.js';

/** Whether a write of the primary is acknowledged within a moment. */
function acknowledged(group: Group, name = 'a', router = 'probe'): boolean {
  const lane = group.lane(name, `${router}${group.host.now()}`);
  lane.send('SET', 'probe', '1');
  group.run(10);
  return lane.replies().endsWith('+OK');
}

describe('a member that is gone', () => {
  it('leaves at once when its connection closes, and writes go on when it has left', () => {
    const group = serving({ held: true });
    group.kill('b');
    group.run(5);
    assert.deepEqual(
      group.changes.map(({ next }) => [next.epoch, next.inSync.length]),
      [[2, 2]],
    );
    assert.ok(!acknowledged(group), 'not while the outcome is unknown');
    group.changes[0]!.apply();
    assert.ok(!acknowledged(group), 'nor before it is told: the configuration may be either');
    group.changes[0]!.tell();
    assert.ok(acknowledged(group));
    assert.equal(group.inSync, 'a c');
  });
  it('leaves when it is silent, not earlier', () => {
    const group = serving();
    group.freeze('b');
    const passed = group.until(() => group.config.epoch === 2, 2000);
    assert.equal(group.inSync, 'a c');
    assert.ok(passed > 350 && passed < 800, `${passed}`);
    group.run(1000);
    assert.ok(acknowledged(group));
    // It finds out that it was removed, and is nobody under this id any more (R3).
    group.thaw('b');
    group.run(300);
    assert.equal(group.at('b').failures.length, 1);
    group.run(3000);
    assert.equal(group.at('b').failures.length, 1, 'told once');
  });
  it('leaves when it lags, though it is heard', () => {
    const group = serving();
    const log = group.between('a', 'b')[0]!;
    group.stuck = (link) => link === log;
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    group.run(1500);
    assert.equal(group.inSync, 'a b c');
    assert.equal(lane.replies(), '');
    group.run(1000);
    assert.equal(group.inSync, 'a c');
    assert.match(lane.replies(), /\+OK$/);
  });
  it('is not taken for gone by a primary that stood still itself', () => {
    const group = serving();
    group.freeze('a');
    group.run(800);
    group.thaw('a');
    group.run(2000);
    assert.equal(group.inSync, 'a b c');
    assert.equal(group.config.epoch, 1);
    assert.ok(acknowledged(group));
  });
  it('takes minInSync with it: writes are refused, reads are served (R4)', () => {
    const group = serving({ minInSync: 3 });
    group.lane('a').send('SET', 'k', '1');
    group.run(20);
    group.kill('b');
    group.run(50);
    const lane = group.lane('a', 'r2');
    lane.send('SET', 'k', '2').send('GET', 'k');
    assert.match(lane.replies(), /\$1 1.*-NOREPLICAS|-NOREPLICAS.*\$1 1/);
  });
  it('below minInSync leaves reads that meet expired keys an answer, and they take none from others', () => {
    const group = serving({ members: 2, minInSync: 2 });
    const lane = group.lane('a');
    lane.send('SET', 'x', '1', 'PX', '100').send('SET', 'y', '2');
    assert.match(lane.replies(), /\+OK \+OK$/);
    group.kill('b');
    group.run(300);
    assert.equal(group.inSync, 'a');
    lane.send('GET', 'x').send('GET', 'y').send('GET', 'absent').send('EXISTS', 'x').send('SET', 'z', '1');
    assert.match(lane.replies(), /^\$-1 \$1 2 \$-1 :0 -NOREPLICAS/);
    lane.send('TOWLINE.DB', 4).send('RANDOMKEY').send('TOWLINE.DB', 0).send('RANDOMKEY');
    assert.match(lane.replies(), /^\$-1 \$1 [xy]$/);
    // As soon as there are enough again, it goes as ever.
    group.start('b');
    group.until(() => group.inSync === 'a b', 3000);
    group.run(300);
    assert.deepEqual(group.keys('a'), ['0:y=2']);
    assert.deepEqual(group.keys('b'), ['0:y=2']);
  });
  it('may have led to a conflict: the configuration is read, and a newer primary obeyed', () => {
    const group = serving({ held: true });
    group.kill('b');
    group.run(5);
    const [change] = group.changes;
    const { id } = group.at('c');
    group.publish({ ...group.config, epoch: 2, term: 2, primary: id, inSync: [id] });
    change!.tell();
    group.run(50);
    assert.equal(group.at('a').failures.length, 1, 'a primary that lost its term begins anew (R9)');
    assert.ok(group.leads('c'));
    assert.deepEqual(group.changes, []);
  });
});

describe('a candidate', () => {
  it('counts before it is listed: its word is needed, and its lease', () => {
    const group = serving({ members: 2, held: true });
    group.start('c');
    group.until(() => group.changes.length === 1, 3000, 'c is proposed');
    assert.equal(group.changes[0]!.next.inSync.length, 3);
    assert.ok(acknowledged(group));
    group.mute('c', 'a');
    assert.ok(!acknowledged(group), 'it has to hold the entry too');
    group.heal();
    group.run(50);
    group.release();
    assert.equal(group.inSync, 'a b c');
  });
  it('is listed only when it has said that it holds everything', () => {
    const group = serving({ members: 2 });
    group.start('c');
    // From the moment it counts, nothing of it gets through.
    const links = new Set<unknown>();
    group.stuck = (link) => {
      if (group.connects(link, 'a', 'c')) links.add(link);
      return links.size > 1 && group.connects(link, 'a', 'c');
    };
    group.run(900);
    assert.ok(links.size > 1, 'it was to be let in');
    assert.equal(group.config.epoch, 1);
    group.stuck = () => false;
    group.until(() => group.inSync === 'a b c', 3000);
  });
  it('that dies is dropped without a change of configuration', () => {
    const group = serving({ members: 2, held: true });
    group.start('c');
    group.until(() => JSON.parse(group.at('a').node.status()).sync !== null, 2000);
    group.kill('c');
    group.run(1000);
    assert.deepEqual(group.changes, []);
    assert.ok(acknowledged(group));
  });
  it('that dies while its listing is under way is needed until the outcome is known, and then leaves', () => {
    const group = serving({ members: 2, held: true });
    group.start('c');
    group.until(() => group.changes.length === 1, 3000);
    group.kill('c');
    group.run(100);
    assert.ok(!acknowledged(group));
    group.changes[0]!.tell();
    group.run(10);
    assert.equal(group.inSync, `a b ${group.at('c').id}`.replace(group.at('c').id, 'c'));
    assert.equal(group.changes[0]!.next.inSync.length, 2);
    assert.ok(!acknowledged(group), 'it is listed now: it leaves by compare-and-set');
    group.release();
    assert.equal(group.inSync, 'a b');
    assert.ok(acknowledged(group));
  });
});

describe('a candidate that may have been named without its primary knowing', () => {
  it('is needed until a configuration without it stands: it may lead by now (R6)', () => {
    const group = serving({ members: 2, held: true });
    group.start('c');
    group.until(() => group.changes.length === 1, 3000);
    const change = group.changes[0]!;
    group.at('a').zookeeper = false;
    // Written, but its sender hears of a conflict when somebody has changed it once more.
    group.publish(change.next);
    group.kill('c');
    group.run(100);
    change.refuse();
    group.run(50);
    assert.ok(!acknowledged(group));
  });
});

describe('epochs and terms (R7)', () => {
  it('travel in beacons: who hears a newer epoch reads the configuration', () => {
    const group = serving();
    // Watches fail at c; its own reading works.
    const { node } = group.at('c');
    let reads = 0;
    const { refresh } = node.options;
    node.options.refresh = () => {
      reads++;
      refresh?.();
    };
    group.at('c').zookeeper = false;
    group.kill('b');
    group.run(20);
    assert.equal(group.config.epoch, 2);
    group.at('c').zookeeper = true;
    group.run(250);
    assert.ok(reads > 0);
    assert.equal(JSON.parse(node.status()).epoch, 2);
  });
  it('a primary whose term is over is refused by whoever knows, also before its successor speaks', () => {
    const group = serving();
    group.at('a').zookeeper = false;
    group.freeze('b');
    const { id } = group.at('b');
    const inSync = [id, group.at('c').id];
    group.publish({ ...group.config, epoch: 2, term: 2, primary: id, inSync });
    group.run(300);
    assert.equal(group.at('a').failures.length, 1, 'deposed');
    // The successor never speaks: the next in order takes over.
    group.until(() => group.leads('c'), 3000, 'c leads');
    assert.equal(group.config.term, 3);
  });
});
