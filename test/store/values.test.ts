// Values large and small, active expiry, memory, export and import.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCommand, RequestParser } from '../../src/resp/index.js';
import { Store } from '../../src/store/index.js';
import { contents, Primary, requestOf } from './harness.js';

const START = 1_000_000_000_000;

test('a kept value does not pin the network chunk it came in', () => {
  const primary = new Primary(START);
  const chunk = Buffer.alloc(8 << 20);
  for (const size of [3, 4096, 4097, 10_000]) {
    const command = encodeCommand(['SET', `k${size}`, 'v'.repeat(size)]);
    command.copy(chunk);
    const parser = new RequestParser();
    parser.feed(chunk.subarray(0, command.length));
    assert.ok(parser.next());
    primary.execute(parser.request);
    const { value } = primary.store.peek(0, `k${size}`)!;
    assert.equal(typeof value === 'string', size <= 4096);
    if (Buffer.isBuffer(value)) assert.equal(value.buffer.byteLength, size);
    // Nor does it change when the chunk is used again.
    chunk.fill(0);
    assert.equal(primary.line(`GET k${size}`), `$${size}\r\n${'v'.repeat(size)}\r\n`);
  }
});

test('a value grows byte by byte without being copied each time', () => {
  const primary = new Primary(START);
  const piece = 'p'.repeat(1000);
  const rooms = new Set<ArrayBufferLike>();
  for (let i = 1; i <= 2000; i++) {
    assert.equal(primary.run('APPEND', 'k', piece), `:${i * 1000}\r\n`);
    primary.ctx.effects.clear();
    const { value } = primary.store.peek(0, 'k')!;
    if (Buffer.isBuffer(value)) rooms.add(value.buffer);
  }
  assert.ok(rooms.size < 20, `${rooms.size} copies`);
  assert.equal(primary.line('STRLEN k'), ':2000000\r\n');
  assert.ok(primary.store.bytes < 5_000_000);
  primary.line('SETRANGE k 2000010 end');
  assert.equal(primary.line('GETRANGE k 1999998 -1'), `$15\r\npp${'\0'.repeat(10)}end\r\n`);
});

test('a copy of a long value is its own', () => {
  const primary = new Primary(START);
  primary.run('SET', 'a', 'x'.repeat(10_000));
  primary.line('COPY a b');
  primary.line('SETBIT a 0 1');
  primary.line('APPEND b y');
  assert.equal(primary.line('GETRANGE b 0 0'), '$1\r\nx\r\n');
  assert.equal(primary.line('STRLEN a'), ':10000\r\n');
});

test('the limit of 512 MB', () => {
  const primary = new Primary(START);
  const tooLong = '-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n';
  assert.equal(primary.line('SETRANGE k 536870911 xy'), tooLong);
  assert.equal(primary.line('SETRANGE k 9007199254740993 xy'), tooLong);
  assert.equal(
    primary.line('SETBIT k 4294967296 1'),
    '-ERR bit offset is not an integer or out of range\r\n',
  );
  assert.equal(primary.store.bytes, 0);
});

test('active expiry deletes what has expired, oldest first, within its limit', () => {
  const primary = new Primary(START);
  const { ctx, store } = primary;
  for (let i = 0; i < 100; i++) {
    ctx.db = i % 3;
    primary.run('SET', `k${i}`, 'x', 'PXAT', String(START + 100 - i));
  }
  ctx.db = 0;
  primary.line('PERSIST k0');
  primary.line('PEXPIREAT k3 9000000000000');
  primary.effects();
  assert.equal(store.expireSome(ctx, 1000), 0);
  ctx.now = START + 50;
  // 51 to 99 are past: a key goes after its last millisecond.
  assert.equal(store.expireSome(ctx, 10), 10);
  assert.deepEqual(primary.effects().slice(0, 3), ['DEL k99', 'TOWLINE.DB 2', 'DEL k98']);
  assert.equal(store.expireSome(ctx, 1000), 39);
  ctx.now = START + 1000;
  assert.equal(store.expireSome(ctx, 1000), 49);
  assert.deepEqual([...store.snapshot()].map(({ key }) => key).sort(), ['k0', 'k3']);
  assert.equal(store.expiringKeys, 1);
});

