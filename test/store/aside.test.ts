// Commands executed aside, on keys fetched from elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Context, type KeyState, runAside, Store } from '../../src/store/index.js';
import { Primary, requestOf } from './harness.js';

const START = 1_000_000_000_000;

/** Exports of some keys of a store that these commands filled. */
function fetched(lines: string[], ...keys: string[]): KeyState[] {
  const primary = new Primary(START);
  for (const line of lines) primary.line(line);
  return keys.map((key) => ({ db: 0, key, payload: primary.store.exportKey(0, key) }));
}

function run(imports: KeyState[], lines: string[], now = START) {
  const ctx = new Context();
  ctx.now = now;
  ctx.seq = 900;
  ctx.db = 4;
  const commands = lines.map((line) => ({ db: 0, request: requestOf(...line.split(' ')) }));
  const { changes } = runAside(imports, commands, ctx);
  // What is left to the caller is left alone.
  assert.deepEqual([ctx.seq, ctx.db, ctx.need, ctx.effects.length], [900, 4, 0, 0]);
  const target = new Store();
  const after: Record<string, string | null> = {};
  for (const { db, key, payload } of changes) {
    if (payload !== null) target.importKey(db, key, payload, 1);
    const entry = target.peek(db, key);
    after[key] = entry === undefined ? null : `${entry.value.toString('latin1')} ${entry.expireAt}`;
  }
  return { replies: ctx.reply.take().toString('latin1'), after };
}

test('RENAME moves the value and its expiry', () => {
  const keys = fetched(['SET a 1 PX 5000', 'SET b 2'], 'a', 'b');
  const { replies, after } = run(keys, ['RENAME a b']);
  assert.equal(replies, '+OK\r\n');
  assert.deepEqual(after, { a: null, b: `1 ${START + 5000}` });
});

test('what is only read does not count as changed', () => {
  const keys = fetched(['SET a abc', 'SET b abd'], 'a', 'b', 'c');
  assert.deepEqual(run(keys, ['LCS a b']), { replies: '$2\r\nab\r\n', after: {} });
  assert.deepEqual(run(keys, ['RENAMENX a b']), { replies: ':0\r\n', after: {} });
  assert.deepEqual(run(keys, ['RENAME a a']), { replies: '+OK\r\n', after: {} });
  assert.deepEqual(run(keys, ['BITOP AND c a b']), { replies: ':3\r\n', after: { c: 'ab` -1' } });
});

test('several commands see each other, replies in order', () => {
  const keys = fetched(['SET a 1'], 'a', 'b');
  const { replies, after } = run(keys, ['INCR a', 'COPY a b', 'INCR b', 'INCRBY a x', 'DEL a']);
  assert.equal(replies, ':2\r\n:1\r\n:3\r\n-ERR value is not an integer or out of range\r\n:1\r\n');
  assert.deepEqual(after, { a: null, b: '3 -1' });
});

test('a fetched key that has expired is deleted when it is met', () => {
  const keys = fetched(['SET a 1 PX 10', 'SET b 2'], 'a', 'b');
  const late = run(keys, ['COPY a b REPLACE'], START + 100);
  assert.deepEqual(late, { replies: ':0\r\n', after: { a: null } });
});

test('a key that was not fetched is a broken assertion, and leaves nothing behind', () => {
  const keys = fetched(['SET a 1'], 'a');
  assert.throws(() => run(keys, ['RENAME a b']), /not fetched: 0 b/);
  assert.throws(() => run(keys, ['COPY a a DB 1']), /not fetched: 1 a/);
  assert.throws(() => run([], ['SET a 1']), /not fetched: 0 a/);
  // Absent here, although an earlier call had it.
  const absent: KeyState[] = [{ db: 0, key: 'a', payload: null }];
  assert.deepEqual(run(absent, ['EXISTS a']), { replies: ':0\r\n', after: {} });
});

test('large values', () => {
  const big = 'x'.repeat(100_000);
  const keys = fetched([`SET a ${big}`], 'a', 'b');
  const { after } = run(keys, ['COPY a b', 'SETRANGE b 0 y']);
  assert.deepEqual(after, { b: `y${big.slice(1)} -1` });
  assert.equal(run(keys, ['GET a']).replies, `$100000\r\n${big}\r\n`);
});
