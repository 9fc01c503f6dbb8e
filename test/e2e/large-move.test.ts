// Values too large for one message move in pieces while they are read, and writes to them wait and then find them whole.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ByHand, type Running, until } from './by-hand.js';

const SIZE = 5 * 1024 * 1024;
const KEYS = Array.from({ length: 12 }, (_, i) => `large${i}`);

let cluster: ByHand;
let old: Running[];
before(async () => {
  cluster = await ByHand.begin();
  old = await Promise.all([cluster.data('g1', 2), cluster.data('g1', 2)]);
  await cluster.untilGroup('g1', 'serving', 2);
});
after(() => cluster.stop());

test('large values move whole, once each, while they are read and written', async () => {
  const router = await cluster.router();
  const client = cluster.client(router.port);
  await until('the router serves', async () => (await client('SET', 'small', 'v')) === 'OK');
  for (const [i, key] of KEYS.entries()) {
    assert.equal(await client('SETRANGE', key, SIZE - 4, `end${i % 10}`), SIZE);
    assert.equal(await client('SETRANGE', key, 1_000_000 + i, 'middle'), SIZE);
  }
  // Readers and a writer work while the new group joins and everything that belongs to it moves.
  let busy = true;
  const wrong: unknown[] = [];
  const readers = [0, 1].map(async (r) => {
    const reader = cluster.client(router.port);
    for (let n = r; busy; n++) {
      const i = n % KEYS.length;
      const found = await reader('GETRANGE', KEYS[i]!, 1_000_000 + i, 1_000_005 + i);
      if (found !== 'middle') wrong.push([KEYS[i], found]);
    }
  });
  const fresh = await Promise.all([cluster.data('g2', 2), cluster.data('g2', 2)]);
  await cluster.untilGroup('g2', 'serving', 2);
  const writer = cluster.client(router.port);
  for (const key of KEYS) {
    const length = await writer('APPEND', key, '!');
    if (length !== SIZE + 1) wrong.push([key, 'append', length]);
  }
  await until('everything has moved', async () => {
    const { code, out } = await cluster.towline('ring', 'show', '--json');
    const ring = JSON.parse(out) as { history: unknown[]; groups: unknown[] };
    return code === 0 && ring.groups.length === 2 && ring.history.length === 0;
  });
  busy = false;
  await Promise.all(readers);
  assert.deepEqual(wrong, []);
  const count = async (port: number, key: string) => (await cluster.client(port)('EXISTS', key)) as number;
  let moved = 0;
  for (const [i, key] of KEYS.entries()) {
    assert.equal(await client('STRLEN', key), SIZE + 1);
    assert.equal(await client('GETRANGE', key, SIZE - 4, SIZE), `end${i % 10}!`);
    const there = await count(fresh[0]!.port, key);
    moved += there;
    // R1: in one group, and on both of its members.
    assert.equal(await count(old[0]!.port, key), 1 - there);
    for (const [at, here] of [
      [old, 1 - there],
      [fresh, there],
    ] as const) {
      for (const { port } of at) {
        await until('both copies are equal', async () => (await count(port, key)) === here);
        if (here === 1)
          await until(
            'both copies are whole',
            async () => (await cluster.client(port)('STRLEN', key)) === SIZE + 1,
          );
      }
    }
  }
  assert.ok(moved > 0 && moved < KEYS.length, `${moved} of ${KEYS.length} moved`);
});
