// DUMP and RESTORE against a real redis-server, both ways: every type in every encoding that Redis 7.0 writes; options;
// payloads that are not sound, which must be errors and never anything else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc64 } from '../../src/store/rdb-crc.js';
import { BadPayload, RdbReader } from '../../src/store/rdb-reader.js';
import { readValue } from '../../src/store/rdb-values.js';
import { needs } from '../needs.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';

const long = 'x'.repeat(70);
const many = (count: number, of: (i: number) => string[]) =>
  Array.from({ length: count }, (_, i) => of(i)).flat();

/** Commands that make a value at `k`, and one that shows it. */
const VALUES: Readonly<Record<string, readonly [make: string[], show: string[]]>> = {
  'a small integer': [
    ['SET', 'k', '-7'],
    ['GET', 'k'],
  ],
  'an integer of 32 bits': [
    ['SET', 'k', '-2000000000'],
    ['GET', 'k'],
  ],
  'an integer of 64 bits': [
    ['SET', 'k', '9223372036854775807'],
    ['GET', 'k'],
  ],
  'an empty string': [
    ['SET', 'k', ''],
    ['GET', 'k'],
  ],
  'a string that LZF makes small': [
    ['SET', 'k', 'abcabcd'.repeat(9000)],
    ['GET', 'k'],
  ],
  'a list of small things': [
    ['RPUSH', 'k', '1', '-5', '70', '-3000', '100000', '-9000000', '3000000000', '12345678901234', long, ''],
    ['LRANGE', 'k', '0', '-1'],
  ],
  'a list with a large element': [
    ['RPUSH', 'k', 'p'.repeat(20_000), 'q'],
    ['LRANGE', 'k', '0', '-1'],
  ],
  'a list of several nodes': [
    ['RPUSH', 'k', ...many(300, (i) => [`${long}${i}`])],
    ['LRANGE', 'k', '0', '-1'],
  ],
  'an intset of 16 bits': [
    ['SADD', 'k', '3', '-1', '2'],
    ['SORT', 'k'],
  ],
  'an intset of 32 bits': [
    ['SADD', 'k', '-100000', '5'],
    ['SORT', 'k'],
  ],
  'an intset of 64 bits': [
    ['SADD', 'k', '9000000000000', '-3'],
    ['SORT', 'k'],
  ],
  'a set of texts': [
    ['SADD', 'k', 'a', 'b', long],
    ['SORT', 'k', 'ALPHA'],
  ],
  'a small hash': [
    ['HSET', 'k', 'a', '1', 'b', 'two'],
    ['HGETALL', 'k'],
  ],
  'a large hash': [
    ['HSET', 'k', 'a', 'x'.repeat(6000)],
    ['HGETALL', 'k'],
  ],
  'a small sorted set': [
    ['ZADD', 'k', '1', 'a', '1.5', 'b', '-inf', 'c', '+inf', 'd', '3e-300', 'e', '123456789012345680', 'f'],
    ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'],
  ],
  'a large sorted set': [
    ['ZADD', 'k', ...many(300, (i) => [String(i / 7), `m${i}`])],
    ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'],
  ],
};

/** The bytes of a bulk reply that was read as latin1 text. */
const bulk = (reply: string) => Buffer.from(reply.slice(reply.indexOf('\r\n') + 2, -2), 'latin1');

test('values go to redis-server and come back, in every encoding', needs('redis-server'), async (t) => {
  const redis = await (await startRedis(t))();
  for (const [name, [make, show]] of Object.entries(VALUES)) {
    const node = new Primary();
    await redis.ask('FLUSHALL');
    await redis.ask(...make);
    const shown = await redis.ask(...show);
    const theirs = bulk(await redis.ask('DUMP', 'k'));
    assert.equal(node.run('RESTORE', 'k', '0', theirs), '+OK\r\n', name);
    assert.equal(node.run(...show), shown, `${name}: from redis-server`);
    assert.equal(node.run('OBJECT', 'ENCODING', 'k'), await redis.ask('OBJECT', 'ENCODING', 'k'), name);
    const ours = bulk(node.run('DUMP', 'k'));
    assert.equal(await redis.ask('RESTORE', 'k', '0', ours, 'REPLACE'), '+OK\r\n', name);
    assert.equal(await redis.ask(...show), shown, `${name}: to redis-server`);
  }
});

