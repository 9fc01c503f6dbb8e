// Blocking commands against redis-server, byte for byte: what is answered at once, in MULTI, when time runs out, and
// what one who waits is given. The same words to a real Redis and to a router over two groups.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { Connection, startRedis } from '../store/redis.js';
import { until } from './by-hand.js';
import { startCluster } from './cluster.js';

/** Commands of one client, in order. */
const AT_ONCE = `
rpush l a b c d e f
blpop l 0
brpop l 0
blpop none l 1
brpop l none 0.5
blmove l m LEFT RIGHT 0
blmove l m right left 0
lrange m 0 -1
brpoplpush m m 0
brpoplpush m l 1
lrange l 0 -1
blmpop 0 1 l LEFT
rpush l 1 2 3
blmpop 1 2 none l RIGHT COUNT 2
blmpop 0 2 none l LEFT COUNT 10
exists l
zadd z 1 one 2 two 3.5 three inf most -inf least
bzpopmin z 0
bzpopmax z 0
bzpopmin none z 1
bzmpop 0 1 z MAX
bzmpop 1 2 none z MIN COUNT 7
blpop none 0.01
brpop none none2 0.01
blmove none l LEFT LEFT 0.01
brpoplpush none l 0.01
blmpop 0.01 2 none none2 LEFT
bzpopmin none none2 0.01
bzpopmax none 0.01
bzmpop 0.01 1 none MIN
blpop none -1
blpop none -0.5
blpop none abc
blpop none 1x
blpop none nan
blpop none inf
blpop none -inf
blpop none 0x7FFFFFFFFFFFFF
blpop none 9223372036854776
blpop none 1e300
blpop none -0x1
blpop none 0x.01p0
blmove none l LEFT LEFT -1
blmove none l UP LEFT -1
blmove none l LEFT UP abc
brpoplpush none l -1
brpoplpush none l abc
blmpop -1 1 none LEFT
blmpop abc 1 none LEFT
blmpop 0.01 0 none LEFT
blmpop 0.01 -1 none LEFT
blmpop 0.01 a none LEFT
blmpop 0.01 2 none LEFT
blmpop 0.01 1 none UP
blmpop 0.01 1 none LEFT COUNT 0
blmpop 0.01 1 none LEFT COUNT a
blmpop 0.01 1 none LEFT COUNT 1 COUNT 2
blmpop 0.01 1 none LEFT extra
bzmpop -1 1 none MIN
bzmpop 0.01 0 none MIN
bzmpop 0.01 1 none LEFT
bzmpop 0.01 1 none MIN COUNT 0
bzmpop 0.01 1 none MIN MAX
bzpopmin none -1
bzpopmax none abc
set s x
blpop s 0
blpop none s 0
brpop s none 0.01
blmove s l LEFT LEFT 0
blmove none s LEFT LEFT 0.01
blmpop 0 1 s LEFT
bzpopmin s 0
bzmpop 0 2 none s MIN
rpush l x
blmove l s LEFT LEFT 0
brpoplpush l s 0
lrange l 0 -1
bzpopmax l 0
zadd z 1 a
blpop z 0
blpop
blpop l
brpop l
blmove l m LEFT LEFT
brpoplpush l m
blmpop 0 1 l
bzpopmin z
bzmpop 0 1 z
del l m z
rpush l 1 2 3 4 5
zadd z 1 a 2 b 3 c
multi
blpop l 0
brpop none l 5
blmove l m LEFT LEFT 0
brpoplpush l m 0
blmpop 0 1 l LEFT COUNT 2
blpop none 0
blmove none m LEFT LEFT 0
brpoplpush none m 0
blmpop 0 1 none LEFT
bzpopmin z 0
bzpopmax z 0
bzmpop 0 1 z MIN
bzpopmin none 0
bzmpop 0 1 none MIN
blpop l -1
blpop l abc
blpop s 0
exec
lrange m 0 -1
xadd x1 1-1 a 1
xadd x2 2-2 b 2
xread block 0 streams x1 0
xread block 0 streams x2 x1 0 0
xread block 10 streams x1 x2 $ $
xread block 10 count 5 streams none none2 0 $
xread block -1 streams x1 0
xread block abc streams x1 0
xread block 1.5 streams x1 0
xread block 0 streams x1
xread block 0 streams x1 x2 0
xread block 0 streams s 0
xread block 0 streams x1 x
xread block 0 streams x1 >
xread streams x1 x2 0 0
xread count 1 streams x2 none x1 0 0 0
xread block 0 nosuch streams x1 x2 0 0
xread block 0 group g c streams x1 x2 0 0
xreadgroup group g c block 0 streams x1 >
xgroup create x1 g 0
xgroup create x2 g 0
xreadgroup group g c block 0 streams x1 x2 > >
xreadgroup group g c block 10 streams x1 x2 > >
xreadgroup group g c block 0 streams x1 x2 0 0
xreadgroup group g c block 0 streams x1 x2 > 0
xreadgroup group g c block 0 streams x1 none > >
xreadgroup group g c block 0 streams x1 x2 > $
xreadgroup group g c block 0 streams x1
xreadgroup block 0 count 1 noack streams x1 >
multi
xread block 0 streams x1 $
xreadgroup group g c block 0 streams x1 x2 > >
exec
xgroup help
xinfo help
client unblock 1000000
client unblock abc
client unblock 1 maybe
client unblock 1000000 error
`;

