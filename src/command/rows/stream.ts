// Rows of the command table: streams, without their consumer groups.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { streamKeyIndexes } from '../stream-read.js';
import { arg, KEY, row, spec, streamKeys, word } from './make.js';

export const STREAM_ROWS: readonly CommandRow[] = [
  row({
    name: 'xadd',
    arity: -5,
    flags: ['write', 'denyoom', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW update', 'UPDATE instead of INSERT because of the optional trimming feature')],
    where: 'keys',
    categories: ['@write', '@stream', '@fast'],
    summary: 'Appends a new entry to a stream',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.',
    history: [
      ['6.2.0', 'Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option.'],
      ['7.0.0', 'Added support for the `<ms>-*` explicit ID form.'],
    ],
    tips: ['nondeterministic_output'],
    arguments: [
      KEY,
      word('NOMKSTREAM', { since: '6.2.0', flags: ['optional'] }),
      arg('trim', 'block', {
        flags: ['optional'],
        of: [
          arg('strategy', 'oneof', { of: [word('MAXLEN'), word('MINID', { since: '6.2.0' })] }),
          arg('operator', 'oneof', {
            flags: ['optional'],
            of: [
              arg('equal', 'pure-token', { token: '=' }),
              arg('approximately', 'pure-token', { token: '~' }),
            ],
          }),
          arg('threshold', 'string'),
          arg('count', 'integer', { token: 'LIMIT', since: '6.2.0', flags: ['optional'] }),
        ],
      }),
      arg('id_or_auto', 'oneof', { of: [arg('auto_id', 'pure-token', { token: '*' }), arg('id', 'string')] }),
      arg('field_value', 'block', {
        flags: ['multiple'],
        of: [arg('field', 'string'), arg('value', 'string')],
      }),
    ],
  }),
  row({
    name: 'xlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO')],
    where: 'keys',
    categories: ['@read', '@stream', '@fast'],
    summary: 'Return the number of entries in a stream',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1)',
    arguments: [KEY],
  }),
  row({
    name: 'xrange',
    arity: -4,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@stream', '@slow'],
    summary: 'Return a range of elements in a stream, with IDs matching the specified IDs interval',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    history: [['6.2.0', 'Added exclusive ranges.']],
    arguments: [
      KEY,
      arg('start', 'string'),
      arg('end', 'string'),
      arg('count', 'integer', { token: 'COUNT', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'xrevrange',
    arity: -4,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RO access')],
    where: 'keys',
    categories: ['@read', '@stream', '@slow'],
    summary:
      'Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).',
    history: [['6.2.0', 'Added exclusive ranges.']],
    arguments: [
      KEY,
      arg('end', 'string'),
      arg('start', 'string'),
      arg('count', 'integer', { token: 'COUNT', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'xdel',
    arity: -3,
    flags: ['write', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW delete')],
    where: 'keys',
    categories: ['@write', '@stream', '@fast'],
    summary:
      'Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1) for each single item to delete in the stream, regardless of the stream size.',
    arguments: [KEY, arg('id', 'string', { flags: ['multiple'] })],
  }),
  row({
    name: 'xtrim',
    arity: -4,
    flags: ['write'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW delete')],
    where: 'keys',
    categories: ['@write', '@stream', '@slow'],
    summary: "Trims the stream to (approximately if '~' is passed) a certain size",
    since: '5.0.0',
    group: 'stream',
    complexity:
      'O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.',
    history: [['6.2.0', 'Added the `MINID` trimming strategy and the `LIMIT` option.']],
    tips: ['nondeterministic_output'],
    arguments: [
      KEY,
      arg('trim', 'block', {
        of: [
          arg('strategy', 'oneof', { of: [word('MAXLEN'), word('MINID', { since: '6.2.0' })] }),
          arg('operator', 'oneof', {
            flags: ['optional'],
            of: [
              arg('equal', 'pure-token', { token: '=' }),
              arg('approximately', 'pure-token', { token: '~' }),
            ],
          }),
          arg('threshold', 'string'),
          arg('count', 'integer', { token: 'LIMIT', since: '6.2.0', flags: ['optional'] }),
        ],
      }),
    ],
  }),
  row({
    name: 'xsetid',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: { first: 1, last: 1, step: 1 },
    specs: [spec(1, 0, 1, 'RW update')],
    where: 'keys',
    categories: ['@write', '@stream', '@fast'],
    summary: 'An internal command for replicating stream values',
    since: '5.0.0',
    group: 'stream',
    complexity: 'O(1)',
    history: [['7.0.0', 'Added the `entries_added` and `max_deleted_entry_id` arguments.']],
    arguments: [
      KEY,
      arg('last-id', 'string'),
      arg('entries_added', 'integer', { token: 'ENTRIESADDED', since: '7.0.0', flags: ['optional'] }),
      arg('max_deleted_entry_id', 'string', { token: 'MAXDELETEDID', since: '7.0.0', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'xread',
    arity: -4,
    flags: ['readonly', 'blocking', 'movablekeys'],
    specs: [streamKeys(1, 'RO access')],
    findKeys: streamKeyIndexes,
    where: 'keys',
    split: 'streams',
    categories: ['@read', '@stream', '@slow', '@blocking'],
    summary:
      'Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.',
    since: '5.0.0',
    group: 'stream',
    complexity:
      'For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.',
    arguments: [
      arg('count', 'integer', { token: 'COUNT', flags: ['optional'] }),
      arg('milliseconds', 'integer', { token: 'BLOCK', flags: ['optional'] }),
      arg('streams', 'block', {
        token: 'STREAMS',
        of: [
          arg('key', 'key', { spec: 0, flags: ['multiple'] }),
          arg('id', 'string', { flags: ['multiple'] }),
        ],
      }),
    ],
  }),
];
