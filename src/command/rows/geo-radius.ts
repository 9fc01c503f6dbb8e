// Rows of the command table: GEORADIUS and its kin, which GEOSEARCH replaces.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { Request } from '../../resp/index.js';
import type { CommandRow } from '../row.js';
import { arg, KEY, keyword, row, spec, word } from './make.js';

/** The key that is searched, and the one behind the last STORE or STOREDIST. */
function radiusKeys(request: Request): number[] {
  let store = 0;
  for (let i = 5; i + 1 < request.argc; i++)
    if (request.is(i, 'store') || request.is(i, 'storedist')) store = ++i;
  return store === 0 ? [1] : [1, store];
}

export const GEO_RADIUS_ROWS: readonly CommandRow[] = [
  row({
    name: 'georadius',
    arity: -6,
    flags: ['write', 'denyoom', 'movablekeys'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [
      spec(1, 0, 1, 'RO access'),
      keyword('STORE', 6, 'OW update'),
      keyword('STOREDIST', 6, 'OW update'),
    ],
    findKeys: radiusKeys,
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@geo', '@slow'],
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point',
    since: '3.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
    history: [
      ['6.2.0', 'Added the `ANY` option for `COUNT`.'],
      ['7.0.0', 'Added support for uppercase unit names.'],
    ],
    arguments: [
      KEY,
      arg('longitude', 'double'),
      arg('latitude', 'double'),
      arg('radius', 'double'),
      arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
      word('WITHCOORD', { flags: ['optional'] }),
      word('WITHDIST', { flags: ['optional'] }),
      word('WITHHASH', { flags: ['optional'] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [
          arg('count', 'integer', { token: 'COUNT' }),
          word('ANY', { since: '6.2.0', flags: ['optional'] }),
        ],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('key', 'key', { spec: 1, token: 'STORE', flags: ['optional'] }),
      arg('key', 'key', { spec: 2, token: 'STOREDIST', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'georadius_ro',
    arity: -6,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary: 'A read-only variant for GEORADIUS',
    since: '3.2.10',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument',
    history: [['6.2.0', 'Added the `ANY` option for `COUNT`.']],
    arguments: [
      KEY,
      arg('longitude', 'double'),
      arg('latitude', 'double'),
      arg('radius', 'double'),
      arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
      word('WITHCOORD', { flags: ['optional'] }),
      word('WITHDIST', { flags: ['optional'] }),
      word('WITHHASH', { flags: ['optional'] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [
          arg('count', 'integer', { token: 'COUNT' }),
          word('ANY', { since: '6.2.0', flags: ['optional'] }),
        ],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
    ],
  }),
  row({
    name: 'georadiusbymember',
    arity: -5,
    flags: ['write', 'denyoom', 'movablekeys'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [
      spec(1, 0, 1, 'RO access'),
      keyword('STORE', 5, 'OW update'),
      keyword('STOREDIST', 5, 'OW update'),
    ],
    findKeys: radiusKeys,
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@geo', '@slow'],
    summary:
      'Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member',
    since: '3.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
    arguments: [
      KEY,
      arg('member', 'string'),
      arg('radius', 'double'),
      arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
      word('WITHCOORD', { flags: ['optional'] }),
      word('WITHDIST', { flags: ['optional'] }),
      word('WITHHASH', { flags: ['optional'] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [arg('count', 'integer', { token: 'COUNT' }), word('ANY', { flags: ['optional'] })],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('key', 'key', { spec: 1, token: 'STORE', flags: ['optional'] }),
      arg('key', 'key', { spec: 2, token: 'STOREDIST', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'georadiusbymember_ro',
    arity: -5,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary: 'A read-only variant for GEORADIUSBYMEMBER',
    since: '3.2.10',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
    arguments: [
      KEY,
      arg('member', 'string'),
      arg('radius', 'double'),
      arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
      word('WITHCOORD', { flags: ['optional'] }),
      word('WITHDIST', { flags: ['optional'] }),
      word('WITHHASH', { flags: ['optional'] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [arg('count', 'integer', { token: 'COUNT' }), word('ANY', { flags: ['optional'] })],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
    ],
  }),
];
