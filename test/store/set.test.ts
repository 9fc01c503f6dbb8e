// Sets: against redis-server, copies, memory, payloads; what is drawn at random; scans.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { startRedis } from './redis.js';
import { normalSet, SET_KEYS, setCommand } from './set-commands.js';

testFamily('sets', SET_KEYS, { command: setCommand, normal: normalSet });

const START = 1_000_000_000_000;

/** Bulk strings of a reply. */
const bulks = (reply: string) => [...reply.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map((match) => match[1]!);

/** A primary whose random numbers follow a fixed sequence. */
function withRandom(seed: number): Primary {
  const primary = new Primary(START);
  let state = seed;
  primary.ctx.random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  return primary;
}

test('what SPOP draws is different each time, and its effect names it', () => {
  const primary = withRandom(7);
  const members = Array.from({ length: 3000 }, (_, i) => `m${i}`);
  primary.run('SADD', 's', ...members);
  primary.effects();
  const [one] = bulks(primary.line('SPOP s'));
  assert.deepEqual(primary.effects(), [`SREM s ${one}`]);
  const some = bulks(primary.line('SPOP s 2500'));
  assert.equal(new Set([one, ...some]).size, 2501);
  assert.deepEqual(
    primary.effects().map((effect) => effect.split(' ').length - 2),
    [1000, 1000, 500],
  );
  const rest = bulks(primary.line('SPOP s 499'));
  assert.deepEqual(primary.effects(), ['DEL s']);
  assert.deepEqual([one, ...some, ...rest].toSorted(), members.toSorted());
  assert.equal(primary.line('EXISTS s'), ':0\r\n');
});

test('SRANDMEMBER draws each about as often, different ones unless the count is negative', () => {
  const primary = withRandom(11);
  primary.run('SADD', 's', ...Array.from({ length: 20 }, (_, i) => `m${i}`));
  primary.effects();
  const times = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    const drawn = bulks(primary.line('SRANDMEMBER s 5'));
    assert.equal(new Set(drawn).size, 5);
    for (const member of drawn) times.set(member, (times.get(member) ?? 0) + 1);
  }
  assert.equal(times.size, 20);
  for (const count of times.values()) assert.ok(count > 350 && count < 650, `${count} of about 500`);
  assert.equal(bulks(primary.line('SRANDMEMBER s -100')).length, 100);
  assert.equal(primary.line('SRANDMEMBER s -99999999'), '-ERR value is out of range\r\n');
  assert.deepEqual(primary.effects(), []);
});

test('SSCAN gives whoever is there throughout, while others come and go, once each', () => {
  const primary = withRandom(3);
  const stay = Array.from({ length: 2000 }, (_, i) => `stay${i}`);
  primary.run('SADD', 's', ...stay, ...Array.from({ length: 500 }, (_, i) => `go${i}`));
  const found: string[] = [];
  let cursor = '0';
  for (let step = 0; ; step++) {
    assert.ok(step < 1000, 'it ends');
    const [next, ...members] = bulks(primary.line(`SSCAN s ${cursor} COUNT 20`));
    assert.ok(members.length < 40);
    found.push(...members);
    primary.run('SADD', 's', `new${step}`);
    primary.run('SREM', 's', `go${step}`);
    if (next === '0') break;
    cursor = next!;
  }
  assert.equal(new Set(found).size, found.length);
  const all = new Set(found);
  for (const member of stay) assert.ok(all.has(member), member);
});

test('small sets, encodings: as redis-server', needs('redis-server'), async (t) => {
  const connection = await (await startRedis(t))();
  const primary = new Primary(START);
  const numbers = Array.from({ length: 513 }, (_, i) => String(i));
  const lines = [
    ['SADD', 'i', '3', '1', '2', '11'],
    ['SSCAN', 'i', '0'],
    ['SSCAN', 'i', '5', 'COUNT', '1'],
    ['SSCAN', 'i', '0', 'MATCH', '1*'],
    ['SMEMBERS', 'i'],
    ['OBJECT', 'ENCODING', 'i'],
    ['SADD', 'i', 'x'],
    ['OBJECT', 'ENCODING', 'i'],
    ['SREM', 'i', 'x'],
    ['OBJECT', 'ENCODING', 'i'],
    ['SADD', 'n', ...numbers.slice(0, 512)],
    ['OBJECT', 'ENCODING', 'n'],
    ['SUNIONSTORE', 'copy', 'n', 'i'],
    ['OBJECT', 'ENCODING', 'copy'],
    ['SADD', 'n', '512'],
    ['OBJECT', 'ENCODING', 'n'],
    ['SINTERSTORE', 'copy', 'n', 'i'],
    ['OBJECT', 'ENCODING', 'copy'],
    ['SMOVE', 'copy', 'fresh', '1'],
    ['OBJECT', 'ENCODING', 'fresh'],
    ['TYPE', 'fresh'],
    ['COPY', 'i', 'twin'],
    ['OBJECT', 'ENCODING', 'twin'],
  ];
  for (const words of lines) {
    assert.equal(primary.run(...words), await connection.ask(...words), words.slice(0, 5).join(' '));
  }
});
