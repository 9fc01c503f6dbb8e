// Rows of the command table: commands that wait until a list or a sorted set has something to pop.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { arg, counted, countedKeys, row, spec, word } from './make.js';

const KEYS = arg('key', 'key', { spec: 0, flags: ['multiple'] });
const TIMEOUT = arg('timeout', 'double');
const DOUBLE: CommandRow['history'] = [
  ['6.0.0', '`timeout` is interpreted as a double instead of an integer.'],
];
const ENDS = (name: string) => arg(name, 'oneof', { of: [word('LEFT'), word('RIGHT')] });

const pop = (name: string, summary: string): CommandRow =>
  row({
    name,
    arity: -3,
    flags: ['write', 'noscript', 'blocking'],
    keys: { first: 1, last: -2, step: 1 },
    specs: [spec(1, -2, 1, 'RW access delete')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@list', '@slow', '@blocking'],
    summary,
    since: '2.0.0',
    group: 'list',
    complexity: 'O(N) where N is the number of provided keys.',
    history: DOUBLE,
    arguments: [KEYS, TIMEOUT],
  });

const zpop = (name: string, summary: string): CommandRow =>
  row({
    name,
    arity: -3,
    flags: ['write', 'noscript', 'blocking', 'fast'],
    keys: { first: 1, last: -2, step: 1 },
    specs: [spec(1, -2, 1, 'RW access delete')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@sortedset', '@fast', '@blocking'],
    summary,
    since: '5.0.0',
    group: 'sorted-set',
    complexity: 'O(log(N)) with N being the number of elements in the sorted set.',
    history: DOUBLE,
    arguments: [KEYS, TIMEOUT],
  });

export const BLOCKING_ROWS: readonly CommandRow[] = [
  pop('blpop', 'Remove and get the first element in a list, or block until one is available'),
  pop('brpop', 'Remove and get the last element in a list, or block until one is available'),
  row({
    name: 'blmove',
    arity: 6,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    keys: { first: 1, last: 2, step: 1 },
    specs: [spec(1, 0, 1, 'RW access delete'), spec(2, 0, 1, 'RW insert')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@list', '@slow', '@blocking'],
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    since: '6.2.0',
    group: 'list',
    complexity: 'O(1)',
    arguments: [
      arg('source', 'key', { spec: 0 }),
      arg('destination', 'key', { spec: 1 }),
      ENDS('wherefrom'),
      ENDS('whereto'),
      TIMEOUT,
    ],
  }),
  row({
    name: 'brpoplpush',
    arity: 4,
    flags: ['write', 'denyoom', 'noscript', 'blocking'],
    keys: { first: 1, last: 2, step: 1 },
    specs: [spec(1, 0, 1, 'RW access delete'), spec(2, 0, 1, 'RW insert')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@list', '@slow', '@blocking'],
    summary:
      'Pop an element from a list, push it to another list and return it; or block until one is available',
    since: '2.2.0',
    group: 'list',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments',
    history: DOUBLE,
    arguments: [arg('source', 'key', { spec: 0 }), arg('destination', 'key', { spec: 1 }), TIMEOUT],
  }),
  row({
    name: 'blmpop',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    specs: [counted(2, 'RW access delete')],
    findKeys: countedKeys(2),
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@list', '@slow', '@blocking'],
    summary: 'Pop elements from a list, or block until one is available',
    since: '7.0.0',
    group: 'list',
    complexity: 'O(N+M) where N is the number of provided keys and M is the number of elements returned.',
    arguments: [
      TIMEOUT,
      arg('numkeys', 'integer'),
      KEYS,
      ENDS('where'),
      arg('count', 'integer', { token: 'COUNT', flags: ['optional'] }),
    ],
  }),
  zpop(
    'bzpopmin',
    'Remove and return the member with the lowest score from one or more sorted sets, or block until one is available',
  ),
  zpop(
    'bzpopmax',
    'Remove and return the member with the highest score from one or more sorted sets, or block until one is available',
  ),
  row({
    name: 'bzmpop',
    arity: -5,
    flags: ['write', 'blocking', 'movablekeys'],
    specs: [counted(2, 'RW access delete')],
    findKeys: countedKeys(2),
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@sortedset', '@slow', '@blocking'],
    summary: 'Remove and return members with scores in a sorted set or block until one is available',
    since: '7.0.0',
    group: 'sorted-set',
    complexity:
      'O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.',
    arguments: [
      TIMEOUT,
      arg('numkeys', 'integer'),
      KEYS,
      arg('where', 'oneof', { of: [word('MIN'), word('MAX')] }),
      arg('count', 'integer', { token: 'COUNT', flags: ['optional'] }),
    ],
  }),
];
