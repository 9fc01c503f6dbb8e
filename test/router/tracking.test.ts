// CLIENT TRACKING over two routers and three groups, in virtual time: whoever caches what it reads, and forgets what it is
// told to forget, holds nothing old in the end, whatever moves, dies or is written at the other router. And the answers
// of its commands against redis-server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { needs } from '../needs.js';
import { Random } from '../sim/random.js';
import { startRedis } from '../store/redis.js';
import { type TestClient, TestCluster } from './exec-cluster.js';
import { FakeServer, run } from './local/fake.js';

/** Lets virtual time pass together with promises. */
async function pass(all: TestCluster, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    all.run(Math.min(10, left));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function ask(all: TestCluster, client: TestClient, text: string): Promise<string> {
  client.send(text.split(' '));
  for (let i = 0; client.replies.length === 0; i++) {
    assert.ok(i < 1000, `no answer to ${text}`);
    await pass(all, 10);
  }
  return client.replies.shift()!;
}

async function tracking(all: TestCluster, router: number, options = ''): Promise<TestClient> {
  const client = all.client(router);
  assert.match(await ask(all, client, 'HELLO 3'), /^%/);
  assert.equal(await ask(all, client, `CLIENT TRACKING ON${options}`), '+OK\r\n');
  return client;
}

const INVALIDATE = '>2\r\n$10\r\ninvalidate\r\n';
/** Keys of an invalidation; null: all. */
function keysIn(push: string): string[] | null {
  assert.ok(push.startsWith(INVALIDATE), push);
  const rest = push.slice(INVALIDATE.length);
  if (rest === '_\r\n') return null;
  return rest.split('\r\n').filter((_, i) => i > 0 && i % 2 === 0);
}

test('a key read at one router and written at the other is invalidated, once', async () => {
  const all = new TestCluster({ seed: 3 });
  const reader = await tracking(all, 0);
  const writer = all.client(1);
  const [a, b, c] = all.names('k') as [string, string, string];
  const told = () => {
    all.run(300);
    return reader.replies.splice(0).map(keysIn);
  };
  writer.ask(`SET ${a} 1`);
  assert.deepEqual(told(), [], 'not read');
  for (const write of [`SET ${a} 2`, `DEL ${a}`, `SET ${a} 3 PX 5000`, `PEXPIRE ${a} 20`, `RPUSH ${a} x`]) {
    reader.ask(`GET ${a}`);
    writer.ask(write);
    assert.deepEqual(told(), [[a]], write);
    writer.ask(write);
    assert.deepEqual(told(), [], 'told once for each time it was read');
  }
  reader.ask(`MGET ${a} ${b} ${c}`);
  writer.ask(`MSET ${b} 1 ${c} 1`);
  assert.deepEqual(told().flat().sort(), [b, c].sort());
  reader.ask(`GET ${a}`);
  writer.ask('FLUSHALL');
  assert.ok(told().includes(null));
  // Of its own writes, behind the reply.
  reader.all(`GET ${a}`, `SET ${a} 1`);
  assert.deepEqual(told(), [[a]]);
  const silent = await tracking(all, 1, ' NOLOOP');
  silent.all(`GET ${a}`, `SET ${a} 1`);
  all.run(300);
  assert.deepEqual(silent.replies, []);
  silent.ask(`GET ${a}`);
  writer.ask(`SET ${a} 2`);
  all.run(300);
  assert.deepEqual(silent.replies.splice(0).map(keysIn), [[a]]);
});

test('BCAST: every changed key with the prefix, whoever has read what', async () => {
  const all = new TestCluster({ seed: 4 });
  const reader = await tracking(all, 0, ' BCAST PREFIX a: PREFIX b:');
  const writer = all.client(1);
  writer.all('SET a:1 1', 'SET b:1 1', 'SET c:1 1', 'MSET a:{x} 1 b:{x} 2 a:{x}2 3');
  all.run(300);
  const told = reader.replies.splice(0).map(keysIn);
  assert.deepEqual(told.flat().sort(), ['a:1', 'a:{x}', 'a:{x}2', 'b:1', 'b:{x}']);
  assert.ok(
    told.some((keys) => keys?.length === 2),
    'keys of one prefix that change together are told together',
  );
});

test('databases that trade places: everything counts as changed', async () => {
  const all = new TestCluster({ seed: 6 });
  const reader = await tracking(all, 0);
  const writer = all.client(1);
  const keys = all.names('k');
  for (const key of keys) reader.ask(`GET ${key}`);
  assert.equal(writer.ask('SWAPDB 0 1'), '+OK\r\n');
  all.run(300);
  assert.deepEqual(reader.replies, [], 'both are empty');
  writer.all('SELECT 1', `SET ${keys[0]} 1`);
  all.run(300);
  // Names are of every database here, as in Redis.
  assert.deepEqual(reader.replies.splice(0).map(keysIn), [[keys[0]]]);
  assert.equal(writer.ask('SWAPDB 0 1'), '+OK\r\n');
  all.run(300);
  assert.deepEqual(reader.replies.splice(0).map(keysIn), [null]);
  assert.equal(reader.ask(`GET ${keys[0]}`), '$1\r\n1\r\n');
});

test('while nobody tracks primaries are not asked, and nothing is remembered', async () => {
  const all = new TestCluster({ seed: 5 });
  const { router } = all.cluster.routers[0]!;
  assert.equal(router.wanted, 0);
  const reader = await tracking(all, 0);
  assert.notEqual(router.wanted, 0);
  reader.all('GET a', 'GET b');
  assert.equal(router.tracking.keys, 2);
  reader.disconnect();
  all.run(500);
  assert.deepEqual([router.wanted, router.tracking.keys, router.tracking.items], [0, 0, 0]);
});

test('what changes while a router hears nothing of a group counts as changed: by another primary too', async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const all = new TestCluster({ seed, members: 3 });
    const reader = await tracking(all, 0);
    const writer = all.client(1);
    const [a] = all.names('k') as [string];
    reader.ask(`GET ${a}`);
    const primary = all.cluster.primaryOf('g1')!;
    // The reader's router finds the next primary late.
    for (const { name } of all.cluster.membersOf('g1')) all.cluster.network.wall('r1', name, 4000);
    all.cluster.killNode(primary);
    writer.send(['SET', a, '1']);
    await pass(all, 10_000);
    assert.equal(writer.replies[0], '+OK\r\n');
    const told = reader.replies.splice(0).map(keysIn);
    assert.ok(told.includes(null) || told.flat().includes(a), `seed ${seed}: ${JSON.stringify(told)}`);
  }
});

