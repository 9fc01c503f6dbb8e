// Random SORT commands on lists, sets and sorted sets, with odd arguments.
import fc from 'fast-check';

export const SORT_KEYS = ['l', 's', 'z', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());

const number = text('1', '10', '2', '-3', '0', '-0', '1.5', '1e3', 'inf', '-inf', '0x10', '  7', '', '002');
const element = fc.oneof(
  { weight: 12, arbitrary: number },
  { weight: 1, arbitrary: text('abc', 'b', '\xff', 'nan', '1x') },
);
const key = text('l', 'l', 's', 'z', 'other', 'none');
const integer = text('0', '1', '2', '3', '-1', '-5', '100', '9223372036854775807', 'x', '');
const option = fc.oneof(
  words(text('ASC', 'desc', 'ALPHA', 'alpha')),
  words(is('LIMIT'), integer, integer),
  words(is('GET'), text('#', '#', 'plain', '')),
  words(is('BY'), text('nosort', '')),
  words(text('bad', 'limit')),
);
const sort = (name: string) =>
  joined(words(is(name), key), some(fc.oneof(option, words(text('ALPHA', 'DESC'))), 4));

/** One command; none names other keys by a pattern. */
export const sortCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 3, arbitrary: joined(words(is('RPUSH'), is('l')), some(words(element), 5, 1)) },
  { weight: 2, arbitrary: joined(words(is('SADD'), is('s')), some(words(element), 4, 1)) },
  {
    weight: 2,
    arbitrary: joined(words(is('ZADD'), is('z')), some(words(text('1', '2', '3'), element), 4, 1)),
  },
  { weight: 1, arbitrary: words(is('DEL'), key) },
  { weight: 4, arbitrary: sort('SORT') },
  { weight: 2, arbitrary: sort('SORT_RO') },
  { weight: 3, arbitrary: joined(sort('SORT'), words(is('STORE'), key)) },
  { weight: 1, arbitrary: joined(sort('SORT_RO'), words(is('STORE'), key)) },
  { weight: 2, arbitrary: words(is('LRANGE'), key, is('0'), is('-1')) },
);

/**
 * A reply in a form that is the same for redis-server. Members of a set as they come: in another order, so of what is
 * not sorted only the number. Redis's SORT makes a sorted set a skiplist for good; here it changes nothing. (Redis also
 * refuses every number once any earlier one was out of range: there are none here.)
 */
export function normalSort([name, , ...rest]: readonly string[], reply: string): string {
  if (name === 'OBJECT' && reply.includes('list')) return '';
  const unsorted = name!.startsWith('SORT') && rest.includes('BY') && reply[0] === '*';
  return unsorted ? reply.split('\r\n')[0]! : reply;
}
