// A router server made of plain values, and one client of it: what the tests of local commands run against.
import type { Proto } from '../../../src/resp/index.js';
import { type Argument, encodeCommand, ReplyWriter, RequestParser } from '../../../src/resp/index.js';
import {
  type ClientState,
  Clients,
  type GroupSummary,
  type LockDesk,
  localHandlers,
  type PubSubDesk,
  type ReplyValue,
  type RouterServer,
  Settings,
  Statistics,
} from '../../../src/router/local/index.js';
import { Observer } from '../../../src/router/observe/observer.js';
import { PubSub } from '../../../src/router/pubsub/pubsub.js';
import { Tracking } from '../../../src/router/tracking/tracking.js';
import { FakeHost } from '../../net/fake-host.js';

/** 2023-11-14 22:13:20 UTC. */
export const WALL = 1_700_000_000_000;

/** A group with `members` in-sync members. */
export function group(id: string, members = 2): GroupSummary {
  const inSync = Array.from({ length: members }, (_, i) => `${id}-m${i}`);
  return {
    id,
    epoch: 3,
    term: 2,
    primary: members > 0 ? { id: inSync[0]!, host: '10.9.9.9', port: 7001 } : null,
    inSync,
    state: members > 0 ? 'serving' : 'lost',
  };
}

/** What askAll was given. */
export interface Asked {
  text: string;
  db: number;
}

/** A RouterServer whose parts a test may replace. */
export class FakeServer implements RouterServer {
  wallNow = WALL;
  monotonicNow = 50_000;
  readonly clock = { wall: () => this.wallNow, monotonic: () => this.monotonicNow };
  readonly settings: Settings;
  readonly clients: Clients;
  readonly statistics = new Statistics(['get', 'client|list', 'set']);
  readonly id = 'router-a';
  readonly port = 6380;
  readonly runId = 'ab'.repeat(20);
  readonly pid = 4242;
  readonly version = '0.1.0';
  readonly startedAt = WALL - 90_061_000;
  announceHost: string | null = null;
  locks: LockDesk | null = null;
  readonly pubsub: PubSubDesk;
  readonly observer: Observer;
  readonly tracking: Tracking;
  readonly zookeeper = '127.0.0.1:2181,127.0.0.1:2182';
  groupList = [group('g1', 3), group('g2', 2)];
  routerList = [
    { id: 'router-c', host: '10.0.0.3', port: 6382 },
    { id: 'router-a', host: '0.0.0.0', port: 6380 },
    { id: 'router-b', host: '10.0.0.2', port: 6381 },
  ];
  answers = new Map<string, ReplyValue>();
  readonly asked: Asked[] = [];
  readonly delays: number[] = [];
  /** Ends the delays that are waited for. */
  readonly wake: (() => void)[] = [];
  shutdowns = 0;

  constructor(settings: Record<string, string> = {}) {
    this.settings = new Settings(settings);
    this.clients = new Clients(this.settings);
    this.observer = new Observer(this);
    this.tracking = new Tracking({
      clients: this.clients,
      settings: this.settings,
      allLanes: () => [],
      notifyLanes: () => {},
    });
    this.pubsub = new PubSub(new FakeHost(), {
      config: this,
      settings: this.settings,
      clients: this.clients,
    });
  }
  turnTime(): number {
    return this.clock.monotonic();
  }
  random(): number {
    return 0.5;
  }
  delay(ms: number): Promise<void> {
    this.delays.push(ms);
    return new Promise((resolve) => this.wake.push(resolve));
  }
  zookeeperState() {
    return 'connected' as const;
  }
  ring() {
    const groups = this.groupList.map(({ id }) => ({ id, weight: 1 }));
    return { version: 7, groups, history: [], abandoned: [] };
  }
  groups() {
    return this.groupList;
  }
  routers() {
    return this.routerList;
  }
  usage() {
    return {
      rss: 50 << 20,
      heapUsed: 20 << 20,
      heapTotal: 30 << 20,
      machine: 8 * 2 ** 30,
      userMicros: 1_500_000,
      systemMicros: 250_000,
    };
  }
  async askAll(request: Buffer, db: number) {
    this.asked.push({ text: request.toString('latin1'), db });
    return this.answers;
  }
  shutdown() {
    this.shutdowns++;
  }
  /** A client that has connected. @throws Error at maxclients. */
  connect(port = 40_001): ClientState {
    const client = this.clients.open(`127.0.0.1:${port}`, '127.0.0.1:6380', 9, this.monotonicNow);
    if (client === null) throw new Error('maxclients');
    return client;
  }
}

/** Row name of a command: `container|sub` where only that has a handler. */
function nameOf(args: readonly Argument[]): string {
  const name = String(args[0]).toLowerCase();
  if (localHandlers[name] !== undefined) return name;
  return `${name}|${String(args[1]).toLowerCase()}`;
}

/** Runs one command as a session does and gives the bytes of its reply as latin1 text; '' when it is muted. */
export async function run(server: FakeServer, client: ClientState, ...args: Argument[]): Promise<string> {
  const name = nameOf(args);
  const handler = localHandlers[name];
  if (handler === undefined) throw new Error(`no handler ${name}`);
  const parser = new RequestParser();
  parser.feed(encodeCommand(args));
  if (!parser.next()) throw new Error('not one command');
  const reply = new ReplyWriter();
  reply.proto = client.proto;
  client.beginCommand();
  client.lastCommand = name;
  await handler(parser.request, client, server, reply);
  return client.muted ? '' : reply.view().toString('latin1');
}

/** As run(), for a command line of words; on a new client of a new server unless given. */
export function words(line: string, server = new FakeServer(), client = server.connect()): Promise<string> {
  return run(server, client, ...line.split(' '));
}

/** A bulk string as bytes. */
export const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

/** The text inside a bulk string or verbatim string that is the whole reply. */
export function textOf(reply: string, proto: Proto = 2): string {
  const match = (proto === 2 ? /^\$\d+\r\n([\s\S]*)\r\n$/ : /^=\d+\r\ntxt:([\s\S]*)\r\n$/).exec(reply);
  if (match === null) throw new Error(`not one text: ${reply.slice(0, 80)}`);
  return match[1]!;
}
