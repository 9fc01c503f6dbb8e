// Every option of the roles: router, data node, ZooKeeper. Each is described once: the command line's help, the
// environment's names, conf/* and docs/options.md are all held to this file by tests.
import { eventFlags } from '../command/index.js';
import { MAX_WEIGHT } from '../ring/index.js';
import { LOGGING, PASSWORD, ZOOKEEPER } from './common-options.js';
import type { Option } from './settings.js';
import { flag, groupId, host, integer, invalid, oneOf, port } from './values.js';

function eventLetters(text: string): string {
  if (eventFlags(text) === null) throw invalid(text, 'letters of Ag$lshzxeKEtmdn');
  return text;
}

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
  zookeeper: { ...ZOOKEEPER, initial: null, required: true },
  password: PASSWORD,
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
  notifyKeyspaceEvents: {
    meaning:
      'Keyspace events that are told, in the letters of Redis; give it to every router, or CONFIG SET it for all at any',
    example: 'KEA',
    initial: null,
    parse: eventLetters,
  },
  ...LOGGING,
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
  zookeeper: { ...ZOOKEEPER, initial: null, required: true },
  weight: {
    meaning: "The group's share of the keys relative to other groups; read when the group is created",
    example: '2',
    initial: '1',
    parse: integer(1, MAX_WEIGHT),
  },
  join: {
    meaning: 'auto: a new group takes its share of the keys by itself; manual: it waits for towline ring add',
    example: 'manual',
    initial: 'auto',
    parse: oneOf('auto', 'manual'),
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
  ...LOGGING,
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
  ...LOGGING,
} satisfies Record<string, Option<unknown>>;
