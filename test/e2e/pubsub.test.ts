// Publish and subscribe over three routers as real processes, with ioredis and redis-cli: who receives what, a router
// that dies, a password, and a subscriber that does not read.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { needs } from '../needs.js';
import { until } from './by-hand.js';
import { type Cluster, startCluster } from './cluster.js';

describe('publish and subscribe', { timeout: 240_000 }, () => {
  let cluster: Cluster;
  const clients: Redis[] = [];
  const open = (port: number, options = {}) => {
    const redis = new Redis({ port, ...options });
    redis.on('error', () => {});
    clients.push(redis);
    return redis;
  };

  before(async () => {
    cluster = await startCluster({ groups: 2, members: 1, routers: 3 });
  });
  after(async () => {
    for (const redis of clients) redis.disconnect();
    await cluster?.stop();
  });

  test('publishers and subscribers at every router: all messages, each publisher’s in order', async () => {
    const ports = cluster.routerPorts;
    const PER = 300;
    const heard = new Map<number, string[]>();
    await Promise.all(
      ports.map(async (port, i) => {
        const subscriber = open(port);
        heard.set(i, []);
        subscriber.on('message', (_channel, text) => heard.get(i)!.push(text));
        subscriber.on('pmessage', (_pattern, _channel, text) => heard.get(i)!.push(text));
        // Half of them by pattern.
        assert.equal(await (i === 0 ? subscriber.psubscribe('n[e]ws') : subscriber.subscribe('news')), 1);
      }),
    );
    // Confirmed: from here on nothing may be missing.
    await Promise.all(
      ports.map(async (port, p) => {
        const publisher = open(port);
        const counts = await Promise.all(
          Array.from({ length: PER }, (_, i) => publisher.publish('news', `${p} ${i}`)),
        );
        assert.deepEqual([...new Set(counts)], [3]);
      }),
    );
    for (const texts of heard.values()) {
      await until('every message', () => texts.length >= 3 * PER);
      for (let p = 0; p < 3; p++) {
        const of = texts.filter((text) => text.startsWith(`${p} `)).map((text) => Number(text.slice(2)));
        assert.deepEqual(
          of,
          Array.from({ length: PER }, (_, i) => i),
        );
      }
    }
    const asking = open(ports[0]!);
    assert.deepEqual(await asking.pubsub('NUMSUB', 'news'), ['news', 2]);
    assert.deepEqual(await asking.pubsub('CHANNELS'), ['news']);
    assert.equal(await asking.pubsub('NUMPAT'), 1);
  });

  test('a message tells of a write that has happened, also when both were sent together', async () => {
    const [one, two] = cluster.routerPorts as [number, number];
    const subscriber = open(one);
    const reader = open(two);
    const writer = open(two);
    const missing: string[] = [];
    let reads = 0;
    subscriber.on('message', (_channel, key) => {
      void reader.get(key).then((value) => {
        reads++;
        if (value === null) missing.push(key);
      });
    });
    await subscriber.subscribe('written');
    for (let i = 0; i < 200; i++) {
      const pipeline = writer.pipeline().set(`pubsub:${i}`, 'v').publish('written', `pubsub:${i}`);
      for (const [error] of (await pipeline.exec())!) assert.equal(error, null);
    }
    await until('every message', () => reads >= 200);
    assert.deepEqual(missing, []);
  });

  test('keyspace events and invalidations reach every router', async () => {
    const [one, two, three] = cluster.routerPorts as [number, number, number];
    const subscriber = open(one);
    const heard: string[] = [];
    subscriber.on('pmessage', (_pattern, channel, text) => heard.push(`${channel} ${text}`));
    await subscriber.psubscribe('__key*__:ks:*', '__keyevent@0__:expired');
    const writer = open(two);
    await writer.config('SET', 'notify-keyspace-events', 'KEA');
    assert.deepEqual(await open(three).config('GET', 'notify-keyspace-events'), [
      'notify-keyspace-events',
      'AKE',
    ]);
    // Which keys are in the same group does not matter.
    await writer.mset('ks:1', '1', 'ks:2', '2', 'ks:3', '3');
    await writer.rename('ks:1', 'ks:4');
    await open(three).set('ks:5', '1', 'PX', 50);
    const wanted = [
      '1 set',
      '2 set',
      '3 set',
      '1 rename_from',
      '4 rename_to',
      '5 set',
      '5 expire',
      '5 expired',
    ];
    await until('every event', () => heard.length >= wanted.length + 1);
    assert.deepEqual(
      heard.filter((text) => text.startsWith('__keyspace')),
      wanted.map((text) => `__keyspace@0__:ks:${text}`),
    );
    assert.deepEqual(
      heard.filter((text) => text.startsWith('__keyevent')),
      ['__keyevent@0__:expired ks:5'],
    );
    // Where pushes are not understood another connection takes the invalidations.
    const listener = open(one, { protocol: 2 });
    const told: string[] = [];
    listener.on('message', (_channel, keys) => told.push(String(keys)));
    const id = await listener.client('ID');
    await listener.subscribe('__redis__:invalidate');
    const reader = open(one);
    await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
    await reader.get('ks:2');
    await open(three).set('ks:2', 'new');
    await until('the invalidation', () => told.length > 0);
    assert.deepEqual(told, ['ks:2']);
    await writer.config('SET', 'notify-keyspace-events', '');
  });

  test('redis-cli subscribes at one router to what another publishes', needs('redis-cli'), async () => {
    const [one, two] = cluster.routerPorts as [number, number];
    const cli = spawn('redis-cli', ['-p', String(one), 'SUBSCRIBE', 'cli'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let out = '';
      cli.stdout.on('data', (chunk) => {
        out += chunk;
      });
      await until('the confirmation', () => /subscribe\ncli\n1\n/.test(out));
      assert.equal(await open(two).publish('cli', 'hello'), 1);
      await until('the message', () => out.endsWith('message\ncli\nhello\n'));
    } finally {
      cli.kill();
    }
  });

  test('a subscriber that does not read is cut off at its bound; others receive everything', async () => {
    const [one, two] = cluster.routerPorts as [number, number];
    const config = open(one);
    await config.config('SET', 'client-output-buffer-limit', 'pubsub 4mb 0 0');
    const lazy = connect(one, '127.0.0.1');
    lazy.on('error', () => {});
    const gone = new Promise((resolve) => lazy.once('close', resolve));
    await new Promise((resolve) => lazy.once('connect', resolve));
    lazy.write('SUBSCRIBE big\r\n');
    await new Promise((resolve) => lazy.once('data', resolve));
    lazy.pause();
    const eager = open(one);
    let heard = 0;
    eager.on('message', () => heard++);
    await eager.subscribe('big');
    const publisher = open(two);
    const message = 'x'.repeat(256 * 1024);
    let sent = 0;
    while ((await publisher.publish('big', message)) === 2) {
      sent++;
      assert.ok(sent < 400, 'it was never cut off');
    }
    lazy.resume();
    await gone;
    await until('the other’s messages', () => heard === sent + 1);
    assert.match(await config.info('stats'), /client_output_buffer_limit_disconnections:1\r/);
    await config.config('SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60');
  });

  test('a router dies: its subscribers are gone, the others go on, and publishing does not hang', async () => {
    const [one, two, three] = cluster.routerPorts as [number, number, number];
    const here = open(two);
    const heard: string[] = [];
    here.on('message', (_channel, text) => heard.push(text));
    await here.subscribe('alive');
    const there = open(three, { retryStrategy: () => null });
    await there.subscribe('alive');
    const publisher = open(one);
    assert.equal(await publisher.publish('alive', 'both'), 2);
    const victim = cluster.routers().find(({ port }) => port === three)!;
    cluster.kill(victim.pid, 'SIGKILL');
    await until('only one receiver', async () => (await publisher.publish('alive', 'one')) === 1);
    assert.equal(await open(two).subscribe('later'), 1);
    assert.equal(await publisher.publish('later', 'x'), 1);
    await until('what was published before and after', () => heard[0] === 'both' && heard.includes('one'));
  });
});

test('routers with a password reach each other', { timeout: 120_000 }, async () => {
  const environment = { TOWLINE_PASSWORD: 'hidden words' };
  const cluster = await startCluster({ groups: 1, members: 1, routers: 2, environment });
  const [one, two] = cluster.routerPorts.map((port) => new Redis({ port, password: 'hidden words' })) as [
    Redis,
    Redis,
  ];
  try {
    let text = '';
    one.on('message', (_channel, message) => {
      text = message;
    });
    await one.subscribe('x');
    assert.equal(await two.publish('x', 'm'), 1);
    await until('the message', () => text === 'm');
  } finally {
    one.disconnect();
    two.disconnect();
    await cluster.stop();
  }
});
