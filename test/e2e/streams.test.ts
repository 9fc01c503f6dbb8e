// Streams over two routers and two groups of real processes: readers that wait, over both groups; consumer groups when
// a primary dies and when the ring grows. What was acknowledged stays so, and what is pending stays pending.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ByHand, type Running, type Said, until } from './by-hand.js';

let cluster: ByHand;
let routers: [Running, Running];
let g1: Running[];
/** Keys of the first group, and of the second. */
let mine: string[];
let other: string[];

before(async () => {
  cluster = await ByHand.begin();
  g1 = await Promise.all([cluster.data('g1', 2), cluster.data('g1', 2)]);
  await cluster.untilGroup('g1', 'serving', 2);
  await cluster.data('g2');
  await cluster.untilGroup('g2', 'serving', 1);
  routers = [await cluster.router(), await cluster.router()];
  mine = await cluster.keysOf('g1', 40);
  other = await cluster.keysOf('g2', 40);
});
after(() => cluster.stop());

const fresh = (router = 0) => cluster.client(routers[router]!.port);
const key = () => mine.pop()!;
const otherKey = () => other.pop()!;

/** Waits until so many clients of a router are blocked. */
function blocked(count: number, router = 0): Promise<void> {
  const ask = fresh(router);
  return until(`${count} blocked clients`, async () =>
    String(await ask('INFO', 'clients')).includes(`blocked_clients:${count}\r\n`),
  );
}

/** IDs in the reply of a read, by stream. */
function idsOf(reply: Said): Record<string, string[]> {
  assert.ok(Array.isArray(reply), String(reply));
  const streams = reply as [string, [string, string[]][]][];
  return Object.fromEntries(streams.map(([name, entries]) => [name, entries.map(([id]) => id)]));
}

test('XREAD of streams in both groups, in the order of the keys, with what each of them has', async () => {
  const [a, b, c] = [key(), otherKey(), key()];
  const ask = fresh();
  const none = otherKey();
  assert.equal(await ask('XREAD', 'STREAMS', a, b, 0, 0), null);
  for (const [i, k] of [b, a, c, b].entries()) await ask('XADD', k, `${i + 1}-0`, 'n', i);
  assert.deepEqual(idsOf(await ask('XREAD', 'STREAMS', c, none, b, a, 0, 0, 0, 0)), {
    [c]: ['3-0'],
    [b]: ['1-0', '4-0'],
    [a]: ['2-0'],
  });
  assert.deepEqual(idsOf(await ask('XREAD', 'COUNT', 1, 'STREAMS', a, b, b, 2, 1, 0)), { [b]: ['1-0'] });
  await ask('SET', none, 'x');
  assert.match(String(await ask('XREAD', 'STREAMS', a, none, 0, 0)), /^WRONGTYPE/);
  assert.match(String(await ask('XREAD', 'STREAMS', a, none, 'x', 0)), /^ERR Invalid stream ID/);
  assert.match(String(await ask('XREAD', 'STREAMS', a, none, 0)), /^ERR Unbalanced/);
});

test('every reader that waits is served, over both groups and routers, with what came after it began', async () => {
  const [a, b] = [key(), otherKey()];
  const ask = fresh(1);
  await ask('XADD', a, '5-1', 'n', 'old');
  const readers = [
    ...Array.from({ length: 6 }, (_, i) => fresh(i % 2)('XREAD', 'BLOCK', 0, 'STREAMS', a, b, '$', '$')),
    ...Array.from({ length: 6 }, (_, i) => fresh(i % 2)('XREAD', 'BLOCK', 0, 'STREAMS', b, '$')),
  ];
  await blocked(6, 0);
  await blocked(6, 1);
  await ask('XADD', b, '1-1', 'n', 'new');
  for (const reply of await Promise.all(readers)) assert.deepEqual(idsOf(reply), { [b]: ['1-1'] });
  const late = fresh()('XREAD', 'BLOCK', 0, 'STREAMS', a, b, '5-1', '1-1');
  await blocked(1);
  await ask('XADD', a, '5-2', 'n', 'new');
  assert.deepEqual(idsOf(await late), { [a]: ['5-2'] });
  assert.equal(await fresh()('XREAD', 'BLOCK', 30, 'STREAMS', a, b, '$', '$'), null);
  assert.deepEqual(idsOf(await fresh()('XREAD', 'BLOCK', 0, 'STREAMS', a, b, '5-1', '$')), { [a]: ['5-2'] });
});

test('consumers that wait are given new entries in turn, each once; and hear that their group is gone', async () => {
  const [a, b] = [key(), otherKey()];
  const ask = fresh(1);
  for (const k of [a, b]) await ask('XGROUP', 'CREATE', k, 'g', '$', 'MKSTREAM');
  const served: string[] = [];
  const read = (name: string, router: number, ...streams: string[]) =>
    fresh(router)(...['XREADGROUP', 'GROUP', 'g', name, 'BLOCK', 0, 'STREAMS'], ...streams).then((reply) => {
      served.push(
        Array.isArray(reply) ? `${name} ${Object.values(idsOf(reply)).flat().join()}` : String(reply),
      );
    });
  const all = [];
  for (let i = 0; i < 4; i++) {
    all.push(i % 2 === 0 ? read(`c${i}`, 0, a, b, '>', '>') : read(`c${i}`, 1, a, '>'));
    await blocked(Math.floor(i / 2) + 1, i % 2);
  }
  for (let i = 0; i < 4; i++) {
    await ask('XADD', a, `${i + 1}-0`, 'n', i);
    await until(`${i + 1} served`, () => served.length === i + 1);
  }
  await Promise.all(all);
  assert.deepEqual(served.splice(0), ['c0 1-0', 'c1 2-0', 'c2 3-0', 'c3 4-0']);
  assert.deepEqual(await ask('XPENDING', a, 'g'), [4, '1-0', '4-0', [0, 1, 2, 3].map((i) => [`c${i}`, '1'])]);
  for (const [end, error] of [
    [() => ask('XGROUP', 'DESTROY', a, 'g'), /^NOGROUP the consumer group/],
    [() => ask('DEL', a), /^UNBLOCKED the stream key no longer exists/],
    [() => ask('SET', a, 'x'), /^UNBLOCKED the stream key no longer exists/],
    [() => ask('FLUSHALL'), /^UNBLOCKED the stream key no longer exists/],
  ] as const) {
    await ask('DEL', a);
    await ask('XGROUP', 'CREATE', a, 'g', '$', 'MKSTREAM');
    const waiting = [read('x', 0, a, '>'), read('y', 1, a, '>')];
    await blocked(1, 0);
    await blocked(1, 1);
    await end();
    await Promise.all(waiting);
    for (const reply of served.splice(0)) assert.match(reply, error);
  }
  assert.match(
    String(await ask('XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', 0, 'STREAMS', a, b, '>', '>')),
    /^NOGROUP No such key/,
  );
});