/** Streams in every form: several runs, entries with fields of their own, large deltas, deletions, groups. */
const STREAMS: Readonly<Record<string, string[][]>> = {
  'a small stream': [['XADD', 'k', '1-1', 'a', '1', 'b', 'two']],
  'a stream of several runs': [
    ...Array.from({ length: 230 }, (_, i) => ['XADD', 'k', `${i + 5}-0`, 'n', String(i), 'text', long]),
    ['XADD', 'k', '300-7', 'other', 'x'.repeat(5000)],
    ['XADD', 'k', '300-8', 'n', '-70000', 'text', '123456789012345'],
    ['XADD', 'k', '18446744073709551615-3', 'n', '1', 'text', ''],
    ['XDEL', 'k', '7-0', '40-0', '41-0'],
    ['XTRIM', 'k', 'MAXLEN', '215'],
  ],
  'a stream whose differences do not fit': [
    ['XADD', 'k', '5-18446744073709551000', 'n', '1'],
    ['XADD', 'k', '6-1', 'n', '2'],
    ['XADD', 'k', '18446744073709551615-0', 'n', '3'],
  ],
  'an empty stream with a group': [
    ['XGROUP', 'CREATE', 'k', 'g', '5-5', 'MKSTREAM', 'ENTRIESREAD', '3'],
    ['XSETID', 'k', '9-9', 'ENTRIESADDED', '70', 'MAXDELETEDID', '8-1'],
  ],
  'a stream with groups': [
    ...Array.from({ length: 300 }, (_, i) => ['XADD', 'k', `${i + 1}-0`, 'n', String(i)]),
    ['XGROUP', 'CREATE', 'k', 'g', '0'],
    ['XGROUP', 'CREATE', 'k', 'h', '250-0'],
    ['XGROUP', 'CREATE', 'k', 'none', '$'],
    ['XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '100', 'STREAMS', 'k', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '30', 'STREAMS', 'k', '>'],
    ['XREADGROUP', 'GROUP', 'h', 'ann', 'NOACK', 'COUNT', '9', 'STREAMS', 'k', '>'],
    ['XGROUP', 'CREATECONSUMER', 'k', 'none', 'idle'],
    ['XACK', 'k', 'g', '1-0', '5-0', '120-0'],
    ['XCLAIM', 'k', 'g', 'bob', '0', '7-0', '8-0', 'TIME', '1000000000000', 'RETRYCOUNT', '9000000000'],
    ['XDEL', 'k', '9-0'],
  ],
};

test(
  'streams with all that belongs to them go to redis-server and come back',
  needs('redis-server'),
  async (t) => {
    const redis = await (await startRedis(t))();
    const show = ['XINFO', 'STREAM', 'k', 'FULL', 'COUNT', '0'];
    for (const [name, make] of Object.entries(STREAMS)) {
      const node = new Primary(Date.now());
      await redis.ask('FLUSHALL');
      for (const words of make) {
        assert.doesNotMatch(await redis.ask(...words), /^-/, words.join(' '));
        assert.doesNotMatch(node.run(...words), /^-/, words.join(' '));
      }
      const shown = await redis.ask(...show);
      const theirs = bulk(await redis.ask('DUMP', 'k'));
      const own = node.run(...show);
      const made = bulk(node.run('DUMP', 'k'));
      assert.equal(node.run('RESTORE', 'k', '0', theirs, 'REPLACE'), '+OK\r\n', name);
      assert.equal(node.run(...show), shown, `${name}: from redis-server`);
      assert.equal(
        await redis.ask('RESTORE', 'k', '0', bulk(node.run('DUMP', 'k')), 'REPLACE'),
        '+OK\r\n',
        name,
      );
      assert.equal(await redis.ask(...show), shown, `${name}: and back`);
      await redis.ask('CONFIG', 'SET', 'sanitize-dump-payload', 'yes');
      assert.equal(await redis.ask('RESTORE', 'k', '0', made, 'REPLACE'), '+OK\r\n', name);
      assert.equal(await redis.ask(...show), own, `${name}: made here`);
      // What is restored goes on as what was made: runs end where they would have ended.
      const more = ['XADD', 'k', 'MAXLEN', '~', '150', '18446744073709551615-*', 'n', '1'];
      assert.equal(node.run(...more), await redis.ask(...more), name);
      assert.equal(node.run('XLEN', 'k'), await redis.ask('XLEN', 'k'), name);
    }
  },
);

test(
  'a stream as Redis wrote it before 7.0 is read as redis-server reads it',
  needs('redis-server'),
  async (t) => {
    const redis = await (await startRedis(t))();
    const node = new Primary();
    for (const id of ['1-1', '1-2', '2-5']) node.run('XADD', 'k', id, 'n', id);
    const now = bulk(node.run('DUMP', 'k'));
    // Behind the runs: length, last ID, and since 7.0: first ID, greatest deleted ID, entries ever added; then groups.
    const tail = now.length - 10 - 9;
    const old = Buffer.concat([Buffer.from([15]), now.subarray(1, tail + 3), Buffer.from([0, 10, 0])]);
    const payload = Buffer.concat([old, crc64(old)]);
    assert.equal(await redis.ask('RESTORE', 'k', '0', payload), '+OK\r\n');
    assert.equal(node.run('RESTORE', 'k', '0', payload, 'REPLACE'), '+OK\r\n');
    const show = ['XINFO', 'STREAM', 'k', 'FULL'];
    assert.equal(node.run(...show), await redis.ask(...show));
  },
);

test('errors and options as redis-server has them', needs('redis-server'), async (t) => {
  const redis = await (await startRedis(t))();
  const node = new Primary();
  const good = bulk(
    await redis.ask('EVAL', "redis.call('SET', 'x', 'v') return redis.call('DUMP', 'x')", '0'),
  );
  const bad = Buffer.from(good);
  bad[1]! ^= 1;
  const sealed = (...bytes: number[]) => {
    const head = Buffer.from([...bytes, 10, 0]);
    return Buffer.concat([head, crc64(head)]);
  };
  const lines: (string | Buffer)[][] = [
    ['DUMP', 'nothing'],
    ['RESTORE', 'a', '0', good],
    ['RESTORE', 'a', '0', good],
    ['RESTORE', 'a', '0', good, 'REPLACE'],
    ['GET', 'a'],
    ['RESTORE', 'a', '-1', good, 'REPLACE'],
    ['RESTORE', 'a', 'x', good, 'REPLACE'],
    ['RESTORE', 'b', '0', bad],
    ['RESTORE', 'b', '0', ''],
    ['RESTORE', 'b', '0', good.subarray(3)],
    ['RESTORE', 'b', '0', good, 'nonsense'],
    ['RESTORE', 'b', '0', good, 'IDLETIME', '-1'],
    ['RESTORE', 'b', '0', good, 'IDLETIME', '1', 'FREQ', '1'],
    ['RESTORE', 'b', '0', good, 'FREQ', '256'],
    ['RESTORE', 'b', '0', good, 'IDLETIME', '1000'],
    ['RESTORE', 'c', '1', good, 'ABSTTL'],
    ['EXISTS', 'c'],
    ['RESTORE', 'a', '1', good, 'ABSTTL', 'REPLACE'],
    ['EXISTS', 'a'],
    ['RESTORE', 'd', '0', sealed(1, 0)],
    ['RESTORE', 'd', '0', sealed(99, 0)],
  ];
  for (const line of lines) {
    assert.equal(node.run(...line), await redis.ask(...line), line.map(String).join(' '));
  }
  // Redis looks for a field that is there twice only if told to sanitize payloads; here it is always refused.
  const twice = sealed(4, 2, 1, 97, 1, 98, 1, 97, 1, 98);
  assert.equal(node.run('RESTORE', 'd', '0', twice), '-ERR Bad data format\r\n');
});

test('CRC-64 of the usual text', () => {
  assert.equal(crc64(Buffer.from('123456789')).readBigUInt64LE(0), 0xe9c6d914c4b8d9can);
});

test('any bytes are a value or refused, and nothing else happens', () => {
  const types = fc.constantFrom(0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 99);
  fc.assert(
    fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, bytes) => {
      const payload = Buffer.from([type, ...bytes]);
      try {
        readValue(new RdbReader(payload, payload.length));
      } catch (error) {
        assert.ok(error instanceof BadPayload, String(error));
      }
    }),
    { seed: 5, numRuns: 20_000 },
  );
});
