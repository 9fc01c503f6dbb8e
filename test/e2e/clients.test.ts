// Programs on ioredis 6 (its defaults: RESP3, HELLO first; and protocol 2) and on node-redis (2 and 3): the same
// script gives the same results.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type Cluster, startCluster } from './cluster.js';

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ groups: 2, members: 2, routers: 1 });
});
after(() => cluster.stop());

for (const protocol of [undefined, 2, 3] as const) {
  test(`ioredis, ${protocol === undefined ? 'defaults' : `protocol ${protocol}`}`, async () => {
    const port = cluster.routerPorts[0]!;
    const redis = new Redis({ port, host: '127.0.0.1', ...(protocol === undefined ? {} : { protocol }) });
    const failures: Error[] = [];
    redis.on('error', (error) => failures.push(error));
    const p = `io${protocol}:`;
    try {
      assert.equal(await redis.set(`${p}a`, '1'), 'OK');
      assert.equal(await redis.get(`${p}a`), '1');
      assert.equal(await redis.incrby(`${p}a`, 41), 42);
      assert.equal(await redis.get(`${p}none`), null);
      assert.equal(await redis.set(`${p}a`, 'x', 'EX', 100, 'NX'), null);
      assert.equal(await redis.set(`${p}a`, 'x', 'EX', 100, 'GET'), '42');
      assert.ok((await redis.ttl(`${p}a`)) > 90);
      const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await redis.set(Buffer.concat([Buffer.from(p), binary]), binary);
      assert.deepEqual(await redis.getBuffer(Buffer.concat([Buffer.from(p), binary])), binary);
      const large = 'z'.repeat(3_000_000);
      // An error of ioredis carries the arguments: print its words only.
      await redis.set(`${p}large`, large).catch(({ message }) => assert.fail(message));
      assert.ok((await redis.get(`${p}large`)) === large);
      const numbers = Array.from({ length: 2000 }, (_, i) => i);
      const pipeline = redis.pipeline();
      for (const i of numbers) pipeline.set(`${p}p${i}`, i).get(`${p}p${i}`);
      const replies = (await pipeline.exec())!;
      assert.deepEqual(
        replies.map(([error, reply]) => [error, reply]),
        numbers.flatMap((i) => [
          [null, 'OK'],
          [null, String(i)],
        ]),
      );
      await redis.mset(Object.fromEntries(numbers.slice(0, 50).map((i) => [`${p}p${i}`, `m${i}`])));
      assert.deepEqual(
        await redis.mget(numbers.slice(0, 50).map((i) => `${p}p${i}`)),
        numbers.slice(0, 50).map((i) => `m${i}`),
      );
      assert.equal(await redis.rename(`${p}p0`, `${p}renamed`), 'OK');
      assert.deepEqual([await redis.exists(`${p}p0`), await redis.get(`${p}renamed`)], [0, 'm0']);
      await assert.rejects(redis.rename(`${p}p0`, `${p}x`), /^ReplyError: ERR no such key$/);
      const seen = new Set<string>();
      for await (const batch of redis.scanStream({ match: `${p}p*`, count: 100 })) {
        for (const key of batch as string[]) seen.add(key);
      }
      assert.equal(seen.size, 1999);
      assert.equal(await redis.del([...seen]), 1999);
      const other = redis.duplicate({ db: 5 });
      await other.set(`${p}a`, 'in 5');
      assert.equal(await redis.get(`${p}a`), 'x');
      assert.equal(await other.get(`${p}a`), 'in 5');
      other.disconnect();
      assert.deepEqual(failures, []);
    } finally {
      redis.disconnect();
    }
  });
}

