// Random commands on sorted sets, and on sets among them, with odd arguments.
import fc from 'fast-check';

export const ZSET_KEYS = ['z1', 'z2', 'plain', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('z1', 'z1', 'z1', 'z2', 'z2', 'other');
/** Of sorted sets whose scores are all equal: ranges by member mean something only there. */
const flat = text('flat', 'flat', 'flat', 'plain', 'none');
const source = text('z1', 'z1', 'z2', 'z2', 'plain', 'other', 'none');
const member = fc.oneof(
  text('a', 'b', 'c', 'd', 'e', '', '\xff\x00', '1', '10', '-5', 'aa', 'ab'),
  text('x'.repeat(64), 'y'.repeat(65)),
);
const score = fc.oneof(
  text('0', '1', '2', '3', '-1', '0.1', '0.2', '-0', '1e17', '100000000000000000', '1.5', '5e-324', '-3.25'),
  text('inf', '-inf', '+inf', 'Infinity', '-INFINITY', '1e308', '1.7976931348623157e308', '1e-7', '0.0001'),
  text(
    '123456789.123456789',
    '4503599627370496',
    '4503599627370497',
    '2251799813685249.25',
    '.5',
    '5.',
    '+1',
  ),
  fc.double({ noNaN: true }).map(String),
);
const odd = text(
  'nan',
  '-nan',
  'x',
  '',
  ' 1',
  '1 ',
  '0x10',
  '0x1.8p3',
  '-0x1p-1080',
  '1e400',
  '1e-400',
  '1e',
  '1_0',
);
const anyScore = fc.oneof({ weight: 6, arbitrary: score }, { weight: 1, arbitrary: odd });
const integer = fc.oneof(
  text('0', '1', '2', '3', '-1', '-2', '5', '100', '-100'),
  text('9223372036854775807', '-9223372036854775808', '9223372036854775808', 'x', '', '1.5', ' 1'),
);
const good = text('0', '1', '2', '-1', '-2', '3', '100', '-100', '5');
const limit = fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: integer });
const end = fc.oneof(
  anyScore,
  score.map((each) => `(${each}`),
  text('(', '(x', '(nan', '-inf', '+inf', '1\0x', '((1'),
);
const lex = fc.oneof(
  text('-', '+', '[a', '(a', '[b', '(c', '[d', '(', '['),
  text('a', '', '+a', '-x', '[\xff', '(aa', '[1'),
);
const numkeys = text('1', '2', '3', '0', '-1', 'x', '4', '01', '9223372036854775808', '');
const count = fc.oneof(
  text('0', '1', '2', '3', '1000', '9223372036854775807', '-9223372036854775808'),
  text('-1', '-5', '4611686018427387905', 'x', ''),
);
const cursor = text('0', '0', '', '-1', 'x', '18446744073709551616', ' 0');

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());

/** Enough members to outgrow a listpack, perhaps. */
const many = fc
  .integer({ min: 120, max: 140 })
  .map((n) => ['ZADD', 'z2', ...Array.from({ length: n }, (_, i) => [`${i % 50}`, `m${i}`]).flat()]);
const limits = some(words(is('LIMIT'), limit, limit), 1);
const scores = some(words(text('WITHSCORES', 'withscores', 'bad')), 1);
const algebra = joined(
  some(words(source), 3),
  some(
    fc.oneof(
      words(is('WEIGHTS'), anyScore, anyScore),
      words(is('WEIGHTS'), score),
      words(is('AGGREGATE'), text('SUM', 'min', 'MAX', 'bad')),
      words(text('WITHSCORES', 'bad', 'LIMIT')),
    ),
    2,
  ),
);
/** As many keys as it says. */
const right = fc.array(source, { minLength: 1, maxLength: 3 }).map((keys) => [String(keys.length), ...keys]);
const aggregate = some(words(is('AGGREGATE'), text('SUM', 'MIN', 'MAX')), 1);

