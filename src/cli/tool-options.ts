// Every option of the commands that are not roles: up, status, ring, workload, tour. As in options.ts, each is described once.
import { MAX_WEIGHT } from '../ring/index.js';
import { LOGGING, PASSWORD, ZOOKEEPER } from './common-options.js';
import type { Option } from './settings.js';
import { drainRate, flag, host, hostPorts, integer, port, seconds, share } from './values.js';

/** `towline up`. */
export const UP = {
  groups: {
    meaning: 'Groups of data nodes, named g1, g2, ...',
    example: '3',
    initial: '2',
    parse: integer(1, 32),
  },
  members: {
    meaning: 'Data nodes in each group: the copies of each key',
    example: '3',
    initial: '2',
    parse: integer(1, 8),
  },
  routers: {
    meaning: 'Routers, on consecutive ports',
    example: '3',
    initial: '1',
    parse: integer(1, 32),
  },
  port: {
    meaning: 'Port of the first router; 0 takes any free ones',
    example: '7000',
    initial: '6380',
    parse: port,
  },
  host: {
    meaning: 'Address that the routers listen on; data nodes and ZooKeeper stay on 127.0.0.1',
    example: '0.0.0.0',
    initial: '127.0.0.1',
    parse: host,
  },
  zookeeper: {
    ...ZOOKEEPER,
    meaning: 'ZooKeeper servers to use, host:port of each, instead of starting an embedded one',
    initial: null,
  },
  forget: {
    meaning:
      'Forget the cluster that ZooKeeper remembers from an earlier `up` none of whose processes is left',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
  ...LOGGING,
} satisfies Record<string, Option<unknown>>;

const JSON_OUT = {
  meaning: 'Print one JSON object',
  example: '1',
  initial: '0',
  parse: flag,
  bare: true,
} satisfies Option<boolean>;

/** How a command finds ZooKeeper. */
const WHERE = {
  zookeeper: {
    ...ZOOKEEPER,
    meaning: 'ZooKeeper servers to ask; without it a router is asked for them',
    initial: null,
  },
  port: {
    meaning: 'Port of a router that knows ZooKeeper',
    example: '6381',
    initial: '6380',
    parse: port,
  },
  host: {
    meaning: 'Address of that router',
    example: '10.0.0.4',
    initial: '127.0.0.1',
    parse: host,
  },
  password: PASSWORD,
} satisfies Record<string, Option<unknown>>;

/** `towline status`. */
export const STATUS = { ...WHERE, json: JSON_OUT } satisfies Record<string, Option<unknown>>;

/** `towline ring show`. */
export const RING_SHOW = STATUS;

/** `towline ring remove`, `towline ring weight` and `towline ring abandon`. */
export const RING_CHANGE = WHERE;

/** `towline ring add`. */
export const RING_ADD = {
  ...WHERE,
  weight: {
    meaning: "The group's share of the keys relative to other groups",
    example: '2',
    initial: '1',
    parse: integer(1, MAX_WEIGHT),
  },
} satisfies Record<string, Option<unknown>>;

/** `towline ring drain`. */
export const RING_DRAIN = {
  ...WHERE,
  rate: {
    meaning: "Keys a second from now on; auto: as clients' latency allows; max; 0 pauses the drain",
    example: '5000',
    initial: null,
    parse: drainRate,
  },
  watch: {
    meaning: 'Show the progress until nothing is left to drain',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
} satisfies Record<string, Option<unknown>>;

/** `towline workload`. */
export const WORKLOAD = {
  routers: {
    meaning: 'Routers to spread the clients over, host:port of each',
    example: '127.0.0.1:6380,127.0.0.1:6381',
    initial: '127.0.0.1:6380',
    parse: hostPorts,
  },
  seconds: {
    meaning: 'How long to run; 0 runs until Ctrl-C',
    example: '60',
    initial: '10',
    parse: seconds,
  },
  clients: {
    meaning: 'Connections, each with one command at a time',
    example: '100',
    initial: '16',
    parse: integer(1, 10_000),
  },
  keys: {
    meaning: 'Keys; each is written by one client only',
    example: '100000',
    initial: '1000',
    parse: integer(1, 10_000_000),
  },
  reads: {
    meaning: 'Share of reads among the commands',
    example: '0.5',
    initial: '0.9',
    parse: share,
  },
  size: {
    meaning: 'Length of a value, in bytes',
    example: '1024',
    initial: '64',
    parse: integer(32, 1_048_576),
  },
  keep: {
    meaning: 'Leave the keys behind instead of deleting them at the end',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
  password: PASSWORD,
  json: {
    meaning: 'Print nothing but one JSON object at the end',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
} satisfies Record<string, Option<unknown>>;

/** `towline tour`. */
export const TOUR = {
  fast: {
    meaning: 'Shorten the pauses: for tests rather than for people',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
  json: {
    meaning: 'Print what was measured as one JSON object; the words go to the standard error',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
} satisfies Record<string, Option<unknown>>;
