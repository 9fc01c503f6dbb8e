// What a peer must not say: each message ends its connection, and the node serves on as if nothing had been said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataNode } from '../../src/data/node.js';
import { encodeAsk } from '../../src/net/wire.js';
import { type Argument, encodeCommand } from '../../src/resp/index.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';

const SELF = '127.0.0.1:7001@self';
const OTHER = '127.0.0.1:7002@other';

class Node {
  readonly host = new FakeHost();
  readonly node: DataNode;
  readonly failures: string[] = [];

  constructor(primary: string) {
    this.node = new DataNode(this.host, {
      group: 'g1',
      id: SELF,
      pid: 1,
      minInSync: 1,
      orphanMs: 2000,
      hotfix: true,
      broke: (error) => assert.fail(String(error)),
      failed: (reason) => this.failures.push(reason),
    });
    const inSync = primary === SELF ? [SELF] : [primary, SELF];
    this.node.setConfig('g1', { epoch: 1, term: 1, primary, inSync });
  }
  /** Opens a connection and says this in one piece. */
  say(...messages: (Buffer | readonly Argument[])[]): FakeConn {
    const conn = this.host.accept();
    conn.handler = this.node.accept(conn);
    conn.deliver(
      Buffer.concat(messages.map((one) => (Buffer.isBuffer(one) ? one : encodeCommand([...one])))),
    );
    return conn;
  }
  status(): Record<string, unknown> {
    const reply = this.say(['TOWLINE.STATUS']).take().toString();
    return JSON.parse(reply.slice(reply.indexOf('\n') + 1)) as Record<string, unknown>;
  }
  /** Nothing is left behind by what was said, and a router is served. */
  wellAfter(what: string): void {
    this.host.advance(10_000);
    const { locks, transactions } = this.status();
    assert.deepEqual(
      { locks, transactions, failures: this.failures },
      { locks: 0, transactions: 0, failures: [] },
      what,
    );
    // Another router: what r1 has said under these counters would be taken for said again (R10).
    const lane = this.say(['TOWLINE.LANE', 'r2', 0, 0, 0], ['SET', 'k', 'v'], ['GET', 'k']);
    assert.match(lane.take().toString(), /\+OK\r\n\$1\r\nv\r\n$/, what);
    lane.lose();
    this.host.turn();
  }
}

const LANE = ['TOWLINE.LANE', 'r1', 0, 0, 0];
const CONTROL = ['TOWLINE.CONTROL', 'r1'];
const command = (...words: Argument[]) => encodeCommand(words);
const lock = { kind: 'lock', txn: 'r1:1', ring: 0, everything: false, fetch: true, read: null } as const;
const key = { db: 0, key: 'k', exclusive: true };
const run = (bytes: Buffer, db = 0) => ({ db, proto: 2, command: bytes }) as const;
const reading = (db: number, bytes: Buffer) => encodeAsk({ ...lock, keys: [key], read: run(bytes, db) });
const aside = (payload: Buffer | null, bytes: Buffer, db = 0) =>
  encodeAsk({
    kind: 'aside',
    txn: 'r1:1',
    values: [{ db, key: 'k', payload }],
    runs: [{ db, proto: 2, command: bytes }],
  });
const prepare = (effects: Buffer) =>
  encodeAsk({ kind: 'prepare', txn: 'r1:1', token: '1.1', participants: ['g1'], effects });

