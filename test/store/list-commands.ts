// Random commands on lists, with odd arguments.
import fc from 'fast-check';

export const LIST_KEYS = ['l1', 'l2', 'l3', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('l1', 'l1', 'l2', 'l2', 'l3', 'other');
const value = text(
  'a',
  'a',
  'b',
  'b',
  'c',
  'd',
  '',
  '1',
  '01',
  '\xff\x00',
  '\r\n',
  'x'.repeat(4096),
  'y'.repeat(4097),
);
const index = text(
  '0',
  '1',
  '2',
  '3',
  '-1',
  '-2',
  '-3',
  '5',
  '-100',
  '100',
  '9223372036854775807',
  '-9223372036854775808',
  'x',
  '',
  '1.5',
);
const count = text(
  '0',
  '1',
  '2',
  '3',
  '1000',
  '-1',
  '-2',
  '9223372036854775807',
  '9223372036854775808',
  'x',
  '',
);
const end = text('LEFT', 'RIGHT', 'left', 'Right', 'left', 'x');

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number) =>
  fc.array(part, { maxLength: max }).map((all) => all.flat());

/** Enough elements for several chunks. */
const many = fc
  .tuple(text('RPUSH', 'LPUSH'), fc.integer({ min: 200, max: 700 }))
  .map(([push, n]) => [push, 'l3', ...Array.from({ length: n }, (_, i) => `${i % 100}`)]);
const far = text(
  '0',
  '1',
  '99',
  '255',
  '256',
  '257',
  '400',
  '511',
  '512',
  '600',
  '-1',
  '-50',
  '-256',
  '-300',
);

export const listCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 10, arbitrary: joined(words(text('RPUSH', 'LPUSH'), key, value), some(words(value), 4)) },
  { weight: 3, arbitrary: joined(words(text('RPUSHX', 'LPUSHX'), key, value), some(words(value), 2)) },
  { weight: 3, arbitrary: joined(words(text('LPOP', 'RPOP'), key), some(words(count), 2)) },
  { weight: 4, arbitrary: words(text('LPOP', 'RPOP', 'LLEN'), key) },
  { weight: 3, arbitrary: words(is('LINDEX'), key, index) },
  { weight: 6, arbitrary: words(is('LRANGE'), key, index, index) },
  { weight: 2, arbitrary: words(is('LTRIM'), key, index, index) },
  { weight: 3, arbitrary: words(is('LSET'), key, index, value) },
  { weight: 4, arbitrary: words(is('LINSERT'), key, text('BEFORE', 'after', 'AFTER', 'x'), value, value) },
  { weight: 4, arbitrary: words(is('LREM'), key, text('0', '1', '2', '-1', '-2', '-100', 'x'), value) },
  {
    weight: 4,
    arbitrary: joined(
      words(is('LPOS'), key, value),
      some(
        fc.oneof(
          words(is('RANK'), text('1', '2', '-1', '-2', '3', '0', 'x', '-9223372036854775807')),
          words(is('COUNT'), count),
          words(is('maxlen'), count),
          words(text('RANK', 'x')),
        ),
        3,
      ),
    ),
  },
  { weight: 5, arbitrary: words(is('LMOVE'), key, key, end, end) },
  { weight: 3, arbitrary: words(is('RPOPLPUSH'), key, key) },
  {
    weight: 4,
    arbitrary: joined(
      words(is('LMPOP')),
      fc.oneof(
        words(is('1'), key),
        words(is('2'), key, key),
        words(is('3'), key, key, key),
        words(text('0', '-1', 'x', '9', '01'), key),
      ),
      words(end),
      some(words(text('COUNT', 'count', 'x'), count), 1),
      some(words(is('COUNT')), 1),
    ),
  },
  { weight: 1, arbitrary: many },
  {
    weight: 2,
    arbitrary: words(is('LINSERT'), is('l3'), text('BEFORE', 'AFTER'), text('7', '50', '99'), value),
  },
  {
    weight: 2,
    arbitrary: words(is('LREM'), is('l3'), text('0', '2', '-2', '-4'), text('7', '50', '99', 'a')),
  },
  { weight: 2, arbitrary: words(text('LRANGE', 'LTRIM'), is('l3'), far, far) },
  { weight: 2, arbitrary: words(is('LINDEX'), is('l3'), far) },
  { weight: 1, arbitrary: words(is('LSET'), is('l3'), far, value) },
  { weight: 1, arbitrary: words(text('LPOP', 'RPOP'), is('l3'), far) },
);