/** What one waits with, what another one does then, and has done before. Keys with a tag live in one group. */
const WAITING: [string, string[], string[]?][] = [
  ['blpop w 0', ['rpush w a b', 'lrange w 0 -1']],
  ['brpop w v 0', ['rpush v a b', 'lrange v 0 -1']],
  ['blpop {t}w {t}v 0', ['multi', 'rpush {t}v 1', 'rpush {t}w 2', 'exec']],
  ['blmove w v LEFT RIGHT 0', ['rpush w a b', 'lrange v 0 -1', 'lrange w 0 -1']],
  ['blmove w w LEFT RIGHT 0', ['rpush w a b c']],
  ['brpoplpush w v 0', ['rpush w a', 'lrange v 0 -1']],
  ['brpoplpush w v 0', ['set v x', 'rpush w a']],
  ['blmpop 0 2 w v LEFT COUNT 3', ['rpush v a b c d']],
  ['bzpopmin w 0', ['zadd w 2 b 1 a', 'zrange w 0 -1']],
  ['bzpopmax v w 0', ['zadd w 2.5 b 1 a']],
  ['bzmpop 0 2 w v MAX COUNT 2', ['zadd v 1 a 2 b 3 c']],
  ['blpop w 0', ['set w x', 'del w', 'lpush w a']],
  ['blpop w 0', ['zadd w 1 a', 'del w', 'lpush w a']],
  ['blpop w 0', ['rpush v a b', 'rename v w']],
  ['bzpopmin w 0', ['zadd v 1 a', 'zunionstore w 1 v']],
  ['blpop w v w 0', ['rpush w a b']],
  ['xread block 0 streams w v 0 0', ['xadd v 1-1 a 1']],
  ['xread block 0 streams w $', ['xadd w 5-5 a 1'], ['xadd w 5-4 old 1']],
  ['xread block 0 streams w v $ $', ['xadd v 5-5 a 1'], ['xadd w 9-9 old 1', 'xadd v 5-4 old 1']],
  [
    'xread block 0 count 1 streams {t}w {t}v $ $',
    ['multi', 'xadd {t}v 1-1 a 1', 'xadd {t}v 1-2 a 1', 'exec'],
  ],
  ['xread block 0 streams w $', ['set w x', 'del w', 'xadd w 6-6 a 1'], ['xadd w 5-4 old 1']],
  ['xread block 0 streams w $', ['rename v w'], ['xadd v 5-4 a 1']],
  ['xread block 0 streams w 7', ['xadd w 6-6 a 1', 'xadd w 7-1 a 1']],
  // What it was given is acknowledged in streams.test.ts: an XACK right behind the XADD may come before it is.
  ['xreadgroup group g c block 0 streams w >', ['xadd w 1-1 a 1'], ['xgroup create w g $ mkstream']],
  ['xreadgroup group g c noack block 0 streams w >', ['xadd w 1-1 a 1'], ['xgroup create w g $ mkstream']],
  [
    'xreadgroup group g c block 0 streams w v > >',
    ['xadd v 1-1 a 1'],
    ['xgroup create w g $ mkstream', 'xgroup create v g $ mkstream'],
  ],
  ['xreadgroup group g c block 0 streams w >', ['xgroup destroy w g'], ['xgroup create w g $ mkstream']],
  ['xreadgroup group g c block 0 streams w >', ['del w'], ['xgroup create w g $ mkstream']],
  ['xreadgroup group g c block 0 streams w >', ['set w x'], ['xgroup create w g $ mkstream']],
  ['xreadgroup group g c block 0 streams w >', ['flushdb'], ['xgroup create w g $ mkstream']],
];