/** A client that caches: what it holds is right, or it will be told. */
class Cache {
  readonly held = new Map<string, string>();
  private readonly asked: string[] = [];

  constructor(readonly client: TestClient) {}

  get(...keys: string[]): void {
    this.client.send(...keys.map((key) => ['GET', key]));
    this.asked.push(...keys);
  }
  hear(): void {
    for (const said of this.client.replies.splice(0)) {
      if (!said.startsWith('>')) this.held.set(this.asked.shift()!, said);
      else {
        const keys = keysIn(said);
        if (keys === null) this.held.clear();
        else for (const key of keys) this.held.delete(key);
      }
    }
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a cache holds nothing old, whatever happens: seed ${seed}`, async () => {
    const all = new TestCluster({ seed, members: 3 });
    const random = new Random(seed);
    const caches = [new Cache(await tracking(all, 0)), new Cache(await tracking(all, 1, ' OPTOUT'))];
    const writers = [all.client(0), all.client(1)];
    const keys = all.names('k', 4);
    const some = () => random.pick(keys);
    const write = (n: number): string[][] => [
      ['SET', some(), `${n}`],
      ['SET', some(), `${n}`, 'PX', '40'],
      ['MSET', some(), `${n}`, some(), `${n}`],
      ['DEL', some(), some()],
      ['APPEND', some(), 'x'],
      ['RENAME', some(), some()],
      ['COPY', some(), some(), 'REPLACE'],
      ['SWAPDB', '0', '1'],
    ];
    let weights = 1;
    for (let n = 0; n < 400; n++) {
      random.pick(caches).get(...Array.from({ length: random.between(1, 4) }, some));
      const writer = random.pick(writers);
      writer.send(random.pick(write(n)));
      if (random.chance(0.1))
        writer.send(['MULTI'], ['SET', some(), `${n}`], ['SET', some(), `m${n}`], ['EXEC']);
      all.run(random.between(0, 8));
      for (const cache of caches) cache.hear();
      if (n === 100 || n === 300)
        all.cluster.killNode(all.cluster.primaryOf(random.pick(['g1', 'g2', 'g3']))!);
      if (n === 150 || n === 250) all.weigh(random.pick(['g1', 'g2', 'g3']), ++weights);
      if (n === 350) all.drain();
    }
    await pass(all, 15_000);
    for (const cache of caches) cache.hear();
    // What is still held was read after everything else, or must be as it is.
    const reader = all.client(0);
    for (const { held } of caches) {
      for (const [key, value] of held) {
        const now = reader.ask(`GET ${key}`);
        assert.equal(value.replace('_\r\n', '$-1\r\n'), now, key);
      }
    }
    for (const cache of caches) cache.get(...keys);
    await pass(all, 2000);
    for (const cache of caches) {
      cache.hear();
      assert.equal(cache.held.size, keys.length, 'at rest everything can be held');
    }
    for (const key of keys) reader.ask(`SET ${key} last`);
    await pass(all, 2000);
    for (const cache of caches) {
      cache.hear();
      assert.deepEqual([...cache.held.keys()], [], 'and everything is let go');
    }
  });
}

test('options are judged as redis-server judges them', needs('redis-server'), async (t) => {
  const open = await startRedis(t);
  const option = fc.oneof(
    fc.constantFrom(['BCAST'], ['optin'], ['OPTOUT'], ['NOLOOP'], ['bad'], ['PREFIX'], ['REDIRECT']),
    fc.constantFrom('', 'a', 'ab', 'b', 'bc').map((prefix) => ['PREFIX', prefix]),
    fc.constantFrom('999999', 'x', '0').map((id) => ['REDIRECT', id]),
  );
  // Of a third prefix that overlaps with the second one redis-server says both an error and OK.
  const few = (all: string[]) => all.filter((word) => word === 'PREFIX').length <= 2;
  const line = fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .array(option, { maxLength: 4 })
        .map((all) => ['TRACKING', 'ON', ...all.flat()])
        .filter(few),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(['TRACKING', 'off'], ['TRACKING', 'x'], ['TRACKING', 'OFF', 'BCAST']),
    },
    { weight: 2, arbitrary: fc.constantFrom(['CACHING', 'yes'], ['CACHING', 'NO'], ['CACHING', 'x']) },
    { weight: 3, arbitrary: fc.constantFrom(['TRACKINGINFO'], ['GETREDIR']) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), async (lines) => {
      const connection = await open();
      const server = new FakeServer();
      const client = server.connect();
      for (const [name, ...rest] of lines) {
        const command = ['CLIENT', name!, ...rest];
        const theirs = await connection.ask(...command);
        assert.equal(await run(server, client, ...command), theirs, command.join(' '));
      }
    }),
    { seed: 71, numRuns: 300 },
  );
});
