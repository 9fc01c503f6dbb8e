// Large values of each type: how one is made, read in places, and compared whole, a little at a time. What element n of
// one is follows from n alone, so that nothing need be remembered.
import type { RedisOutput } from '../sim/linearizability/index.js';

/** A type of value. */
export interface LargeValue {
  readonly kind: string;
  /** Elements, or MiB of a string. */
  readonly size: number;
  /** Commands that make it, each of some of its elements. */
  make(key: string): Iterable<string[]>;
  /** A read of something in its middle, and what it must answer. */
  probe(key: string, at: number): { words: string[]; expected: RedisOutput };
  /** Reads of all of it. */
  compare(key: string): Iterable<{ words: string[]; expected: RedisOutput }>;
  count(key: string): { words: string[]; expected: RedisOutput };
}

const MIB = 1024 * 1024;
const SOME = 500;

const field = (n: number) => `field:${n}`;
const value = (n: number) => `value:${(n * 7919) % 1_000_003}`;

function* runs(size: number): Generator<number[]> {
  for (let from = 0; from < size; from += SOME)
    yield Array.from({ length: Math.min(SOME, size - from) }, (_, i) => from + i);
}

/** A collection whose commands are these. */
function collection(
  kind: string,
  size: number,
  add: (key: string, items: number[]) => string[],
  read: (key: string, items: number[]) => { words: string[]; expected: RedisOutput },
  count: string,
): LargeValue {
  return {
    kind,
    size,
    *make(key) {
      for (const items of runs(size)) yield add(key, items);
    },
    probe: (key, at) => read(key, [Math.floor(at * size)]),
    *compare(key) {
      for (const items of runs(size)) yield read(key, items);
    },
    count: (key) => ({ words: [count, key], expected: size }),
  };
}

/** A mebibyte that is no other's. */
const mebibyte = (n: number) => `<${n}>`.padEnd(MIB, String.fromCharCode(97 + (n % 26)));

function string(size: number): LargeValue {
  const part = (key: string, n: number, length: number) => ({
    words: ['GETRANGE', key, String(n * MIB), String(n * MIB + length - 1)],
    expected: mebibyte(n).slice(0, length),
  });
  return {
    kind: 'string',
    size,
    *make(key) {
      for (let n = 0; n < size; n++) yield ['SETRANGE', key, String(n * MIB), mebibyte(n)];
    },
    probe: (key, at) => part(key, Math.floor(at * size), 100),
    *compare(key) {
      for (let n = 0; n < size; n++) yield part(key, n, MIB);
    },
    count: (key) => ({ words: ['STRLEN', key], expected: size * MIB }),
  };
}

/** Entries of many fields, half of them given to a consumer and not acknowledged. */
function stream(size: number): LargeValue {
  const entries = Math.ceil(size / SOME);
  const id = (entry: number) => `${entry + 1}-1`;
  const fields = (entry: number) =>
    Array.from({ length: SOME }, (_, i) => [field(entry * SOME + i), value(entry * SOME + i)]).flat();
  const read = (key: string, entry: number) => ({
    words: ['XRANGE', key, id(entry), id(entry)],
    expected: [[id(entry), fields(entry)]],
  });
  const given = Math.max(1, Math.floor(entries / 2));
  return {
    kind: 'stream',
    size: entries,
    *make(key) {
      for (let entry = 0; entry < entries; entry++) yield ['XADD', key, id(entry), ...fields(entry)];
      yield ['XGROUP', 'CREATE', key, 'group', '0'];
      yield ['XREADGROUP', 'GROUP', 'group', 'ann', 'COUNT', String(given), 'STREAMS', key, '>'];
    },
    probe: (key, at) => read(key, Math.floor(at * entries)),
    *compare(key) {
      for (let entry = 0; entry < entries; entry++) yield read(key, entry);
      yield {
        words: ['XPENDING', key, 'group'],
        expected: [given, id(0), id(given - 1), [['ann', String(given)]]],
      };
    },
    count: (key) => ({ words: ['XLEN', key], expected: entries }),
  };
}

/** One of each type. @param elements of collections @param mebibytes of the string */
export function largeValues(elements: number, mebibytes: number): LargeValue[] {
  return [
    string(mebibytes),
    collection(
      'hash',
      elements,
      (key, items) => ['HSET', key, ...items.flatMap((n) => [field(n), value(n)])],
      (key, items) => ({ words: ['HMGET', key, ...items.map(field)], expected: items.map(value) }),
      'HLEN',
    ),
    collection(
      'set',
      elements,
      (key, items) => ['SADD', key, ...items.map(field)],
      (key, items) => ({ words: ['SMISMEMBER', key, ...items.map(field)], expected: items.map(() => 1) }),
      'SCARD',
    ),
    collection(
      'zset',
      elements,
      (key, items) => ['ZADD', key, ...items.flatMap((n) => [String((n * 7919) % 1_000_003), field(n)])],
      (key, items) => ({
        words: ['ZMSCORE', key, ...items.map(field)],
        expected: items.map((n) => String((n * 7919) % 1_000_003)),
      }),
      'ZCARD',
    ),
    collection(
      'list',
      elements,
      (key, items) => ['RPUSH', key, ...items.map(value)],
      (key, items) => ({
        words: ['LRANGE', key, String(items[0]), String(items.at(-1))],
        expected: items.map(value),
      }),
      'LLEN',
    ),
    stream(elements),
  ];
}
