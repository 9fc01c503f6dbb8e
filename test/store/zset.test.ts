// Sorted sets: against redis-server, copies, memory, payloads; the order against a plain sorted list; effects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ScoreOrder } from '../../src/store/zset-order.js';
import { formatScore, parseScore } from '../../src/store/zset-scores.js';
import { needs } from '../needs.js';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';
import { normalSortedSet, sortedSetCommand, ZSET_KEYS } from './zset-commands.js';

testFamily('sorted sets', ZSET_KEYS, { command: sortedSetCommand, normal: normalSortedSet });

const START = 1_000_000_000_000;

/** What happens to an order: insertions in runs, so that chunks are split, and removals of all kinds. */
const step = fc.oneof(
  fc.record({ insert: fc.nat(400), from: fc.nat(3000), by: fc.constantFrom(1, 7, 13), score: fc.nat(3) }),
  fc.record({ remove: fc.nat(200), at: fc.nat(5000) }),
  fc.record({ range: fc.nat(2500), at: fc.nat(5000) }),
);
type Pair = [number, string];
const compare = ([a, x]: Pair, [b, y]: Pair) => (a !== b ? a - b : x < y ? -1 : x > y ? 1 : 0);

function pairsOf(order: ScoreOrder, from: number, count: number, descending: boolean): Pair[] {
  const found: Pair[] = [];
  order.forEach(from, count, descending, (member, score) => found.push([score, member]));
  return found;
}

test('the order of scores is that of a plain sorted list, and so are ranks and ranges', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), fc.nat(), (steps, seed) => {
      let order = new ScoreOrder();
      const plain: Pair[] = [];
      for (const each of steps) {
        if ('insert' in each) {
          const known = new Set(plain.map(([, member]) => member));
          for (let i = 0; i < each.insert; i++) {
            const member = `m${(each.from + i * each.by) % 4001}`;
            if (known.has(member)) continue;
            known.add(member);
            plain.push([(i % 2) + each.score, member]);
            order.insert((i % 2) + each.score, member);
          }
          plain.sort(compare);
        } else if ('remove' in each) {
          for (let i = 0; i < each.remove && plain.length > 0; i++) {
            const [pair] = plain.splice((each.at + i * 31) % plain.length, 1);
            order.remove(...pair!);
          }
        } else if (plain.length > 0) {
          const from = each.at % plain.length;
          const count = Math.min(each.range, plain.length - from);
          const gone = plain.splice(from, count).map(([, member]) => member);
          assert.deepEqual(order.removeRange(from, count), gone);
        }
        assert.equal(order.size, plain.length);
        if (plain.length === 0) continue;
        const rank = seed % plain.length;
        assert.equal(order.rank(...plain[rank]!), rank);
        const some = Math.min(700, plain.length - rank);
        assert.deepEqual(pairsOf(order, rank, some, false), plain.slice(rank, rank + some));
        assert.deepEqual(
          pairsOf(order, rank, Math.min(700, rank + 1), true),
          plain.slice(Math.max(0, rank - 699), rank + 1).toReversed(),
        );
        const [score, member] = plain[rank]!;
        assert.equal(
          order.countWhile((s, m) => s < score || (s === score && m < member)),
          rank,
        );
        assert.equal(
          order.countWhile(() => true),
          plain.length,
        );
      }
      order = ScoreOrder.of(
        plain.map(([, member]) => member),
        plain.map(([score]) => score),
      );
      assert.deepEqual(pairsOf(order, 0, plain.length, false), plain);
      for (const rank of [0, plain.length >> 1, plain.length - 1]) {
        if (rank >= 0 && rank < plain.length) assert.equal(order.rank(...plain[rank]!), rank);
      }
    }),
    { seed: 41, numRuns: 150 },
  );
});

test('ranks stay cheap: a million members', () => {
  const order = new ScoreOrder();
  const size = 1_000_000;
  for (let i = 0; i < size; i++) order.insert((i * 7919) % size, `m${i}`);
  let steps = 0;
  const counted = order.countWhile((score) => {
    steps++;
    return score < 777_777;
  });
  assert.equal(counted, 777_777);
  assert.ok(steps <= 30, `${steps} comparisons`);
  assert.equal(
    order.rank(500_000, `m${[...Array(size).keys()].find((i) => (i * 7919) % size === 500_000)}`),
    500_000,
  );
  assert.equal(pairsOf(order, 123_456, 1, false)[0]![0], 123_456);
});

