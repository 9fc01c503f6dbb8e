// Random commands of every type on the same few keys, as the tests of the store make them, with more around: odd
// arguments put into any place, connections' commands, blocking ones that find something or give up at once. Must never
// make a command whose outcome Redis leaves to chance or to the clock: a difference would mean nothing.
import fc from 'fast-check';
import { command as stringCommand } from '../store/commands.js';
import { geoCommand } from '../store/geo-commands.js';
import { hashCommand } from '../store/hash-commands.js';
import { HLL_KEYS, hllCommand } from '../store/hyperloglog-commands.js';
import { LIST_KEYS, listCommand } from '../store/list-commands.js';
import { setCommand } from '../store/set-commands.js';
import { sortCommand } from '../store/sort-commands.js';
import { streamCommand } from '../store/stream-commands.js';
import { sortedSetCommand, ZSET_KEYS } from '../store/zset-commands.js';

type Words = fc.Arbitrary<string[]>;
const text = (...words: string[]) => fc.constantFrom(...words);
const words = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts) as Words;
const is = (word: string) => fc.constant(word);
const joined = (...parts: Words[]) => fc.tuple(...parts).map((all) => all.flat());
const some = (part: Words, max: number, min = 0) =>
  fc.array(part, { minLength: min, maxLength: max }).map((all) => all.flat());

/** Every key that commands name, of all types. */
export const KEYS = [
  ...['a', 'b', 'k{a}', 'c', 'h1', 'h2', 'h3', 'l1', 'l2', 'l3', 's1', 's2', 'z1', 'z2', 'plain', 'flat'],
  ...['g1', 'g2', 'l', 's', 'z', 'other', 'none', 'big', 'w_1', 'w_2', 'w_3', 'o_1', 'o_2'],
];
const key = fc.constantFrom(...KEYS);
const list = fc.constantFrom(...LIST_KEYS);
const zset = fc.constantFrom(...ZSET_KEYS);

/** Never 0, which waits for ever; long enough for nobody. */
const timeout = text('0.01', '0.001', '.02', '0.01', '-1', '-0.5', 'x', '', 'nan', '1e400', '0.01s');
const end = text('LEFT', 'RIGHT', 'left', 'x');
const counted = fc
  .array(fc.oneof(list, zset), { minLength: 1, maxLength: 3 })
  .map((keys) => [String(keys.length), ...keys]);
const blocking: Words = fc.oneof(
  joined(words(text('BLPOP', 'BRPOP')), some(words(list), 3, 1), words(timeout)),
  joined(words(text('BZPOPMIN', 'BZPOPMAX')), some(words(zset), 3, 1), words(timeout)),
  words(is('BLMOVE'), list, list, end, end, timeout),
  words(is('BRPOPLPUSH'), list, list, timeout),
  joined(words(is('BLMPOP'), timeout), counted, words(end), some(words(is('COUNT'), text('2', '0', 'x')), 1)),
  joined(
    words(is('BZMPOP'), timeout),
    counted,
    words(text('MIN', 'max', 'x')),
    some(words(is('COUNT'), text('2', '0')), 1),
  ),
);

const connection: Words = fc.oneof(
  { weight: 4, arbitrary: words(is('SELECT'), text('0', '0', '0', '1', '2', '16', '-1', 'x', '01', '')) },
  joined(words(is('PING')), some(words(text('hello', '\xff\x00', '')), 2)),
  joined(words(is('ECHO')), some(words(text('hello', '\r\n', '')), 2)),
  joined(words(is('HELLO')), some(words(text('2', '3', '4', 'x', 'SETNAME', 'AUTH')), 2)),
  words(is('CLIENT'), text('GETNAME', 'SETNAME', 'NOSUCH', 'REPLY', 'CACHING')),
  words(is('CLIENT'), is('SETNAME'), text('me', 'a b', '', '\xff')),
  words(is('CLIENT'), text('UNBLOCK', 'KILL', 'NO-EVICT'), text('999999', 'x', '-1')),
  words(is('PUBLISH'), text('here', ''), text('news', '\xff')),
  words(text('SUBSCRIBE', 'PUBLISH', 'AUTH', 'RESET', 'UNWATCH', 'EXEC', 'DISCARD', 'MULTI')),
  joined(words(text('AUTH', 'EXEC', 'MULTI', 'DISCARD', 'RESET')), some(words(text('x', 'default')), 2, 1)),
  joined(words(is('PUBSUB')), some(words(text('NUMSUB', 'NUMPAT', 'CHANNELS', 'x')), 2)),
  joined(words(is('WATCH')), some(words(key), 3)),
  words(is('ACL'), text('WHOAMI', 'USERS', 'x')),
  words(is('SCRIPT'), text('FLUSH', 'EXISTS')),
  words(is('MEMORY'), is('USAGE'), is('absent')),
  words(text('GETT', 'objectt', '', '\xff\xfe', 'a\r\nb', 'n'.repeat(200))),
  joined(
    words(text('nosuch', 'n'.repeat(130))),
    some(words(text('x', '\r\n', '\x00', 'y'.repeat(150))), 4, 1),
  ),
);

