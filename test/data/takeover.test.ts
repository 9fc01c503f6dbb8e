// From one primary to the next: when somebody tries, what it is meanwhile, what it inherits, and what clients of the
// old one are answered (R5, R6, R8-R10).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, serving } from './group.js';

/** Status fields of a member. */
function status(group: Group, name: string) {
  return JSON.parse(group.at(name).node.status()) as { seq: number; commit: number; transactions: number };
}

describe('R5: an election', () => {
  it('is won by the first in order; the next waits 100 ms longer each', () => {
    const group = serving({ members: 4, held: true });
    group.kill('a');
    group.until(() => group.changes.length === 1, 3000);
    assert.equal(group.changes[0]!.member, 'b');
    const second = group.until(() => group.changes.length === 2, 1000);
    assert.equal(group.changes[1]!.member, 'c');
    const third = group.until(() => group.changes.length === 3, 1000);
    assert.equal(group.changes[2]!.member, 'd');
    assert.ok(second >= 50 && second <= 150 && third >= 50 && third <= 150, `${second} ${third}`);
    assert.deepEqual(group.changes[0]!.next.inSync, group.config.inSync.slice(1));
    // The first wins; the others' attempts fail, and they follow.
    group.release();
    group.until(() => group.leads('b'), 2000);
    group.run(500);
    assert.equal(group.inSync, 'b c d');
  });
  it('waits for the whole grace', () => {
    const group = serving();
    group.kill('a');
    group.run(1200);
    assert.equal(group.config.term, 1);
    group.until(() => group.config.term === 2, 300);
  });
  it('is nobody else: while its outcome is unknown the member grants nothing to the primary it knew (R6)', () => {
    const group = serving({ members: 2, held: true });
    const lane = group.lane('a');
    group.cut('a', 'b');
    group.until(() => group.changes.some(({ member }) => member === 'b'), 3000, 'b tries');
    group.heal();
    lane.send('SET', 'k', '1').send('GET', 'k');
    group.run(1500);
    assert.equal(lane.replies(), '', 'neither vote nor lease');
    assert.equal(status(group, 'b').seq, 0);
    // b loses: a's removal of b came first. Then it is nobody.
    group.changes.find(({ member }) => member === 'a')!.tell();
    group.run(50);
    assert.match(lane.replies(), /\+OK .*\$1 1|\$1 1.*\+OK/);
    for (const change of [...group.changes]) change.tell();
    group.run(50);
    assert.equal(group.at('b').failures.length, 1);
    assert.ok(group.leads('a'));
  });
  it('that wins makes the old primary discard what it holds, without an answer to anybody (R9)', () => {
    const group = serving({ members: 2 });
    const lane = group.lane('a');
    group.cut('a', 'b');
    lane.send('SET', 'k', 'old');
    group.at('a').zookeeper = false;
    group.until(() => group.leads('b'), 4000);
    lane.send('GET', 'k');
    assert.equal(lane.replies(), '');
    const next = group.lane('b', 'r1', 1, 2);
    next.send('SET', 'k', 'new');
    assert.match(next.replies(), /\+OK/);
    group.heal();
    group.run(300);
    assert.equal(lane.replies(), '');
    assert.ok(lane.closed);
    assert.equal(group.at('a').failures.length, 1);
    assert.deepEqual(group.keys('b'), ['0:k=new']);
  });
  it('is not tried while ZooKeeper does not answer: a primary that comes back goes on (R6)', () => {
    const group = serving({ members: 2 });
    for (const name of ['a', 'b']) group.at(name).zookeeper = false;
    group.cut('a', 'b');
    group.run(3000);
    group.heal();
    group.run(300);
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    group.run(50);
    assert.match(lane.replies(), /\+OK/);
    assert.ok(group.changes.every(({ member }) => member === 'a'));
  });
});

describe('R8: a reply', () => {
  it('is held while the lease is not valid, and leaves when it is again', () => {
    const group = serving({ members: 2, held: true });
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    assert.match(lane.replies(), /\+OK/);
    group.mute('b', 'a');
    group.run(500);
    lane.send('GET', 'k');
    assert.match(lane.replies(), /\$1 1/, 'the lease lasts');
    group.run(600);
    lane.send('GET', 'k');
    assert.equal(lane.replies(), '');
    group.heal();
    group.run(250);
    assert.match(lane.replies(), /\$1 1/);
  });
  it('is held when only the wall clock has gone on', () => {
    const group = serving({ members: 2 });
    const lane = group.lane('a');
    group.at('a').machine.wallShift = 5000;
    lane.send('GET', 'k');
    assert.equal(lane.replies(), '');
    group.run(250);
    assert.match(lane.replies(), /\$-1/);
  });
  it('does not leave a primary that wakes up after its lease, whatever it is asked', () => {
    const group = serving();
    const lane = group.lane('a');
    group.freeze('a');
    group.until(() => group.leads('b'), 3000);
    group.lane('b', 'r2').send('SET', 'k', 'new');
    group.settle();
    // What it reads first is a client's question, not the news.
    for (const name of ['b', 'c']) group.cut('a', name);
    group.at('a').zookeeper = false;
    group.thaw('a');
    lane.send('GET', 'k');
    group.run(50);
    assert.equal(lane.replies(), '');
  });
});

