// Slots as Redis Cluster defines them: known vectors, hash tags, and both ways of computing them the same.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { crc16, SLOTS, slotOfRange, slotOfText } from '../../src/ring/index.js';

/** Key, and the part of it that counts. */
const TAGS: [string, string][] = [
  ['foo', 'foo'],
  ['{user1000}.following', 'user1000'],
  ['{user1000}.followers', 'user1000'],
  ['foo{}{bar}', 'foo{}{bar}'],
  ['foo{{bar}}zap', '{bar'],
  ['foo{bar}{zap}', 'bar'],
  ['{}', '{}'],
  ['{}x', '{}x'],
  ['{a', '{a'],
  ['a}', 'a}'],
  ['a}{b}', 'b'],
  ['}{', '}{'],
  ['{{', '{{'],
  ['{{}', '{'],
  ['', ''],
];

/** `CLUSTER KEYSLOT` of Redis 7.0.15. */
const VECTORS: [string, number][] = [
  ['foo', 12182],
  ['bar', 5061],
  ['hello', 866],
  ['', 0],
  ['123456789', 12739],
  ['{user1000}.following', 3443],
  ['foo{}{bar}', 8363],
  ['foo{{bar}}zap', 4015],
  ['foo{bar}{zap}', 5061],
];

const range = (key: string) => {
  const bytes = Buffer.from(`xx${key}}yy`, 'latin1');
  return slotOfRange(bytes, 2, 2 + key.length);
};
const crc = (text: string) => crc16(Buffer.from(text, 'latin1'), 0, text.length);

describe('slots', () => {
  it('CRC16 of the check string', () => assert.equal(crc('123456789'), 0x31c3));
  for (const [key, slot] of VECTORS) {
    it(`${JSON.stringify(key)} is in ${slot}`, () => {
      assert.equal(slotOfText(key), slot);
      assert.equal(range(key), slot);
    });
  }
  for (const [key, tag] of TAGS) {
    it(`of ${JSON.stringify(key)} counts ${JSON.stringify(tag)}`, () => {
      assert.equal(slotOfText(key), crc(tag) % SLOTS);
      assert.equal(range(key), crc(tag) % SLOTS);
    });
  }
  it('are the same of text and of bytes', () => {
    const key = fc.oneof(
      fc.array(fc.constantFrom('{', '}', 'a', 'b', '\u00ff', '\0')).map((parts) => parts.join('')),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    fc.assert(fc.property(key, (text) => assert.equal(slotOfText(text), range(text))));
  });
  it('spread over all', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 300_000; i++) seen.add(slotOfText(`key:${i}`));
    assert.equal(seen.size, SLOTS);
  });
});