const long = text('L'.repeat(70_000), '\xff\x00'.repeat(40_000));
const others: Words = fc.oneof(
  { weight: 2, arbitrary: words(text('SET', 'APPEND', 'GETSET', 'SETNX'), is('big'), long) },
  words(text('GETRANGE', 'SUBSTR'), is('big'), text('69990', '-5', '0'), text('70005', '-1', '3')),
  words(is('SETRANGE'), is('big'), text('69999', '100000'), text('tail', '')),
  { weight: 2, arbitrary: joined(words(text('RENAME', 'COPY', 'RENAMENX')), words(key, key)) },
  {
    weight: 2,
    arbitrary: joined(words(text('DEL', 'UNLINK', 'EXISTS', 'TOUCH', 'MGET')), some(words(key), 8)),
  },
  { weight: 2, arbitrary: words(text('TYPE', 'TTL', 'PERSIST', 'EXPIRETIME', 'DUMP'), key) },
  { weight: 2, arbitrary: words(is('OBJECT'), is('ENCODING'), key) },
  words(text('EXPIRE', 'EXPIREAT'), key, text('34000000000', '-1', '900')),
  words(is('MOVE'), key, text('0', '1', '2')),
  joined(words(is('COPY'), key, key, is('DB'), text('0', '1', '2')), some(words(is('REPLACE')), 1)),
  joined(words(is('RESTORE'), key, text('0', '-1', 'x')), words(text('', 'x', '\x00\x01'.repeat(8)))),
  words(text('RANDOMKEY', 'DBSIZE')),
  words(is('KEYS'), text('*', '', '*[', '\\', 'k\\{a}', '[^a]*', '*1', '?', '[a-c]', 'no*such')),
  joined(
    words(is('SCAN'), is('0'), is('COUNT'), is('1000')),
    some(
      fc.oneof(
        words(is('MATCH'), text('*', '*1', '[a-c]')),
        words(is('TYPE'), text('string', 'HASH', 'list', 'zset', 'x', '')),
        words(text('bad', 'TYPE')),
      ),
      2,
    ),
  ),
  words(is('SET'), text('w_1', 'w_2', 'w_3', 'o_1', 'o_2'), text('3', '2', '1', '-1', 'x')),
  joined(
    words(text('SORT', 'SORT_RO'), text('l', 's', 'z'), is('BY'), text('w_*', 'none_*', 'h*->a', 'w_*')),
    some(words(is('GET'), text('#', 'o_*', 'w_*', 'h*->a', '*')), 3),
    some(words(text('DESC', 'ASC')), 1),
    some(words(is('STORE'), key), 1),
  ),
);

/** Commands that are left as they were made: another argument could leave their outcome to chance, or never end. */
const UNTOUCHED =
  /^(spop|srandmember|hrandfield|zrandmember|scan|lcs|hello|client|multi|exec|b.*(pop|move|push))$/i;
const odd = text(
  ...['', 'x', '-1', '0', '1.5', ' 1', '\xff\x00', '9223372036854775807', '9223372036854775808', '-0', '1e3'],
  ...['q'.repeat(5000), '\xc3\xa4\xe2\x82\xac', '*', 'LIMIT', 'COUNT', 'GET', 'STORE', 'a', 'other'],
);
const change = fc.oneof(
  fc.record({ how: text('drop', 'case', 'again'), at: fc.nat(), word: is('') }),
  fc.record({ how: text('add', 'put', 'put'), at: fc.nat(), word: odd }),
);