for (const RESP of [2, 3] as const) {
  test(`node-redis, RESP ${RESP}`, async () => {
    const url = `redis://127.0.0.1:${cluster.routerPorts[0]}`;
    const client = createClient({ url, RESP });
    const failures: Error[] = [];
    client.on('error', (error) => failures.push(error));
    await client.connect();
    const p = `node${RESP}:`;
    try {
      assert.equal(await client.set(`${p}a`, '1', { EX: 50 }), 'OK');
      assert.equal(await client.get(`${p}a`), '1');
      assert.equal(await client.incr(`${p}n`), 1);
      assert.equal(await client.incrByFloat(`${p}f`, 1.5), '1.5');
      assert.equal(await client.get(`${p}none`), null);
      // node-redis sends what is asked for in one turn as one pipeline.
      const numbers = Array.from({ length: 500 }, (_, i) => i);
      await Promise.all(numbers.map((i) => client.set(`${p}k${i}`, `v${i}`)));
      const values = await client.mGet(numbers.map((i) => `${p}k${i}`));
      assert.deepEqual(
        values,
        numbers.map((i) => `v${i}`),
      );
      const seen = new Set<string>();
      for await (const keys of client.scanIterator({ MATCH: `${p}k*`, COUNT: 200 })) {
        for (const key of keys) seen.add(key);
      }
      assert.equal(seen.size, 500);
      assert.equal(await client.del([...seen]), 500);
      assert.match(await client.info('server'), /redis_version/);
      assert.deepEqual(failures, []);
    } finally {
      client.destroy();
    }
  });
}

/** Says all of it, ends its side as `nc -N` does, and resolves with what it hears until the other side ends. */
function sayAndEnd(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: cluster.routerPorts[0]!, host: '127.0.0.1', allowHalfOpen: true });
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('end', () => {
      socket.destroy();
      resolve(heard);
    });
    socket.end(text);
  });
}

test('a client that ends its side still hears what it asked for', async () => {
  assert.equal(await sayAndEnd('PING\r\n'), '+PONG\r\n');
  assert.equal(await sayAndEnd('PUBLISH nobody x\r\n'), ':0\r\n');
  const many = Array.from({ length: 10_000 }, (_, i) => i);
  // More than are read at once, in plain commands, local ones, barriers and a blocking one that need not wait.
  const asked = many.map((i) => `SET half:${i} ${'x'.repeat(500)}\r\nECHO ${i}\r\nGET half:${i}\r\n`);
  const heard = await sayAndEnd(
    `${asked.join('')}DBSIZE\r\nMSET a 1 b 2 c 3\r\nRPUSH list a\r\nBLPOP list 0\r\n`,
  );
  const wanted = many
    .map((i) => `+OK\r\n$${String(i).length}\r\n${i}\r\n$500\r\n${'x'.repeat(500)}\r\n`)
    .join('');
  assert.ok(heard.startsWith(wanted), `${heard.length} bytes of more than ${wanted.length}`);
  assert.match(heard.slice(wanted.length), /^:\d+\r\n\+OK\r\n:1\r\n\*2\r\n\$4\r\nlist\r\n\$1\r\na\r\n$/);
  // Who waits for what may never come is gone at once; half a command is nothing.
  assert.equal(await sayAndEnd('PING\r\nBLPOP none 0\r\nPING\r\n'), '+PONG\r\n');
  assert.equal(await sayAndEnd('PING\r\n*2\r\n$3\r\nGET'), '+PONG\r\n');
  assert.equal(await sayAndEnd('SUBSCRIBE c\r\n'), '*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n');
  assert.equal(await sayAndEnd('QUIT\r\n'), '+OK\r\n');
  assert.equal(await sayAndEnd(''), '');
  const redis = new Redis({ port: cluster.routerPorts[0]!, host: '127.0.0.1' });
  try {
    assert.equal(await redis.rpush('none', 'x'), 1);
    assert.equal(await redis.llen('none'), 1);
    await redis.flushall();
    const left = (await redis.client('LIST')) as string;
    assert.equal(left.trim().split('\n').length, 1, left);
  } finally {
    redis.disconnect();
  }
});
