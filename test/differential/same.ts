// Whether two replies say the same. Byte by byte, but for what docs/compatibility.md lists or Redis itself leaves open:
// the order of what has no order, what is drawn by chance, and how much time has passed between the two.
import { ReplySplitter } from '../../src/resp/index.js';
import { normalHash } from '../store/hash-commands.js';
import { normalSet } from '../store/set-commands.js';
import { normalSort } from '../store/sort-commands.js';
import { normalStream } from '../store/stream-commands.js';
import { normalSortedSet } from '../store/zset-commands.js';

/** How far the two clocks may be apart when they are asked, ms: a failover lies between them at most. */
const SKEW_MS = 15_000;
/** Expiries beyond 2^53 - 1 ms are kept as that: a little less than it, and than the longest time to it, ms. */
const FAR = 2 ** 53 - 1e13;
const TIMES = ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME'];
/** ENCODING goes by the value alone; Redis remembers how a value came about, and what it once was. */
const ENCODINGS = [
  ['int', 'embstr', 'raw'],
  ['listpack', 'hashtable'],
  ['intset', 'hashtable'],
  ['listpack', 'skiplist'],
];

/** What only C takes for a number from 1 on. */
const LOOSE = /^\s*\+?0*[1-9]/;

/** The elements of an array reply, each in its own bytes; null: it is none. */
export function elements(reply: string): string[] | null {
  if (!/^[*~>%]\d/.test(reply)) return null;
  const splitter = new ReplySplitter();
  splitter.feed(Buffer.from(reply.slice(reply.indexOf('\r\n') + 2), 'latin1'));
  const found: string[] = [];
  while (splitter.next()) found.push(splitter.buffer.latin1Slice(splitter.start, splitter.end));
  return found;
}

function normal(words: readonly string[], reply: string): string {
  const [name] = words as [string];
  const all = elements(reply);
  // The order of keys is another; the cursor is a place in it.
  if (name === 'KEYS' && all !== null) return all.sort().join('');
  if (name === 'SCAN' && all !== null)
    return words[1] === '0' && words.includes('1000') ? [...elements(all[1]!)!].sort().join('') : 'a step';
  // To Redis texts end at a zero byte: what is equal up to there is in any order.
  if (name.startsWith('SORT') && all !== null && words.some((word) => /^alpha$/i.test(word)))
    if (reply.includes('\0')) return all.sort().join('');
  if (name === 'RANDOMKEY' && reply[0] === '$' && reply !== '$-1\r\n') return 'a key';
  // Written plainly; that it means the same is seen where each restores the other's.
  if (name === 'DUMP' && reply[0] === '$' && reply !== '$-1\r\n') return 'a payload';
  if (name === 'HELLO' && all !== null) return reply.replace(/(\$2\r\nid\r\n):\d+/, '$1:1');
  let text = reply;
  for (const each of [normalHash, normalSet, normalSortedSet, normalSort, normalStream])
    text = each(words, text);
  return text;
}

const encodingOf = (reply: string) => /^\$\d+\r\n(\w+)\r\n$/.exec(reply)?.[1] ?? '';

/** Whether both answered this command alike; words and replies are latin1. */
export function same(command: readonly string[], mine: string, theirs: string): boolean {
  if (mine === theirs) return true;
  const words = [command[0]!.toUpperCase(), ...command.slice(1)];
  const [name, verb] = words as [string, string?];
  if (TIMES.includes(name) && mine[0] === ':' && theirs[0] === ':') {
    const [a, b] = [Number(mine.slice(1)), Number(theirs.slice(1))];
    const far = name.startsWith('P') ? FAR : FAR / 1000;
    if (b > far) return a > far;
    return a > 0 && b > 0 && Math.abs(a - b) <= (name.startsWith('P') ? SKEW_MS : SKEW_MS / 1000);
  }
  if (name === 'OBJECT' && verb?.toUpperCase() === 'ENCODING') {
    const [a, b] = [encodingOf(mine), encodingOf(theirs)];
    return ENCODINGS.some((alike) => alike.includes(a) && alike.includes(b));
  }
  // Redis reads a number of keys as C does here, though not where it executes the command.
  if (
    name === 'COMMAND' &&
    mine.startsWith('-ERR Invalid arguments') &&
    words.some((word) => LOOSE.test(word))
  )
    return theirs[0] === '*';
  return normal(words, mine) === normal(words, theirs);
}

/**
 * Whether the two differ as docs/compatibility.md says that they may; what they hold may then differ too.
 * SORT: to Redis no number is one any more when an earlier command of anybody read one out of range.
 */
export function listed([name]: readonly string[], mine: string, theirs: string): boolean {
  return /^sort/i.test(name!) && /^[*:]/.test(mine) && theirs.startsWith('-ERR One or more scores');
}
