// Random commands on streams and their consumer groups, with odd arguments. IDs are given, not made from clocks that
// two servers do not share; idle times are either 0 or far from any that a test takes.
import fc from 'fast-check';

export const STREAM_KEYS = ['s1', 's2', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('s1', 's1', 's1', 's2', 'other');
const group = text('g', 'g', 'g', 'g', 'h', 'h', 'nosuch', 'no\0such');
const consumer = text('ann', 'ann', 'bob', '', 'cleo');
const field = text('a', 'a', 'b', '', '12', 'f'.repeat(70));
const value = text('1', 'x', '', '-5', '4096', '-99999', 'v'.repeat(64), 'w'.repeat(5000), '\r\n\xff', '01');
const plain = fc.integer({ min: 1, max: 40 }).map((n) => `${Math.ceil(n / 3)}-${n % 3}`);
const odd = text(
  '0-0',
  '0',
  '7',
  '18446744073709551615-18446744073709551615',
  '18446744073709551615',
  '18446744073709551616-1',
  '5-18446744073709551615',
  '5-18446744073709551614',
  '-',
  '+',
  '$',
  '>',
  '',
  'x',
  '1-x',
  '-5',
  ' 7',
  '+7-+1',
  '007',
  '3--03',
  '3--3',
  '9-',
  `${'0'.repeat(130)}1`,
  '9007199254740993-3',
);
const id = fc.oneof({ weight: 12, arbitrary: plain }, { weight: 2, arbitrary: odd });
const newId = fc.oneof(
  { weight: 4, arbitrary: plain },
  // Counting on, whatever was there: most of them succeed.
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 14 }).map((ms) => `${ms}-*`) },
  { weight: 2, arbitrary: text('20-*', '21-*', '22-*', '22-*') },
  { weight: 1, arbitrary: odd },
  { weight: 1, arbitrary: text('-*', '18446744073709551615-*', 'x-*', '5-**') },
);
const end = fc.oneof(
  { weight: 5, arbitrary: text('-', '+') },
  { weight: 5, arbitrary: id },
  { weight: 2, arbitrary: id.map((each) => `(${each}`) },
  { weight: 1, arbitrary: text('(', '((1', '(-', '(+') },
);
const count = fc.oneof(
  { weight: 6, arbitrary: text('1', '2', '3', '10', '1000') },
  { weight: 1, arbitrary: text('0', '-1', 'x', '', '9223372036854775807', '9223372036854775808') },
);
const idle = text('0', '0', '0', '10000000', '-1', 'x', '9223372036854775807');
const any = text('0', '1', '5', '100', '-1', '-2', 'x', '9223372036854775807');

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const maybe = (part: fc.Arbitrary<string[]>) => fc.option(part, { nil: [] as string[], freq: 2 });
const some = (part: fc.Arbitrary<string[]>, max: number) =>
  fc.array(part, { maxLength: max }).map((all) => all.flat());

const limit = fc.oneof(
  words(text('MAXLEN', 'maxlen'), text('0', '1', '3', '5', '-1', 'x')),
  words(is('MAXLEN'), text('~', '=', '~'), text('0', '3', '50')),
  words(is('MINID'), id),
  words(is('MINID'), text('~', '='), id),
  words(is('LIMIT'), text('0', '1', '100', '150', '-1', 'x')),
);
const pairs = joined(words(field, value), some(words(field, value), 2));

/** Enough entries for several runs. */
const many = fc
  .tuple(key, fc.integer({ min: 1, max: 3 }))
  .map(([name, fields]) => [
    'XADD',
    name,
    '23-*',
    ...Array.from({ length: fields }, (_, i) => [`field${i}`, 'z'.repeat(900)]).flat(),
  ]);

const keysAndIds = (of: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 6, arbitrary: words(key, of) },
    { weight: 3, arbitrary: words(key, key, of, of) },
    { weight: 1, arbitrary: words(key, key, of) },
  );

/** BLOCK is asked of a server only where nothing can block: between MULTI and EXEC, or with nonsense. */
const readOption = fc.oneof(
  { weight: 6, arbitrary: words(is('COUNT'), count) },
  { weight: 1, arbitrary: words(text('NOACK', 'BLOCK', 'x', 'GROUP')) },
  { weight: 1, arbitrary: words(is('BLOCK'), text('-1', 'x', '1.5', '')) },
);

const claimOption = fc.oneof(
  words(text('FORCE', 'force', 'JUSTID', 'x')),
  words(is('IDLE'), text('0', '100000000', '-5', 'x')),
  words(is('TIME'), text('1000', '-1', 'x', '33000000000000')),
  words(is('RETRYCOUNT'), any),
  words(is('LASTID'), id),
);

