// The ledger on histories with a known verdict: it must catch what a linearizable register cannot answer, and accept
// what it can, above all around writes whose outcome nobody knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger, type Verdict } from '../../src/cli/workload/ledger.js';

const SIZE = 32;
const value = (key: number, number: number) => `${key}:${number}:`.padEnd(SIZE, '.');

/** A ledger with words for what happens to key 0. */
class Story {
  readonly ledger = new Ledger(4, SIZE);
  write(outcome: 'acknowledged' | 'unknown' = 'acknowledged'): number {
    const { number, at, value: text } = this.ledger.beginWrite(0);
    assert.equal(text, value(0, number));
    if (outcome === 'acknowledged') this.ledger.acknowledged(0, number, at);
    else this.ledger.unknown(0, number);
    return number;
  }
  read(number: number | null): Verdict {
    return this.ledger.endRead(0, this.ledger.beginRead(0), number === null ? null : value(0, number));
  }
}

test('an acknowledged write is what a read must return', () => {
  const story = new Story();
  assert.equal(story.read(null), 'ok');
  story.write();
  assert.equal(story.read(1), 'ok');
  story.write();
  assert.equal(story.read(2), 'ok');
  assert.equal(story.read(1), 'lost');
});

test('a key without a value after an acknowledged write is lost, and is counted once', () => {
  const story = new Story();
  story.write();
  assert.equal(story.read(null), 'lost');
  assert.equal(story.read(null), 'ok');
});

test('values that were never written there are wrong', () => {
  const story = new Story();
  story.write();
  const judge = (text: string) => story.ledger.endRead(0, story.ledger.beginRead(0), text);
  assert.equal(judge(value(0, 2)), 'wrong', 'a number from the future');
  assert.equal(judge(value(1, 1)), 'wrong', "another key's value");
  assert.equal(judge('0:1'), 'wrong', 'a torn value');
  assert.equal(judge('0:1:....x'), 'wrong', 'a spoilt value');
  assert.equal(judge(''), 'wrong');
});

test('a read that overlaps a write may return either value; one that follows a read may not go back', () => {
  const story = new Story();
  story.write();
  const before = story.ledger.beginRead(0);
  const during = story.ledger.beginRead(0);
  const second = story.ledger.beginWrite(0);
  assert.equal(story.ledger.endRead(0, before, value(0, 2)), 'ok', 'seen before it is acknowledged');
  assert.equal(story.ledger.endRead(0, during, value(0, 1)), 'ok', 'began before 2 was seen');
  assert.equal(story.read(1), 'lost', 'began after 2 was seen: R8, nothing undecided is visible');
  story.ledger.acknowledged(0, second.number, second.at);
});

test('a write of unknown outcome may be there, or not, or appear later, once', () => {
  const story = new Story();
  story.write();
  story.write('unknown');
  assert.equal(story.read(1), 'ok');
  assert.equal(story.read(2), 'ok');
  assert.equal(story.read(1), 'lost', 'it was seen, so it happened');

  const late = new Story();
  late.write();
  late.write('unknown');
  late.write();
  assert.equal(late.read(3), 'ok');
  assert.equal(late.read(2), 'ok', 'it may take effect after a later write');
  late.write();
  assert.equal(late.read(4), 'ok');
  assert.equal(late.read(2), 'lost', 'it has taken effect already, and cannot again');
});

test('a read that began before the doubt was settled may still return it', () => {
  const story = new Story();
  story.write();
  story.write('unknown');
  assert.equal(story.read(2), 'ok');
  const slow = story.ledger.beginRead(0);
  story.write();
  assert.equal(story.ledger.endRead(0, slow, value(0, 2)), 'ok');
  assert.equal(story.read(2), 'lost');
});

test('a key with too many unknown writes is not written any more', () => {
  const story = new Story();
  let writes = 0;
  while (story.ledger.mayWrite(0)) {
    story.write('unknown');
    assert.ok(++writes <= 64, 'there is a bound');
  }
  assert.ok(story.ledger.mayWrite(1));
});
