// Who hears of a new primary without ZooKeeper: its members and routers from the one before it, a router that asks the
// wrong member, and one that comes before it serves (R2, R7).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupConfig } from '../../src/commit/index.js';
import { WaitingRoom } from '../../src/data/waiting.js';
import { readConfig, tellConfig } from '../../src/net/config-message.js';
import type { ConnHandler } from '../../src/net/host.js';
import { encodeCommand, ProtocolError } from '../../src/resp/index.js';
import { FakeHost } from '../net/fake-host.js';
import { type Group, serving } from './group.js';

/** Says one message on a connection of its own, to a member. */
function say(group: Group, name: string, bytes: Buffer) {
  const conn = group.host.accept();
  conn.handler = group.at(name).node.accept(conn);
  conn.deliver(bytes);
  return conn;
}
const roles = (group: Group) => ['a', 'b', 'c'].map((name) => group.at(name).node.roleName).join(' ');

describe('a hand-over', () => {
  it('is told to members and routers that ZooKeeper does not reach', () => {
    const group = serving({ held: true });
    const lane = group.lane('a');
    lane.replies();
    for (const name of ['b', 'c']) group.at(name).zookeeper = false;
    let handed = 0;
    group.at('a').node.handOver(() => handed++);
    group.run(5);
    group.changes[0]!.tell();
    group.until(() => group.leads('b'), 30, 'b serves');
    assert.equal(handed, 1);
    assert.equal(group.inSync, 'b c');
    const json = /TOWLINE\.CONFIG \$2 g1 \$\d+ (\{.*\})/.exec(lane.replies())![1]!;
    assert.deepEqual(readConfig(json), group.config);
    const next = group.lane('b', 'r1', 1, 1);
    next.send('SET', 'k', '1');
    assert.match(next.replies(), /\+OK/);
    assert.equal(group.at('c').failures.length + group.at('b').failures.length, 0);
  });
  it('is told by a primary that hears of it from ZooKeeper before its own compare-and-set is answered', () => {
    const group = serving({ held: true });
    const lane = group.lane('a');
    lane.replies();
    group.at('b').zookeeper = false;
    group.at('a').node.handOver(() => {});
    group.run(5);
    group.changes[0]!.apply();
    group.run(5);
    assert.match(lane.replies(), /TOWLINE\.CONFIG/);
    assert.ok(lane.closed);
    group.until(() => group.leads('b'), 30, 'b serves');
  });
  it('that comes to nothing tells nobody anything', () => {
    const group = serving({ members: 2, held: true });
    const lane = group.lane('a');
    lane.replies();
    group.at('a').node.handOver(() => {});
    group.run(5);
    group.publish({ ...group.config, epoch: 9 });
    group.changes[0]!.tell();
    group.run(5);
    assert.doesNotMatch(lane.replies(), /CONFIG/);
    assert.equal(group.at('b').node.roleName, 'backup');
  });
});

describe('a takeover', () => {
  it('is told by the winner', () => {
    const group = serving();
    group.at('c').zookeeper = false;
    group.kill('a');
    group.until(() => group.leads('b'), 3000, 'b serves');
    assert.equal(group.inSync, 'b c', 'c has followed in time');
  });
});

