// Random commands on hashes, with odd arguments.
import fc from 'fast-check';

export const HASH_KEYS = ['h1', 'h2', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('h1', 'h1', 'h1', 'h2', 'other');
const field = text('a', 'b', 'c', 'd', '', '\xff\x00', 'f'.repeat(64), 'g'.repeat(65));
const value = fc.oneof(
  text('', '0', '1', '-1', '10', 'abc', '3.0e3', '0.1', ' 1', '01', '9223372036854775807'),
  text('x'.repeat(64), 'y'.repeat(65), 'z'.repeat(5000), '\r\n', '-9223372036854775808', 'inf', 'nan'),
);
const integer = text(
  '0',
  '1',
  '-1',
  '2',
  '5',
  '-5',
  '100',
  '9223372036854775807',
  '-9223372036854775808',
  'x',
  '',
);
const count = fc.oneof(
  text('0', '1', '2', '3', '1000', '9223372036854775807', '-9223372036854775808'),
  text('4611686018427387903', '4611686018427387904', 'x', '', '-0', '1.5', '-2', '-7'),
);
const float = text(
  '0.1',
  '0.2',
  '-0.3',
  '1e17',
  '3',
  '1e-18',
  '0x10',
  'inf',
  '-inf',
  'nan',
  'x',
  ' 1',
  '',
  '1e4932',
);
const cursor = text('0', '', '-1', 'x', '+0', '18446744073709551615', '18446744073709551616', ' 0', '0 ');

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number) =>
  fc.array(part, { maxLength: max }).map((all) => all.flat());

/** Enough fields to make a hash large; `b0`, `b1`, ... */
const many = fc
  .integer({ min: 500, max: 520 })
  .map((n) => ['HSET', 'h2', ...Array.from({ length: n }, (_, i) => [`b${i}`, `${i}`]).flat()]);

export const hashCommand: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: joined(words(text('HSET', 'HMSET', 'hset'), key, field, value), some(words(field, value), 2)),
  },
  { weight: 1, arbitrary: joined(words(text('HSET', 'HMSET'), key), some(words(field), 3)) },
  { weight: 1, arbitrary: many },
  { weight: 3, arbitrary: words(is('HSETNX'), key, field, value) },
  { weight: 6, arbitrary: words(text('HGET', 'HEXISTS', 'HSTRLEN'), key, field) },
  { weight: 3, arbitrary: joined(words(text('HMGET', 'HDEL'), key, field), some(words(field), 3)) },
  { weight: 3, arbitrary: words(text('HGETALL', 'HLEN', 'HKEYS', 'HVALS'), key) },
  { weight: 3, arbitrary: words(is('HINCRBY'), key, field, integer) },
  { weight: 3, arbitrary: words(is('HINCRBYFLOAT'), key, field, float) },
  // Without WITHVALUES redis-server would begin to answer.
  { weight: 1, arbitrary: words(is('HRANDFIELD'), key, is('-4611686018427387905'), is('WITHVALUES')) },
  { weight: 1, arbitrary: words(is('HRANDFIELD'), key) },
  {
    weight: 2,
    arbitrary: joined(
      words(is('HRANDFIELD'), key, count),
      some(words(text('WITHVALUES', 'withvalues', 'x')), 2),
    ),
  },
  {
    weight: 2,
    arbitrary: joined(
      words(is('HSCAN'), key, cursor),
      some(
        fc.oneof(
          words(text('MATCH', 'match'), text('*', 'a', '[ab]', '?', 'b1*')),
          words(text('COUNT'), text('1000', '10000', '0', '-1', 'x', '')),
          words(text('NOVALUES', 'TYPE', 'MATCH')),
        ),
        2,
      ),
    ),
  },
);

/**
 * Where replies may differ:
 * - the order of fields of a large hash;
 * - which fields HRANDFIELD chooses, unless it must choose all;
 * - HSCAN's cursor, and so what is found at any but 0; of a large hash also how many fields one step gives (a COUNT below its size is not asked for).
 * - HRANDFIELD with a negative count beyond 2^20 is refused, where Redis goes on until its memory is full; not asked.
 */
export function normalHash(words: readonly string[], reply: string): string {
  const name = words[0]!.toUpperCase();
  const lines = reply.split('\r\n');
  if (name === 'HSCAN' && !/^[+]?0?$/.test(words[2] ?? '') && reply[0] === '*') return 'a step';
  if (name === 'HSCAN' && reply[0] === '*' && lines[2] !== '0') return 'a first step';
  if (['HGETALL', 'HKEYS', 'HVALS', 'HSCAN'].includes(name)) return sorted(lines);
  if (name !== 'HRANDFIELD') return reply;
  if (words.length === 2 && reply[0] === '$') return 'one field';
  if (reply[0] !== '*') return reply;
  return Number(words[2]) >= 1000 ? sorted(lines) : `${lines[0]} ${lines[1]?.[0]}`;
}

const sorted = (lines: string[]) => [...lines].sort().join();
