// Effects: a copy that applies them is equal to the primary, whatever the commands and however the clock moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Context, Store } from '../../src/store/index.js';
import { command } from './commands.js';
import { contents, Primary } from './harness.js';

const START = 1_000_000_000_000;

/** What happens to a primary: a command in a database, time that passes, active expiry. */
const event = fc.oneof(
  { weight: 12, arbitrary: fc.record({ db: fc.constantFrom(0, 0, 0, 1, 2), words: command }) },
  { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(1, 99_000, 100_000, 101_000, 6_000_000) }) },
  { weight: 1, arbitrary: fc.record({ expire: fc.constantFrom(1, 100) }) },
);
/** Short expiries, so that keys do expire on the way. */
const brief = fc
  .tuple(fc.constantFrom('a', 'b', 'k{a}', 'c'), fc.constantFrom('1', '100', '100000'), fc.constantFrom(0, 1))
  .map(([key, ms, db]) => ({ db, words: ['SET', key, 'brief', 'PX', ms] }));

test('copies are equal after each batch, and no effect means no change', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 5, arbitrary: event }, brief), { maxLength: 80, size: 'max' }),
      (events) => {
        const primary = new Primary(START);
        const { ctx, store } = primary;
        const copy = new Store();
        // A copy's clock says nothing: it is at another time altogether.
        const behind = new Context();
        behind.now = START + 1e12;
        for (const [i, each] of events.entries()) {
          const before = contents(store);
          const dirty = ctx.dirty;
          if ('words' in each) {
            ctx.db = each.db;
            if (each.db !== 0) ctx.effects.command(['TOWLINE.DB', each.db]);
            const from = ctx.effects.length;
            primary.run(...each.words);
            if (ctx.effects.length === from) {
              assert.deepEqual(
                contents(store),
                before,
                `${each.words.join(' ')} changed something in silence`,
              );
              assert.equal(ctx.dirty, dirty, `${each.words.join(' ')} is dirty without an effect`);
            }
            if (each.db !== 0) ctx.effects.command(['TOWLINE.DB', 0]);
            ctx.db = 0;
          } else if ('pass' in each) ctx.now += each.pass;
          else store.expireSome(ctx, each.expire);
          if (i % 5 !== 0 && i !== events.length - 1) continue;
          behind.seq = ctx.seq;
          copy.apply(ctx.effects.take(), behind);
          assert.deepEqual(contents(copy), contents(store));
          assert.equal(behind.effects.length, 0);
          assert.equal(behind.reply.length, 0);
          assert.equal(copy.bytes > 0, copy.snapshot().next().done === false);
        }
        for (let db = 0; db < 3; db++) assert.equal(copy.dbSize(db), store.dbSize(db));
      },
    ),
    { seed: 3, numRuns: 600 },
  );
});

test('counts and memory agree with what is there', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
      const primary = new Primary(START);
      for (const each of events) {
        if (!('words' in each)) continue;
        primary.ctx.db = each.db;
        primary.run(...each.words);
      }
      const { store } = primary;
      const keys = [...store.snapshot()];
      for (let db = 0; db < 16; db++) {
        assert.equal(store.dbSize(db), keys.filter((key) => key.db === db).length);
      }
      const slots = new Map<number, number>();
      for (const { key } of keys) slots.set(store.slotOf(key), (slots.get(store.slotOf(key)) ?? 0) + 1);
      for (const key of ['a', 'b', 'k{a}', 'c']) {
        const slot = store.slotOf(key);
        assert.equal(store.slotSize(slot), slots.get(slot) ?? 0);
        assert.equal(store.slotEmpty(slot), !slots.has(slot));
      }
      // The same keys, imported afresh, cost the same but for the room that APPEND keeps behind long strings.
      const again = new Store();
      for (const { db, key } of keys) again.importKey(db, key, store.exportKey(db, key)!, 1);
      assert.ok(again.bytes <= store.bytes && store.bytes <= 2 * again.bytes);
      assert.equal(again.expiringKeys, store.expiringKeys);
      for (const { db, key } of keys) store.remove(db, key);
      assert.equal(store.bytes, 0);
      assert.equal(store.expiringKeys, 0);
      assert.equal(store.snapshot().next().done, true);
    }),
    { seed: 4, numRuns: 500 },
  );
});

