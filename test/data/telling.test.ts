// What a primary tells routers without being asked: changed keys and keyspace events, to whom, in what order, and never
// before what they tell of is committed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGES, EXPIRED_EVENT, GENERIC_EVENT } from '../../src/command/index.js';
import { Announcements } from '../../src/data/announcements.js';
import { Changes } from '../../src/data/changes.js';
import { Lane } from '../../src/data/lane.js';
import { decodeChanged, isChanged } from '../../src/net/changed-message.js';
import { decodeEvents } from '../../src/net/event-message.js';
import type { Conn } from '../../src/net/host.js';
import { ProtocolError, ReplySplitter, RequestParser } from '../../src/resp/index.js';
import { Store } from '../../src/store/index.js';

/** A lane and what it has written, message by message. */
function lane(flags: number) {
  const splitter = new ReplySplitter();
  const conn = { write: (bytes: Buffer) => splitter.feed(bytes), queued: 0 } as unknown as Conn;
  const made = new Lane('r', conn, new RequestParser());
  made.want(flags);
  const heard = (): Buffer[] => {
    made.flush(Number.MAX_SAFE_INTEGER);
    const all: Buffer[] = [];
    while (splitter.next()) all.push(splitter.buffer.subarray(splitter.start, splitter.end));
    return all;
  };
  return { made, heard };
}

test('changed keys: once a turn, to who wants them, when they are committed, with their author for its own lane', () => {
  const store = new Store();
  const changes = new Changes(store);
  const [one, two, deaf] = [lane(CHANGES), lane(CHANGES), lane(EXPIRED_EVENT)];
  const lanes = [one.made, two.made, deaf.made];
  changes.renew(lanes);
  changes.by(one.made, 7);
  store.onChange!('a');
  store.onChange!('a');
  store.onChange!('b');
  changes.by(two.made, 9);
  store.onChange!('b');
  changes.byNobody();
  store.onChange!('c');
  changes.flush(5, 4, lanes);
  assert.deepEqual(one.heard(), [], 'not committed');
  changes.flush(6, 5, lanes);
  const [message] = one.heard();
  assert.ok(isChanged(message!));
  assert.deepEqual(decodeChanged(message!), [
    { key: 'a', counter: 7 },
    { key: 'b', counter: 0 },
    { key: 'c', counter: 0 },
  ]);
  assert.deepEqual(
    decodeChanged(two.heard()[0]!)!.map(({ counter }) => counter),
    [0, 0, 0],
  );
  assert.deepEqual(deaf.heard(), []);
  changes.renew([deaf.made]);
  assert.equal(store.onChange, null, 'nobody wants them: the store is not even looked at');
});

test('too many changed keys, or all at once, are told as any', () => {
  const store = new Store();
  const changes = new Changes(store);
  const one = lane(CHANGES);
  changes.renew([one.made]);
  for (let i = 0; i < 99_000; i++) store.onChange!(`k${i}`);
  changes.flush(1, 0, [one.made]);
  for (let i = 0; i < 2000; i++) store.onChange!(`l${i}`);
  store.onChange!('late');
  changes.flush(2, 2, [one.made]);
  const told = one.heard().map(decodeChanged);
  assert.equal(told.filter((keys) => keys !== null).flat().length, 99_000);
  assert.equal(told.at(-1), null);
  store.onChange!('a');
  store.onChange!(null);
  changes.flush(3, 3, [one.made]);
  assert.deepEqual(one.heard().map(decodeChanged), [null]);
  store.onChange!('b');
  changes.flush(4, 4, [one.made]);
  assert.deepEqual(one.heard().map(decodeChanged), [[{ key: 'b', counter: 0 }]]);
});

test('a message about changes that is none', () => {
  for (const bad of ['*1\r\n$1\r\na\r\n', '>3\r\n$15\r\nTOWLINE.CHANGED\r\n$1\r\na\r\n$1\r\nx\r\n']) {
    const decode = () => decodeChanged(Buffer.from(bad));
    if (bad.startsWith('>')) assert.throws(decode, ProtocolError);
    else assert.equal(isChanged(Buffer.from(bad)), false);
  }
  assert.equal(isChanged(Buffer.from('>0\r\n')), false);
});

test('what the group does by itself is told by one router, when it is committed', () => {
  const announcements = new Announcements();
  const [deaf, one, two] = [lane(GENERIC_EVENT), lane(EXPIRED_EVENT), lane(EXPIRED_EVENT)];
  const lanes = [deaf.made, one.made, two.made];
  announcements.renew(lanes);
  assert.equal(announcements.wanted, EXPIRED_EVENT);
  const event = { kind: EXPIRED_EVENT, event: 'expired', db: 0, key: 'k' };
  announcements.add([event], 3);
  announcements.flush(2, lanes);
  assert.deepEqual([one.heard(), two.heard()], [[], []]);
  announcements.flush(3, lanes);
  assert.deepEqual(decodeEvents(one.heard()[0]!), [event]);
  assert.deepEqual([deaf.heard(), two.heard()], [[], []]);
  announcements.renew([deaf.made]);
  assert.equal(announcements.wanted, 0);
});