const TO_A_PRIMARY: Record<string, (Buffer | readonly Argument[])[]> = {
  'a lane whose counter is no number': [['TOWLINE.LANE', 'r1', 'x', 0, 0]],
  'a lane whose counter is negative': [
    ['TOWLINE.LANE', 'r1', -1, 0, 0],
    ['SET', 'a', 'b'],
  ],
  'a lane whose counter is too large': [
    ['TOWLINE.LANE', 'r1', '1e300', 0, 0],
    ['SET', 'a', 'b'],
  ],
  'a lane with an empty number': [['TOWLINE.LANE', 'r1', '', 0, 0]],
  'an unknown database': [LANE, ['TOWLINE.DB', 16], ['SET', 'a', 'b']],
  'no database': [LANE, ['TOWLINE.DB'], ['SET', 'a', 'b']],
  'a database that is a fraction': [LANE, ['TOWLINE.DB', '0.5'], ['SET', 'a', 'b']],
  'a counter that is no number': [LANE, ['TOWLINE.AT', 'NaN'], ['SET', 'a', 'b']],
  'a counter that is missing': [LANE, ['TOWLINE.AT'], ['SET', 'a', 'b']],
  'a client that is no number': [LANE, ['TOWLINE.CLIENT', 'x']],
  'an acknowledgement of nothing': [LANE, ['TOWLINE.ACK']],
  'a ring that is no number': [LANE, ['TOWLINE.RING', '']],
  'a command without its arguments': [LANE, ['GET']],
  'a write without its arguments': [LANE, ['MSET', 'a']],
  'a protocol error right behind the greeting': [LANE, Buffer.from('*1\r\n$-5\r\n')],
  'waiting for nothing': [LANE, ['TOWLINE.BLOCK', 1, 0, 'list']],
  'waiting for a key without what is awaited of it': [LANE, ['TOWLINE.BLOCK', 1, 0, 'stream', 'k']],
  'waiting for an unknown type': [LANE, ['TOWLINE.BLOCK', 1, 0, 'hash', 'k', '']],
  'waiting since no time': [LANE, ['TOWLINE.BLOCK', 1, 'x', 'list', 'k', '']],
  'an attempt of a read that does not wait': [
    LANE,
    ['TOWLINE.TRY', 1, 0, command('XREAD', 'STREAMS', 'k', '0')],
  ],
  'an attempt of nonsense': [
    LANE,
    ['TOWLINE.TRY', 1, 0, command('XREAD', 'BLOCK', 'x', 'STREAMS', 'k', '0')],
  ],
  'a lock of an unknown database': [CONTROL, encodeAsk({ ...lock, keys: [{ ...key, db: 99 }] })],
  'a lock with too few fields': [CONTROL, ['TOWLINE.LOCKKEYS', 'r1:1', 0, 0, 1, 0, 1, 0, 1, 5, 'k']],
  'a lock with a negative list': [CONTROL, ['TOWLINE.LOCKKEYS', 'r1:1', 0, 0, 1, 0, -1]],
  'a lock that writes while it reads': [CONTROL, reading(0, command('SET', 'k', 'v'))],
  'a lock that reads with half a command': [CONTROL, reading(0, Buffer.from('*2\r\n$3\r\nGET\r\n'))],
  'a lock that reads with nothing': [CONTROL, reading(0, Buffer.from('\r\n'))],
  "a lock that reads with a router's command": [CONTROL, reading(0, command('PING'))],
  'a lock that reads with too few arguments': [CONTROL, reading(0, command('GET'))],
  'a lock that reads in an unknown database': [CONTROL, reading(77, command('GET', 'k'))],
  'a lock whose second read writes': [
    CONTROL,
    encodeAsk({
      ...lock,
      keys: [key],
      read: run(command('GET', 'k')),
      also: [run(command('SET', 'k', '1'))],
    }),
  ],
  'aside: a key that was not fetched': [CONTROL, aside(null, command('RENAME', 'k', 'other'))],
  'aside: a database that was not fetched': [CONTROL, aside(null, command('COPY', 'k', 'k', 'DB', 3))],
  'aside: a value without a head': [CONTROL, aside(Buffer.from('x'), command('GET', 'k'))],
  'aside: a value of an unknown type': [CONTROL, aside(Buffer.alloc(20, 200), command('GET', 'k'))],
  'aside: an unknown command': [CONTROL, aside(null, command('NOSUCH', 'k'))],
  "aside: a router's command": [CONTROL, aside(null, command('PING'))],
  'aside: half a command': [CONTROL, aside(null, Buffer.from('*3\r\n$3\r\n'))],
  'aside: an unknown database': [CONTROL, aside(null, command('GET', 'k'), 16)],
  'prepare: effects that are none': [
    CONTROL,
    encodeAsk({ ...lock, keys: [key] }),
    prepare(command('GET', 'k')),
  ],
  'prepare: effects that may be refused': [CONTROL, prepare(command('INCR', 'k'))],
  'prepare: effects that end too early': [CONTROL, prepare(Buffer.from('*2\r\n$3\r\nDEL\r\n'))],
  'prepare: half a pair': [CONTROL, prepare(command('MSET', 'a', 'b', 'c', 'd', 'e'))],
  'prepare: a pair too few': [CONTROL, prepare(command('MSET', 'a', 'b', 'c'))],
  'prepare: a bad value': [CONTROL, prepare(command('TOWLINE.PUT', 'k', 'x'))],
  'prepare: an unknown database': [CONTROL, prepare(command('TOWLINE.DB', 16))],
  'a message of no kind': [CONTROL, ['TOWLINE.NOSUCH', 'r1:1']],
  'a message without a transaction': [CONTROL, ['TOWLINE.RELEASE']],
};
for (const [what, messages] of Object.entries(TO_A_PRIMARY)) {
  test(`a primary is told ${what}`, () => {
    const one = new Node(SELF);
    const conn = one.say(...messages);
    assert.ok(conn.closing, 'the connection ends');
    one.wellAfter(what);
  });
}

