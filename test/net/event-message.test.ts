// Keyspace events as messages: whole and byte for byte, and what a primary must not say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeEvents, encodeEvents, isEvents, type KeyEventMessage } from '../../src/net/event-message.js';
import { ProtocolError, ReplySplitter } from '../../src/resp/index.js';

const latin1 = fc.array(fc.integer({ min: 0, max: 255 })).map((codes) => String.fromCharCode(...codes));
const event: fc.Arbitrary<KeyEventMessage> = fc
  .tuple(fc.nat(1 << 14), latin1, fc.nat(15), latin1)
  .map(([kind, name, db, key]) => ({ kind, event: name, db, key }));

test('events go and come back, in pushes that a lane can tell from others', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), (events) => {
      const bytes = encodeEvents(events);
      assert.ok(isEvents(bytes));
      const before = Buffer.from(bytes);
      assert.deepEqual(decodeEvents(bytes), events);
      assert.deepEqual(bytes, before, 'what arrived is not changed');
    }),
    { seed: 1 },
  );
  assert.deepEqual(encodeEvents([]), Buffer.alloc(0));
  assert.deepEqual(decodeEvents(Buffer.alloc(0)), []);
});

test('many are several pushes', () => {
  const events = Array.from({ length: 2500 }, (_, i) => ({ kind: 4, event: 'del', db: 0, key: `k${i}` }));
  const bytes = encodeEvents(events);
  assert.deepEqual(decodeEvents(bytes), events);
  const splitter = new ReplySplitter();
  splitter.feed(bytes);
  let pushes = 0;
  for (; splitter.next(); pushes++)
    assert.ok(isEvents(splitter.buffer.subarray(splitter.start, splitter.end)));
  assert.equal(pushes, 3);
});

test('what is no event is not taken for one', () => {
  for (const other of ['>2\r\n$10\r\nTOWLINE.AT\r\n:1\r\n', '>1\r\n$3\r\nfoo\r\n', '>0\r\n', '']) {
    assert.ok(!isEvents(Buffer.from(other)), other);
  }
  const head = '>2\r\n$14\r\nTOWLINE.EVENTS\r\n';
  const number = '>5\r\n$14\r\nTOWLINE.EVENTS\r\n$1\r\nx\r\n$1\r\ne\r\n$1\r\n0\r\n$1\r\nk\r\n';
  for (const bad of [`${head}$1\r\na\r\n`, head, '*1\r\n$1\r\na\r\n', number]) {
    assert.throws(() => decodeEvents(Buffer.from(bad)), ProtocolError, bad);
  }
});