test('what expiry remembers stays in proportion, however often times change', () => {
  const primary = new Primary(START);
  for (let i = 0; i < 20_000; i++) primary.run('PSETEX', `k${i % 10}`, String(1000 + i), 'x');
  const { deadlines } = primary.store as unknown as { deadlines: { size: number } };
  assert.ok(deadlines.size < 1100, `${deadlines.size} deadlines for 10 keys`);
  primary.ctx.now += 1e6;
  assert.equal(primary.store.expireSome(primary.ctx, 100_000), 10);
});

test('export and import keep type, expiry and bytes', () => {
  const primary = new Primary(START);
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
  primary.run('SET', all, all, 'PX', '5000');
  primary.run('SET', 'long', all.repeat(100));
  primary.run('SET', '', '');
  const other = new Store();
  for (const { db, key } of primary.store.snapshot()) {
    other.importKey(db, key, primary.store.exportKey(db, key)!, 77);
  }
  assert.deepEqual(contents(other), contents(primary.store));
  assert.equal(other.bytes, primary.store.bytes);
  assert.equal(other.peek(0, all)!.seq, 77);
  assert.equal(other.exportKey(0, 'nosuch'), null);
  // Import replaces.
  other.importKey(0, all, primary.store.exportKey(0, 'long')!, 78);
  assert.equal(other.peek(0, all)!.expireAt, -1);
  assert.equal(other.dbSize(0), 3);
});

test('a snapshot gives every key that stays, once, whatever happens meanwhile', () => {
  const primary = new Primary(START);
  for (let i = 0; i < 500; i++) primary.run('SET', `{t}${i}`, 'x');
  const seen: string[] = [];
  for (const { key } of primary.store.snapshot()) {
    seen.push(key);
    primary.run('DEL', `{t}${seen.length + 300}`);
    primary.run('SET', `{t}new${seen.length}`, 'x');
    primary.run('SET', key, 'y');
  }
  assert.equal(new Set(seen).size, seen.length);
  for (let i = 0; i <= 300; i++) assert.ok(seen.includes(`{t}${i}`));
});

test('FLUSHDB and FLUSHALL', () => {
  const primary = new Primary(START);
  const { ctx, store } = primary;
  for (ctx.db = 0; ctx.db < 3; ctx.db++) primary.line('SET k v EX 100');
  ctx.db = 1;
  primary.effects();
  assert.equal(primary.line('FLUSHDB'), '+OK\r\n');
  assert.deepEqual([store.dbSize(0), store.dbSize(1), store.dbSize(2)], [1, 0, 1]);
  assert.equal(store.deleteSeq, ctx.seq);
  assert.deepEqual(primary.effects(), ['FLUSHDB']);
  primary.line('FLUSHALL ASYNC');
  assert.deepEqual([store.bytes, store.expiringKeys, store.slotEmpty(store.slotOf('k'))], [0, 0, true]);
  primary.effects();
  primary.line('FLUSHALL');
  assert.deepEqual(primary.effects(), []);
});

test('a long value is kept where it arrived, and what arrived is not changed with it', () => {
  const primary = new Primary(START);
  const request = requestOf('SET', 'k', 'v'.repeat(2 ** 21));
  const arrived = Buffer.from(request.raw());
  primary.execute(request);
  assert.equal((primary.store.peek(0, 'k')!.value as Buffer).buffer, request.buffer.buffer);
  for (const words of [
    ['SETRANGE', 'k', '5', 'xyz'],
    ['APPEND', 'k', 'end'],
    ['SETBIT', 'k', '9', '1'],
    ['BITFIELD', 'k', 'SET', 'u8', '64', '7'],
  ]) {
    primary.execute(request);
    primary.run(...words);
    assert.ok(request.raw().equals(arrived), words.join(' '));
    assert.match(primary.run('GETRANGE', 'k', '0', '4'), /vvv/);
  }
});
