// Values in pieces: whatever the type and wherever they are cut, what comes is what left; a key that changes meanwhile
// is given up; what another process sends is judged; stages are bounded. Maps that are split behave as maps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HASH, LIST, SET, STRING, ZSET } from '../../src/store/entry.js';
import { KeyExport, KeyImport, type PieceSize, Store } from '../../src/store/index.js';
import { SplitMap } from '../../src/store/split-map.js';
import { Stages } from '../../src/store/stages.js';
import { typeOf } from '../../src/store/types.js';
import { Primary } from './harness.js';

/** Commands that make a key of each type, small and large, with every mark and odd element that there is. */
const VALUES: Record<string, string[][]> = {
  'a short string': [['SET', 'k', 'v']],
  'an empty string': [['SET', 'k', '']],
  'a long string': [['SETRANGE', 'k', '9000', 'end']],
  'a list': [['RPUSH', 'k', 'a', '', 'b', 'a', 'x'.repeat(5000)]],
  'a set of integers': [['SADD', 'k', '3', '1', '2']],
  'a set that was not of integers alone': [
    ['SADD', 'k', '3', 'x'],
    ['SREM', 'k', 'x'],
  ],
  'a small hash': [['HSET', 'k', 'f', 'v', '', 'g', 'h', '']],
  'a hash that was large': [
    ['HSET', 'k', 'f', 'x'.repeat(100)],
    ['HSET', 'k', 'f', 'v'],
  ],
  'a small sorted set': [['ZADD', 'k', '1', 'a', '-inf', 'b', '1', 'c', '0.1', '']],
  'a sorted set that was large': [
    ['ZADD', 'k', '1', 'x'.repeat(100), '1', 'a'],
    ['ZREM', 'k', 'x'.repeat(100)],
    ['ZADD', 'k', '-0.0', 'zero'],
  ],
};

