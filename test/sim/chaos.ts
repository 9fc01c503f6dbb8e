// What goes wrong in a run, and when: broken connections, killed routers, frozen processes, refused connections, bad
// weather, a new version of the ring. Everything from the seed. Must never do what the design does not promise to
// survive yet: data nodes live until the code for their deaths exists.
import type { Cluster } from './cluster.js';
import { CALM, type Link, type Weather } from './network.js';
import type { Random } from './random.js';

/** How often what happens; weights, and the mean pause between two misfortunes, ms. */
export interface Temper {
  pause: number;
  cutLink: number;
  killRouter: number;
  freeze: number;
  storm: number;
  bumpRing: number;
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
    bumpRing: odd(1),
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

/** Makes trouble until it is stopped. */
export class Chaos {
  private on = true;
  private readonly random: Random;

  constructor(
    private readonly cluster: Cluster,
    private readonly temper: Temper,
  ) {
    this.random = cluster.world.random.fork();
    cluster.network.weather = temper.weather;
    this.later();
  }

  /** No more trouble, and everything that is down comes up again. */
  heal(): void {
    this.on = false;
    const { cluster } = this;
    cluster.network.weather = CALM;
    for (const place of cluster.routers) cluster.restartRouter(place);
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
    const { random, cluster, temper } = this;
    const { world, network } = cluster;
    const what = random.weighted([
      [temper.cutLink, 'cut'],
      [temper.killRouter, 'kill'],
      [temper.freeze, 'freeze'],
      [temper.storm, 'storm'],
      [temper.bumpRing, 'ring'],
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
        cluster.bumpRing();
    }
  }
}

/** Which two roles a connection joins: 'client router', 'router member', ... */
function kindOf({ client, server }: Link): string {
  const role = (name: string) => (name[0] === 'c' ? 'client' : name[0] === 'r' ? 'router' : 'member');
  return `${role(client.local)} ${role(server.local)}`;
}