describe('R9, R10: a new primary', () => {
  it('commits what it inherits, then answers what is sent again, once', () => {
    const group = serving();
    const lane = group.lane('a');
    lane.send('INCR', 'n');
    assert.match(lane.replies(), /:1$/);
    // Everybody holds the second one; nobody hears that it is committed.
    for (const name of ['b', 'c']) group.mute(name, 'a');
    lane.send('INCR', 'n');
    assert.equal(lane.replies(), '');
    assert.deepEqual(group.keys('b'), ['0:n=1'], 'nobody has told it');
    group.kill('a');
    group.heal();
    group.until(() => group.leads('b'), 3000);
    const next = group.lane('b', 'r1', 2, 3);
    next.send('INCR', 'n').send('INCR', 'n');
    assert.equal(next.replies(), '>2 $10 TOWLINE.AT :2 :2 :3');
    group.run(20);
    for (const name of ['b', 'c']) assert.deepEqual(group.keys(name), ['0:n=3']);
  });
  it('gives the rest to a member that holds less', () => {
    const group = serving();
    group.cut('a', 'c');
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    lane.send('SET', 'l', '2');
    group.settle();
    group.kill('a');
    group.heal();
    group.until(() => group.leads('b'), 3000);
    assert.equal(group.inSync, 'b c');
    group.run(20);
    assert.deepEqual(group.keys('c'), ['0:k=1', '0:l=2']);
    assert.deepEqual(group.keys('b'), group.keys('c'));
  });
  it('does not serve before a member that says nothing has left', () => {
    const group = serving({ held: true });
    group.freeze('c');
    group.kill('a');
    group.until(() => group.changes.some(({ member }) => member === 'b'), 3000);
    group.changes.find(({ member }) => member === 'b')!.tell();
    group.run(1000);
    assert.equal(group.config.term, 2);
    assert.ok(!group.leads('b'));
    const leaving = group.changes.find(({ next }) => next.epoch === 3)!;
    assert.deepEqual(leaving.next.inSync, [group.at('b').id]);
    leaving.tell();
    group.run(5);
    assert.ok(group.leads('b'));
  });
  it('does not serve before it has read the ring, after its compare-and-set (R2)', () => {
    const group = serving({ members: 2 });
    group.ringReadable = false;
    group.kill('a');
    group.until(() => group.config.term === 2, 3000);
    group.ring = { ...group.ring, version: 5 };
    group.run(200);
    assert.ok(!group.leads('b'));
    group.readRings();
    group.run(5);
    assert.ok(group.leads('b'));
    assert.match(group.lane('b', 'r2').replies(), /^$/);
  });
  it('keeps transactions over several groups prepared, their keys locked, and takes their outcome', () => {
    const group = serving();
    const control = group.control('a', 'c1');
    const first = control.lock('c1:1', 'x');
    control.prepare('c1:1', first, ['MSET', 'x', 'committed']);
    group.run(20);
    control.answers();
    // The second one is prepared everywhere, and its vote does not leave.
    const second = control.lock('c1:2', 'y');
    for (const name of ['b', 'c']) group.mute(name, 'a');
    control.answers();
    control.prepare('c1:2', second, ['MSET', 'y', 'aborted']);
    assert.deepEqual(control.answers(), []);
    group.kill('a');
    group.heal();
    group.until(() => group.leads('b'), 3000);
    const lane = group.lane('b', 'r1');
    lane.send('GET', 'x').send('TOWLINE.CLIENT', 5).send('GET', 'y').send('GET', 'free');
    assert.match(lane.replies(), /^>2 \$10 TOWLINE.AT :\d+ \$-1$|^$/);
    const next = group.control('b', 'c1');
    next.ask({ kind: 'inquire', txn: 'c1:2' });
    assert.deepEqual(next.answers(), [{ kind: 'state', txn: 'c1:2', state: 'prepared' }]);
    next.ask({ kind: 'outcome', txn: 'c1:1', commit: true });
    next.ask({ kind: 'outcome', txn: 'c1:2', commit: false });
    group.run(30);
    assert.match(lane.replies(), /\$9 committed/);
    // A token of the old term is worth nothing.
    next.prepare('c1:3', first, ['MSET', 'x', 'no']);
    group.run(30);
    const votes = next.answers().filter((answer) => answer.kind === 'vote');
    assert.deepEqual(votes, [{ kind: 'vote', txn: 'c1:3', vote: 'never' }]);
    for (const name of ['b', 'c']) assert.deepEqual(group.keys(name), ['0:x=committed']);
  });
});

