// Rows of the command table: strings as arrays of bits.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { arg, KEY, mentions, row, spec, word } from './make.js';

export const BITMAP_ROWS: readonly CommandRow[] = [
  row({
    name: 'setbit',
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW access update')],
    where: 'keys',
    categories: ['@write', '@bitmap', '@slow'],
    summary: 'Sets or clears the bit at offset in the string value stored at key',
    since: '2.2.0',
    group: 'bitmap',
    complexity: 'O(1)',
    arguments: [KEY, arg('offset', 'integer'), arg('value', 'integer')],
  }),
  row({
    name: 'getbit',
    arity: 3,
    flags: ['readonly', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@bitmap', '@fast'],
    summary: 'Returns the bit value at offset in the string value stored at key',
    since: '2.2.0',
    group: 'bitmap',
    complexity: 'O(1)',
    arguments: [KEY, arg('offset', 'integer')],
  }),
  row({
    name: 'bitcount',
    arity: -2,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@bitmap', '@slow'],
    summary: 'Count set bits in a string',
    since: '2.6.0',
    group: 'bitmap',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
    arguments: [
      KEY,
      arg('index', 'block', {
        flags: ['optional'],
        of: [
          arg('start', 'integer'),
          arg('end', 'integer'),
          arg('index_unit', 'oneof', {
            since: '7.0.0',
            flags: ['optional'],
            of: [word('BYTE'), word('BIT')],
          }),
        ],
      }),
    ],
  }),
  row({
    name: 'bitpos',
    arity: -3,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@bitmap', '@slow'],
    summary: 'Find first bit set or clear in a string',
    since: '2.8.7',
    group: 'bitmap',
    complexity: 'O(N)',
    history: [['7.0.0', 'Added the `BYTE|BIT` option.']],
    arguments: [
      KEY,
      arg('bit', 'integer'),
      arg('index', 'block', {
        flags: ['optional'],
        of: [
          arg('start', 'integer'),
          arg('end_index', 'block', {
            flags: ['optional'],
            of: [
              arg('end', 'integer'),
              arg('index_unit', 'oneof', {
                since: '7.0.0',
                flags: ['optional'],
                of: [word('BYTE'), word('BIT')],
              }),
            ],
          }),
        ],
      }),
    ],
  }),
  row({
    name: 'bitop',
    arity: -4,
    flags: ['write', 'denyoom'],
    keys: { first: 2, last: -1, step: 1 },
    specs: [spec(2, 0, 1, 'OW update'), spec(3, -1, 1, 'RO access')],
    where: 'keys',
    split: 'aside',
    categories: ['@write', '@bitmap', '@slow'],
    summary: 'Perform bitwise operations between strings',
    since: '2.6.0',
    group: 'bitmap',
    complexity: 'O(N)',
    arguments: [
      arg('operation', 'string'),
      arg('destkey', 'key', { spec: 0 }),
      arg('key', 'key', { spec: 1, flags: ['multiple'] }),
    ],
  }),
  row({
    name: 'bitfield',
    arity: -2,
    flags: ['write', 'denyoom'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [
      spec(
        1,
        0,
        1,
        'RW access update variable_flags',
        'This command allows both access and modification of the key',
      ),
    ],
    keyFlags: (request) =>
      mentions(request, 2, 'set', 'incrby') ? ['RW', 'access', 'update'] : ['RO', 'access'],
    where: 'keys',
    categories: ['@write', '@bitmap', '@slow'],
    summary: 'Perform arbitrary bitfield integer operations on strings',
    since: '3.2.0',
    group: 'bitmap',
    complexity: 'O(1) for each subcommand specified',
    arguments: [
      KEY,
      arg('operation', 'oneof', {
        flags: ['optional', 'multiple'],
        of: [
          arg('encoding_offset', 'block', {
            token: 'GET',
            of: [arg('encoding', 'string'), arg('offset', 'integer')],
          }),
          arg('write', 'block', {
            of: [
              arg('wrap_sat_fail', 'oneof', {
                token: 'OVERFLOW',
                flags: ['optional'],
                of: [word('WRAP'), word('SAT'), word('FAIL')],
              }),
              arg('write_operation', 'oneof', {
                of: [
                  arg('encoding_offset_value', 'block', {
                    token: 'SET',
                    of: [arg('encoding', 'string'), arg('offset', 'integer'), arg('value', 'integer')],
                  }),
                  arg('encoding_offset_increment', 'block', {
                    token: 'INCRBY',
                    of: [arg('encoding', 'string'), arg('offset', 'integer'), arg('increment', 'integer')],
                  }),
                ],
              }),
            ],
          }),
        ],
      }),
    ],
  }),
  row({
    name: 'bitfield_ro',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@bitmap', '@fast'],
    summary: 'Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD',
    since: '6.0.0',
    group: 'bitmap',
    complexity: 'O(1) for each subcommand specified',
    arguments: [
      KEY,
      arg('encoding_offset', 'block', {
        token: 'GET',
        flags: ['optional', 'multiple', 'multiple_token'],
        of: [arg('encoding', 'string'), arg('offset', 'integer')],
      }),
    ],
  }),
];
