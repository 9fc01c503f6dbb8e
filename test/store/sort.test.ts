// SORT: against redis-server on lists, sets and sorted sets, copies, memory; and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';
import { normalSort, SORT_KEYS, sortCommand } from './sort-commands.js';

testFamily('sort', SORT_KEYS, { command: sortCommand, normal: normalSort });

test('patterns that name other keys are refused', () => {
  const primary = new Primary();
  primary.line('RPUSH l 2 1');
  primary.effects();
  assert.equal(primary.line('SORT l BY w_*'), '-ERR BY option of SORT denied in Cluster mode.\r\n');
  assert.equal(
    primary.line('SORT l GET # GET d_*->f'),
    '-ERR GET option of SORT denied in Cluster mode.\r\n',
  );
  assert.equal(primary.line('SORT l GET # GET plain'), '*4\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n$-1\r\n');
  assert.deepEqual(primary.effects(), []);
  assert.equal(primary.line('SORT l DESC STORE l'), ':2\r\n');
  assert.deepEqual(primary.effects(), ['SORT l DESC STORE l']);
  assert.equal(primary.line('SORT none STORE l'), ':0\r\n');
  assert.equal(primary.line('EXISTS l'), ':0\r\n');
});

test('what has an order keeps it unsorted: as redis-server', needs('redis-server'), async (t) => {
  const connection = await (await startRedis(t))();
  const primary = new Primary();
  const lines = [
    'RPUSH l 5 3 9 1 7',
    'ZADD z 1 e 2 d 3 c 4 b 5 a',
    'SADD s 10 9 8 100',
    ...['l', 'z'].flatMap((key) => [
      `SORT ${key} BY nosort`,
      `SORT ${key} BY nosort DESC`,
      `SORT ${key} BY nosort LIMIT 1 2`,
      `SORT ${key} BY nosort DESC LIMIT 1 2`,
      `SORT ${key} BY nosort LIMIT 4 100`,
      `SORT ${key} BY nosort LIMIT 5 1`,
      `SORT_RO ${key} BY nosort GET # GET nothing`,
      `SORT ${key} BY nosort DESC STORE to-${key}`,
      `LRANGE to-${key} 0 -1`,
    ]),
    'SORT s BY nosort STORE to-s',
    'LRANGE to-s 0 -1',
    'SORT s DESC LIMIT 1 2 GET # GET none STORE to-s',
    'LRANGE to-s 0 -1',
    'SORT s LIMIT 9 1 STORE to-s',
    'EXISTS to-s',
  ];
  for (const line of lines) {
    const words = line.split(' ');
    assert.equal(primary.run(...words), await connection.ask(...words), line);
  }
});
