// Collections too large for one message move in pieces, whole and with their expiry, to every member of the new group,
// while they are read; a write to one waits and then finds it whole; a third member is given them in pieces too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ownersOf, slotOfText } from '../../src/ring/index.js';
import { type LargeValue, largeValues } from '../bench/large-value.js';
import { ByHand, type Running, until } from './by-hand.js';

const ELEMENTS = 50_000;
const MEBIBYTES = 4;
/** Far beyond the test's end, ms. */
const EXPIRY = 4_000_000_000_000;

let cluster: ByHand;
let old: Running[];
before(async () => {
  cluster = await ByHand.begin();
  old = await Promise.all([cluster.data('g1', 2), cluster.data('g1', 2)]);
  await cluster.untilGroup('g1', 'serving', 2);
});
after(() => cluster.stop());

/** A key that the second of two groups will own. */
function keyOf(kind: string): string {
  const groups = ['g1', 'g2'].map((id) => ({ id, weight: 1 }));
  const owners = ownersOf(groups);
  for (let i = 0; ; i++) if (owners[slotOfText(`${kind}:${i}`)] === 1) return `${kind}:${i}`;
}

test('large collections of every type move whole, while they are read and written', async () => {
  const router = await cluster.router();
  const client = cluster.client(router.port);
  await until('the router serves', async () => (await client('SET', 'small', 'v')) === 'OK');
  const all = largeValues(ELEMENTS, MEBIBYTES).map((value) => ({ value, key: keyOf(value.kind) }));
  const ask = ([name, ...words]: string[], port = router.port) =>
    (port === router.port ? client : cluster.client(port))(name!, ...words);
  for (const { value, key } of all) {
    for (const words of value.make(key)) await ask(words);
    assert.equal(await client('PEXPIREAT', key, EXPIRY), 1);
  }
  let busy = true;
  const wrong: unknown[] = [];
  let reads = 0;
  const reader = (async () => {
    const own = cluster.client(router.port);
    for (let n = 0; busy; n++) {
      const { value, key } = all[n % all.length]!;
      const { words, expected } = value.probe(key, (n * 0.618) % 1);
      const [name, ...rest] = words;
      const found = await own(name!, ...rest);
      if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push([words, found]);
      reads++;
    }
  })();
  const fresh = await Promise.all([cluster.data('g2', 2), cluster.data('g2', 2)]);
  await cluster.untilGroup('g2', 'serving', 2);
  // A write to what moves waits for it, and finds it whole.
  const hash = all.find(({ value }) => value.kind === 'hash')!;
  assert.equal(await client('HSET', hash.key, 'field:0', 'value:0', 'one', 'more'), 1);
  assert.equal(await client('HDEL', hash.key, 'one'), 1);
  await until('everything has moved', async () => {
    const { code, out } = await cluster.towline('ring', 'show', '--json');
    const ring = JSON.parse(out) as { history: unknown[]; groups: unknown[] };
    return code === 0 && ring.groups.length === 2 && ring.history.length === 0;
  });
  busy = false;
  await reader;
  assert.deepEqual(wrong, []);
  assert.ok(reads > all.length);

  // A third member is given everything, while the hash is written.
  const third = await cluster.data('g2', 2);
  let writes = 0;
  await until('the third member is in sync', async () => {
    await client('HSET', hash.key, 'field:0', 'value:0');
    writes++;
    return (await cluster.group('g2'))?.inSync.length === 3;
  });
  assert.ok(writes > 0);
  const compare = async (value: LargeValue, key: string, port: number) => {
    for (const { words, expected } of [value.count(key), ...value.compare(key)])
      assert.deepEqual(await ask(words, port), expected, `${value.kind} at ${port}`);
    assert.equal(await ask(['PEXPIRETIME', key], port), EXPIRY);
  };
  for (const { value, key } of all) {
    await compare(value, key, router.port);
    // R1: in one group, and on all of its members.
    for (const { port } of old)
      await until('the old copy is gone', async () => (await ask(['EXISTS', key], port)) === 0);
    for (const { port } of [...fresh, third]) {
      await until('the copy is there', async () => (await ask(['EXISTS', key], port)) === 1);
      await compare(value, key, port);
    }
  }
});

test('a long command is on every copy as it was said, and what follows it changes no other copy', async () => {
  const router = await cluster.router();
  const client = cluster.client(router.port);
  const key = keyOf('said');
  const long = Array.from({ length: 300_000 }, (_, i) => `<${i}>`).join('');
  const [half, rest] = [long.slice(0, 1_400_000), long.slice(1_400_000)];
  await until('the router serves', async () => (await client('SET', key, half, 'PXAT', EXPIRY)) === 'OK');
  // Changed in place right behind the command whose bytes the log still holds.
  const said = await Promise.all([
    client('APPEND', key, rest),
    client('SETRANGE', key, 5, 'changed'),
    client('SET', `${key}{${key}}`, long),
    client('SETRANGE', key, 100, 'once more'),
  ]);
  assert.deepEqual(said, [long.length, long.length, 'OK', long.length]);
  const wanted = `${long.slice(0, 5)}changed${long.slice(12, 100)}once more${long.slice(109)}`;
  assert.equal(await client('GET', key), wanted);
  const members = (await cluster.group('g2'))!.members;
  assert.ok(members.length >= 2);
  for (const { address } of members) {
    const own = cluster.client(Number(address.split(':').at(-1)));
    await until('the copy has it', async () => (await own('GET', key)) === wanted);
    assert.equal(await own('PEXPIRETIME', key), EXPIRY);
  }
});
