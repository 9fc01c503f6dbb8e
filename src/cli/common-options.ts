// Options that several commands have.
import type { Option } from './settings.js';
import { flag, hostPortText, oneOf, words } from './values.js';

/** How a process logs. */
export const LOGGING = {
  logLevel: {
    meaning: 'Least severe lines that are logged: trace, debug, info, warn, error, silent',
    example: 'debug',
    initial: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  },
  jsonLogs: {
    meaning: 'Log lines as JSON objects, for machines, instead of text for people',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
} satisfies Record<string, Option<unknown>>;

/** Where ZooKeeper is; the default is for each command to say. */
export const ZOOKEEPER = {
  meaning: 'Where ZooKeeper is: host:port of one or more of its servers',
  example: '10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181',
  parse: hostPortText,
};

/** The password of a router. */
export const PASSWORD = {
  meaning: 'Password that clients must give with AUTH or HELLO; without it none is asked for',
  example: 'correct-horse',
  initial: null,
  parse: words,
} satisfies Option<string>;