test('effects are the bytes of deterministic commands, and absolute ones of the others', () => {
  const primary = new Primary(START);
  const effects = (line: string) => {
    primary.line(line);
    return primary.effects();
  };
  assert.deepEqual(effects('SET a 1'), ['SET a 1']);
  assert.deepEqual(effects('incr a'), ['incr a']);
  assert.deepEqual(effects('SET a 2 EX 10 GET'), [`SET a 2 PXAT ${START + 10_000}`]);
  assert.deepEqual(effects('SET a 3 KEEPTTL XX'), [`SET a 3 PXAT ${START + 10_000}`]);
  assert.deepEqual(effects('SET a 3 NX'), []);
  assert.deepEqual(effects('GETEX a'), []);
  assert.deepEqual(effects('GETEX a EX 5'), [`PEXPIREAT a ${START + 5000}`]);
  assert.deepEqual(effects('GETEX a PERSIST'), ['PERSIST a']);
  assert.deepEqual(effects('INCRBYFLOAT a 0.5'), ['SET a 3.5 KEEPTTL']);
  assert.deepEqual(effects('MSETNX a 1 b 2'), []);
  assert.deepEqual(effects('MSETNX c 1 b 2'), ['MSETNX c 1 b 2']);
  assert.deepEqual(effects('GETDEL c'), ['DEL c']);
  assert.deepEqual(effects('EXPIRE b -1'), ['DEL b']);
  assert.deepEqual(effects('EXPIRE a 100'), [`PEXPIREAT a ${START + 100_000}`]);
  assert.deepEqual(effects('DEL b nosuch'), []);
  assert.deepEqual(effects('RENAME a a'), []);
  assert.deepEqual(effects('APPEND a x'), ['APPEND a x']);
  primary.ctx.now += 200_000;
  assert.deepEqual(effects('INCR a'), ['DEL a', 'INCR a']);
  assert.deepEqual(effects('GET a'), []);
});

test('an expired target goes first, in its own database', () => {
  const primary = new Primary(START);
  primary.ctx.db = 5;
  primary.line('SET k old PX 10');
  primary.ctx.db = 0;
  primary.line('SET k new');
  primary.effects();
  primary.ctx.now += 100;
  assert.equal(primary.line('MOVE k 5'), ':1\r\n');
  assert.deepEqual(primary.effects(), ['TOWLINE.DB 5', 'DEL k', 'TOWLINE.DB 0', 'MOVE k 5']);
  for (const command of ['COPY', 'RENAMENX']) {
    primary.line('SET b old PX 10');
    primary.line('SET a new');
    primary.effects();
    primary.ctx.now += 100;
    assert.equal(primary.line(`${command} a b`), ':1\r\n');
    assert.deepEqual(primary.effects(), ['DEL b', `${command} a b`]);
  }
});

test('a reply depends on the last write of what it saw, or on the last deletion', () => {
  const primary = new Primary(START);
  const need = (line: string) => {
    primary.line(line);
    return primary.ctx.need;
  };
  primary.line('SET a 1'); // seq 1
  primary.line('SET b 1'); // seq 2
  primary.line('DEL b'); // seq 3
  assert.equal(need('GET a'), 1); // seq 4
  assert.equal(need('GET b'), 3);
  assert.equal(need('MGET a b'), 3);
  assert.equal(need('EXISTS a'), 1);
  assert.equal(need('TTL nosuch'), 3);
  assert.equal(need('DBSIZE'), 3);
  assert.equal(need('SET a 2 NX'), 1);
  primary.line('SET c 1 PX 10'); // seq 11
  primary.ctx.now += 100;
  assert.equal(need('GET c'), 12);
  assert.deepEqual(primary.effects().at(-1), 'DEL c');
  assert.equal(need('GET a'), 1);
});

test('a broken effect stops the process', () => {
  const store = new Store();
  assert.throws(() => store.apply(Buffer.from('*2\r\n$3\r\nGET\r\n'), new Context()), /middle of a command/);
  assert.throws(() => new Store().apply(Buffer.from('*1\r\n$3\r\nFOO\r\n'), new Context()), /no such effect/);
  const bad = Buffer.from('*3\r\n$6\r\nINCRBY\r\n$1\r\na\r\n$1\r\nx\r\n');
  assert.throws(() => new Store().apply(bad, new Context()), /effect refused/);
});