describe('R6: a hand-over', () => {
  it('stops serving before the compare-and-set; what was due is sent again, and the heir answers it once', () => {
    const group = serving({ held: true });
    const lane = group.lane('a');
    lane.send('INCR', 'n');
    assert.match(lane.replies(), /:1$/);
    let handed = 0;
    // In the same turn: executed, not answered yet.
    for (const name of ['b', 'c']) group.mute(name, 'a');
    lane.send('INCR', 'n');
    group.at('a').node.handOver(() => handed++);
    group.heal();
    group.run(20);
    assert.equal(group.changes.length, 1);
    assert.equal(handed, 0);
    lane.send('GET', 'n');
    group.run(20);
    assert.equal(lane.replies(), '', 'it serves no more, though nobody else does');
    const { next } = group.changes[0]!;
    assert.equal(next.primary, group.at('b').id);
    assert.deepEqual(next.inSync, [group.at('b').id, group.at('c').id]);
    group.changes[0]!.tell();
    assert.equal(handed, 1);
    const passed = group.until(() => group.leads('b'), 500, 'b serves');
    assert.ok(passed < 100, `${passed}`);
    const heir = group.lane('b', 'r1', 2, 4);
    heir.send('INCR', 'n').send('GET', 'n');
    assert.match(heir.replies(), /:2 .*\$1 2/);
    group.run(20);
    for (const name of ['b', 'c']) assert.deepEqual(group.keys(name), ['0:n=2']);
  });
  it('waits for a change under way, and then names who is left', () => {
    const group = serving({ held: true });
    group.kill('b');
    group.run(2);
    assert.equal(group.changes.length, 1, 'b is leaving');
    let handed = 0;
    group.at('a').node.handOver(() => handed++);
    group.run(30);
    assert.equal(group.changes.length, 1);
    group.changes[0]!.tell();
    group.run(10);
    assert.equal(group.changes[0]!.next.primary, group.at('c').id);
    group.release();
    assert.equal(handed, 1);
    group.until(() => group.leads('c'), 100);
  });
  it('with nobody to hand over to is over at once', () => {
    const group = serving({ members: 1 });
    let handed = 0;
    group.at('a').node.handOver(() => handed++);
    assert.equal(handed, 1);
  });
});

describe('R3', () => {
  it('a member listed without data fails once, and takes no connection any more', () => {
    const group = serving({ members: 2 });
    const place = group.start('c');
    // It was being given everything, so it is not one that has been listed ever since the group began.
    group.until(() => JSON.parse(group.at('a').node.status()).sync !== null, 2000);
    group.cut('a', 'c');
    group.publish({ ...group.config, epoch: 7, inSync: [...group.config.inSync, place.id] });
    group.run(1000);
    assert.deepEqual(place.failures, ['listed without data']);
    assert.ok(group.lane('c').closed);
  });
  it('a group that was begun anew is not joined with what was held before, whatever has happened since', () => {
    const group = serving();
    group.at('b').zookeeper = false;
    const { id } = group.at('c');
    group.publish({ epoch: 5, term: 2, primary: id, inSync: [id, group.at('b').id], created: 5 });
    group.publish({ epoch: 6, term: 2, primary: id, inSync: [id, group.at('b').id], created: 5 });
    group.at('b').zookeeper = true;
    group.tell(group.at('b'));
    group.run(5);
    assert.equal(group.at('b').failures.length, 1);
  });
  it('an older configuration changes nothing', () => {
    const group = serving({ members: 2 });
    group.kill('b');
    group.run(50);
    assert.equal(group.config.epoch, 2);
    const { node, id, failures } = group.at('a');
    node.setConfig('g1', { epoch: 1, term: 1, primary: 'x', inSync: ['x'], created: 1 });
    node.setConfig('g1', { epoch: 2, term: 9, primary: id, inSync: [id], created: 1 });
    group.run(50);
    assert.deepEqual(failures, []);
    assert.ok(group.leads('a'));
  });
});