test('blocking commands answer what redis-server answers', {
  ...needs('redis-server'),
  timeout: 120_000,
}, async (t) => {
  const redis = await startRedis(t);
  const cluster = await startCluster({ groups: 2, members: 1, routers: 1 });
  const sockets: Socket[] = [];
  const router = async () => {
    const socket = connect(cluster.routerPorts[0]!, '127.0.0.1');
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    return new Connection(socket);
  };
  try {
    for (const proto of ['2', '3']) {
      await compareAtOnce(proto, await redis(), await router());
      const [one, other] = [await waits(proto, redis), await waits(proto, router)];
      assert.deepEqual(other, one);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    await cluster.stop();
  }
});

async function compareAtOnce(proto: string, redis: Connection, router: Connection): Promise<void> {
  for (const each of [redis, router]) {
    await each.ask('HELLO', proto);
    await each.ask('FLUSHALL');
  }
  for (const line of AT_ONCE.trim().split('\n')) {
    const words = line.split(' ');
    const [expected, found] = [await redis.ask(...words), await router.ask(...words)];
    assert.equal(found, expected, `RESP${proto}: ${line}`);
  }
}

async function waits(proto: string, open: () => Promise<Connection>): Promise<string[]> {
  const [waiter, other] = [await open(), await open()];
  const said: string[] = [];
  for (const each of [waiter, other]) await each.ask('HELLO', proto);
  for (const [wait, others, before = []] of WAITING) {
    await other.ask('FLUSHALL');
    for (const line of before) await other.ask(...line.split(' '));
    const reply = waiter.ask(...wait.split(' '));
    await until('it waits', async () =>
      (await other.ask('INFO', 'clients')).includes('blocked_clients:1\r\n'),
    );
    const answers: string[] = [];
    for (const line of others) {
      // What is left is read when the waiter has been served.
      if (line.startsWith('lrange') || line.startsWith('zrange')) answers.push(await reply);
      answers.push(await other.ask(...line.split(' ')));
    }
    said.push(`${wait}: ${answers.join(' ')} ${await reply}`);
  }
  const id = (await waiter.ask('CLIENT', 'ID')).slice(1, -2);
  for (const how of [[], ['TIMEOUT'], ['ERROR']]) {
    for (const wait of ['blpop w 0', 'blmove w v LEFT LEFT 0', 'bzmpop 0 1 w MIN']) {
      await other.ask('FLUSHALL');
      const reply = waiter.ask(...wait.split(' '));
      await until('it waits', async () =>
        (await other.ask('INFO', 'clients')).includes('blocked_clients:1\r\n'),
      );
      said.push(
        `${how.join(' ')} ${wait}: ${await other.ask('CLIENT', 'UNBLOCK', id, ...how)} ${await reply}`,
      );
    }
  }
  return said;
}
