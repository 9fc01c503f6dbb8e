// What blocked clients wait for: names of lines come back as what they were made of, whatever stands in keys and groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AWAITED } from '../../src/command/index.js';
import { isThere, keyName, LineName } from '../../src/data/awaited.js';
import { Primary } from '../store/harness.js';

test('a name says what it was made of, and two that differ have two names', () => {
  const text = fc.oneof(fc.constantFrom('', ':', '@', '3:k', 'k@r.1', '\0', 'stream:0:1:k'), fc.string());
  const made = fc.record({
    type: fc.constantFrom(...AWAITED.filter((type) => type !== 'stream')),
    db: fc.nat(15),
    key: text,
    detail: text,
  });
  const show = ({ type, db, key, detail }: LineName) => JSON.stringify([type, db, key, detail]);
  fc.assert(
    fc.property(made, made, (one, two) => {
      const [a, b] = [one, two].map(({ type, db, key, detail }) => new LineName(type, db, key, detail));
      assert.equal(show(LineName.parse(a!.text('r1', 7))), show(a!));
      assert.equal(LineName.parse(a!.text('r1', 7)).keyName, keyName(one.db, one.key));
      assert.equal(a!.text('r1', 7) === b!.text('r2', 8), show(a!) === show(b!));
    }),
    { seed: 8, numRuns: 2000 },
  );
});

test('each reader of a stream has a line of its own', () => {
  const line = new LineName('stream', 3, 'a@b:c', '5-1');
  assert.equal(show(LineName.parse(line.text('h:1@x', 9))), show(line));
  assert.notEqual(line.text('r', 1), line.text('r', 2));
  assert.notEqual(line.text('r1', 1), line.text('r2', 1));
  function show({ type, db, key, detail }: LineName) {
    return [type, db, key, detail].join(' ');
  }
});

test('who has something to come for', () => {
  const primary = new Primary();
  const there = (type: (typeof AWAITED)[number], key: string, detail = '') =>
    isThere(new LineName(type, 0, key, detail), primary.store.peek(0, key));
  primary.line('RPUSH list a');
  primary.line('XADD s 5-1 n 1');
  primary.line('XGROUP CREATE s behind 0');
  primary.line('XGROUP CREATE s done $');
  assert.deepEqual(
    [there('list', 'list'), there('zset', 'list'), there('list', 'none')],
    [true, false, false],
  );
  assert.deepEqual(
    [there('stream', 's', '5-0'), there('stream', 's', '5-1'), there('stream', 's', 'x')],
    [true, false, false],
  );
  assert.equal(there('stream', 'list', '0'), false, 'a reader waits until it is a stream');
  assert.deepEqual([there('group', 's', 'behind'), there('group', 's', 'done')], [true, false]);
  assert.equal(there('group', 's', 'gone'), true, 'it must hear that there is no such group');
  assert.equal(there('group', 'list', 'g'), true, 'nor a stream');
  assert.equal(there('group', 'none', 'g'), false, 'the key may be on its way');
  primary.line('XDEL s 5-1');
  assert.deepEqual([there('stream', 's', '5-0'), there('group', 's', 'behind')], [false, false]);
});
