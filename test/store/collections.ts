// What the tests of each collection share: random commands against a live redis-server, byte for byte, and against
// a copy that is given the effects.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { CommandWriter, encodeCommand, type Proto } from '../../src/resp/index.js';
import { Context, isPayload, Store } from '../../src/store/index.js';
import { needs } from '../needs.js';
import { contents, Primary } from './harness.js';
import { startRedis } from './redis.js';

/** Random commands of one type, and where its replies may differ from redis-server's. */
export interface Family {
  /** Words of a command; latin1. */
  readonly command: fc.Arbitrary<string[]>;
  /** A reply in a form that is the same for both; the default is the reply itself. */
  readonly normal: (words: readonly string[], reply: string) => string;
  /** Commands on keys of any type that are left out: names in upper case. */
  readonly without?: readonly string[];
}

const START = 1_000_000_000_000;

/** Commands on keys of any type, so that collections meet expiry, other types and each other. */
function around(keys: readonly string[]): fc.Arbitrary<string[]> {
  const key = fc.constantFrom(...keys);
  return fc.oneof(
    fc.tuple(fc.constantFrom('DEL', 'TYPE', 'EXISTS', 'GET', 'STRLEN', 'INCR', 'PERSIST'), key),
    fc.tuple(fc.constantFrom('RENAME', 'RENAMENX', 'COPY', 'SET', 'GETSET', 'SETNX', 'APPEND'), key, key),
    fc.tuple(fc.constant('OBJECT'), fc.constant('ENCODING'), key),
    fc.tuple(fc.constant('PEXPIREAT'), key, fc.constantFrom('33000000000000', '1')),
    fc.tuple(fc.constant('EXPIRETIME'), key),
    fc.tuple(fc.constant('MGET'), key, key),
    fc.tuple(fc.constant('LCS'), key, key),
  );
}

/** Redis remembers of some strings how they came about; Towline goes by their value. */
const STRINGS = ['$3\r\nint\r\n', '$3\r\nraw\r\n', '$6\r\nembstr\r\n'];

function differs(family: Family, words: readonly string[], mine: string, theirs: string): boolean {
  if (family.normal(words, mine) === family.normal(words, theirs)) return false;
  return !(words[0] === 'OBJECT' && STRINGS.includes(mine) && STRINGS.includes(theirs));
}

/** Tests that every type must pass: the same replies as redis-server, equal copies, memory that adds up. */
export function testFamily(name: string, keys: readonly string[], family: Family): void {
  const command = fc.oneof(
    { weight: 8, arbitrary: family.command },
    {
      weight: 1,
      arbitrary: around(keys).filter(([name]) => family.without?.includes(name!) !== true),
    },
  );
  const some = (most: number) => fc.array(command, { minLength: 1, maxLength: most, size: 'max' });

  for (const proto of [2, 3] as Proto[]) {
    test(`${name}: RESP${proto}: the same replies as redis-server`, needs('redis-server'), (t: TestContext) =>
      compare(t, proto, some(60), family),
    );
  }

  test(`${name}: copies are equal, and no effect means no change`, () => {
    fc.assert(
      fc.property(some(40), (commands) => copies(commands)),
      { seed: 31, numRuns: 250 },
    );
  });

  test(`${name}: memory adds up, and payloads are as they should be`, () => {
    fc.assert(
      fc.property(some(40), (commands) => adds(commands)),
      { seed: 32, numRuns: 300 },
    );
  });

  test(`${name}: a payload that is not whole is refused, and none breaks the store`, () => {
    fc.assert(
      fc.property(some(20), fc.nat(), fc.nat(255), (commands, at, byte) => refuses(commands, at, byte)),
      { seed: 33, numRuns: 300 },
    );
  });
}

async function compare(
  t: TestContext,
  proto: Proto,
  commands: fc.Arbitrary<string[][]>,
  family: Family,
): Promise<void> {
  const connection = await (await startRedis(t))();
  await connection.ask('HELLO', String(proto));
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const theirs = await connection.askAll([['FLUSHALL'], ...all]);
      const primary = new Primary(Date.now(), proto);
      for (const [i, words] of all.entries()) {
        const mine = primary.run(...words);
        if (!differs(family, words, mine, theirs[i + 1]!)) continue;
        assert.fail(
          `${JSON.stringify(words)}: mine ${JSON.stringify(mine)} theirs ${JSON.stringify(theirs[i + 1])}`,
        );
      }
    }),
    { seed: 30_000 + proto, numRuns: 500, endOnFailure: false },
  );
}

function copies(commands: string[][]): void {
  const primary = new Primary(START);
  const { ctx, store } = primary;
  const copy = new Store();
  const behind = new Context();
  for (const words of commands) {
    const before = contents(store);
    const { dirty } = ctx;
    primary.run(...words);
    if (ctx.effects.length === 0) {
      assert.deepEqual(contents(store), before, `${words.join(' ')} changed something in silence`);
      assert.equal(ctx.dirty, dirty, `${words.join(' ')} is dirty without an effect`);
    }
    behind.seq = ctx.seq;
    copy.apply(ctx.effects.take(), behind);
    assert.deepEqual(contents(copy), contents(store), words.join(' '));
  }
  assert.equal(copy.bytes, store.bytes);
}

function adds(commands: string[][]): void {
  const primary = new Primary(START);
  for (const words of commands) primary.run(...words);
  const { store } = primary;
  const again = new Store();
  for (const { db, key } of store.snapshot()) {
    const payload = store.exportKey(db, key)!;
    assert.ok(isPayload(payload));
    const out = new CommandWriter();
    assert.equal(store.writePut(out, db, key), payload.length);
    assert.deepEqual(
      out.end(),
      encodeCommand(['TOWLINE.PUT', key, payload]),
      'as it leaves for another group',
    );
    again.importKey(db, key, payload, 1);
    if (payload[0] !== 0) assert.equal(again.sizeOf(db, key), store.sizeOf(db, key));
    assert.deepEqual(again.exportKey(db, key), payload);
    store.remove(db, key);
  }
  assert.equal(store.bytes, 0);
}

function refuses(commands: string[][], at: number, byte: number): void {
  const primary = new Primary(START);
  for (const words of commands) primary.run(...words);
  for (const { db, key } of primary.store.snapshot()) {
    const payload = primary.store.exportKey(db, key)!;
    if (payload[0] === 0) continue;
    assert.ok(!isPayload(payload.subarray(0, 9 + (at % (payload.length - 9)))), 'cut short');
    assert.ok(!isPayload(Buffer.concat([payload, Buffer.from([byte])])), 'something behind it');
    const changed = Buffer.from(payload);
    changed[9 + (at % (changed.length - 9))] = byte;
    const within = Buffer.concat([Buffer.from('before'), changed, Buffer.from('behind')]);
    assert.equal(isPayload(within, 6, 6 + changed.length), isPayload(changed));
    if (!isPayload(changed)) continue;
    // Whatever it says now, it is a value that can be used.
    const store = new Store();
    store.importKey(0, 'k', changed, 1);
    assert.ok(store.exportKey(0, 'k') !== null);
    store.remove(0, 'k');
    assert.equal(store.bytes, 0);
  }
}