describe('a router', () => {
  it('that comes before the new primary serves waits inside, in order, and is answered then (R2)', () => {
    const group = serving();
    group.ringReadable = false;
    group.at('a').node.handOver(() => {});
    group.until(() => group.at('b').node.roleName === 'primary', 30);
    group.run(20);
    assert.ok(!group.leads('b'), 'it has not read the ring');
    const early = group.lane('b', 'r1', 1, 1);
    early.send('SET', 'k', '1');
    early.send('GET', 'k');
    // One that has gone meanwhile is nobody's.
    say(group, 'b', encodeCommand(['TOWLINE.LANE', 'r2', 1, 1, 1])).lose();
    group.run(20);
    assert.equal(early.replies(), '');
    assert.ok(!early.closed);
    group.readRings();
    group.until(() => group.leads('b'), 30);
    group.run(5);
    assert.match(early.replies(), /\+OK .*\$1 1/);
    assert.deepEqual(group.keys('b'), ['0:k=1']);
  });
  it('that comes to a backup is told who leads, and sent away (R7)', () => {
    const group = serving();
    const lane = group.lane('b');
    assert.match(
      lane.replies(),
      /^>3 \$14 TOWLINE\.CONFIG \$2 g1 \$\d+ \{"epoch":1,"term":1,"primary":"a:7001@x1"/,
    );
    assert.ok(lane.closed);
  });
  it('that asks any member is answered with the configuration it knows', () => {
    const group = serving();
    for (const name of ['a', 'b', 'c']) {
      const conn = say(group, name, encodeCommand(['TOWLINE.CONFIG', 'g1']));
      const [answer] = conn.commands();
      assert.deepEqual(readConfig(answer!.slice('TOWLINE.CONFIG g1 '.length)), group.config);
      assert.ok(conn.closing);
    }
    assert.deepEqual(say(group, 'b', encodeCommand(['TOWLINE.CONFIG', 'g2'])).commands(), []);
  });
});

describe('a configuration that is told', () => {
  it('counts only if it is newer, and of this group (R7)', () => {
    const group = serving();
    const [a, b] = [group.at('a').id, group.at('b').id];
    const other: GroupConfig = { epoch: 1, term: 7, primary: b, inSync: [a, b], created: 1 };
    say(group, 'b', tellConfig('g1', other));
    say(group, 'b', tellConfig('g2', { ...other, epoch: 5 }));
    group.run(50);
    assert.equal(roles(group), 'primary backup backup');
    assert.ok(group.leads('a'));
  });
  it('and is none, or cannot be, ends its connection', () => {
    const good = { epoch: 2, term: 2, primary: 'x', inSync: ['x'] };
    assert.deepEqual(readConfig(JSON.stringify(good)), good);
    const bad = [
      '',
      '{',
      'null',
      '[]',
      JSON.stringify({ ...good, epoch: 0 }),
      JSON.stringify({ ...good, term: '2' }),
      JSON.stringify({ ...good, primary: 'y' }),
      JSON.stringify({ ...good, inSync: [1] }),
      JSON.stringify({ ...good, created: 'x' }),
    ];
    for (const json of bad) assert.throws(() => readConfig(json), ProtocolError, json);
    const group = serving();
    const conn = say(group, 'b', encodeCommand(['TOWLINE.CONFIG', 'g1', '{']));
    assert.match(conn.take().toString(), /^-ERR/);
    assert.ok(conn.closing);
    assert.equal(group.at('b').node.roleName, 'backup');
  });
});

describe('WaitingRoom', () => {
  it('keeps what is said, up to a bound, and reads no more then', () => {
    const host = new FakeHost();
    const room = new WaitingRoom();
    const heard: string[] = [];
    const inner: ConnHandler = {
      data: (chunk) => heard.push(`${chunk.length}`),
      closed: () => heard.push('closed'),
    };
    const conn = host.accept();
    conn.handler = room.hold(conn, () => inner);
    conn.deliver('x');
    assert.ok(!conn.paused);
    conn.deliver(Buffer.alloc(1024 * 1024));
    assert.ok(conn.paused);
    assert.deepEqual(heard, []);
    room.open();
    assert.ok(!conn.paused);
    conn.deliver('yz');
    conn.lose();
    host.turn();
    assert.deepEqual(heard, ['1', '1048576', '2', 'closed']);
  });
  it('has a bounded number of places', () => {
    const room = new WaitingRoom();
    const conn = new FakeHost().accept();
    const enter = () => null;
    for (let i = 0; i < 1000; i++) assert.notEqual(room.hold(conn, enter), null);
    assert.equal(room.hold(conn, enter), null);
    room.open();
    assert.notEqual(room.hold(conn, enter), null);
  });
});
