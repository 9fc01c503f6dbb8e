// Rows of the command table: locks for clients, which Redis does not have.
import type { CommandRow } from '../row.js';
import { arg, row, word } from './make.js';

export const LOCK_ROWS: readonly CommandRow[] = [
  row({
    name: 'towline.lock',
    arity: -3,
    flags: ['noscript', 'blocking', 'no_multi'],
    where: 'router',
    categories: ['@slow', '@blocking', '@connection'],
    summary: 'Waits for a lock, shared by readers or held by one writer; it goes with the connection',
    since: '7.0.0',
    group: 'towline',
    complexity: 'O(N) where N is the number of clients that hold it or wait for it',
    arguments: [
      arg('name', 'string'),
      arg('mode', 'oneof', { of: [word('READ'), word('WRITE')] }),
      arg('milliseconds', 'integer', { token: 'TIMEOUT', flags: ['optional'] }),
    ],
  }),
  row({
    name: 'towline.unlock',
    arity: 2,
    flags: ['noscript', 'blocking', 'no_multi'],
    where: 'router',
    categories: ['@slow', '@blocking', '@connection'],
    summary: 'Gives a lock of this connection back, and says whether it was held until then',
    since: '7.0.0',
    group: 'towline',
    complexity: 'O(1)',
    arguments: [arg('name', 'string')],
  }),
  row({
    name: 'towline.locks',
    arity: 1,
    flags: ['noscript', 'fast'],
    where: 'router',
    categories: ['@fast', '@connection'],
    summary: 'The locks of this connection: name, mode, fencing token, and whether each is still held',
    since: '7.0.0',
    group: 'towline',
    complexity: 'O(N) where N is the number of locks of this connection',
  }),
];
