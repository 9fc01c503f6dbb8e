// Random GEO commands: points near each other and at the edges of the grid, all forms of searches, odd arguments.
import fc from 'fast-check';

export const GEO_KEYS = ['g1', 'g2', 'other'];

const text = (...words: string[]) => fc.constantFrom(...words);
const key = text('g1', 'g1', 'g1', 'g2', 'other');
const source = text('g1', 'g1', 'g1', 'g2', 'none');
const member = text('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '', '\xff\x00', 'far');
const near = (from: number, to: number) => fc.double({ min: from, max: to, noNaN: true });
const lon = fc
  .oneof(near(13.3, 15.1), near(13.3, 15.1), near(-180, 180), near(179, 180), text('-180', '180', '0'))
  .map(String);
const lat = fc
  .oneof(near(37.5, 38.2), near(37.5, 38.2), near(-85, 85), near(84, 85.05), text('0', '-85.05112878'))
  .map(String);
const odd = text(
  ...['nan', 'x', '', '181', '-180.5', '86', '-90', '1e400', 'inf', '0x10', ' 1', '-0', '-1e-9'],
  // Half way between two numbers of six digits: that is rounded to the even one.
  ...['200.0078125', '-200.0234375', '1000.0546875'],
);
const seldom = (usual: fc.Arbitrary<string>, odder: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: odder });
const someLon = seldom(lon, odd);
const someLat = seldom(lat, odd);
const size = seldom(
  fc.oneof(
    text('0', '1', '5', '50', '100', '200', '500', '1000', '5000', '20000', '0.001'),
    near(0, 3000).map(String),
  ),
  text('-1', 'x', '', 'inf', '1e308'),
);
const unit = seldom(text('m', 'km', 'km', 'km', 'ft', 'mi', 'KM', 'Mi'), text('x', '', 'kms'));
const count = seldom(
  text('1', '2', '3', '100'),
  text('0', '-1', 'x', '9223372036854775807', '9223372036854775808'),
);

const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as fc.Arbitrary<string[]>;
const is = (word: string) => fc.constant(word);
const joined = (...parts: fc.Arbitrary<string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: fc.Arbitrary<string[]>, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());
const orNot = (usual: fc.Arbitrary<string[]>, odder: fc.Arbitrary<string[]>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odder });

const shown = words(text('WITHDIST', 'WITHHASH', 'WITHCOORD', 'withcoord'));
const limits = fc.oneof(
  words(text('ASC', 'DESC', 'asc')),
  words(is('COUNT'), count),
  words(is('COUNT'), count, is('ANY')),
  words(text('ANY', 'bad', 'COUNT', 'STORE', 'STOREDIST')),
);
const extra = orNot(
  joined(some(shown, 2), some(limits, 2)),
  some(fc.oneof(shown, limits, words(is('STORE'), key)), 4),
);
const stored = orNot(
  joined(
    words(text('STORE', 'STOREDIST', 'store'), key),
    some(words(text('ASC', 'DESC')), 1),
    some(words(is('COUNT'), count), 1),
  ),
  joined(words(is('STORE'), key), some(shown, 1), words(is('STOREDIST'), key)),
);
const from = orNot(
  fc.oneof(words(is('FROMMEMBER'), member), words(text('FROMLONLAT', 'fromlonlat'), someLon, someLat)),
  some(fc.oneof(words(is('FROMMEMBER'), member), words(is('FROMLONLAT'), lon, lat)), 2),
);
const by = orNot(
  fc.oneof(words(text('BYRADIUS', 'byradius'), size, unit), words(is('BYBOX'), size, size, unit)),
  some(fc.oneof(words(is('BYRADIUS'), size, unit), words(is('BYBOX'), size, size, unit)), 2),
);

/** One command. */
export const geoCommand: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 5,
    arbitrary: joined(
      words(is('GEOADD'), key),
      orNot(some(words(text('CH', 'NX', 'XX', 'ch')), 1), some(words(text('NX', 'XX', 'GT')), 2)),
      orNot(some(words(someLon, someLat, member), 6, 1), some(words(someLon, member), 3, 1)),
    ),
  },
  words(is('GEODIST'), source, member, member),
  joined(words(is('GEODIST'), source, member, member, unit), some(words(is('m')), 1)),
  joined(words(text('GEOPOS', 'GEOHASH'), source), some(words(member), 4)),
  { weight: 4, arbitrary: joined(words(is('GEOSEARCH'), source), from, by, extra) },
  {
    weight: 2,
    arbitrary: joined(
      words(is('GEOSEARCHSTORE'), key, source),
      from,
      by,
      fc.oneof(extra, some(words(is('STOREDIST')), 1), some(words(is('COUNT'), count), 1)),
    ),
  },
  joined(
    words(text('GEORADIUS', 'GEORADIUS_RO'), source, someLon, someLat, size, unit),
    fc.oneof(extra, stored),
  ),
  joined(
    words(text('GEORADIUSBYMEMBER', 'GEORADIUSBYMEMBER_RO'), source, member, size, unit),
    fc.oneof(extra, stored),
  ),
  words(is('ZREM'), key, member),
  words(is('ZADD'), key, text('0', '1', '3479099956230698', '4503599627370495', '-7', '1e300'), member),
  words(is('ZRANGE'), key, is('0'), is('-1'), is('WITHSCORES')),
);
