// Streams: replies, effects, copies, payloads; what clocks do to IDs and to what is pending.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testFamily } from './collections.js';
import { Primary } from './harness.js';
import { normalStream, STREAM_KEYS, streamCommand } from './stream-commands.js';

testFamily('stream', STREAM_KEYS, { command: streamCommand, normal: normalStream });

/** Words of a reply's bulk strings. */
const bulks = (reply: string) => reply.split('\r\n').filter((line) => line !== '' && !/^[$*:]/.test(line));

test('an ID is of the clock, and goes on where the clock does not', () => {
  const primary = new Primary(5000);
  const add = (...words: string[]) => bulks(primary.run('XADD', 's', ...words, 'n', '1'))[0];
  assert.equal(add('*'), '5000-0');
  assert.equal(add('*'), '5000-1');
  primary.ctx.now = 4000;
  assert.equal(add('*'), '5000-2');
  assert.equal(add('6000-*'), '6000-0');
  primary.ctx.now = 5999;
  assert.equal(add('*'), '6000-1');
  // The greatest ID stays when its entry is gone, and goes where the key goes.
  primary.line('XDEL s 6000-1');
  primary.line('XTRIM s MAXLEN 0');
  const other = new Primary(1000);
  other.store.importKey(0, 's', primary.store.exportKey(0, 's')!, 1);
  assert.equal(bulks(other.run('XADD', 's', '*', 'n', '1'))[0], '6000-2');
  primary.run('XADD', 's', '7000-18446744073709551615', 'n', '1');
  primary.ctx.now = 1;
  assert.equal(add('*'), '7001-0');
});

test('effects name IDs, times and deliveries; a copy needs no clock and reads nothing', () => {
  const primary = new Primary(5000);
  const effects = (line: string) => {
    assert.doesNotMatch(primary.line(line), /^-/, line);
    return primary.effects();
  };
  assert.deepEqual(effects('XADD s * n 1'), ['XADD s 5000-0 n 1']);
  assert.deepEqual(effects('XADD s 5000-7 n 2'), ['XADD s 5000-7 n 2']);
  assert.deepEqual(effects('XADD s MAXLEN ~ 0 LIMIT 9 NOMKSTREAM 6000-* n 3'), [
    'XADD s 6000-0 n 3',
    'XTRIM s MAXLEN = 0',
  ]);
  assert.deepEqual(effects('XADD s * n 4'), ['XADD s 6000-1 n 4']);
  assert.deepEqual(effects('XADD s MINID 6000-1 6000-2 n 5'), ['XADD s 6000-2 n 5']);
  assert.deepEqual(effects('XADD s MINID = 6000-2 6000-3 n 6'), [
    'XADD s 6000-3 n 6',
    'XTRIM s MINID = 6000-2',
  ]);
  assert.deepEqual(effects('XGROUP CREATE s g 0'), ['XGROUP CREATE s g 0']);
  assert.deepEqual(effects('XREADGROUP GROUP g ann COUNT 1 STREAMS s >'), [
    'TOWLINE.GROUP s g 6000-2 5 5000 ann 5000 1 6000-2',
  ]);
  primary.ctx.now = 5050;
  assert.deepEqual(effects('XREADGROUP GROUP g bob NOACK STREAMS s >'), [
    'TOWLINE.GROUP s g 6000-3 6 5050 bob 5050 0',
  ]);
  assert.deepEqual(effects('XREADGROUP GROUP g ann STREAMS s 0'), [
    'TOWLINE.GROUP s g 6000-3 6 5050 ann 5050 2 6000-2',
  ]);
  assert.deepEqual(effects('XREADGROUP GROUP g bob STREAMS s >'), [], 'nothing is new');
  assert.deepEqual(effects('XCLAIM s g cleo 0 6000-2 6000-3 FORCE IDLE 50 LASTID 9000'), [
    'TOWLINE.GROUP s g 9000-0 6 5050 cleo 5000 3 6000-2',
    'TOWLINE.GROUP s g 9000-0 6 5050 cleo 5000 2 6000-3',
  ]);
  assert.deepEqual(effects('XCLAIM s g cleo 100 6000-2'), [], 'it has not been idle for so long');
  effects('XDEL s 6000-3');
  assert.deepEqual(effects('XAUTOCLAIM s g ann 0 0 JUSTID'), [
    'XACK s g 6000-3',
    'TOWLINE.GROUP s g 9000-0 6 5050 ann 5050 3 6000-2',
  ]);
  assert.deepEqual(effects('XACK s g 6000-2 1-1'), ['XACK s g 6000-2 1-1']);
  assert.deepEqual(effects('XACK s g 6000-2'), []);
  assert.deepEqual(effects('XGROUP CREATECONSUMER s g dan'), ['TOWLINE.GROUP s g 9000-0 6 5050 dan 0 0']);
  assert.deepEqual(effects('XGROUP CREATECONSUMER s g dan'), []);
});

test('a stream stays when it is empty, and is a value like any other', () => {
  const primary = new Primary();
  primary.line('XADD s 1-1 n 1');
  primary.line('XDEL s 1-1');
  assert.equal(primary.line('EXISTS s'), ':1\r\n');
  assert.equal(primary.line('TYPE s'), '+stream\r\n');
  assert.equal(primary.line('OBJECT ENCODING s'), '$6\r\nstream\r\n');
  assert.match(primary.line('SORT s'), /^-WRONGTYPE/);
  assert.match(primary.line('SCAN 0 TYPE stream'), /\r\ns\r\n/);
  assert.ok(Number(primary.line('MEMORY USAGE s').slice(1)) > 100);
  const before = primary.store.bytes;
  for (let i = 0; i < 1000; i++) primary.line(`XADD s * n ${i}`);
  assert.ok(primary.store.bytes - before > 1000 * 8);
  primary.line('COPY s copy');
  primary.line('XTRIM copy MAXLEN 0');
  assert.equal(primary.line('XLEN s'), ':1000\r\n', 'a copy shares nothing that changes');
  primary.line('DEL s copy');
  assert.equal(primary.store.bytes, 0);
});

test('100,000 entries and pending ones: what is asked of a few of them costs no walk over all', () => {
  const primary = new Primary();
  for (let i = 1; i <= 100_000; i++) primary.run('XADD', 's', `${i}-0`, 'n', '1');
  primary.line('XGROUP CREATE s g 0');
  primary.line('XREADGROUP GROUP g ann STREAMS s >');
  const begun = performance.now();
  for (let i = 0; i < 2000; i++) {
    const id = 1 + ((i * 7919) % 100_000);
    assert.deepEqual(bulks(primary.run('XRANGE', 's', `${id}`, '+', 'COUNT', '1'))[0], `${id}-0`);
    assert.deepEqual(bulks(primary.run('XREVRANGE', 's', `${id}`, '-', 'COUNT', '1'))[0], `${id}-0`);
    assert.deepEqual(bulks(primary.run('XPENDING', 's', 'g', `${id}`, '+', '1'))[0], `${id}-0`);
  }
  for (let i = 0; i < 2000; i++) assert.equal(primary.run('XACK', 's', 'g', `${i * 50 + 1}-0`), ':1\r\n');
  // Some 20 us each; a walk over all would take a thousand times as long.
  assert.ok(performance.now() - begun < 20_000);
  assert.equal(primary.run('XACK', 's', 'g', '1-0'), ':0\r\n');
});
