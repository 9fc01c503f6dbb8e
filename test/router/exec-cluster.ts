// A whole cluster in virtual time, without faults, for tests of what a client hears: routers and data nodes as they
// ship, on the simulator's network (test/sim/cluster.ts). Bytes in, bytes out.
import { type Argument, encodeCommand, ReplySplitter } from '../../src/resp/index.js';
import { ownersOf } from '../../src/ring/index.js';
import { Cluster } from '../sim/cluster.js';
import { SimHost } from '../sim/host.js';
import { namesOver } from '../sim/workload.js';
import { World } from '../sim/world.js';

/** Virtual time within which everything must be answered, ms. */
const PATIENCE = 30_000;

/** A client's connection: replies as latin1 text. */
export class TestClient {
  private readonly splitter = new ReplySplitter();
  readonly replies: string[] = [];
  closed = false;
  private readonly conn;

  constructor(
    private readonly world: World,
    host: SimHost,
    to: { host: string; port: number },
  ) {
    this.conn = host.connect(to, {
      data: (chunk) => {
        this.splitter.feed(chunk);
        while (this.splitter.next()) {
          const { buffer, start, end } = this.splitter;
          this.replies.push(buffer.latin1Slice(start, end));
        }
      },
      closed: () => {
        this.closed = true;
      },
    });
  }

  /** Sends commands in one write. */
  send(...commands: readonly (readonly Argument[])[]): void {
    this.conn.write(Buffer.concat(commands.map(encodeCommand)));
  }
  /** Takes what was answered, when there are so many replies. */
  take(count: number): string[] {
    const until = this.world.time + PATIENCE;
    this.world.runUntil(until, () => this.replies.length >= count || this.closed);
    if (this.replies.length < count)
      throw new Error(`${count} replies awaited, heard ${JSON.stringify(this.replies)}`);
    return this.replies.splice(0, count);
  }
  askAll(...commands: readonly (readonly Argument[])[]): string[] {
    this.send(...commands);
    return this.take(commands.length);
  }
  /** The reply to a command whose words blanks separate. */
  ask(text: string): string {
    return this.askAll(text.split(' '))[0]!;
  }
  /** Replies to several. */
  all(...texts: string[]): string[] {
    return this.askAll(...texts.map((text) => text.split(' ')));
  }
  disconnect(): void {
    this.conn.destroy();
  }
}

interface TestShape {
  groups?: string[];
  owners?: string[];
  members?: number;
  routers?: number;
  minInSync?: number;
  seed?: number;
}

/** A cluster that serves. */
export class TestCluster {
  readonly world: World;
  readonly cluster: Cluster;
  private clients = 0;

  constructor(shape: TestShape = {}) {
    const { groups = ['g1', 'g2', 'g3'], members = 2, routers = 2, minInSync = 1, seed = 1 } = shape;
    const { owners = groups } = shape;
    this.world = new World(seed);
    this.cluster = new Cluster(this.world, {
      routers,
      groups,
      owners,
      members,
      minInSync,
      spares: 0,
      deadlineMs: 10_000,
      orphanMs: 1000,
    });
    this.run(1000);
  }

  /** A new client of the n-th router. */
  client(router = 0): TestClient {
    const host = new SimHost(this.world, this.cluster.network, `c${++this.clients}`);
    return new TestClient(this.world, host, this.cluster.routers[router]!.address);
  }
  run(ms: number): void {
    this.world.runUntil(this.world.time + ms);
  }
  /** Names of keys, `each` in every group that owns slots, group by group. */
  names(prefix: string, each = 1): string[] {
    const { groups } = this.cluster.directory.ring;
    return namesOver(prefix, groups.length, ownersOf(groups), each);
  }
  /** Another weight for a group: keys move when they are written. */
  weigh(group: string, weight: number): void {
    const { directory } = this.cluster;
    const { ring } = directory;
    const groups = ring.groups.map((each) => (each.id === group ? { id: group, weight } : each));
    directory.publishRing({
      ...ring,
      version: ring.version + 1,
      groups,
      history: [...ring.history, ring.groups],
    });
    this.run(200);
  }
  /** Moves everything to where it belongs. */
  drain(): void {
    this.cluster.drain();
    this.world.runUntil(this.world.time + PATIENCE, () => this.cluster.directory.ring.history.length === 0);
    this.run(500);
  }
  /** A member dies that does not lead. */
  killBackup(group: string): void {
    const primary = this.cluster.primaryOf(group);
    this.cluster.killNode(this.cluster.membersOf(group).find((place) => place !== primary)!);
    this.run(3000);
  }
  /** The group's primary dies; another one leads. */
  killPrimary(group: string): void {
    this.cluster.killNode(this.cluster.primaryOf(group)!);
    this.run(3000);
  }
}
