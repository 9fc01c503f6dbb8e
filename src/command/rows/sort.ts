// Rows of the command table: SORT and SORT_RO.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { Request } from '../../resp/index.js';
import { namesKeys } from '../patterns.js';
import type { CommandRow } from '../row.js';
import { arg, KEY, row, spec, unknown, word } from './make.js';

/** What follows these words is no option, nor a key. */
const SKIPPED: readonly (readonly [string, number])[] = [
  ['limit', 2],
  ['get', 1],
  ['by', 1],
];

/** The key that is sorted, and the one behind the last STORE. */
function sortKeys(request: Request): number[] {
  let store = 0;
  for (let i = 2; i < request.argc; i++) {
    const skipped = SKIPPED.find(([word]) => request.is(i, word))?.[1];
    if (skipped !== undefined) i += skipped;
    else if (request.is(i, 'store') && i + 1 < request.argc) store = i + 1;
  }
  return store === 0 ? [1] : [1, store];
}

/** BY and GET patterns that stand for a key of each element. */
function sortPatterns(request: Request): string[] {
  const found: string[] = [];
  for (let i = 2; i + 1 < request.argc; i++) {
    const by = request.is(i, 'by');
    if (by || request.is(i, 'get')) {
      const pattern = request.text(++i);
      if (namesKeys(pattern)) found.push(pattern);
    } else if (request.is(i, 'limit')) i += 2;
    else if (request.is(i, 'store')) i++;
  }
  return found;
}

export const SORT_ROWS: readonly CommandRow[] = [
  row({
    name: 'sort',
    arity: -2,
    flags: ['write', 'denyoom', 'movablekeys'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [
      spec(1, 0, 1, 'RO access'),
      unknown(
        'RO access',
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
      unknown(
        'OW update',
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
      ),
    ],
    findKeys: sortKeys,
    keyFlags: (_request, at) => (at === 1 ? ['RO', 'access'] : ['OW', 'update']),
    patterns: sortPatterns,
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@set', '@sortedset', '@list', '@slow', '@dangerous'],
    summary: 'Sort the elements in a list, set or sorted set',
    since: '1.0.0',
    group: 'generic',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
    arguments: [
      KEY,
      arg('pattern', 'pattern', { spec: 1, token: 'BY', flags: ['optional'] }),
      arg('offset_count', 'block', {
        token: 'LIMIT',
        flags: ['optional'],
        of: [arg('offset', 'integer'), arg('count', 'integer')],
      }),
      arg('pattern', 'pattern', { spec: 1, token: 'GET', flags: ['optional', 'multiple', 'multiple_token'] }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('sorting', 'pure-token', { token: 'ALPHA', flags: ['optional'] }),
      arg('destination', 'key', { spec: 2, token: 'STORE', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'sort_ro',
    arity: -2,
    flags: ['readonly', 'movablekeys'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [
      spec(1, 0, 1, 'RO access'),
      unknown(
        'RO access',
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
    ],
    patterns: sortPatterns,
    where: 'keys',
    categories: ['@read', '@set', '@sortedset', '@list', '@slow', '@dangerous'],
    summary: 'Sort the elements in a list, set or sorted set. Read-only variant of SORT.',
    since: '7.0.0',
    group: 'generic',
    complexity:
      'O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).',
    arguments: [
      KEY,
      arg('pattern', 'pattern', { spec: 1, token: 'BY', flags: ['optional'] }),
      arg('offset_count', 'block', {
        token: 'LIMIT',
        flags: ['optional'],
        of: [arg('offset', 'integer'), arg('count', 'integer')],
      }),
      arg('pattern', 'pattern', { spec: 1, token: 'GET', flags: ['optional', 'multiple', 'multiple_token'] }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('sorting', 'pure-token', { token: 'ALPHA', flags: ['optional'] }),
    ],
  }),
];
