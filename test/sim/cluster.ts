// The simulated cluster: routers and data nodes, each the shipping class on a host of its own. Starts them, kills and
// restarts them, and lets data nodes begin anew as src/data/start.ts does. Must never kill the last member of a group
// that holds everything: what then happens is for an operator to decide. Ring changes that move keys are not here.
import { memberId, type Registration } from '../../src/commit/index.js';
import { DataNode } from '../../src/data/node.js';
import type { Address } from '../../src/net/host.js';
import { addGroup, removeGroup, setWeight, standingOf, trim } from '../../src/ring/index.js';
import { Router } from '../../src/router/router.js';
import { Broken } from './brittle.js';
import { Directory, SESSION_MS } from './directory.js';
import { SimHost } from './host.js';
import { roleOf } from './insides.js';
import { Network, placeName } from './network.js';
import type { Random } from './random.js';
import type { World } from './world.js';

export interface Shape {
  routers: number;
  groups: string[];
  /** Those that are in the ring from the beginning. */
  owners: string[];
  members: number;
  minInSync: number;
  /** Of each group; they wait for an operator. */
  spares: number;
  deadlineMs: number;
  orphanMs: number;
  /** Bytes above which values go in pieces; 0, or absent: as they do by default. */
  large?: number;
}

/** A router's place; the process in it changes when it is restarted. */
export interface RouterPlace {
  name: string;
  address: Address;
  host: SimHost;
  router: Router;
  starts: number;
}

/** A data node's place: the process in it changes when it is restarted, the member also when it begins anew (R3). */
export interface NodePlace {
  name: string;
  group: string;
  /** False: a spare, which an operator must let in. */
  hotfix: boolean;
  /** Id under which the operator lets it in. */
  wanted: string;
  id: string;
  address: Address;
  host: SimHost;
  node: DataNode;
  /** Processes, and members, that there have been. */
  starts: number;
  begun: number;
  /** The member in it has failed, and another one is about to begin. */
  failed: boolean;
  /** Handing over, to be stopped then. */
  leaving: boolean;
}

/** How much faster or slower than right a clock may be. */
const DRIFT = 0.025;
/** Longest that a hand-over may take, ms: as in src/data/start.ts. */
const HAND_OVER_MS = 2000;
/** Longest that it takes a member to begin anew, ms. */
const BEGIN_MS = 200;

/** Of values that hold little: they go in several all the same. */
const SMALL_PIECE = { bytes: 40, parts: 8 };

const USAGE = { rss: 0, heapUsed: 0, heapTotal: 0, machine: 0, userMicros: 0, systemMicros: 0 };

export class Cluster {
  /** Which routers take themselves for the leader of the drain: none, one, or several. */
  movers: (name: string) => boolean = () => false;
  /** Whether keys may move. */
  movable = true;
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
    const groups = shape.owners.map((id) => ({ id, weight: 1 }));
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
  /** The place of the group's primary; undefined: nobody is there under that id any more. */
  primaryOf(group: string): NodePlace | undefined {
    return this.member(this.directory.config(group)!.primary);
  }
  /** The place that has this member now. */
  member(member: string): NodePlace | undefined {
    return this.nodes.find(({ id }) => id === member);
  }
  /** Whether nobody lives who is in sync, or may be. */
  lost(group: string): boolean {
    const binding = this.directory.binding(group);
    return !this.membersOf(group).some(({ id, host, failed }) => host.alive && !failed && binding.has(id));
  }
  /** Whether an operator gave the group up with its data. */
  abandoned(group: string): boolean {
    return this.directory.ring.abandoned.includes(group);
  }
  /** The place of a data node, by the name of its host or address; undefined: it is no data node's. */
  place(host: string): NodePlace | undefined {
    const name = placeName(host);
    return this.nodes.find((place) => place.name === name);
  }

  /** Every router drains from now on, as fast as it can. */
  drain(): void {
    this.movers = () => true;
    for (const { router } of this.routers) router.mover.lead(true);
  }

