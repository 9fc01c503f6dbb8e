// Blocking pops over two routers and two groups of real processes: who is served, in which order, by what; and that no
// element is lost or given twice when a router or a primary dies while clients wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ByHand, type Running, type Said, until } from './by-hand.js';

type Ask = ReturnType<ByHand['client']>;

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

const fresh = (router = 0): Ask => cluster.client(routers[router]!.port);
/** Key names that no other test uses. */
const key = () => mine.pop()!;
const otherKey = () => other.pop()!;

/** Waits until so many clients of a router are blocked. */
function blocked(count: number, router = 0): Promise<void> {
  const ask = fresh(router);
  return until(`${count} blocked clients`, async () =>
    String(await ask('INFO', 'clients')).includes(`blocked_clients:${count}\r\n`),
  );
}

test('clients of two routers are served in the order in which they came', async () => {
  const k = key();
  const served: string[] = [];
  const all: Promise<void>[] = [];
  for (let i = 0; i < 6; i++) {
    const name = `c${i}`;
    all.push(
      fresh(i % 2)('BLPOP', k, 0).then((reply) => {
        served.push(`${name} ${(reply as string[])[1]}`);
      }),
    );
    await blocked(Math.floor(i / 2) + 1, i % 2);
  }
  const push = fresh(1);
  for (let i = 0; i < 6; i++) {
    await push('RPUSH', k, `v${i}`);
    await until(`${i + 1} served`, () => served.length === i + 1);
  }
  await Promise.all(all);
  assert.deepEqual(
    served,
    [0, 1, 2, 3, 4, 5].map((i) => `c${i} v${i}`),
  );
  assert.equal(await push('EXISTS', k), 0);
});