test('a score survives its text', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (score) =>
      assert.ok(Object.is(parseScore(formatScore(score)), score)),
    ),
    { seed: 42, numRuns: 20_000 },
  );
});

test('effects name exact scores', () => {
  const primary = new Primary(START);
  const effects = (line: string) => {
    primary.line(line);
    return primary.effects();
  };
  assert.deepEqual(effects('ZADD z 1 a 2 b'), ['ZADD z 1 a 2 b']);
  assert.deepEqual(effects('ZADD z 1 a 2 b'), []);
  assert.deepEqual(effects('ZADD z NX 5 a'), []);
  assert.deepEqual(effects('ZINCRBY z 0.1 a'), ['ZADD z 1.1000000000000001 a']);
  assert.deepEqual(effects('ZINCRBY z 0 a'), []);
  assert.deepEqual(effects('ZADD z XX INCR 1 b'), ['ZADD z 3 b']);
  assert.deepEqual(effects('ZADD z XX INCR 1 c'), []);
  assert.deepEqual(effects('ZMPOP 2 none z MIN COUNT 5'), ['ZPOPMIN z 2']);
  assert.equal(primary.line('EXISTS z'), ':0\r\n');
  assert.deepEqual(effects('ZREMRANGEBYRANK z 0 -1'), []);
  assert.deepEqual(effects('ZUNIONSTORE z 2 x y'), []);
  primary.line('ZADD x 1 a');
  primary.effects();
  assert.deepEqual(effects('ZUNIONSTORE z 2 x y WEIGHTS 2 3'), ['ZUNIONSTORE z 2 x y WEIGHTS 2 3']);
  assert.deepEqual(effects('ZRANGESTORE z none 0 -1'), ['ZRANGESTORE z none 0 -1']);
  assert.deepEqual(effects('ZRANDMEMBER x'), []);
});

test('small sorted sets, encodings: as redis-server', needs('redis-server'), async (t) => {
  const connection = await (await startRedis(t))();
  const primary = new Primary(START);
  const many = Array.from({ length: 128 }, (_, i) => ['1', `m${i}`]).flat();
  const lines = [
    ['ZADD', 'z', '1.5', 'a', '-0', 'b', 'inf', 'c', '1e17', 'd'],
    ['ZSCAN', 'z', '0'],
    ['ZSCAN', 'z', '7', 'COUNT', '1'],
    ['ZSCAN', 'z', '0', 'MATCH', '[ad]'],
    ['OBJECT', 'ENCODING', 'z'],
    ['ZADD', 'long', '1', 'x'.repeat(64)],
    ['OBJECT', 'ENCODING', 'long'],
    ['ZADD', 'long', '-0', 'y'.repeat(65)],
    ['OBJECT', 'ENCODING', 'long'],
    ['ZSCORE', 'long', 'y'.repeat(65)],
    ['ZREM', 'long', 'y'.repeat(65)],
    ['OBJECT', 'ENCODING', 'long'],
    ['ZADD', 'many', ...many],
    ['OBJECT', 'ENCODING', 'many'],
    ['ZRANGESTORE', 'part', 'many', '0', '-1'],
    ['OBJECT', 'ENCODING', 'part'],
    ['ZADD', 'many', '1', 'more'],
    ['OBJECT', 'ENCODING', 'many'],
    ['ZRANGESTORE', 'part', 'many', '0', '127'],
    ['OBJECT', 'ENCODING', 'part'],
    ['ZUNIONSTORE', 'part', '2', 'many', 'z', 'WEIGHTS', '1', '-1'],
    ['OBJECT', 'ENCODING', 'part'],
    ['ZSCORE', 'part', 'b'],
    ['ZINTERSTORE', 'part', '1', 'z', 'WEIGHTS', '-1'],
    ['ZRANGE', 'part', '0', '-1', 'WITHSCORES'],
    ['OBJECT', 'ENCODING', 'part'],
    ['COPY', 'long', 'twin'],
    ['OBJECT', 'ENCODING', 'twin'],
    ['TYPE', 'twin'],
  ];
  for (const words of lines) {
    assert.equal(primary.run(...words), await connection.ask(...words), words.slice(0, 5).join(' '));
  }
});
