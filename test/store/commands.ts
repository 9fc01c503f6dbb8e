// Random commands with odd arguments on few keys, for the property tests.
import fc from 'fast-check';

const text = (...words: string[]) => fc.constantFrom(...words);

const key = text('a', 'b', 'k{a}', 'c');
const value = fc.oneof(
  text(
    '',
    '0',
    '1',
    '-1',
    '10',
    '41',
    'abc',
    'ohmytext',
    'mynewtext',
    '3.0e3',
    '0.1',
    ' 1',
    '1 ',
    '+1',
    '01',
  ),
  text('-0', '9223372036854775807', '-9223372036854775808', '9223372036854775808', '12345678901234567890123'),
  text('9007199254740993', '-9007199254740993', '1e20', '0x1p3', 'inf', '-inf', 'nan', '1e5000', '1e-30'),
  text(
    '\xff\x00\x7f',
    '\r\n',
    'x'.repeat(45),
    'y'.repeat(44),
    '\xff'.repeat(12),
    '\x00\x00',
    'z'.repeat(5000),
  ),
);
const integer = fc.oneof(
  text('0', '1', '-1', '2', '3', '-3', '5', '8', '-100', '100'),
  text('9223372036854775807', '-9223372036854775808', '9223372036854775808', 'x', '', ' 1', '1.5', '-0'),
);
const small = text('0', '1', '2', '7', '8', '15', '33', '100', '-1', '4294967296', 'x', '1.0');
const float = text(
  '0.1',
  '0.2',
  '-0.3',
  '1e17',
  '3',
  '-3',
  '1e-18',
  '5e-18',
  '0x10',
  'inf',
  'x',
  ' 1',
  '',
  '1e4932',
);
const field = text('u8', 'i8', 'u1', 'i64', 'u63', 'u64', 'i65', 'i1', 'u0', 'x8', 'i5', 'u32');
const place = text('0', '1', '#0', '#1', '7', '13', '#3', '-1', 'x', '100');
/**
 * Times as a distance from now, so that both servers agree whatever their clocks say: at once, or not while this runs,
 * even where seconds are milliseconds.
 */
const seconds = text('100000', '5000', '0', '-1', 'x', '9223372036854775807', '9223372036854775');
/** Such that are compared with others: one clock goes on in between, so none is drawn twice. */
const apart = fc.noBias(fc.integer({ min: 10_000, max: 4_000_000 })).map(String);
const past = text('1', '1000');
const future = text('33000000000', '34000000000', '9223372036854775');
const futureMs = text('33000000000000', '34000000000000', '9223372036854775000');

