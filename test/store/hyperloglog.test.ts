// HyperLogLogs: against redis-server, byte for byte; copies; what is corrupted changes nothing; values that travel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { HLL_KEYS, hllCommand } from './hyperloglog-commands.js';
import { startRedis } from './redis.js';

testFamily('hyperloglogs', HLL_KEYS, {
  command: hllCommand,
  normal: (_, reply) => reply,
  // Runs that do not add up: Redis keeps what PFADD changed before it noticed, without telling its replicas.
  without: ['APPEND'],
});

const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `e${from + i}`);
const bulk = (reply: string) => reply.slice(reply.indexOf('\n') + 1, -2);

test(
  'a value goes to a redis-server and comes back, counted and added to at both',
  needs('redis-server'),
  async (t) => {
    const redis = await (await startRedis(t))();
    const primary = new Primary();
    // Sparse, about to become dense, dense.
    for (const count of [3, 800, 1300, 20_000]) {
      for (let at = 0; at < count; at += 100)
        primary.run('PFADD', 'k', ...names(at, Math.min(100, count - at)));
      const mine = Buffer.from(bulk(primary.run('GET', 'k')), 'latin1');
      await redis.ask('SET', 'k', mine);
      const counted = await redis.ask('PFCOUNT', 'k');
      assert.equal(primary.run('PFCOUNT', 'k'), counted);
      assert.equal(
        await redis.ask('PFADD', 'k', ...names(count, 50)),
        primary.run('PFADD', 'k', ...names(count, 50)),
      );
      const theirs = await redis.ask('GET', 'k');
      assert.equal(primary.run('GET', 'k'), theirs);
      primary.run('SET', 'from', Buffer.from(bulk(theirs), 'latin1'));
      assert.equal(primary.run('PFCOUNT', 'from'), await redis.ask('PFCOUNT', 'k'));
      primary.run('DEL', 'k');
    }
  },
);

test('PFCOUNT of one key writes what it counted, as an effect of eight bytes, and no second time', () => {
  const primary = new Primary();
  primary.run('PFADD', 'k', 'a', 'b', 'c');
  primary.effects();
  assert.equal(primary.run('PFCOUNT', 'k'), ':3\r\n');
  assert.deepEqual(primary.effects(), ['SETRANGE k 8 \x03\0\0\0\0\0\0\0']);
  assert.equal(primary.run('PFCOUNT', 'k'), ':3\r\n');
  assert.deepEqual(primary.effects(), []);
});

test('where nothing can be committed PFCOUNT counts and writes nothing', () => {
  const primary = new Primary();
  primary.run('PFADD', 'k', 'a', 'b', 'c');
  primary.effects();
  const before = primary.run('GET', 'k');
  primary.ctx.frozen = true;
  assert.equal(primary.run('PFCOUNT', 'k'), ':3\r\n');
  assert.deepEqual(primary.effects(), []);
  assert.equal(primary.run('GET', 'k'), before);
});

test('an addition that finds the value corrupted changes nothing', () => {
  const primary = new Primary();
  primary.run('PFADD', 'k', 'a');
  // Cut behind the head: no register is left. And one with too many registers that would have to become dense.
  primary.run('SET', 'cut', Buffer.from(bulk(primary.run('GET', 'k')), 'latin1').subarray(0, 16));
  primary.run(
    'SET',
    'long',
    Buffer.concat([Buffer.from(bulk(primary.run('GET', 'k')), 'latin1'), Buffer.alloc(4000)]),
  );
  primary.effects();
  for (const key of ['cut', 'long']) {
    const before = primary.run('GET', key);
    assert.match(
      primary.run('PFADD', key, ...names(0, 10)),
      /^-INVALIDOBJ Corrupted HLL object detected\r\n$/,
    );
    assert.match(primary.run('PFCOUNT', key), /^-INVALIDOBJ/);
    assert.equal(primary.run('GET', key), before);
  }
  assert.deepEqual(primary.effects(), []);
});

test('PFSELFTEST finds nothing wrong', () => {
  assert.equal(new Primary().run('PFSELFTEST'), '+OK\r\n');
});
