// The simulated cluster: routers and data nodes, each the shipping class on a host of its own. Starts them, kills and
// restarts routers. Killing data nodes, elections and ring changes that move keys will come with the code that
// survives them.
import { memberId } from '../../src/commit/index.js';
import { DataNode } from '../../src/data/node.js';
import type { Address } from '../../src/net/host.js';
import { Router } from '../../src/router/router.js';
import { Directory } from './directory.js';
import { SimHost } from './host.js';
import { Network } from './network.js';
import { Violation, type World } from './world.js';

export interface Shape {
  routers: number;
  groups: string[];
  members: number;
  deadlineMs: number;
  orphanMs: number;
}

/** A router's place; the process in it changes when it is restarted. */
export interface RouterPlace {
  name: string;
  address: Address;
  host: SimHost;
  router: Router;
  starts: number;
}

export interface NodePlace {
  group: string;
  id: string;
  address: Address;
  host: SimHost;
  node: DataNode;
}

const USAGE = { rss: 0, heapUsed: 0, heapTotal: 0, machine: 0, userMicros: 0, systemMicros: 0 };

export class Cluster {
  readonly network: Network;
  readonly directory: Directory;
  readonly routers: RouterPlace[] = [];
  readonly nodes: NodePlace[] = [];

  constructor(
    readonly world: World,
    readonly shape: Shape,
  ) {
    this.network = new Network(world);
    this.directory = new Directory(world);
    for (const group of shape.groups) this.startGroup(group);
    const groups = shape.groups.map((id) => ({ id, weight: 1 }));
    this.directory.publishRing({ version: 1, groups, history: [], abandoned: [] });
    for (let i = 0; i < shape.routers; i++) {
      const name = `r${i + 1}`;
      const address = { host: name, port: 6380 };
      this.routers.push({ name, address, starts: 1, ...this.startRouter(name, address, 1) });
    }
  }

  membersOf(group: string): NodePlace[] {
    return this.nodes.filter((place) => place.group === group);
  }
  primaryOf(group: string): NodePlace {
    const { primary } = this.directory.config(group)!;
    return this.nodes.find(({ id }) => id === primary)!;
  }

  /** The same groups under a newer version: what was planned with the older one is STALE (R2). */
  bumpRing(): void {
    const { ring } = this.directory;
    this.directory.publishRing({ ...ring, version: ring.version + 1 });
  }

  killRouter(place: RouterPlace): void {
    if (!place.host.alive) return;
    this.world.trace(place.host.name, 'killed');
    place.host.stop();
    this.directory.forget(place.host);
  }
  /** A new process in the same place, under a new incarnation (R3). */
  restartRouter(place: RouterPlace): void {
    if (place.host.alive) return;
    place.starts++;
    Object.assign(place, this.startRouter(place.name, place.address, place.starts));
    this.world.trace(place.host.name, 'started');
  }

  private startRouter(name: string, address: Address, start: number): { host: SimHost; router: Router } {
    const { world, shape, directory } = this;
    const host = new SimHost(world, this.network, `${name}.${start}`, world.random.between(-500, 500));
    const router = new Router(host, {
      id: `${name}-${start}`,
      deadlineMs: shape.deadlineMs,
      password: '',
      maxClients: 1000,
      port: address.port,
      pid: 1,
      runId: name,
      version: '0',
      zookeeper: 'sim:2181',
      zookeeperState: () => 'connected',
      routers: () => this.routers.map((place) => ({ id: place.name, ...place.address })),
      usage: () => USAGE,
      refresh: () => directory.tell(host),
      shutdown: () => {},
    });
    this.network.listen(address, { host, accept: (conn) => router.accept(conn) });
    directory.watch(host, router);
    return { host, router };
  }

  private startGroup(group: string): void {
    const { world, shape } = this;
    const places = Array.from({ length: shape.members }, (_, i) => {
      const name = `${group}${'abcdef'[i]}`;
      const address = { host: name, port: 7000 };
      const host = new SimHost(world, this.network, name, world.random.between(-500, 500));
      const id = memberId(name, address.port, '1');
      const node = new DataNode(host, {
        group,
        id,
        pid: 1,
        minInSync: 1,
        orphanMs: shape.orphanMs,
        hotfix: true,
        failed: (reason) => {
          throw new Violation(`${name} gave up: ${reason}`);
        },
      });
      this.network.listen(address, { host, accept: (conn) => node.accept(conn) });
      return { group, id, address, host, node };
    });
    this.nodes.push(...places);
    const inSync = places.map(({ id }) => id);
    this.directory.publishConfig(group, { epoch: 1, term: 1, primary: inSync[0]!, inSync, created: 1 });
    for (const { host, node } of places) this.directory.watch(host, node);
  }
}
