// What goes wrong in a run, and when: broken connections, killed routers, frozen processes, refused connections, bad
// weather, a new version of the ring; data nodes that die, hand over, pause or are cut off, ZooKeeper that stalls,
// clocks that are set. Everything from the seed. Must never do what the design does not promise to survive: the last
// member of a group that holds everything lives on (Cluster.expendable).
import type { Cluster, NodePlace } from './cluster.js';
import { Directed } from './directed.js';
import { Moments } from './moments.js';
import { CALM, type Link, type Weather } from './network.js';
import { Operator } from './operator.js';
import type { Random } from './random.js';
import type { Variant } from './variants.js';

/** How often what happens; weights, and the mean pause between two misfortunes, ms. */
export interface Temper {
  pause: number;
  cutLink: number;
  killRouter: number;
  freeze: number;
  storm: number;
  bumpRing: number;
  killNode: number;
  terminate: number;
  /** A data node pauses longer than its lease. */
  pauseNode: number;
  /** Two places, or one and ZooKeeper, or one and everybody, do not reach each other. */
  wall: number;
  /** A primary pauses right after a beacon, and wakes up hearing nobody but routers. */
  lonely: number;
  stall: number;
  jump: number;
  weather: Weather;
}

/** A temper by chance: from peaceful to rough. */
export function temperOf(random: Random): Temper {
  const roughness = random.pick([0, 0.3, 1, 1, 2]);
  const odd = (weight: number) => (random.chance(0.6) ? weight : 0);
  return {
    pause: roughness === 0 ? 1e9 : random.pick([40, 120, 400]) / roughness,
    cutLink: odd(6) + 1,
    killRouter: odd(1.5),
    freeze: odd(1),
    storm: odd(1),
    bumpRing: odd(3),
    ...groupsTemper(random, odd),
    weather: {
      delay: random.pick<[number, number]>([
        [0.05, 0.3],
        [0.05, 2],
        [1, 8],
      ]),
      slow: random.pick([0, 0.01, 0.1]),
      slowness: [5, 60],
      refusals: roughness * 0.05,
      halfOpen: random.pick([0, 0.1, 0.5]),
      halfOpenFor: [10, 2500],
      pieces: random.pick([0.05, 0.5]),
    },
  };
}

/** What happens to data nodes and ZooKeeper; nothing, in some runs. */
function groupsTemper(random: Random, odd: (weight: number) => number) {
  const much = random.pick([0, 1, 1, 2]);
  return {
    killNode: odd(2 * much),
    terminate: odd(much),
    pauseNode: odd(much),
    wall: odd(2 * much),
    lonely: odd(much),
    stall: odd(0.5 * much),
    jump: odd(0.5 * much),
  };
}

/** Makes trouble until it is stopped. */
export class Chaos {
  private on = true;
  private readonly random: Random;
  readonly directed: Directed;
  private readonly moments: Moments | null;
  readonly operator: Operator;

  constructor(
    private readonly cluster: Cluster,
    private readonly temper: Temper,
    private readonly variant: Variant,
  ) {
    this.random = cluster.world.random.fork();
    this.operator = new Operator(cluster);
    this.directed = new Directed(
      cluster,
      this.random,
      this.operator,
      (place, how, ms) => this.down(place, how, ms),
      () => this.on,
    );
    this.moments =
      variant.unheard + variant.between + variant.late > 0
        ? new Moments(cluster, this.random, () => this.on)
        : null;
    cluster.network.weather = temper.weather;
    this.later();
  }

  /** No more trouble, and everything that is down comes up again. */
  heal(): void {
    this.on = false;
    const { cluster } = this;
    cluster.network.weather = CALM;
    cluster.network.openAll();
    cluster.directory.heal();
    for (const place of cluster.routers) cluster.restartRouter(place);
    for (const place of cluster.nodes) {
      cluster.restartNode(place);
      if (!place.hotfix) this.operator.admit(place);
    }
    for (const group of cluster.shape.groups) this.operator.mind(group, 0);
    cluster.world.trace('chaos', 'healed');
  }

  private later(): void {
    const { world } = this.cluster;
    world.after(this.random.between(0, 2 * this.temper.pause), () => {
      if (!this.on) return;
      this.act();
      this.later();
    });
  }

