// Rows of the command table: clients held back, and what a key costs.
// Facts only, as Redis 7.0 reports them: a test compares them with a live server.
import type { CommandRow } from '../row.js';
import { arg, KEY, row, spec, word } from './make.js';

export const PAUSE_ROWS: readonly CommandRow[] = [
  row({
    name: 'client|pause',
    arity: -3,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    where: 'router',
    categories: ['@admin', '@slow', '@dangerous', '@connection'],
    summary: 'Stop processing commands from clients for some time',
    since: '2.9.50',
    group: 'connection',
    complexity: 'O(1)',
    history: [['6.2.0', '`CLIENT PAUSE WRITE` mode added along with the `mode` option.']],
    arguments: [
      arg('timeout', 'integer'),
      arg('mode', 'oneof', { since: '6.2.0', flags: ['optional'], of: [word('WRITE'), word('ALL')] }),
    ],
  }),
  row({
    name: 'client|unpause',
    arity: 2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    where: 'router',
    categories: ['@admin', '@slow', '@dangerous', '@connection'],
    summary: 'Resume processing of clients that were paused',
    since: '6.2.0',
    group: 'connection',
    complexity: 'O(N) Where N is the number of paused clients',
  }),
  row({
    name: 'memory|usage',
    arity: -3,
    flags: ['readonly'],
    keys: { first: 2, last: 2, step: 1 },
    where: 'keys',
    categories: ['@read', '@slow'],
    summary: 'Estimate the memory usage of a key',
    since: '4.0.0',
    group: 'server',
    complexity: 'O(N) where N is the number of samples.',
    specs: [spec(2, 0, 1, 'RO')],
    arguments: [KEY, arg('count', 'integer', { token: 'SAMPLES', flags: ['optional'] })],
  }),
];
