// Random commands on sets, with odd arguments.
import fc from 'fast-check';

export const SET_KEYS = ['s1', 's2', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('s1', 's1', 's2', 's2', 'other');
const member = fc.oneof(
  text('a', 'b', 'c', 'd', '', '\xff\x00', 'x'.repeat(64), 'y'.repeat(5000)),
  text('0', '1', '2', '-1', '10', '01', '-0', '+1', ' 1', '9223372036854775807', '-9223372036854775808'),
  text('9223372036854775808', '9007199254740993', '-9007199254740993'),
);
const integer = text(
  '0',
  '1',
  '2',
  '3',
  '5',
  '-1',
  '-2',
  '9223372036854775807',
  '9223372036854775808',
  'x',
  '',
);
const count = fc.oneof(
  text('0', '1', '2', '3', '1000', '9223372036854775807', '-9223372036854775808'),
  text('-1', '-5', '-9223372036854775809', 'x', '', '-0', '1.5'),
);
const cursor = text('0', '0', '', '-1', 'x', '+0', '18446744073709551616', ' 0', '0 ');

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());

/** Enough integers to outgrow an intset, perhaps. */
const many = fc
  .integer({ min: 500, max: 520 })
  .map((n) => ['SADD', 's2', ...Array.from({ length: n }, (_, i) => `${7000 + i}`)]);

/** One command; those that draw members take none or all of them. */
export const setCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 8, arbitrary: joined(words(is('SADD'), key), some(words(member), 4)) },
  { weight: 1, arbitrary: many },
  { weight: 3, arbitrary: joined(words(is('SREM'), key), some(words(member), 4)) },
  { weight: 2, arbitrary: words(is('SISMEMBER'), key, member) },
  { weight: 2, arbitrary: joined(words(is('SMISMEMBER'), key), some(words(member), 3)) },
  { weight: 2, arbitrary: words(text('SCARD', 'SMEMBERS'), key) },
  { weight: 1, arbitrary: words(is('SPOP'), is('none')) },
  { weight: 2, arbitrary: words(is('SPOP'), key, text('0', '1000', '-1', 'x', '9223372036854775807')) },
  { weight: 1, arbitrary: words(is('SPOP'), key, is('1'), is('1')) },
  { weight: 1, arbitrary: words(is('SRANDMEMBER'), key) },
  { weight: 2, arbitrary: words(is('SRANDMEMBER'), key, count) },
  { weight: 3, arbitrary: words(is('SMOVE'), key, key, member) },
  { weight: 3, arbitrary: joined(words(text('SINTER', 'SUNION', 'SDIFF')), some(words(key), 3, 1)) },
  {
    weight: 3,
    arbitrary: joined(words(text('SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE'), key), some(words(key), 3, 1)),
  },
  {
    weight: 3,
    arbitrary: joined(
      words(is('SINTERCARD'), integer),
      some(words(key), 3),
      some(words(text('LIMIT', 'limit', 'bad'), integer), 2),
    ),
  },
  { weight: 1, arbitrary: words(is('SINTERCARD'), is('2'), key, key) },
  {
    weight: 2,
    arbitrary: joined(
      words(is('SSCAN'), key, cursor),
      some(
        fc.oneof(
          words(is('COUNT'), text('100', '1000', '0', '-1', 'x')),
          words(is('MATCH'), text('*', '7*')),
          words(text('bad', 'count')),
        ),
        2,
      ),
    ),
  },
);

const UNORDERED = ['SMEMBERS', 'SINTER', 'SUNION', 'SDIFF', 'SPOP'];

/** A reply in a form that is the same for redis-server: members in any order, and those drawn at random. */
export function normalSet([name, , count]: readonly string[], reply: string): string {
  const lines = reply.split('\r\n');
  if (reply[0] === '-') return reply;
  if (UNORDERED.includes(name!)) return lines.sort().join();
  // Drawn at random: how many, unless that is all of them.
  if (name === 'SRANDMEMBER' && reply[0] === '$') return reply === '$-1\r\n' ? reply : 'one';
  if (name === 'SRANDMEMBER') return Number(count) < 1000 ? lines[0]! : lines.sort().join();
  // Of a large one each server gives another part; what is compact is compared elsewhere.
  if (name === 'SSCAN') return lines[0]!;
  return reply;
}
