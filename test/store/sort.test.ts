// SORT: against redis-server on lists, sets and sorted sets, copies, memory; and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { needs } from '../needs.js';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';

const text = (...words: string[]) => fc.constantFrom(...words);
const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());

const number = text('1', '10', '2', '-3', '0', '-0', '1.5', '1e3', 'inf', '-inf', '0x10', '  7', '', '002');
const element = fc.oneof(
  { weight: 12, arbitrary: number },
  { weight: 1, arbitrary: text('abc', 'b', '\xff', 'nan', '1x') },
);
const key = text('l', 'l', 's', 'z', 'other', 'none');
const integer = text('0', '1', '2', '3', '-1', '-5', '100', '9223372036854775807', 'x', '');
const option = fc.oneof(
  words(text('ASC', 'desc', 'ALPHA', 'alpha')),
  words(is('LIMIT'), integer, integer),
  words(is('GET'), text('#', '#', 'plain', '')),
  words(is('BY'), text('nosort', '')),
  words(text('bad', 'limit')),
);
const sort = (name: string) =>
  joined(words(is(name), key), some(fc.oneof(option, words(text('ALPHA', 'DESC'))), 4));

testFamily('sort', ['l', 's', 'z', 'other'], {
  command: fc.oneof(
    { weight: 3, arbitrary: joined(words(is('RPUSH'), is('l')), some(words(element), 5, 1)) },
    { weight: 2, arbitrary: joined(words(is('SADD'), is('s')), some(words(element), 4, 1)) },
    {
      weight: 2,
      arbitrary: joined(words(is('ZADD'), is('z')), some(words(text('1', '2', '3'), element), 4, 1)),
    },
    { weight: 1, arbitrary: words(is('DEL'), key) },
    { weight: 4, arbitrary: sort('SORT') },
    { weight: 2, arbitrary: sort('SORT_RO') },
    { weight: 3, arbitrary: joined(sort('SORT'), words(is('STORE'), key)) },
    { weight: 1, arbitrary: joined(sort('SORT_RO'), words(is('STORE'), key)) },
    { weight: 2, arbitrary: words(is('LRANGE'), key, is('0'), is('-1')) },
  ),
  // Members of a set as they come: in another order, so of what is not sorted only the number; see below. Redis's SORT
  // makes a sorted set a skiplist for good; here it changes nothing. (Redis also refuses every number once any earlier
  // one was out of range: there are none here.)
  normal: ([name, , ...rest], reply) => {
    if (name === 'OBJECT' && reply.includes('list')) return '';
    const unsorted = name!.startsWith('SORT') && rest.includes('BY') && reply[0] === '*';
    return unsorted ? reply.split('\r\n')[0]! : reply;
  },
});

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
