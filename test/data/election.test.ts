// Who leads a group, when, and with what log (R3, R5, R7, R9).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCommand } from '../../src/resp/index.js';
import { type Link, serving } from './group.js';

describe('roles', () => {
  it('follows from the configuration: creation, primary, backups', () => {
    const group = serving();
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => group.at(name).node.roleName),
      ['primary', 'backup', 'backup'],
    );
    const lane = group.lane('a');
    lane.send('SET', 'k', 'v');
    assert.equal(lane.replies(), '>2 $10 TOWLINE.AT :1 +OK');
    group.run(20);
    for (const name of ['a', 'b', 'c']) assert.deepEqual(group.keys(name), ['0:k=v']);
  });
});

describe('R9: a takeover', () => {
  it('brings everybody to the new primary log even if that primary inherits nothing', () => {
    const group = serving();
    const lane = group.lane('a');
    lane.send('SET', 'k', '1');
    assert.match(lane.replies(), /\+OK/);
    group.run(20);
    // c gets an entry that b never gets.
    group.cut('a', 'b');
    lane.send('SET', 'lost', '1');
    assert.equal(lane.replies(), '');
    group.kill('a');
    // What b says first is chance: here c hears of its term, and its beacons, before its log.
    const links = new Set<Link>();
    group.stuck = (link) => {
      if (group.connects(link, 'b', 'c')) links.add(link);
      return link === [...links][1];
    };
    group.until(() => group.config.term === 2, 3000, 'b leads');
    assert.equal(group.inSync, 'b c');
    group.run(20);
    assert.ok(!group.leads('b'), 'before c has said what it holds');
    const early = group.lane('b', 'r1', 2, 3);
    early.send('SET', 'other', '2');
    group.run(20);
    group.stuck = () => false;
    group.run(100);
    const again = group.lane('b', 'r1', 2, 3);
    again.send('SET', 'other', '2').send('SET', 'more', '3');
    group.run(50);
    assert.equal(group.inSync, 'b c', 'in time');
    assert.deepEqual(group.keys('b'), ['0:k=1', '0:more=3', '0:other=2']);
    assert.deepEqual(group.keys('c'), group.keys('b'));
  });

  it('serves reads below minInSync, holds what is not held by enough, and takes in whoever makes it enough (R4)', () => {
    const group = serving({ members: 2, minInSync: 2 });
    const lane = group.lane('a');
    lane.send('SET', 'old', '1');
    assert.match(lane.replies(), /\+OK/);
    group.run(20);
    const control = group.control('a');
    const token = control.lock('r1:9', 'locked');
    // The backup gets the entries; what it says about them does not come back.
    group.mute('b', 'a');
    lane.send('SET', 'young', '2');
    control.prepare('r1:9', token, ['MSET', 'locked', '3']);
    assert.deepEqual(control.answers(), []);
    group.kill('a');
    group.heal();
    group.until(() => group.leads('b'), 3000, 'b serves');
    assert.equal(group.inSync, 'b');
    const next = group.lane('b', 'r1', 2, 3);
    next.send('SET', 'young', '2').send('GET', 'old').send('GET', 'young').send('SET', 'third', '3');
    assert.match(next.replies(), /^>2 \$10 TOWLINE.AT :3 \$1 1 >2 \$10 TOWLINE.AT :5 -NOREPLICAS [^>]*$/);
    const asks = group.control('b');
    asks.ask({ kind: 'inquire', txn: 'r1:9' });
    assert.deepEqual(asks.answers(), [], 'one copy is not prepared');
    group.start('a');
    group.until(() => group.inSync === 'b a', 2000, 'a is let in again');
    group.run(20);
    assert.deepEqual(asks.answers(), [{ kind: 'state', txn: 'r1:9', state: 'prepared' }]);
    assert.equal(next.replies(), '>2 $10 TOWLINE.AT :2 +OK >2 $10 TOWLINE.AT :4 $1 2');
    asks.ask({ kind: 'outcome', txn: 'r1:9', commit: true });
    group.run(20);
    assert.deepEqual(asks.answers(), [{ kind: 'done', txn: 'r1:9' }]);
    assert.deepEqual(group.keys('a'), ['0:locked=3', '0:old=1', '0:young=2']);
    assert.deepEqual(group.keys('b'), group.keys('a'));
  });

  it('decides nothing about orphans, and lets its log not grow, before everybody has the inherited one', () => {
    const group = serving({ orphanMs: 100 });
    const control = group.control('a');
    const token = control.lock('r1:9', 'x');
    control.ask({
      kind: 'prepare',
      txn: 'r1:9',
      token,
      participants: ['g1'],
      effects: encodeCommand(['DEL', 'x']),
    });
    assert.deepEqual(control.answers(), [{ kind: 'vote', txn: 'r1:9', vote: 'prepared' }]);
    group.run(20);
    // c holds entries that b does not; ZooKeeper is gone once b leads, and so c cannot leave while it is cut off.
    group.cut('a', 'b');
    group.lane('a').send('SET', 'lost', '1').send('SET', 'lost too', '1');
    group.settle();
    group.cut('b', 'c');
    group.kill('a');
    group.until(() => group.config.term === 2, 3000);
    group.at('c').zookeeper = group.at('b').zookeeper = false;
    group.run(2000);
    assert.ok(!group.leads('b'));
    group.heal();
    group.until(() => group.leads('b'), 500);
    group.run(3000);
    assert.deepEqual(group.keys('c'), []);
    assert.deepEqual(JSON.parse(group.at('c').node.status()).transactions, 0, 'settled and forgotten');
    assert.equal(JSON.parse(group.at('c').node.status()).seq, JSON.parse(group.at('b').node.status()).seq);
  });
});
