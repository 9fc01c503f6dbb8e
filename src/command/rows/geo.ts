// Rows of the command table: points on the earth, but for GEORADIUS and its kin.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { arg, KEY, row, spec, word } from './make.js';

export const GEO_ROWS: readonly CommandRow[] = [
  row({
    name: 'geoadd',
    arity: -5,
    flags: ['write', 'denyoom'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW update')],
    where: 'keys',
    categories: ['@write', '@geo', '@slow'],
    summary: 'Add one or more geospatial items in the geospatial index represented using a sorted set',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    history: [['6.2.0', 'Added the `CH`, `NX` and `XX` options.']],
    arguments: [
      KEY,
      arg('condition', 'oneof', { since: '6.2.0', flags: ['optional'], of: [word('NX'), word('XX')] }),
      arg('change', 'pure-token', { token: 'CH', since: '6.2.0', flags: ['optional'] }),
      arg('longitude_latitude_member', 'block', {
        flags: ['multiple'],
        of: [arg('longitude', 'double'), arg('latitude', 'double'), arg('member', 'string')],
      }),
    ],
  }),
  row({
    name: 'geodist',
    arity: -4,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary: 'Returns the distance between two members of a geospatial index',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N))',
    arguments: [
      KEY,
      arg('member1', 'string'),
      arg('member2', 'string'),
      arg('unit', 'oneof', { flags: ['optional'], of: [word('M'), word('KM'), word('FT'), word('MI')] }),
    ],
  }),
  row({
    name: 'geohash',
    arity: -2,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary: 'Returns members of a geospatial index as standard geohash strings',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(log(N)) for each member requested, where N is the number of elements in the sorted set.',
    arguments: [KEY, arg('member', 'string', { flags: ['multiple'] })],
  }),
  row({
    name: 'geopos',
    arity: -2,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary: 'Returns longitude and latitude of members of a geospatial index',
    since: '3.2.0',
    group: 'geo',
    complexity: 'O(N) where N is the number of members requested.',
    arguments: [KEY, arg('member', 'string', { flags: ['multiple'] })],
  }),
  row({
    name: 'geosearch',
    arity: -7,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@geo', '@slow'],
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.',
    since: '6.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
    arguments: [
      KEY,
      arg('from', 'oneof', {
        of: [
          arg('member', 'string', { token: 'FROMMEMBER' }),
          arg('longitude_latitude', 'block', {
            token: 'FROMLONLAT',
            of: [arg('longitude', 'double'), arg('latitude', 'double')],
          }),
        ],
      }),
      arg('by', 'oneof', {
        of: [
          arg('circle', 'block', {
            of: [
              arg('radius', 'double', { token: 'BYRADIUS' }),
              arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
            ],
          }),
          arg('box', 'block', {
            of: [
              arg('width', 'double', { token: 'BYBOX' }),
              arg('height', 'double'),
              arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
            ],
          }),
        ],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [arg('count', 'integer', { token: 'COUNT' }), word('ANY', { flags: ['optional'] })],
      }),
      word('WITHCOORD', { flags: ['optional'] }),
      word('WITHDIST', { flags: ['optional'] }),
      word('WITHHASH', { flags: ['optional'] }),
    ],
  }),
  row({
    name: 'geosearchstore',
    arity: -8,
    flags: ['write', 'denyoom'],
    keys: { first: 1, last: 2, step: 1 },
    specs: [spec(1, 0, 1, 'OW update'), spec(2, 0, 1, 'RO access')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@geo', '@slow'],
    summary:
      'Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.',
    since: '6.2.0',
    group: 'geo',
    complexity:
      'O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape',
    history: [['7.0.0', 'Added support for uppercase unit names.']],
    arguments: [
      arg('destination', 'key', { spec: 0 }),
      arg('source', 'key', { spec: 1 }),
      arg('from', 'oneof', {
        of: [
          arg('member', 'string', { token: 'FROMMEMBER' }),
          arg('longitude_latitude', 'block', {
            token: 'FROMLONLAT',
            of: [arg('longitude', 'double'), arg('latitude', 'double')],
          }),
        ],
      }),
      arg('by', 'oneof', {
        of: [
          arg('circle', 'block', {
            of: [
              arg('radius', 'double', { token: 'BYRADIUS' }),
              arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
            ],
          }),
          arg('box', 'block', {
            of: [
              arg('width', 'double', { token: 'BYBOX' }),
              arg('height', 'double'),
              arg('unit', 'oneof', { of: [word('M'), word('KM'), word('FT'), word('MI')] }),
            ],
          }),
        ],
      }),
      arg('order', 'oneof', { flags: ['optional'], of: [word('ASC'), word('DESC')] }),
      arg('count', 'block', {
        flags: ['optional'],
        of: [arg('count', 'integer', { token: 'COUNT' }), word('ANY', { flags: ['optional'] })],
      }),
      word('STOREDIST', { flags: ['optional'] }),
    ],
  }),
];