test('what only routers ask is answered with an error when it is malformed', () => {
  const one = new Node(SELF);
  const lines = [
    ['TOWLINE.SCAN'],
    ['TOWLINE.SCAN', 'x', 10],
    ['TOWLINE.SCAN', 0, 0],
    ['TOWLINE.SCAN', -1, 'NaN'],
    ['TOWLINE.SCAN', '1e18', 10],
    ['CLUSTER', 'COUNTKEYSINSLOT', 'x'],
    ['CLUSTER', 'COUNTKEYSINSLOT', 16384],
    ['CLUSTER', 'GETKEYSINSLOT', -1, 10],
    ['NOSUCH', 'a'],
  ];
  const lane = one.say(LANE, ['SET', 'a', 'b'], ...lines);
  const replies = lane.take().toString();
  assert.equal(replies.match(/^-ERR /gm)?.length, lines.length, replies);
  assert.ok(!lane.closing);
  lane.lose();
  one.wellAfter('all');
});

const REPLICATE = ['TOWLINE.REPLICATE', 'g1', 1, 1, OTHER, 0, SELF];
const entry = (...fields: Argument[]) => ['TOWLINE.ENTRY', 1, ...fields];
const TO_A_BACKUP: Record<string, (Buffer | readonly Argument[])[]> = {
  'a term that is no number': [['TOWLINE.REPLICATE', 'g1', 'x', 1, OTHER, 0, SELF]],
  'a commit index that is none': [REPLICATE, ['TOWLINE.COMMIT', 1, 'x', 5]],
  'a clock that is none': [REPLICATE, ['TOWLINE.COMMIT', 1, 1]],
  'an entry without its fields': [REPLICATE, entry(1, 0, 0, 'batch')],
  'an entry over a hole': [REPLICATE, entry(5, 0, 0, 'batch', 'r1', '', '', '')],
  'an entry with a bad index': [REPLICATE, entry(1, 0, 0, 'batch', 'r1', '', 'abc', '')],
  'an entry that is no transaction': [REPLICATE, entry(1, 0, 0, 'txn', command('nosuch', 'r1:1'))],
  'an entry cut short': [REPLICATE, entry(1, 0, 0, 'txn', Buffer.from('*3\r\n$7\r\n'))],
  'a prepared transaction in an unknown database': [
    REPLICATE,
    entry(1, 0, 0, 'txn', command('prepare', 'r1:1', 1, 'g1', 1, 17, 'k', 1, 0, '')),
  ],
  'something else': [REPLICATE, ['PING', 1]],
};
for (const [what, messages] of Object.entries(TO_A_BACKUP)) {
  test(`a backup is told ${what}`, () => {
    const one = new Node(OTHER);
    const conn = one.say(messages[0]!);
    for (const message of messages.slice(1)) {
      assert.ok(!conn.closing);
      conn.deliver(Buffer.isBuffer(message) ? message : encodeCommand([...message]));
    }
    assert.ok(conn.closing, 'the connection ends');
    const primary = one.say(REPLICATE);
    assert.deepEqual(primary.commands(), ['TOWLINE.HELD 1 0']);
    assert.deepEqual(one.failures, []);
  });
}