  /** The same groups under a newer version: what was planned with the older one is STALE (R2). */
  bumpRing(): void {
    const { ring } = this.directory;
    this.directory.publishRing({ ...ring, version: ring.version + 1 });
  }

  /**
   * Other groups, or other weights, own the slots from now on; keys move when they are written (R1, R2). Rather often
   * it goes back to what was before: a slot whose owners were G1, G2, G1 has the chain [G2, G1].
   * @param back it does if it can
   */
  changeRing(random: Random, back = false): void {
    const { ring } = this.directory;
    if (!this.movable) return this.bumpRing();
    const { groups, history } = ring;
    const fresh = this.shape.groups.filter((id) => standingOf(ring, id) === 'none');
    const { id, weight } = random.pick(groups);
    const before = history.at(-1)?.find((old) => {
      const now = groups.find((each) => each.id === old.id);
      return now !== undefined && now.weight !== old.weight;
    });
    const what = random.weighted([
      [before === undefined ? 0 : back ? 1e6 : 5, 'back'],
      [3, 'weight'],
      [fresh.length > 0 ? 1 : 0, 'add'],
      [1, 'remove'],
    ] as const);
    const change = {
      back: () => setWeight(ring, before!.id, before!.weight),
      weight: () => setWeight(ring, id, random.pick([1, 3, 8].filter((each) => each !== weight))),
      add: () => addGroup(ring, random.pick(fresh), random.pick([1, 2])),
      remove: () => removeGroup(ring, id),
    };
    const next = change[what]();
    if (typeof next === 'string') return this.bumpRing();
    this.world.trace('ring', JSON.stringify(next.groups));
    this.directory.publishRing(next);
  }
  /** Several changes, one soon after the other. */
  churnRing(random: Random): void {
    for (let i = random.below(4); i >= 0; i--)
      this.world.after(random.between(0, 300), () => this.changeRing(random));
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

  /** Whether the group keeps, without this place, a member that lives and holds everything whatever happens. */
  expendable(place: NodePlace): boolean {
    const safe = this.directory.certain(place.group);
    return this.membersOf(place.group).some(
      (other) =>
        other !== place &&
        other.host.alive &&
        !other.leaving &&
        safe.includes(other.id) &&
        // Listed by the group's creation, but asleep ever since: it holds nothing that it could go on with.
        roleOf(other.node) !== null,
    );
  }
  killNode(place: NodePlace): void {
    if (!place.host.alive) return;
    this.world.trace(place.host.name, 'killed');
    place.host.stop();
    this.directory.forget(place.host);
    this.directory.unregister(place.group, place.id, this.world.random.between(0, SESSION_MS));
  }
  /** A new process in the same place: an empty member under a new id (R3). */
  restartNode(place: NodePlace): void {
    if (place.host.alive) return;
    place.starts++;
    place.host = this.hostFor(`${place.name}.${place.starts}`);
    this.world.trace(place.host.name, 'started');
    this.begin(place);
    this.listenFor(place);
  }
  /** SIGTERM: hands over first. */
  terminate(place: NodePlace): void {
    if (!place.host.alive || place.leaving) return;
    this.world.trace(place.host.name, 'terminated');
    place.leaving = true;
    const { host, node } = place;
    const end = () => {
      if (place.node !== node || !place.leaving || !host.alive) return;
      place.leaving = false;
      if (this.expendable(place)) return this.killNode(place);
      // What it was to hand over to is gone by now. A real process would end, and the group be lost: not here. It
      // leads on if it may; if its compare-and-set is still under way it answers nothing until that is known (R6).
    };
    host.deliver('SIGTERM', () => node.handOver(end));
    host.after(HAND_OVER_MS, end);
  }

  private hostFor(name: string): SimHost {
    const { random } = this.world;
    const speed = 1 + random.between(-DRIFT, DRIFT);
    return new SimHost(this.world, this.network, name, random.between(-500, 500), speed);
  }

  /** A new member at this place, empty and under a new id. */
  private begin(place: NodePlace): void {
    const { world, directory, shape } = this;
    const { host, group, address, hotfix } = place;
    const id = memberId(place.name, address.port, `${++place.begun}`);
    const node = new DataNode(host, {
      group,
      id,
      pid: 1,
      minInSync: shape.minInSync,
      orphanMs: shape.orphanMs,
      ...(shape.large && { large: { bytes: shape.large, piece: SMALL_PIECE } }),
      hotfix,
      cas: (next, epoch, done, wanted) => directory.cas(host, group, next, epoch, done, wanted),
      readRing: (done) => directory.readRing(host, done),
      refresh: () => directory.tell(host),
      connected: () => directory.connected(host),
      broke: (error) => {
        if (!(error instanceof Broken)) throw error;
        world.trace(host.name, error.message);
      },
      failed: (reason) => {
        world.trace(host.name, `begins anew: ${reason}`);
        place.leaving = false;
        place.failed = true;
        directory.unregister(group, id, world.random.between(0, BEGIN_MS));
        // Until then the one that has failed is what connections find, as in a real process.
        host.after(world.random.between(1, BEGIN_MS), () => {
          if (place.node === node) this.begin(place);
        });
      },
    });
    place.id = id;
    place.node = node;
    place.leaving = false;
    place.failed = false;
    const member = { group, setMembers: (members: readonly Registration[]) => node.setMembers(members) };
    directory.watch(host, node, { member });
    const registration = { id, ...address, pid: 1, hotfix };
    if (world.time === 0) directory.registerFirst(group, registration);
    directory.register(host, group, registration, () => place.node === node);
  }

  private listenFor(place: NodePlace): void {
    const { host } = place;
    this.network.listen(place.address, { host, accept: (conn) => place.node.accept(conn) });
  }

  private startRouter(name: string, address: Address, start: number): { host: SimHost; router: Router } {
    const { shape, directory } = this;
    const host = this.hostFor(`${name}.${start}`);
    const router = new Router(host, {
      id: `${name}-${start}`,
      deadlineMs: shape.deadlineMs,
      ...(shape.large && { largeBytes: shape.large }),
      password: '',
      maxClients: 1000,
      host: address.host,
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
      trim: (version, emptyIn, done) => this.trim(host, version, emptyIn, done),
    });
    router.mover.lead(this.movers(name));
    router.mover.setRate('max');
    this.network.listen(address, { host, accept: (conn) => router.accept(conn) });
    directory.watch(host, router, { router });
    return { host, router };
  }

  /** A compare-and-set on the ring, some time later. */
  private trim(
    host: SimHost,
    version: number,
    emptyIn: (group: string, slot: number) => boolean,
    done: () => void,
  ): void {
    const { directory, world } = this;
    world.after(world.random.between(0, 30), () => {
      const next = directory.ring.version === version ? trim(directory.ring, emptyIn) : null;
      if (next !== null) directory.publishRing(next);
      if (host.alive) host.after(world.random.between(0, 5), done);
    });
  }

  private startGroup(group: string): void {
    const { members, spares } = this.shape;
    const places = Array.from({ length: members + spares }, (_, i) => {
      const name = `${group}${'abcdef'[i]}`;
      const place = {
        name,
        group,
        hotfix: i < members,
        wanted: '',
        address: { host: name, port: 7000 },
        host: this.hostFor(name),
        starts: 1,
        begun: 0,
      } as NodePlace;
      this.begin(place);
      this.listenFor(place);
      return place;
    });
    this.nodes.push(...places);
    const inSync = places.filter(({ hotfix }) => hotfix).map(({ id }) => id);
    this.directory.publishConfig(group, { epoch: 1, term: 1, primary: inSync[0]!, inSync, created: 1 });
  }
}
