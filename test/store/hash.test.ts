// Hashes: replies, effects, copies, payloads; the order of HSCAN; HRANDFIELD.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { HASH_KEYS, hashCommand, normalHash } from './hash-commands.js';

testFamily('hash', HASH_KEYS, { command: hashCommand, normal: normalHash });

test('HSCAN gives every field that is there throughout, once, however many come and go', () => {
  for (const count of [1, 7, 100, 5000]) {
    const primary = new Primary();
    for (let i = 0; i < 800; i++) primary.run('HSET', 'h', `stays${i}`, `${i}`);
    const seen = new Map<string, number>();
    let cursor = '0';
    let turn = 0;
    do {
      const lines = primary.run('HSCAN', 'h', cursor, 'COUNT', String(count)).split('\r\n');
      cursor = lines[2]!;
      for (let i = 5; i < lines.length; i += 4) seen.set(lines[i]!, (seen.get(lines[i]!) ?? 0) + 1);
      turn++;
      // Others come and go; another scan begins, and is abandoned; now and then the order is forgotten.
      for (let i = 0; i < 5; i++) primary.run('HSET', 'h', `comes${turn}.${i}`, 'x');
      primary.run('HDEL', 'h', `comes${turn - 3}.1`, `comes${turn - 1}.0`);
      if (turn % 10 === 0) primary.run('HSCAN', 'h', '0');
      if (turn % 50 === 0) {
        for (let i = 0; i < 20; i++) {
          if (turn === 50) for (let j = 0; j < 600; j++) primary.run('HSET', `large${i}`, `${j}`, 'x');
          primary.run('HSCAN', `large${i}`, '0');
        }
      }
    } while (cursor !== '0');
    assert.ok(turn >= 800 / count, `${turn} turns`);
    for (let i = 0; i < 800; i++) assert.equal(seen.get(`stays${i}`), 1, `stays${i}, COUNT ${count}`);
  }
});

test('HRANDFIELD chooses each field about as often, and none twice where it must not', () => {
  for (const size of [20, 600]) {
    const primary = new Primary();
    let state = 1;
    primary.ctx.random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (let i = 0; i < size + 100; i++) primary.run('HSET', 'h', `f${i}`, `v${i}`);
    primary.run('HRANDFIELD', 'h');
    // Fields that go and come back after the first choice.
    for (let i = 0; i < 100; i++) primary.run('HDEL', 'h', `f${(i * 7) % (size + 100)}`);
    primary.run('HSET', 'h', 'f7', 'v7', 'late', 'vlate');
    const fields = primary
      .run('HKEYS', 'h')
      .split('\r\n')
      .filter((line) => /^[fl]/.test(line));
    const times = new Map(fields.map((field) => [field, 0]));
    const take = (...words: string[]) => {
      const lines = primary.run('HRANDFIELD', 'h', ...words).split('\r\n');
      const found = lines.filter((line) => /^[fl]/.test(line));
      for (const each of found) times.set(each, times.get(each)! + 1);
      return found;
    };
    for (let i = 0; i < 200 * fields.length; i += 100) assert.equal(take('-100').length, 100);
    for (const [field, count] of times)
      assert.ok(count > 100 && count < 330, `${field}: ${count} of about 200`);
    for (const count of [1, 5, Math.floor(size / 2), fields.length - 1, fields.length, fields.length + 9]) {
      const found = take(String(count));
      assert.equal(new Set(found).size, Math.min(count, fields.length));
      assert.equal(found.length, Math.min(count, fields.length));
    }
    const pairs = primary.run('HRANDFIELD', 'h', '-50', 'WITHVALUES').split('\r\n');
    assert.equal(pairs[0], '*100');
    for (let i = 2; i < 200; i += 4) assert.equal(pairs[i + 2], pairs[i]!.replace(/^f?/, 'v'));
    assert.match(primary.run('HRANDFIELD', 'h', '-9000000000'), /^-ERR value is out of range/);
  }
});

test('effects of hashes are the commands, but for floats', () => {
  const primary = new Primary();
  const effects = (line: string) => {
    primary.line(line);
    return primary.effects();
  };
  assert.deepEqual(effects('HSET h a 1 b 2'), ['HSET h a 1 b 2']);
  assert.deepEqual(effects('HSETNX h a 1'), []);
  assert.deepEqual(effects('HINCRBY h a 5'), ['HINCRBY h a 5']);
  assert.deepEqual(effects('HINCRBYFLOAT h a 0.5'), ['HSET h a 6.5']);
  assert.deepEqual(effects('HINCRBYFLOAT h a x'), []);
  assert.deepEqual(effects('HINCRBY h a 1'), []);
  assert.deepEqual(effects('HDEL h nosuch'), []);
  assert.deepEqual(effects('HRANDFIELD h 1'), []);
  assert.deepEqual(effects('HDEL h a b a'), ['HDEL h a b a']);
  assert.equal(primary.line('EXISTS h'), ':0\r\n');
});

test('a large hash is one for ever, on copies too', () => {
  const primary = new Primary();
  const encoding = () => primary.line('OBJECT ENCODING h').split('\r\n')[1];
  for (let i = 0; i < 512; i++) primary.run('HSET', 'h', `f${i}`, 'x');
  assert.equal(encoding(), 'listpack');
  primary.run('HSET', 'h', 'one more', 'x');
  assert.equal(encoding(), 'hashtable');
  for (let i = 0; i < 512; i++) primary.run('HDEL', 'h', `f${i}`);
  assert.equal(encoding(), 'hashtable');
  primary.line('COPY h h REPLACE');
  primary.line('COPY h g');
  primary.line('RENAME g h');
  assert.equal(encoding(), 'hashtable');
  primary.store.importKey(0, 'h', primary.store.exportKey(0, 'h')!, 9);
  assert.equal(encoding(), 'hashtable');
  primary.line('DEL h');
  primary.run('HSET', 'h', 'f', 'x'.repeat(65));
  assert.equal(encoding(), 'hashtable');
});
