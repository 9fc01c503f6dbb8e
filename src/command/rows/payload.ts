// Rows of the command table: values as payloads, in Redis's own format.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { arg, KEY, row, spec, word } from './make.js';

export const PAYLOAD_ROWS: readonly CommandRow[] = [
  row({
    name: 'dump',
    arity: 2,
    flags: ['readonly'],
    keys: { first: 1, last: 1, step: 1 },
    where: 'keys',
    categories: ['@keyspace', '@read', '@slow'],
    summary: 'Return a serialized version of the value stored at the specified key.',
    since: '2.6.0',
    group: 'generic',
    complexity:
      'O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).',
    specs: [spec(1, 0, 1, 'RO access')],
    tips: ['nondeterministic_output'],
    arguments: [KEY],
  }),
  row({
    name: 'restore',
    arity: -4,
    flags: ['write', 'denyoom'],
    keys: { first: 1, last: 1, step: 1 },
    where: 'keys',
    categories: ['@keyspace', '@write', '@slow', '@dangerous'],
    summary: 'Create a key using the provided serialized value, previously obtained using DUMP.',
    since: '2.6.0',
    group: 'generic',
    complexity:
      'O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).',
    specs: [spec(1, 0, 1, 'OW update')],
    history: [
      ['3.0.0', 'Added the `REPLACE` modifier.'],
      ['5.0.0', 'Added the `ABSTTL` modifier.'],
      ['5.0.0', 'Added the `IDLETIME` and `FREQ` options.'],
    ],
    arguments: [
      KEY,
      arg('ttl', 'integer'),
      arg('serialized-value', 'string'),
      word('REPLACE', { since: '3.0.0', flags: ['optional'] }),
      word('ABSTTL', { since: '5.0.0', flags: ['optional'] }),
      arg('seconds', 'integer', { token: 'IDLETIME', since: '5.0.0', flags: ['optional'] }),
      arg('frequency', 'integer', { token: 'FREQ', since: '5.0.0', flags: ['optional'] }),
    ],
  }),
];