type Word = fc.Arbitrary<string>;
const is = (word: string): Word => fc.constant(word);
const words = (...parts: Word[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const maybe = (...parts: Word[]) => fc.option(words(...parts), { nil: [] as string[] });
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number) =>
  fc.array(part, { minLength: 0, maxLength: max }).map((all) => all.flat());

const setOption = fc.oneof(
  words(text('NX', 'xx', 'GET', 'KEEPTTL', 'bad')),
  words(text('EX', 'px'), text('100000', '5000000', '0', '-1', 'x', '9223372036854775807')),
  words(is('EXAT'), fc.oneof(future, past)),
  words(is('pxat'), futureMs),
);
const unit = text('BYTE', 'bit', 'bad');
const change = fc.oneof(
  words(is('GET'), field, place),
  words(text('SET', 'incrby'), field, place, integer),
  words(is('OVERFLOW'), text('WRAP', 'sat', 'FAIL', 'bad')),
);

const usual: fc.Arbitrary<string[]> = fc.oneof(
  joined(words(is('SET'), key, value), some(setOption, 2)),
  words(is('SET'), key, value),
  words(text('GET', 'STRLEN', 'GETDEL', 'INCR', 'DECR', 'TYPE', 'TTL', 'PTTL', 'PERSIST'), key),
  words(text('EXPIRETIME', 'PEXPIRETIME', 'GETEX'), key),
  words(text('SETNX', 'GETSET', 'APPEND'), key, value),
  words(text('SETEX', 'PSETEX'), key, text('100000', '0', '-5', 'x', '5000000'), value),
  joined(words(is('GETEX'), key), some(fc.oneof(setOption, words(is('PERSIST'))), 2)),
  words(text('INCRBY', 'DECRBY'), key, fc.oneof(integer, value)),
  words(is('INCRBYFLOAT'), key, fc.oneof(float, value)),
  words(text('GETRANGE', 'SUBSTR'), key, integer, integer),
  words(is('SETRANGE'), key, text('0', '1', '5', '60', '-1', '536870912', 'x'), value),
  joined(words(is('MGET')), some(words(key), 3)),
  joined(words(text('MSET', 'MSETNX')), some(words(key, value), 3), maybe(key)),
  joined(
    words(is('LCS'), key, key),
    some(fc.oneof(words(text('IDX', 'LEN', 'WITHMATCHLEN', 'bad')), words(is('MINMATCHLEN'), integer)), 3),
  ),
  words(is('SETBIT'), key, small, text('0', '1', '2', 'x')),
  words(is('GETBIT'), key, small),
  joined(words(is('BITCOUNT'), key), maybe(integer, integer), maybe(unit)),
  joined(words(is('BITPOS'), key, text('0', '1', '2', 'x')), maybe(integer), maybe(integer), maybe(unit)),
  joined(words(is('BITOP'), text('AND', 'or', 'XOR', 'NOT', 'bad'), key), some(words(key), 3)),
  joined(words(text('BITFIELD', 'BITFIELD_RO'), key), some(change, 3)),
  joined(words(text('DEL', 'UNLINK', 'EXISTS', 'TOUCH')), some(words(key), 3)),
  words(text('RENAME', 'RENAMENX'), key, key),
  joined(
    words(is('COPY'), key, key),
    some(fc.oneof(words(text('REPLACE', 'bad')), words(is('DB'), text('0', '1', '16', '-1', 'x'))), 2),
  ),
  words(is('MOVE'), key, text('0', '1', '2', '16', '-1', 'x', '99999999999')),
  joined(words(text('EXPIRE'), key, seconds), some(words(text('NX', 'XX', 'bad')), 2)),
  joined(words(text('PEXPIRE'), key, text('5000000', '0', 'x')), some(words(text('NX', 'XX')), 2)),
  joined(words(is('EXPIRE'), key, apart), some(words(text('NX', 'XX', 'GT', 'lt', 'bad')), 2)),
  joined(
    words(
      is('PEXPIRE'),
      key,
      apart.map((text) => `${text}000`),
    ),
    some(words(text('NX', 'XX', 'GT', 'lt')), 2),
  ),
  joined(words(is('EXPIREAT'), key, fc.oneof(future, past)), some(words(text('NX', 'XX', 'GT', 'lt')), 2)),
  joined(words(is('PEXPIREAT'), key, fc.oneof(futureMs, past)), some(words(text('NX', 'XX', 'GT')), 1)),
  words(is('OBJECT'), text('ENCODING', 'FREQ', 'bad'), key),
  joined(
    words(is('SCAN'), text('0', 'x', '', '+0', ' 0', '18446744073709551616')),
    maybe(text('COUNT', 'bad'), text('100', '5', '0', '-1', 'x')),
  ),
  joined(words(is('KEYS'), text('*', 'k*', '[ab]', '?', 'k\\{a}', '[^a]'))),
  words(is('DBSIZE')),
  words(text('GET', 'HELLOO', 'nosuch', 'OBJECT', 'object|freq')),
);

const flush = joined(words(text('FLUSHDB', 'FLUSHALL')), maybe(text('ASYNC', 'bad')));

/** A command as words; latin1. Keys exist more often than not. */
export const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 70, arbitrary: usual },
  { weight: 20, arbitrary: words(text('SET', 'SETNX', 'GETSET'), key, value) },
  { weight: 1, arbitrary: flush },
);