VALUES['a stream without entries'] = [['XGROUP', 'CREATE', 'k', 'g', '$', 'MKSTREAM']];
VALUES['a stream'] = [
  ...Array.from({ length: 250 }, (_, i) => ['XADD', 'k', `${i + 1}-1`, 'f', `value ${i}`, '', 'x'.repeat(i)]),
  ['XDEL', 'k', '17-1', '100-1'],
  ['XSETID', 'k', '900-0', 'ENTRIESADDED', '1000', 'MAXDELETEDID', '500-5'],
  ['XGROUP', 'CREATE', 'k', 'nobody', '3-1'],
  ['XGROUP', 'CREATE', 'k', 'g', '0', 'ENTRIESREAD', '5'],
  ['XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '150', 'STREAMS', 'k', '>'],
  ['XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '7', 'STREAMS', 'k', '>'],
  ['XACK', 'k', 'g', '9-1', '10-1'],
  ['XGROUP', 'CREATECONSUMER', 'k', 'g', 'idle'],
];

/** What commands make. */
function made(commands: readonly string[][]): Store {
  const primary = new Primary();
  for (const words of commands) primary.run(...words);
  return primary.store;
}

/** Takes a key over in pieces. @returns its payload there, and the number of pieces */
function carried(store: Store, size: PieceSize): { payload: Buffer | null; pieces: number } {
  const from = KeyExport.of(store, 0, 'k', size)!;
  const to = new KeyImport();
  const other = new Store();
  while (!from.over) assert.equal(to.take(from.next()!, from.over), null);
  assert.equal(from.next(), null);
  other.importWhole(0, 'k', to.whole!, 7);
  return { payload: other.exportKey(0, 'k'), pieces: to.pieces };
}

describe('a key in pieces', () => {
  for (const [name, commands] of Object.entries(VALUES)) {
    it(`is what it was, however it is cut: ${name}`, () => {
      const store = made([...commands, ['PEXPIREAT', 'k', '1000000012345']]);
      for (const bytes of [1, 2, 3, 5, 17, 256, 1 << 20]) {
        for (const parts of [1, 3, 1000]) {
          const { payload, pieces } = carried(store, { bytes, parts });
          assert.deepEqual(payload, store.exportKey(0, 'k'), `${bytes} ${parts}`);
          assert.ok(pieces >= payload!.length / (bytes + 32), `${pieces} pieces`);
        }
      }
    });
  }
  it('costs a piece of the size that was asked for', () => {
    const store = made([['RPUSH', 'k', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`)]]);
    const from = KeyExport.of(store, 0, 'k', { bytes: 1000, parts: 40 })!;
    let pieces = 0;
    for (; !from.over; pieces++) assert.ok(from.next()!.length <= 1000 + 9);
    assert.equal(pieces, 5000 / 40);
  });
  it('is given up when it has changed, or is gone', () => {
    for (const words of [
      ['HSET', 'k', 'f0', 'other'],
      ['EXPIRE', 'k', '1000'],
      ['DEL', 'k'],
      ['SET', 'k', 'v'],
    ]) {
      const primary = new Primary();
      primary.run('HSET', 'k', 'f0', 'v', 'f1', 'v', 'f2', 'v');
      const from = KeyExport.of(primary.store, 0, 'k', { bytes: 8, parts: 2 })!;
      assert.ok(from.next() !== null && from.next() !== null && !from.over);
      primary.run(...words);
      assert.equal(from.next(), null);
      assert.equal(from.current, false);
    }
    assert.equal(KeyExport.of(new Store(), 0, 'k'), null);
  });
  it('goes as one part where a type has no parts', () => {
    const row = typeOf(HASH) as { parts?: unknown; gather?: unknown };
    const { parts, gather } = row;
    try {
      delete row.parts;
      delete row.gather;
      const store = made(VALUES['a small hash']!);
      assert.deepEqual(carried(store, { bytes: 9, parts: 5 }).payload, store.exportKey(0, 'k'));
      const wrong = new KeyImport();
      const bad = Buffer.concat([head(HASH), part('no hash')]);
      assert.equal(wrong.take(bad, true), 'a piece that is none');
    } finally {
      Object.assign(row, { parts, gather });
    }
  });
});

const head = (type: number) => Buffer.concat([Buffer.from([type]), Buffer.alloc(8)]);
function part(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'latin1')]);
}

describe('pieces from another process', () => {
  const refused: [string, Buffer, boolean, string][] = [
    ['no head', Buffer.from([HASH]), false, 'a piece without a key'],
    ['a type that is none', Buffer.concat([head(99), part('x')]), true, 'a piece without a key'],
    [
      'no time',
      Buffer.concat([Buffer.from([STRING]), Buffer.alloc(8, 0xff)]),
      false,
      'a piece without a key',
    ],
    [
      'a part that never ends',
      Buffer.concat([head(STRING), Buffer.alloc(4, 0xff)]),
      false,
      'a piece that is none',
    ],
    ['two strings', Buffer.concat([head(STRING), part('a'), part('b')]), true, 'a piece that is none'],
    [
      'half a part',
      Buffer.concat([head(STRING), part('abc').subarray(0, 5)]),
      true,
      'a value that is cut short',
    ],
    [
      'half a length',
      Buffer.concat([head(LIST), part('a'), Buffer.alloc(2)]),
      true,
      'a value that is cut short',
    ],
    ['no string', head(STRING), true, 'a value that is cut short'],
    ['an empty list', head(LIST), true, 'a value that is cut short'],
    ['an empty set', Buffer.concat([head(SET), part('1')]), true, 'a value that is cut short'],
    [
      'a field without a value',
      Buffer.concat([head(HASH), part('0'), part('f')]),
      true,
      'a value that is cut short',
    ],
    ['a short score', Buffer.concat([head(ZSET), part('1'), part('1')]), true, 'a piece that is none'],
    [
      'no number',
      Buffer.concat([head(ZSET), part('1'), part('\x7f\xf8\0\0\0\0\0\0'), part('m')]),
      true,
      'a piece that is none',
    ],
  ];
  for (const [name, bytes, last, why] of refused)
    it(`are refused: ${name}`, () => assert.equal(new KeyImport().take(bytes, last), why));
  it('are refused behind the last one', () => {
    const key = new KeyImport();
    assert.equal(key.take(Buffer.concat([head(STRING), part('v')]), true), null);
    assert.equal(key.take(part('w'), true), 'a piece behind the last one');
    assert.deepEqual(key.whole, { type: STRING, value: 'v', expireAt: 0 });
  });
});

describe('stages', () => {
  const whole = Buffer.concat([head(STRING), part('v')]);
  it('take pieces in order, begin anew, and give what is whole once', () => {
    const stages = new Stages();
    assert.equal(stages.add('a', 1, true, whole, 0), 'no such stage');
    assert.equal(stages.add('a', 0, false, whole, 0), null);
    assert.equal(stages.add('a', 2, true, part(''), 0), 'a piece that does not follow');
    assert.equal(stages.whole('a'), false);
    assert.equal(stages.take('a'), null);
    assert.equal(stages.add('a', 0, true, whole, 5), null);
    assert.equal(stages.whole('a'), true);
    assert.deepEqual(stages.take('a'), { type: STRING, value: 'v', expireAt: 0 });
    assert.equal(stages.size, 0);
  });
  it('are bounded, and known to be idle', () => {
    const stages = new Stages();
    for (let i = 0; i < 16; i++) assert.equal(stages.add(`s${i}`, 0, false, whole, i), null);
    assert.equal(stages.add('one more', 0, false, whole, 16), 'too much is staged');
    assert.deepEqual(stages.idle(3), ['s0', 's1', 's2']);
    stages.drop('s0');
    assert.equal(stages.add('one more', 0, false, whole, 16), null);
  });
  it('say when much has come', () => {
    const stages = new Stages();
    let told = 0;
    stages.onTaken = () => told++;
    const value = Buffer.concat([head(STRING), part('v'.repeat(100_000))]);
    // Each begins the key anew; after every third one it is more than 256 KiB.
    for (let i = 0; i < 10; i++) assert.equal(stages.add('s', 0, false, value, i), null);
    assert.equal(told, 3);
  });
});

describe('SplitMap', () => {
  it('has parts that outgrow their tables one after the other', () => {
    const split = new SplitMap<number>();
    const parts = () => Reflect.get(split, 'parts') as Map<string, number>[];
    const doublings = () => parts().map(({ size }) => Math.floor(Math.log2(size)));
    const added = (from: number, to: number) => {
      for (let i = from; i < to; i++) split.set(`member:${i}`, i);
    };
    added(0, 50_000);
    for (let n = 50_000; n < 200_000; n += n / 10) {
      const before = doublings();
      added(n, n + n / 10);
      const grown = doublings().filter((each, i) => each > before[i]!).length;
      // An even spread is log2(1.1) of 256, or 35; all that are alike would be up to 256 at once.
      assert.ok(grown <= 70, `${grown} of ${before.length} at ${n}`);
    }
  });
  it('is a Map, before and after it is split', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.boolean(), (all, large) => {
        const split = new SplitMap<number>();
        const map = new Map<string, number>();
        if (large) for (let i = 0; i < 33_000; i++) both(`x${i}`, i);
        function both(name: string, value: number) {
          split.set(name, value);
          map.set(name, value);
        }
        for (const [n, add] of all) {
          const name = large ? `x${n * 800}` : `x${n}`;
          if (add) both(name, n);
          else assert.equal(split.delete(name), map.delete(name));
          assert.equal(split.get(name), map.get(name));
          assert.equal(split.size, map.size);
        }
        const copy = split.copy();
        split.set('not in the copy', 1);
        const sorted = (entries: Iterable<[string, number]>) =>
          [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
        assert.deepEqual(sorted(copy), sorted(map));
        assert.deepEqual([...copy.keys()].sort(), [...map.keys()].sort());
        if (!large) assert.deepEqual([...copy.values()], [...map.values()]);
        assert.equal(copy.has('not in the copy'), false);
      }),
      { numRuns: 40 },
    );
  });
});