function changed(from: string[], { how, at, word }: { how: string; at: number; word: string }): string[] {
  if (UNTOUCHED.test(from[0]!)) return from;
  // What a range by name finds among several scores is anything.
  if (/^zadd$/i.test(from[0]!) && from[1] === 'flat') return from;
  // Runs that do not add up: Redis keeps what PFADD changed before it noticed.
  if (/^setrange$/i.test(from[0]!) && HLL_KEYS.includes(from[1]!)) return from;
  if (how === 'drop') return from.slice(0, -1).length === 0 ? from : from.slice(0, -1);
  if (how === 'add') return [...from, word];
  if (how === 'case') return [from[0]!.toLowerCase(), ...from.slice(1)];
  // An option, most often, that comes a second time.
  if (how === 'again') return [...from, ...from.slice(1 + (at % from.length)).slice(0, 2)];
  const place = 1 + (at % Math.max(1, from.length - 1));
  return from.map((each, i) => (i === place ? word : each));
}

/** Times of these would be over while the test runs, or nearly. */
const MILLISECONDS = /^(pexpire|psetex|restore)$/i;
const SECONDS = /^(expire|setex)$/i;

/**
 * The same command with nothing in it that a clock would decide: times from now are far off. What is left to chance, or
 * stands in docs/compatibility.md, becomes a PING.
 */
function tame(all: string[]): string[] {
  const [name = ''] = all;
  const far = (least: RegExp, zeros: string) =>
    all.map((word, i) => (i > 1 && least.test(word) ? word + zeros : word));
  // Which of two is the later one, when both are so many seconds from now?
  if (/^p?expire$/i.test(name) && all.some((word) => /^[gl]t$/i.test(word))) return ['PING'];
  if (MILLISECONDS.test(name)) return far(/^\+?0*[1-9]\d{0,4}$/, '00000');
  if (SECONDS.test(name)) return far(/^\+?0*[1-9]\d{0,1}$/, '000');
  // Redis counts a key that was set with a time in the past until it comes across it.
  const past = all.some((word, i) => /^exat$/i.test(word) && /^\d{1,9}$/.test(all[i + 1] ?? ''));
  if (/^set$/i.test(name) && past) return ['SET', all[1]!, 'set'];
  if (/^(set|getex)$/i.test(name)) return far(/^\+?0*[1-9]\d{0,4}$/, '00000');
  // Redis names the key of each STORE there, also of those that a later one outdoes.
  if (/^command$/i.test(name) && /^georadius/i.test(all[2] ?? '')) return ['PING'];
  // An ID of the clock; and a wait, for ever or for a time.
  if (/^xadd$/i.test(name) && all.includes('*')) return ['PING'];
  if (/^xread/i.test(name) && all.some((word, i) => /^block$/i.test(word) && /^\d+$/.test(all[i + 1] ?? '')))
    return ['PING'];
  if (all.length === 2 && /^spop$/i.test(name)) return ['PING'];
  // Distances as STOREDIST leaves them have other last digits.
  if (/^geo/i.test(name) && all.some((word) => /^storedist$/i.test(word))) return ['PING'];
  // ALPHA leaves the order of equals to the sort, with BY; and without it, of what is equal up to the first zero byte.
  const alpha = /^sort/i.test(name) && all.some((word) => /^alpha$/i.test(word));
  if (alpha && all.some((word) => /^(by|store|limit)$/i.test(word))) return ['PING'];
  return all;
}

const usual: Words = fc.oneof(
  { weight: 5, arbitrary: stringCommand },
  { weight: 4, arbitrary: hashCommand },
  { weight: 4, arbitrary: listCommand },
  { weight: 4, arbitrary: setCommand },
  { weight: 4, arbitrary: sortedSetCommand },
  { weight: 2, arbitrary: geoCommand },
  { weight: 2, arbitrary: sortCommand },
  { weight: 5, arbitrary: streamCommand },
  { weight: 2, arbitrary: hllCommand },
  { weight: 3, arbitrary: others },
);

/** A command as words; latin1. */
export const command: Words = fc
  .oneof(
    { weight: 24, arbitrary: usual },
    { weight: 3, arbitrary: fc.tuple(usual, change).map(([from, how]) => changed(from, how)) },
    { weight: 2, arbitrary: blocking },
    { weight: 2, arbitrary: connection },
    { weight: 1, arbitrary: fc.oneof(usual, blocking).map((words) => ['COMMAND', 'GETKEYS', ...words]) },
  )
  .map(tame);