test('a group outlives its primary: nothing acknowledged comes back, nothing pending is lost', async () => {
  const k = key();
  const ask = fresh();
  assert.equal(await ask('XGROUP', 'CREATE', k, 'g', '0', 'MKSTREAM'), 'OK');
  const added: string[] = [];
  const acknowledged = new Set<string>();
  const delivered = new Map<string, number>();
  const kept: string[] = [];
  let stop = false;
  const consumers = Array.from({ length: 4 }, async (_, i) => {
    const own = fresh(i % 2);
    while (!stop) {
      const reply = await own(
        ...['XREADGROUP', 'GROUP', 'g', `c${i}`, 'COUNT', 3, 'BLOCK', 200],
        'STREAMS',
        k,
        '>',
      );
      if (reply === null) continue;
      for (const id of idsOf(reply)[k]!) {
        delivered.set(id, (delivered.get(id) ?? 0) + 1);
        // Some are never acknowledged.
        if (delivered.size % 5 === 0) kept.push(id);
        else {
          assert.equal(await own('XACK', k, 'g', id), 1);
          acknowledged.add(id);
        }
      }
    }
  });
  const add = async (count: number, router: number) => {
    const own = fresh(router);
    for (let i = 0; i < count; i++) {
      const id = await own('XADD', k, '*', 'n', i);
      assert.match(String(id), /^\d+-\d+$/);
      added.push(String(id));
    }
  };
  await Promise.all([add(150, 0), add(150, 1)]);
  const lead = (await cluster.group('g1'))!.primary;
  g1.find(({ id }) => id === lead)!.kill('SIGKILL');
  await Promise.all([add(150, 0), add(150, 1)]);
  await until('all delivered', () => delivered.size === added.length);
  stop = true;
  await Promise.all(consumers);
  assert.equal(new Set(added).size, 600);
  assert.ok(
    [...delivered.values()].every((times) => times === 1),
    'none was delivered twice',
  );
  assert.deepEqual([...delivered.keys()].sort(), [...added].sort());
  const pending = (await ask('XPENDING', k, 'g', '-', '+', 1000)) as [string, string, number, number][];
  assert.deepEqual(pending.map(([id]) => id).sort(), [...kept].sort());
  assert.ok(pending.every(([, , , times]) => times === 1));
  assert.equal(acknowledged.size + kept.length, 600);
  const [next, claimed] = (await ask('XAUTOCLAIM', k, 'g', 'heir', 0, 0, 'COUNT', 1000, 'JUSTID')) as [
    string,
    string[],
  ];
  assert.equal(next, '0-0');
  assert.deepEqual([...claimed].sort(), [...kept].sort());
  const ids = ((await ask('XRANGE', k, '-', '+')) as [string, string[]][]).map(([id]) => id);
  assert.deepEqual([...ids].sort(), [...added].sort());
});

test('a ring that grows: readers are served by the new owner; IDs go on; groups come along', async () => {
  const keys = [...mine.splice(0, 10), ...other.splice(0, 10)];
  const ask = fresh(1);
  for (const k of keys) {
    await ask('XADD', k, '9999999999999-7', 'n', 'old');
    await ask('XGROUP', 'CREATE', k, 'g', '0');
    await ask('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', k, '>');
  }
  const reading = keys.map((k, i) => fresh(i % 2)('XREAD', 'BLOCK', 0, 'STREAMS', k, '$'));
  const taking = keys.map((k, i) =>
    fresh(i % 2)('XREADGROUP', 'GROUP', 'g', 'bob', 'BLOCK', 0, 'STREAMS', k, '>'),
  );
  await blocked(20, 0);
  await blocked(20, 1);
  await cluster.data('g3');
  await cluster.untilGroup('g3', 'serving', 1);
  await until('g3 owns slots', async () =>
    (await cluster.status()).ring.groups.some(({ id }) => id === 'g3'),
  );
  for (const k of keys) assert.equal(await ask('XADD', k, '*', 'n', 'new'), '9999999999999-8');
  for (const replies of [await Promise.all(reading), await Promise.all(taking)]) {
    assert.deepEqual(
      replies.map(idsOf),
      keys.map((k) => ({ [k]: ['9999999999999-8'] })),
    );
  }
  for (const k of keys) {
    const [count, first, last, owners] = (await ask('XPENDING', k, 'g')) as Said[];
    assert.deepEqual([count, first, last], [2, '9999999999999-7', '9999999999999-8']);
    assert.deepEqual(owners, [
      ['ann', '1'],
      ['bob', '1'],
    ]);
  }
});