  private act(): void {
    const { random, cluster, temper, variant } = this;
    const { world, network } = cluster;
    const what = random.weighted([
      [temper.cutLink, 'cut'],
      [temper.killRouter, 'kill'],
      [temper.freeze, 'freeze'],
      [temper.storm, 'storm'],
      [temper.bumpRing, 'ring'],
      [temper.killNode, 'kill node'],
      [temper.terminate, 'terminate'],
      [temper.pauseNode, 'pause'],
      [temper.wall, 'wall'],
      [temper.lonely, 'lonely'],
      [temper.stall, 'stall'],
      [temper.jump, 'jump'],
      [variant.split, 'split'],
      [variant.silence, 'silence'],
      [variant.estrange, 'estrange'],
      [variant.unheard, 'unheard'],
      [variant.between, 'between'],
      [variant.late, 'late'],
      [variant.doom, 'doom'],
      [2 * variant.spares, 'admit'],
      [variant.churn, 'churn'],
    ] as const);
    switch (what) {
      case 'cut': {
        const kinds = new Map<string, Link[]>();
        for (const link of network.links) {
          const kind = kindOf(link);
          kinds.set(kind, [...(kinds.get(kind) ?? []), link]);
        }
        if (kinds.size === 0) return;
        network.cut(random.pick(kinds.get(random.pick([...kinds.keys()]))!));
        return;
      }
      case 'kill': {
        const place = random.pick(cluster.routers);
        cluster.killRouter(place);
        world.after(random.between(5, 1500), () => cluster.restartRouter(place));
        return;
      }
      case 'freeze': {
        const hosts = [...cluster.routers, ...cluster.nodes].map(({ host }) => host);
        const host = random.pick(hosts);
        const ms = random.pick([5, 50, 600]);
        world.trace(host.name, `frozen for ${ms}`);
        host.freeze(ms);
        return;
      }
      case 'storm':
        // Every connection of one process at once.
        {
          const host = random.pick([...cluster.routers, ...cluster.nodes]).host;
          for (const link of [...network.links]) {
            if (link.client.host === host || link.server.host === host) network.cut(link);
          }
        }
        return;
      case 'ring':
        return random.chance(0.3) ? cluster.bumpRing() : cluster.changeRing(random);
      case 'kill node':
        return this.down(random.pick(cluster.nodes), 'kill');
      case 'terminate':
        return this.down(random.pick(cluster.nodes), 'terminate');
      case 'pause': {
        const { host } = this.victim();
        const ms = random.pick([900, 1300, 2500, 5000]);
        world.trace(host.name, `frozen for ${ms}`);
        host.freeze(ms);
        return;
      }
      case 'wall':
        return this.wall(this.victim());
      case 'lonely':
        return this.lonely(random.pick(cluster.shape.groups));
      case 'stall':
        return cluster.directory.stall(random.pick([100, 1000, 4000]));
      case 'jump': {
        const { host } = this.victim();
        const ms = random.pick([-5000, -800, 800, 5000]);
        world.trace(host.name, `wall clock set by ${ms}`);
        host.jump(ms);
        return;
      }
      case 'split':
        return this.directed.split(random.pick(cluster.shape.groups));
      case 'silence':
        return this.directed.silence(random.pick(cluster.shape.groups));
      case 'estrange':
        return this.directed.estrange(random.pick(cluster.shape.groups));
      case 'unheard':
      case 'between':
      case 'late':
        return this.moments?.await(what);
      case 'doom':
        return this.directed.doom(random.pick(cluster.shape.groups));
      case 'churn': {
        // A router that learns late of it plans with the old ring for a while.
        const { name } = random.pick(cluster.routers);
        if (random.chance(0.4)) cluster.directory.wall(name, random.pick([100, 500, 2000]));
        return cluster.churnRing(random);
      }
      case 'admit':
        return this.operator.admit(random.pick(cluster.nodes.filter(({ hotfix }) => !hotfix)));
    }
  }

  /** A data node, rather one that leads. */
  private victim(): NodePlace {
    const { random, cluster } = this;
    if (random.chance(0.5)) return random.pick(cluster.nodes);
    return cluster.primaryOf(random.pick(cluster.shape.groups)) ?? random.pick(cluster.nodes);
  }

  /** A data node goes, if its group can do without it, and comes back after a while. */
  private down(place: NodePlace, how: 'kill' | 'terminate', ms = 0): void {
    const { random, cluster } = this;
    if (!cluster.expendable(place)) return;
    if (how === 'kill') cluster.killNode(place);
    else cluster.terminate(place);
    const back = () => {
      if (place.host.alive && place.leaving) cluster.world.after(100, back);
      else cluster.restartNode(place);
    };
    cluster.world.after(ms || random.pick([5, 300, 1500]) * random.between(0.2, 2), back);
  }

  /** R6 at its hardest: what was granted before the pause is heard after it, and nothing else is heard. */
  private lonely(group: string): void {
    const { random, cluster } = this;
    const { network, directory, world } = cluster;
    const place = cluster.primaryOf(group);
    if (place === undefined) return;
    const { host, name } = place;
    const ms = random.pick([1300, 1600, 2500]);
    let sprung = false;
    network.taps.push({
      wrote: ({ host: from }, bytes) => {
        if (sprung || from !== host || !this.on || !Buffer.from(bytes).includes('TOWLINE.BEACON\r')) return;
        sprung = true;
        world.trace(host.name, `frozen for ${ms}, and then alone`);
        // Not within the call: a process is not stopped in the middle of an event here.
        world.after(0, () => host.freeze(ms));
        world.after(random.between(10, 200), () => {
          directory.wall(name, ms + 500);
          for (const other of cluster.membersOf(group))
            if (other !== place) network.wall(other.name, name, ms + random.between(0, 500));
        });
      },
      delivered() {},
    });
  }

  /** Nothing passes for a while, one way or both, between a data node and something. */
  private wall({ name, group }: NodePlace): void {
    const { random, cluster } = this;
    const { network, directory } = cluster;
    const ms = random.pick([200, 1500, 5000]);
    const others = cluster.membersOf(group).filter((other) => other.name !== name);
    const everybody = [...cluster.routers, ...cluster.nodes].map((place) => place.name);
    const what = random.pick(['zookeeper', 'peer', 'peer', 'all', 'members'] as const);
    if (what === 'zookeeper' || what === 'all') directory.wall(name, ms);
    if (what === 'zookeeper') return;
    const from =
      what === 'peer'
        ? [random.pick(others).name]
        : (what === 'all' ? everybody : others.map((place) => place.name)).filter((other) => other !== name);
    const ways = what === 'all' ? 'both' : random.pick(['in', 'out', 'both', 'both'] as const);
    for (const other of from) {
      if (ways !== 'out') network.wall(other, name, ms);
      if (ways !== 'in') network.wall(name, other, ms);
    }
  }
}

/** Which two roles a connection joins: 'client router', 'router member', ... */
function kindOf({ client, server }: Link): string {
  const role = (name: string) => (name[0] === 'c' ? 'client' : name[0] === 'r' ? 'router' : 'member');
  return `${role(client.local)} ${role(server.local)}`;
}