test('one push of many serves as many, each its own', async () => {
  const k = key();
  const waiting = Array.from({ length: 8 }, (_, i) => fresh(i % 2)('BRPOP', k, 0));
  await blocked(4, 0);
  await blocked(4, 1);
  await fresh()('RPUSH', k, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  const got = (await Promise.all(waiting)).map((reply) => (reply as string[])[1]);
  assert.deepEqual([...got].sort(), ['2', '3', '4', '5', '6', '7', '8', '9']);
  assert.deepEqual(await fresh()('LRANGE', k, 0, -1), ['1']);
});

test('whatever makes a key wakes: EXEC, RENAME, COPY, LMOVE and SORT STORE from another group, ZADD, ZUNIONSTORE', async () => {
  const ask = fresh(1);
  const far = otherKey();
  await ask('RPUSH', far, 'a', 'b', 'c');
  const makers: [string, (k: string) => Promise<Said>[]][] = [
    ['RENAME', (k) => [ask('RENAME', far, k)]],
    ['EXEC', (k) => [ask('MULTI'), ask('RPUSH', k, 'a'), ask('EXEC')]],
    ['LMOVE', (k) => [ask('RPUSH', far, 'a'), ask('LMOVE', far, k, 'LEFT', 'RIGHT')]],
    ['COPY', (k) => [ask('RPUSH', far, 'a', 'b'), ask('COPY', far, k)]],
    ['SORT', (k) => [ask('SORT', far, 'ALPHA', 'STORE', k)]],
  ];
  for (const [name, make] of makers) {
    const k = key();
    const waiting = fresh()('BLPOP', k, 0);
    await blocked(1);
    await Promise.all(make(k));
    assert.deepEqual(await waiting, [k, 'a'], name);
  }
  const z = key();
  const min = fresh()('BZPOPMIN', z, 0);
  await blocked(1);
  await ask('ZADD', z, 2, 'two', 1, 'one');
  assert.deepEqual(await min, [z, 'one', '1']);
  const made = key();
  const max = fresh()('BZMPOP', 0, 1, made, 'MAX', 'COUNT', 2);
  await blocked(1);
  const farZ = otherKey();
  await ask('ZADD', farZ, 1, 'x', 2, 'y');
  await ask('ZUNIONSTORE', made, 1, farZ);
  assert.deepEqual(await max, [
    made,
    [
      ['y', '2'],
      ['x', '1'],
    ],
  ]);
});

test('keys in both groups: the first that has something, at once or later', async () => {
  const [a, b] = [key(), otherKey()];
  const ask = fresh(1);
  await ask('RPUSH', b, 'b1', 'b2');
  assert.deepEqual(await fresh()('BLPOP', a, b, 0), [b, 'b1']);
  await ask('RPUSH', a, 'a1');
  assert.deepEqual(await fresh()('BLPOP', a, b, 0), [a, 'a1']);
  await ask('DEL', b);
  for (const [k, value] of [
    [a, 'x'],
    [b, 'y'],
  ] as const) {
    const waiting = fresh()('BLPOP', a, b, 0);
    await blocked(1);
    await ask('RPUSH', k, value);
    assert.deepEqual(await waiting, [k, value]);
  }
  const moved = fresh()('BLMOVE', a, b, 'LEFT', 'RIGHT', 0);
  await blocked(1);
  await ask('RPUSH', a, 'm');
  assert.equal(await moved, 'm');
  assert.deepEqual(await ask('LRANGE', b, 0, -1), ['m']);
  assert.equal(await ask('EXISTS', a), 0);
  // What another blocking command pushes wakes too.
  const last = fresh()('BRPOPLPUSH', a, b, 0);
  await blocked(1);
  assert.deepEqual(await fresh(1)('BLMOVE', b, a, 'LEFT', 'LEFT', 0), 'm');
  assert.equal(await last, 'm');
});

test('time runs out, CLIENT UNBLOCK, another type meanwhile, MULTI', async () => {
  const [a, b] = [key(), otherKey()];
  const ask = fresh();
  assert.equal(await fresh()('BLPOP', a, b, '0.05'), null);
  assert.equal(await fresh()('BLMOVE', a, b, 'LEFT', 'LEFT', '0.05'), null);
  const waiter = fresh();
  const id = await waiter('CLIENT', 'ID');
  assert.equal(await ask('CLIENT', 'UNBLOCK', id as number), 0);
  for (const [how, answer] of [
    ['TIMEOUT', null],
    ['ERROR', 'UNBLOCKED client unblocked via CLIENT UNBLOCK'],
  ] as const) {
    const waiting = waiter('BLPOP', a, b, 0);
    await blocked(1);
    assert.match(String(await ask('CLIENT', 'LIST', 'ID', id as number)), /flags=b /);
    assert.equal(await ask('CLIENT', 'UNBLOCK', id as number, how), 1);
    assert.equal(await waiting, answer);
  }
  await blocked(0);
  const typed = waiter('BLPOP', a, b, 0);
  await blocked(1);
  await ask('SET', a, 'x');
  await ask('ZADD', b, 1, 'x');
  await ask('DEL', b);
  await ask('RPUSH', b, 'v');
  assert.deepEqual(await typed, [b, 'v'], 'a key of another type is not looked at by who waits');
  assert.match(String(await waiter('BLPOP', a, 0)), /^WRONGTYPE/);
  await ask('DEL', a);
  const replies = await Promise.all([
    ask('MULTI'),
    ask('BLPOP', a, 0),
    ask('BLMOVE', a, b, 'LEFT', 'LEFT', 0),
    ask('EXEC'),
  ]);
  assert.deepEqual(replies, ['OK', 'QUEUED', 'QUEUED', [null, null]]);
});

test('a push and a deletion in one EXEC wake nobody; a client that has gone takes nothing', async () => {
  const k = key();
  const ask = fresh(1);
  const waiting = fresh()('BLPOP', k, 0);
  await blocked(1);
  await Promise.all([ask('MULTI'), ask('RPUSH', k, 'a'), ask('DEL', k), ask('EXEC')]);
  await ask('RPUSH', k, 'b');
  assert.deepEqual(await waiting, [k, 'b']);
  const gone = fresh();
  const id = await gone('CLIENT', 'ID');
  void gone('BLPOP', k, 0);
  await blocked(1);
  await fresh()('CLIENT', 'KILL', 'ID', id as number);
  await blocked(0);
  await ask('RPUSH', k, 'c');
  assert.deepEqual(await ask('LRANGE', k, 0, -1), ['c']);
});

test('many consumers and producers: every element once; a primary dies in the middle', async () => {
  const k = key();
  const got: string[] = [];
  let stop = false;
  const consumers = Array.from({ length: 8 }, async (_, i) => {
    const ask = fresh(i % 2);
    while (!stop) {
      const reply = await ask('BLPOP', k, 1);
      if (Array.isArray(reply)) got.push(reply[1] as string);
      else assert.equal(reply, null);
    }
  });
  const pushed: string[] = [];
  const push = async (count: number, router: number, name: string) => {
    const ask = fresh(router);
    for (let i = 0; i < count; i++) {
      const value = `${name}${i}`;
      assert.equal(typeof (await ask('RPUSH', k, value)), 'number');
      pushed.push(value);
    }
  };
  await Promise.all([push(200, 0, 'a'), push(200, 1, 'b')]);
  await until('all taken', () => got.length === pushed.length);
  // Now everybody waits. The primary dies: they wait at the next one.
  const lead = (await cluster.group('g1'))!.primary;
  g1.find(({ id }) => id === lead)!.kill('SIGKILL');
  await Promise.all([push(200, 0, 'c'), push(200, 1, 'd')]);
  await until('all taken', () => got.length === pushed.length);
  stop = true;
  await Promise.all(consumers);
  assert.deepEqual([...got].sort(), [...pushed].sort());
  assert.equal(await fresh()('EXISTS', k), 0);
});

test('a ring that grows while clients wait: they are served by the new owner, with the time that remains', async () => {
  const keys = [...mine.splice(0, 10), ...other.splice(0, 10)];
  const waiting = keys.map((k, i) => fresh(i % 2)('BLPOP', k, 0));
  const out = fresh()('BLPOP', keys[0]!, '1.5');
  await blocked(11, 0);
  await blocked(10, 1);
  await cluster.data('g3');
  await cluster.untilGroup('g3', 'serving', 1);
  await until('g3 owns slots', async () =>
    (await cluster.status()).ring.groups.some(({ id }) => id === 'g3'),
  );
  assert.equal(await out, null);
  const ask = fresh(1);
  for (const k of keys) await ask('RPUSH', k, `of ${k}`);
  assert.deepEqual(
    await Promise.all(waiting),
    keys.map((k) => [k, `of ${k}`]),
  );
});

test('a router dies while its clients wait: their elements stay for others', async () => {
  const k = key();
  void fresh(1)('BLPOP', k, 0);
  await blocked(1, 1);
  const behind = fresh(0)('BLPOP', k, 0);
  await blocked(1, 0);
  routers[1].kill('SIGKILL');
  await routers[1].finished;
  await fresh(0)('RPUSH', k, 'a', 'b');
  assert.deepEqual(await behind, [k, 'a']);
  assert.deepEqual(await fresh(0)('LRANGE', k, 0, -1), ['b']);
});