const single: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 12,
    arbitrary: joined(
      words(is('ZADD'), key),
      some(words(text('NX', 'xx', 'GT', 'lt', 'CH')), 2),
      some(words(anyScore, member), 4),
    ),
  },
  { weight: 6, arbitrary: joined(words(is('ZADD'), key), some(words(score, member), 4, 1)) },
  { weight: 6, arbitrary: joined(words(is('ZADD'), is('flat')), some(words(is('0'), member), 4, 1)) },
  {
    weight: 3,
    arbitrary: joined(
      words(is('ZADD'), key, is('INCR')),
      some(words(text('NX', 'XX', 'GT', 'LT', 'CH')), 2),
      words(anyScore, member),
    ),
  },
  { weight: 1, arbitrary: many },
  { weight: 3, arbitrary: joined(words(is('SADD'), is('plain')), some(words(member), 3, 1)) },
  { weight: 3, arbitrary: words(is('ZINCRBY'), key, fc.oneof(anyScore, text('nx', 'incr')), member) },
  { weight: 3, arbitrary: joined(words(is('ZREM'), key), some(words(member), 3)) },
  { weight: 3, arbitrary: words(text('ZSCORE', 'ZRANK', 'ZREVRANK'), key, member) },
  { weight: 2, arbitrary: joined(words(is('ZMSCORE'), key), some(words(member), 3)) },
  { weight: 1, arbitrary: words(is('ZCARD'), key) },
  { weight: 2, arbitrary: joined(words(text('ZPOPMIN', 'ZPOPMAX'), key), some(words(limit), 2)) },
  {
    weight: 3,
    arbitrary: joined(
      words(is('ZMPOP')),
      fc.oneof(right, joined(words(numkeys), some(words(source), 3))),
      words(text('MIN', 'max', 'bad')),
      some(words(text('COUNT', 'count', 'bad'), limit), 2),
    ),
  },
  { weight: 2, arbitrary: joined(words(is('ZRANDMEMBER'), key), some(words(count), 1), scores) },
  {
    weight: 2,
    arbitrary: joined(
      words(is('ZSCAN'), key, cursor),
      some(
        fc.oneof(
          words(is('COUNT'), text('100', '0', '-1', 'x')),
          words(is('MATCH'), text('*', 'm*')),
          words(text('bad')),
        ),
        2,
      ),
    ),
  },
);

const ranges: fc.Arbitrary<string[]> = fc.oneof(
  joined(words(is('ZRANGE'), key, limit, limit), some(words(is('REV')), 1), scores),
  joined(words(is('ZRANGE'), key, end, end), words(is('BYSCORE')), some(words(is('rev')), 1), limits, scores),
  joined(words(is('ZRANGE'), flat, lex, lex), words(is('BYLEX')), some(words(is('REV')), 1), limits, scores),
  joined(
    words(is('ZRANGE'), flat, fc.oneof(integer, lex, end), fc.oneof(integer, lex, end)),
    some(words(text('REV', 'BYLEX', 'BYSCORE', 'WITHSCORES', 'LIMIT', '1')), 3),
  ),
  joined(words(is('ZREVRANGE'), key, limit, limit), scores, limits),
  joined(words(text('ZRANGEBYSCORE', 'ZREVRANGEBYSCORE'), key, end, end), scores, limits),
  joined(words(text('ZRANGEBYLEX', 'ZREVRANGEBYLEX'), flat, lex, lex), limits, scores),
  words(is('ZCOUNT'), key, end, end),
  words(is('ZLEXCOUNT'), flat, lex, lex),
  joined(words(is('ZRANGESTORE'), key, source, limit, limit), some(words(text('REV', 'bad')), 1), limits),
  joined(words(is('ZRANGESTORE'), key, source, end, end, is('BYSCORE')), some(words(is('REV')), 1), limits),
  words(is('ZREMRANGEBYRANK'), key, limit, limit),
  words(is('ZREMRANGEBYSCORE'), key, end, end),
  words(is('ZREMRANGEBYLEX'), flat, lex, lex),
);

const several: fc.Arbitrary<string[]> = fc.oneof(
  joined(words(text('ZUNION', 'ZINTER', 'ZDIFF'), numkeys), algebra),
  joined(words(text('ZUNION', 'ZINTER')), right, aggregate, scores),
  joined(words(is('ZDIFF')), right, scores),
  joined(words(text('ZUNIONSTORE', 'ZINTERSTORE', 'ZDIFFSTORE'), key, numkeys), algebra),
  joined(words(text('ZUNIONSTORE', 'ZINTERSTORE'), key), right, aggregate),
  joined(words(is('ZDIFFSTORE'), key), right),
  joined(words(is('ZINTERCARD')), right, some(words(text('LIMIT', 'bad'), integer), 2)),
  joined(words(is('ZINTERCARD'), numkeys), some(words(source), 3)),
);

export const sortedSetCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 6, arbitrary: single },
  { weight: 4, arbitrary: ranges },
  { weight: 3, arbitrary: several },
);

/** A reply in a form that is the same for redis-server: members drawn at random are counted, and so are steps of scans. */
export function normalSortedSet([name, , count]: readonly string[], reply: string): string {
  const lines = reply.split('\r\n');
  if (reply[0] === '-') return reply;
  // Drawn at random: how many, unless that is all of them.
  if (name === 'ZRANDMEMBER' && reply[0] === '$') return reply === '$-1\r\n' ? reply : 'one';
  if (name === 'ZRANDMEMBER') return Number(count) < 1000 ? lines[0]! : lines.sort().join();
  // Of a large one each server gives another part; what is compact is compared elsewhere.
  if (name === 'ZSCAN') return lines[0]!;
  return reply;
}