export const streamCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 14, arbitrary: joined(words(is('XADD'), key, newId), pairs) },
  {
    weight: 4,
    arbitrary: joined(words(text('XADD', 'xadd'), key), some(limit, 2), words(newId), pairs),
  },
  { weight: 3, arbitrary: many },
  { weight: 1, arbitrary: joined(words(is('XADD'), key, is('NOMKSTREAM')), words(newId), pairs) },
  { weight: 1, arbitrary: joined(words(is('XADD'), key, newId), some(words(field), 3)) },
  { weight: 3, arbitrary: joined(words(is('XTRIM'), key), limit, maybe(limit)) },
  { weight: 3, arbitrary: joined(words(is('XDEL'), key, id), some(words(id), 2)) },
  { weight: 2, arbitrary: words(is('XLEN'), key) },
  {
    weight: 5,
    arbitrary: joined(
      words(text('XRANGE', 'XREVRANGE', 'xrevrange'), key, end, end),
      maybe(words(text('COUNT', 'count', 'x'), count)),
      some(words(text('COUNT')), 1),
    ),
  },
  { weight: 1, arbitrary: words(is('XRANGE'), key, is('-'), is('+')) },
  {
    weight: 2,
    arbitrary: joined(
      words(is('XSETID'), key, id),
      some(fc.oneof(words(is('ENTRIESADDED'), any), words(is('MAXDELETEDID'), id), words(is('x'))), 2),
    ),
  },
  {
    weight: 4,
    arbitrary: joined(words(is('XREAD')), maybe(readOption), words(is('STREAMS')), keysAndIds(id)),
  },
  {
    weight: 10,
    arbitrary: joined(
      words(is('XREADGROUP'), is('GROUP'), group, consumer),
      maybe(readOption),
      words(is('STREAMS')),
      keysAndIds(fc.oneof({ weight: 5, arbitrary: is('>') }, { weight: 2, arbitrary: id })),
    ),
  },
  {
    weight: 3,
    arbitrary: joined(
      words(is('XREADGROUP'), is('GROUP'), group, consumer, is('NOACK'), is('COUNT'), count),
      words(is('STREAMS'), key, is('>')),
    ),
  },
  {
    weight: 6,
    arbitrary: joined(
      words(is('XGROUP'), text('CREATE', 'create'), key, group, fc.oneof(id, text('0', '$'))),
      maybe(words(text('MKSTREAM', 'MKSTREAM', 'x'))),
      maybe(words(is('ENTRIESREAD'), any)),
    ),
  },
  {
    weight: 2,
    arbitrary: joined(
      words(is('XGROUP'), is('SETID'), key, group, fc.oneof(id, text('0', '$'))),
      maybe(words(is('ENTRIESREAD'), any)),
    ),
  },
  { weight: 1, arbitrary: words(is('XGROUP'), text('DESTROY', 'NOSUCH'), key, group) },
  {
    weight: 2,
    arbitrary: words(is('XGROUP'), text('CREATECONSUMER', 'DELCONSUMER'), key, group, consumer),
  },
  { weight: 4, arbitrary: joined(words(is('XACK'), key, group, id), some(words(id), 2)) },
  { weight: 3, arbitrary: words(is('XPENDING'), key, group) },
  {
    weight: 4,
    arbitrary: joined(
      words(is('XPENDING'), key, group),
      maybe(words(is('IDLE'), idle)),
      words(end, end, count),
      maybe(words(consumer)),
    ),
  },
  {
    weight: 6,
    arbitrary: joined(
      words(is('XCLAIM'), key, group, consumer, idle, id),
      some(words(id), 2),
      some(claimOption, 2),
    ),
  },
  {
    weight: 4,
    arbitrary: joined(
      words(is('XAUTOCLAIM'), key, group, consumer, idle, end),
      maybe(words(is('COUNT'), count)),
      maybe(words(text('JUSTID', 'x'))),
    ),
  },
  { weight: 3, arbitrary: joined(words(is('XINFO'), is('STREAM'), key)) },
  {
    weight: 4,
    arbitrary: joined(
      words(is('XINFO'), text('STREAM'), key, text('FULL', 'full')),
      maybe(words(is('COUNT'), count)),
    ),
  },
  { weight: 3, arbitrary: words(is('XINFO'), is('GROUPS'), key) },
  { weight: 2, arbitrary: words(is('XINFO'), is('CONSUMERS'), key, group) },
  {
    weight: 1,
    arbitrary: joined(words(is('XINFO'), text('STREAM', 'x'), key), some(words(text('FULL', 'x')), 3)),
  },
);

/** Times are told as how long ago, roughly: the two servers look at their clocks at different moments. */
const ROUGH_MS = 1_000_000;

/** A reply in a form that is the same for two servers with clocks of their own. */
export function normalStream(words: readonly string[], reply: string): string {
  const [name, sub] = [words[0]!.toUpperCase(), words[1]?.toUpperCase()];
  const lines = reply.split('\r\n');
  const rough = (line: string, now = 0) => `about ${Math.round((Number(line.slice(1)) - now) / ROUGH_MS)}`;
  if (name === 'XPENDING' && words.length > 3) {
    let numbers = 0;
    return lines.map((line) => (line[0] === ':' && numbers++ % 2 === 0 ? rough(line) : line)).join();
  }
  if (name === 'XINFO' && sub === 'CONSUMERS')
    return lines.map((line, i) => (lines[i - 1] === 'idle' ? rough(line) : line)).join();
  if (name === 'XINFO' && sub === 'STREAM')
    return lines.map((line) => (/^:\d{13}$/.test(line) ? rough(line, Date.now()) : line)).join();
  return reply;
}
