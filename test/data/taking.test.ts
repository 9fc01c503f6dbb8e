// Keys that a group chooses to give away: which, what of them is said to their owner, and what is deleted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LOCKS_DB, LockTable, lockName, MOVES } from '../../src/commit/index.js';
import { chosenFrom, deletionOf, takenFrom } from '../../src/data/taking.js';
import { encodeCommand, requestOf } from '../../src/resp/index.js';
import { slotOfText } from '../../src/ring/index.js';
import { Context } from '../../src/store/context.js';
import { Store } from '../../src/store/index.js';

const KEYS = ['{t}a', '{t}b', '{t}c'];
const slots = [slotOfText('t'), slotOfText('u')];
const moves = { db: LOCKS_DB, key: MOVES, exclusive: false };
const named = (...keys: string[]) => keys.map((key) => ({ db: 0, key, exclusive: true }));

function filled() {
  const store = new Store();
  const ctx = new Context();
  ctx.now = 1000;
  const run = (db: number, ...words: string[]) => {
    ctx.db = db;
    store.apply(encodeCommand(['TOWLINE.DB', db]), ctx);
    store.apply(Buffer.concat([encodeCommand(['TOWLINE.DB', db]), encodeCommand(words)]), ctx);
  };
  for (const key of KEYS) run(0, 'SET', key, `value of ${key}`);
  run(3, 'SET', '{u}d', 'elsewhere');
  run(0, 'SET', 'not there', 'v');
  const locks = new LockTable<unknown>();
  const within = (db: number, work: () => void) => {
    ctx.db = db;
    work();
  };
  const take = (keys: number, bytes = 1000) => {
    const wanted = { slots, keys, bytes };
    const chosen = chosenFrom({ store, locks }, wanted);
    return { chosen, taken: takenFrom(store, ctx, chosen, wanted, within) };
  };
  return { store, ctx, run, locks, take };
}

describe('keys that a group chooses', () => {
  it('are those of the slots, of every database, as commands for another group', () => {
    const { store, take } = filled();
    const { chosen, taken } = take(100);
    assert.deepEqual(chosen, [...named(...KEYS), { db: 3, key: '{u}d', exclusive: true }, moves]);
    assert.equal(taken.keys, 4);
    assert.ok(!taken.rest && taken.large === null);
    const other = new Store();
    const there = new Context();
    other.apply(taken.effects, there);
    for (const key of KEYS) assert.deepEqual(other.exportKey(0, key), store.exportKey(0, key));
    assert.deepEqual(other.exportKey(3, '{u}d'), store.exportKey(3, '{u}d'));
    assert.equal(other.dbSize(0) + other.dbSize(3), 4);
    store.apply(deletionOf(chosen), there);
    assert.equal(store.dbSize(0), 1);
    assert.equal(store.dbSize(3), 0);
  });
  it('are so many, and not those that somebody has', () => {
    const { locks, take } = filled();
    const two = take(2);
    assert.deepEqual(two.chosen, [...named('{t}a', '{t}b'), moves]);
    assert.ok(two.taken.rest);
    const reader = locks.request('reader', [{ key: lockName(0, '{t}a'), exclusive: false }]);
    const { chosen, taken } = take(100);
    assert.deepEqual(chosen.slice(0, 2), named('{t}b', '{t}c'));
    assert.ok(taken.rest, 'one is left');
    locks.release(reader);
    assert.equal(take(100).taken.keys, 4);
  });
  it('are none that is larger than the message; one of those is named when there are no others', () => {
    const { run, take } = filled();
    run(0, 'SET', '{t}large', 'x'.repeat(2000));
    const some = take(100);
    assert.equal(some.taken.keys, 4);
    assert.ok(some.taken.rest && some.taken.large === null);
    for (const key of KEYS) run(0, 'DEL', key);
    run(3, 'DEL', '{u}d');
    const { taken } = take(100);
    assert.equal(taken.keys, 0);
    assert.equal(taken.large?.key, '{t}large');
    assert.ok(taken.large!.size >= 2000 && taken.rest);
  });
  it('are not given when they have expired meanwhile', () => {
    const { store, ctx, run, take } = filled();
    run(0, 'PEXPIREAT', '{t}b', '1500');
    ctx.now = 2000;
    const { taken } = take(100);
    assert.equal(taken.keys, 3);
    assert.ok(!taken.effects.includes('{t}b'));
    assert.equal(store.keyCount(0, slots[0]!), 2, 'it was deleted when it was looked for');
  });
  it('delete nothing else', () => {
    assert.equal(deletionOf([moves, { db: 0, key: 'read', exclusive: false }]).length, 0);
    const request = requestOf(['DEL', 'k']);
    assert.ok(deletionOf(named('k')).includes(request.raw()));
  });
});
