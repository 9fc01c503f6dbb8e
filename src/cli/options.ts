// Every option of every command, each described once: the command line's help, the environment's names, conf/*
// and docs/options.md are all held to this file by tests.
import type { Option } from './settings.js';
import {
  flag,
  groupId,
  host,
  hostPorts,
  hostPortText,
  integer,
  oneOf,
  port,
  seconds,
  share,
  words,
} from './values.js';

const logging = {
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

const zookeeper = {
  meaning: 'Where ZooKeeper is: host:port of one or more of its servers',
  example: '10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181',
  parse: hostPortText,
};

const password = {
  meaning: 'Password that clients must give with AUTH or HELLO; without it none is asked for',
  example: 'correct-horse',
  initial: null,
  parse: words,
} satisfies Option<string>;

/** `towline router`, conf/router.yaml. */
export const ROUTER = {
  port: {
    meaning: 'Port that Redis clients connect to; 0 takes any free one',
    example: '6381',
    initial: '6380',
    parse: port,
  },
  host: {
    meaning: 'Address to listen on',
    example: '0.0.0.0',
    initial: '127.0.0.1',
    parse: host,
  },
  zookeeper: { ...zookeeper, initial: null, required: true },
  password,
  deadlineMs: {
    meaning: 'Longest that a command waits for its group, in ms, before the client gets -UNCERTAIN',
    example: '5000',
    initial: '10000',
    parse: integer(100, 600_000),
  },
  maxClients: {
    meaning: 'Most clients connected at a time; further ones get an error and are closed',
    example: '2000',
    initial: '10000',
    parse: integer(1, 1_000_000),
  },
  ...logging,
} satisfies Record<string, Option<unknown>>;

/** `towline data`, conf/data.yaml. */
export const DATA = {
  group: {
    meaning: 'Group whose keys this node holds; its first nodes add a new group to the ring',
    example: 'g1',
    initial: null,
    required: true,
    parse: groupId,
  },
  port: {
    meaning:
      'Port for routers, for other members, and for reads of what this node holds; 0 takes any free one',
    example: '7001',
    initial: '0',
    parse: port,
  },
  host: {
    meaning: 'Address to listen on, and at which the others reach this node',
    example: '10.0.0.4',
    initial: '127.0.0.1',
    parse: host,
  },
  zookeeper: { ...zookeeper, initial: null, required: true },
  weight: {
    meaning: "The group's share of the keys relative to other groups; read when the group is created",
    example: '2',
    initial: '1',
    parse: integer(1, 100),
  },
  hotfix: {
    meaning:
      '1: join a running group as its backup, copying while it serves; 0: register as a spare and wait',
    example: '0',
    initial: '1',
    parse: flag,
  },
  createWith: {
    meaning: 'Members that a new group waits for before it is created',
    example: '2',
    initial: '1',
    parse: integer(1, 16),
  },
  minInSync: {
    meaning:
      'Members that must hold a write before it is acknowledged; fewer in sync: writes get -NOREPLICAS',
    example: '2',
    initial: '1',
    parse: integer(1, 16),
  },
  leaseMs: {
    meaning: 'How long a primary may serve after its backups last answered, in ms',
    example: '500',
    initial: '1000',
    parse: integer(50, 60_000),
  },
  graceMs: {
    meaning: 'How long a backup waits for a silent primary before it takes over, in ms; more than lease-ms',
    example: '700',
    initial: '1250',
    parse: integer(60, 120_000),
  },
  ...logging,
} satisfies Record<string, Option<unknown>>;

/** `towline zk`, conf/zoo.cfg (ZooKeeper's own names in the file). */
export const ZK = {
  port: {
    meaning: 'Port that ZooKeeper clients connect to; 0 takes any free one',
    example: '2182',
    initial: '2181',
    parse: port,
    key: 'clientPort',
  },
  host: {
    meaning: 'Address to listen on; the embedded server refuses any outside loopback',
    example: '::1',
    initial: '127.0.0.1',
    parse: host,
    key: 'clientPortAddress',
  },
  tickTime: {
    meaning: "ZooKeeper's unit of time, in ms: sessions expire on ticks",
    example: '2000',
    initial: '500',
    parse: integer(10, 60_000),
    key: 'tickTime',
  },
  minSessionTimeout: {
    meaning: 'Shortest session timeout that a client may ask for, in ms',
    example: '4000',
    initial: '1000',
    parse: integer(20, 600_000),
    key: 'minSessionTimeout',
  },
  maxSessionTimeout: {
    meaning: 'Longest session timeout that a client may ask for, in ms',
    example: '40000',
    initial: '60000',
    parse: integer(20, 3_600_000),
    key: 'maxSessionTimeout',
  },
  ...logging,
} satisfies Record<string, Option<unknown>>;

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
    ...zookeeper,
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
  ...logging,
} satisfies Record<string, Option<unknown>>;

/** `towline status`. */
export const STATUS = {
  zookeeper: {
    ...zookeeper,
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
  password,
  json: {
    meaning: 'Print one JSON object',
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
  password,
  json: {
    meaning: 'Print nothing but one JSON object at the end',
    example: '1',
    initial: '0',
    parse: flag,
    bare: true,
  },
} satisfies Record<string, Option<unknown>>;
