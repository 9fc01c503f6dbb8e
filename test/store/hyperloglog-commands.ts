// Random PF commands: few and many elements, short and long, both encodings and the way from one to the other, and
// strings that only look like a HyperLogLog.
import fc from 'fast-check';

export const HLL_KEYS = ['h1', 'h2', 'h3', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('h1', 'h1', 'h2', 'h3', 'other');
const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);

/** Bytes of every length up to a few words of the hash. */
const element = fc
  .array(fc.nat(255), { maxLength: 40, size: 'max' })
  .map((bytes) => String.fromCharCode(...bytes));
const few = fc.array(fc.oneof(text('a', 'b', 'c', ''), element), { maxLength: 12 });
/** So many that a sparse one grows, and at last becomes dense. */
const many = fc
  .tuple(fc.nat(1_000_000), text('1', '50', '400', '900', '2500'))
  .map(([from, count]) => Array.from({ length: Number(count) }, (_, i) => `${from + i}`));

/** Dense bytes with any registers, those too that no element can set. */
const forged = text('\x00', '\xff', '\x55', '\x33', '\xcf').map(
  (byte) => `HYLL\x00\0\0\0\0\0\0\0\0\0\0\x80${byte.repeat(12288)}`,
);
/** Bytes of the head and one behind it, changed: magic, encoding, what was counted. */
const damage = fc.tuple(
  text('0', '3', '4', '8', '15'),
  text('\x00', '\x01', '\x02', '\x7f', '\x80', '\xff', 'H', 'L'),
);

/** One command. */
export const hllCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(key, few).map(([name, all]) => ['PFADD', name, ...all]) },
  { weight: 4, arbitrary: fc.tuple(key, many).map(([name, all]) => ['PFADD', name, ...all]) },
  { weight: 5, arbitrary: words(is('PFCOUNT'), key) },
  {
    weight: 3,
    arbitrary: fc.array(key, { minLength: 2, maxLength: 4 }).map((keys) => ['PFCOUNT', ...keys]),
  },
  {
    weight: 4,
    arbitrary: fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => ['PFMERGE', ...keys]),
  },
  { weight: 6, arbitrary: words(is('GET'), key) },
  words(is('PFDEBUG'), text('ENCODING', 'todense', 'DECODE', 'GETREG', 'none', 'no\x00ne'), key),
  words(is('PFDEBUG'), is('ENCODING'), key),
  fc.tuple(key, forged).map(([name, value]) => ['SET', name, value]),
  fc.tuple(key, damage).map(([name, [at, byte]]) => ['SETRANGE', name, at, byte]),
  words(is('PFADD'), is('h1')),
  words(text('SADD', 'LPUSH'), is('other'), is('x')),
);
