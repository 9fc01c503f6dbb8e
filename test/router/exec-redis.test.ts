// Random sequences of two connections with MULTI, EXEC, WATCH and the rest, in lock step against a live redis-server:
// the same replies, byte for byte, in RESP2 and RESP3, on one group and on three.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { Random } from '../sim/random.js';
import { startRedis } from '../store/redis.js';
import { TestCluster } from './exec-cluster.js';

const RUNS = 80;
const LENGTH = 60;

/** One command of a client that may be within MULTI. */
function command(random: Random, keys: readonly string[]): string[] {
  const key = () => random.pick(keys);
  const value = () => random.pick(['1', '7', '-3', 'x', 'hello', '3.5', '']);
  const make: [number, () => string[]][] = [
    [8, () => ['MULTI']],
    [10, () => ['EXEC']],
    [2, () => ['DISCARD']],
    [5, () => ['WATCH', key()]],
    [2, () => ['WATCH', key(), key()]],
    [1, () => ['UNWATCH']],
    [5, () => ['GET', key()]],
    [5, () => ['SET', key(), value()]],
    [3, () => ['INCR', key()]],
    [2, () => ['APPEND', key(), value()]],
    [2, () => ['DEL', key(), key()]],
    [2, () => ['MGET', key(), key()]],
    [2, () => ['MSET', key(), value(), key(), value()]],
    [1, () => ['MSETNX', key(), value(), key(), value()]],
    [1, () => ['RENAME', key(), key()]],
    [1, () => ['RENAMENX', key(), key()]],
    [1, () => ['COPY', key(), key(), 'REPLACE']],
    [1, () => ['SETRANGE', key(), '2', 'zz']],
    [1, () => ['EXPIRE', key(), '1000']],
    [1, () => ['PERSIST', key()]],
    [1, () => ['SET', key(), value(), 'EX', '-1']],
    [2, () => ['HSET', `h${key()}`, 'f', value()]],
    [1, () => ['HGETALL', `h${key()}`]],
    [1, () => ['HINCRBYFLOAT', `h${key()}`, 'f', '1.5']],
    [2, () => ['RPUSH', `l${key()}`, value(), value()]],
    [1, () => ['LRANGE', `l${key()}`, '0', '-1']],
    [1, () => ['LMOVE', `l${key()}`, `l${key()}`, 'LEFT', 'RIGHT']],
    [1, () => ['LPOP', `l${key()}`]],
    [1, () => ['SADD', `s${key()}`, 'a']],
    [1, () => ['SMOVE', `s${key()}`, `s${key()}`, 'a']],
    [1, () => ['SINTERSTORE', `s${key()}`, `s${key()}`, `s${key()}`]],
    [1, () => ['ZADD', `z${key()}`, '1.5', 'm']],
    [1, () => ['ZRANGE', `z${key()}`, '0', '-1', 'WITHSCORES']],
    [1, () => ['ZUNIONSTORE', `z${key()}`, '2', `z${key()}`, `z${key()}`]],
    [1, () => ['INCR', `l${key()}`]],
    [1, () => ['TYPE', `${random.pick(['', 'h', 'l'])}${key()}`]],
    [1, () => ['FLUSHALL']],
    [2, () => ['DBSIZE']],
    // One at most: the order of several is another.
    [1, () => ['KEYS', random.pick([key(), 'no*such', `[a-z]${key().slice(1)}`])]],
    [2, () => ['SWAPDB', random.pick(['0', '1', '2', '16', 'x']), random.pick(['0', '1', '2', '-1'])]],
    [1, () => ['FLUSHDB', random.pick(['SYNC', 'ASYNC', 'NOW'])]],
    [2, () => ['SELECT', random.pick(['0', '1', '2', '16', '01', 'x'])]],
    [1, () => ['MOVE', key(), random.pick(['0', '1', '2'])]],
    [
      1,
      () => ['COPY', key(), key(), 'DB', random.pick(['0', '1', '2', '16']), random.pick(['REPLACE', 'DB'])],
    ],
    [1, () => ['PING']],
    [1, () => ['ECHO', value()]],
    [1, () => ['GET']],
    [1, () => ['NONSENSE', key()]],
    [1, () => ['EXEC', 'x']],
    [1, () => ['MULTI', 'x']],
    [1, () => ['WATCH']],
    [1, () => ['RESET']],
    [1, () => ['EXISTS', key(), key()]],
    [1, () => ['SUBSTR', key(), '0', '-1']],
  ];
  return random.weighted(make)();
}

/** What a watched key of Redis's is not: a change of its slot, or of nothing. Only such a nil may be one too many. */
test('two connections, lock step', needs('redis-server'), async (t) => {
  const open = await startRedis(t);
  const theirs = [await open(), await open()];
  let spurious = 0;
  let execs = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(run);
    const cluster = new TestCluster({
      groups: run % 3 === 0 ? ['g1'] : ['g1', 'g2', 'g3'],
      routers: 1 + (run % 2),
      members: 1,
      seed: run,
    });
    const mine = [cluster.client(), cluster.client(run % 2)];
    const keys = cluster.names('k', run % 3 === 0 ? 4 : 2);
    for (const each of theirs) await each.ask('RESET');
    await theirs[0]!.ask('FLUSHALL');
    if (run % 4 > 1) {
      for (const i of [0, 1]) {
        await theirs[i]!.ask('HELLO', '3');
        mine[i]!.ask('HELLO 3');
      }
    }
    const story: string[] = [];
    for (let i = 0; i < LENGTH; i++) {
      const who = random.below(2);
      const words = command(random, keys);
      const expected = await theirs[who]!.ask(...words);
      const [said] = mine[who]!.askAll(words);
      story.push(`${who} ${words.join(' ')} = ${JSON.stringify(said)}`);
      if (words[0] === 'EXEC') execs++;
      if (said === expected) continue;
      const nil = said === '*-1\r\n' || said === '_\r\n';
      // Allowed, but rare: from here on the two are different worlds.
      if (words[0] === 'EXEC' && nil && expected[0] === '*') {
        spurious++;
        break;
      }
      assert.equal(said, expected, `run ${run}:\n${story.join('\n')}`);
    }
  }
  t.diagnostic(`${execs} EXECs, ${spurious} spurious nils`);
  assert.ok(spurious <= execs / 100, `${spurious} of ${execs} EXECs were nil without need`);
});