test('who is not the primary of the configuration is not followed, and does not end who is', () => {
  const one = new Node(OTHER);
  const primary = one.say(REPLICATE);
  for (const words of [
    ['TOWLINE.REPLICATE', 'g1', 1, 1, 'somebody', 0, SELF],
    ['TOWLINE.REPLICATE', 'g1', 2, 2, OTHER, 0, SELF],
    ['TOWLINE.REPLICATE', 'g2', 1, 1, OTHER, 0, SELF],
  ]) {
    const conn = one.say(words);
    assert.deepEqual(conn.commands(), ['TOWLINE.REFUSED 0 0']);
    assert.ok(conn.closing);
  }
  assert.ok(!primary.closing);
});

test('a backup that claims what it was never sent is cut off', () => {
  const host = new FakeHost();
  const node = new DataNode(host, {
    group: 'g1',
    id: SELF,
    pid: 1,
    minInSync: 1,
    orphanMs: 2000,
    hotfix: true,
    broke: (error) => assert.fail(String(error)),
    failed: () => assert.fail('it serves on'),
  });
  node.setConfig('g1', { epoch: 1, term: 1, primary: SELF, inSync: [SELF, OTHER] });
  // The newest connection that carries the log: beacons have one of their own.
  const backup = () => {
    for (let i = host.conns.length - 1; i >= 0; i--) {
      const conn = host.conns[i]!;
      if (conn.closing) continue;
      conn.open();
      if (conn.commands()[0]?.startsWith('TOWLINE.REPLICATE') === true) return conn;
    }
    return assert.fail('the backup is not tried');
  };
  for (const said of [
    ['x', 0],
    [1, 'x'],
    [1, 99],
    [1, -1],
  ]) {
    const conn = backup();
    conn.deliver(encodeCommand(['TOWLINE.HELD', ...said]));
    assert.ok(conn.closing, said.join(' '));
    host.advance(1000);
  }
  const conn = backup();
  conn.deliver(encodeCommand(['TOWLINE.HELD', 1, 0]));
  assert.ok(!conn.closing);
});

test('a reader that does not read its replies is not read from', () => {
  const one = new Node(SELF);
  const lane = one.say(LANE, ['SET', 'k', 'x'.repeat(8 * 1024 * 1024)]);
  lane.take();
  const conn = one.say(['GET', 'k']);
  conn.take();
  conn.queued = 17 * 1024 * 1024;
  conn.deliver(Buffer.concat(Array.from({ length: 50 }, () => command('GET', 'k'))));
  assert.ok(conn.paused);
  assert.equal(conn.take().length, 0);
  conn.queued = 0;
  conn.handler!.drained!();
  assert.ok(conn.take().length > 49 * 8 * 1024 * 1024);
  assert.ok(!conn.paused);
});

test('an outcome that nobody can have decided changes nothing', () => {
  const one = new Node(SELF);
  const held = one.say(CONTROL, encodeAsk({ ...lock, keys: [key] }));
  assert.match(held.commands().join(), /^TOWLINE.LOCKED r1:1 /);
  held.deliver(encodeAsk({ kind: 'outcome', txn: 'r1:1', commit: true }));
  assert.ok(held.closing);
  one.wellAfter('a commit of what was only locked');
});
