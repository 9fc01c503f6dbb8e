// Misfortunes that chance alone brings together too rarely: each waits for a change of a group's configuration and
// strikes at that moment. Must never kill the last member that holds everything (Cluster.expendable), unless a group is
// doomed: then an operator is told.
import type { GroupConfig } from '../../src/commit/index.js';
import type { Cluster, NodePlace } from './cluster.js';
import type { Operator } from './operator.js';
import type { Random } from './random.js';

/** Longest that one of these waits for its moment, ms. */
const PATIENCE_MS = 4000;

export class Directed {
  /** Hears of a group that is about to lose all it holds. */
  dooms: (group: string) => void = () => {};

  constructor(
    private readonly cluster: Cluster,
    private readonly random: Random,
    private readonly operator: Operator,
    /** A data node goes, if it is expendable, and comes back after `ms`. */
    private readonly down: (place: NodePlace, how: 'kill' | 'terminate', ms: number) => void,
    /** Trouble goes on. */
    private readonly on: () => boolean,
  ) {}

  /**
   * R9 at its hardest: a primary dies while one backup lags and another does not; whoever leads next does not reach
   * the others at first, and routers say again at once what it may not have seen.
   */
  split(group: string): void {
    const { cluster, random } = this;
    const primary = cluster.primaryOf(group);
    const others = this.others(group);
    const lagging = random.chance(0.7) ? others[0] : others.at(-1);
    if (primary === undefined || lagging === undefined || !cluster.expendable(primary)) return;
    cluster.network.wall(primary.name, lagging.name, 500);
    cluster.world.after(random.between(20, 400), () => {
      if (this.on()) this.down(primary, 'kill', random.pick([300, 1500, 4000]));
    });
    this.when(
      group,
      ({ term }, before) => term > before.term,
      (next) => {
        const heir = cluster.member(next.primary);
        for (const other of cluster.membersOf(group)) {
          if (heir === undefined || other === heir) continue;
          const ms = random.between(20, 550);
          cluster.network.wall(heir.name, other.name, ms);
          if (random.chance(0.5)) cluster.network.wall(other.name, heir.name, ms);
        }
      },
    );
  }

  /**
   * R10 at its hardest: a router does not hear what it is answered; when it hears again, the primary is one that was
   * given everything after the commands were executed.
   */
  silence(group: string): void {
    const { cluster, random } = this;
    const primary = cluster.primaryOf(group);
    if (primary === undefined || !primary.host.alive) return;
    const router = random.pick(cluster.routers);
    cluster.network.wall(primary.name, router.name, PATIENCE_MS);
    cluster.world.after(random.between(5, 100), () => {
      for (const other of this.others(group)) if (this.on()) this.down(other, 'kill', random.between(1, 50));
    });
    this.when(
      group,
      ({ inSync }, before) => inSync.some((id) => !before.inSync.includes(id)),
      () => {
        cluster.world.after(random.between(0, 100), () => {
          if (this.on() && cluster.primaryOf(group) === primary)
            this.down(primary, random.pick(['kill', 'terminate', 'terminate']), random.between(300, 2000));
        });
      },
    );
  }

  /**
   * R2 at its hardest: the ring changes, and one router hears of nothing, neither from ZooKeeper nor from anybody that
   * knows of it; the first that it speaks to is a new primary. Meanwhile other routers act on what the old one said.
   */
  estrange(group: string): void {
    const { cluster, random } = this;
    const { world, network, directory } = cluster;
    const primary = cluster.primaryOf(group);
    if (primary === undefined || !cluster.expendable(primary)) return;
    const router = random.pick(cluster.routers);
    for (const each of cluster.shape.groups) {
      const { name } = cluster.primaryOf(each) ?? primary;
      network.wall(router.name, name, PATIENCE_MS);
      network.wall(name, router.name, PATIENCE_MS);
    }
    directory.wall(router.name, PATIENCE_MS);
    cluster.changeRing(random);
    world.after(random.between(100, 600), () => {
      if (this.on()) this.down(primary, 'kill', random.pick([300, 1500, 4000]));
    });
  }

  /** Whoever may be in sync dies, within a moment: the group is lost, until an operator begins it anew. */
  doom(group: string): void {
    const { random, cluster } = this;
    if (cluster.abandoned(group)) return;
    this.dooms(group);
    const { world, directory } = cluster;
    world.trace('chaos', `dooms ${group}`);
    const within = random.pick([0, 0, 50, 1500]);
    const everybody = random.chance(0.5);
    const primary = cluster.primaryOf(group);
    const router = random.pick(cluster.routers);
    let from = 0;
    if (primary !== undefined && random.chance(0.6)) {
      // What is executed shortly before the end is not heard of; the router may be gone as well.
      from = random.between(5, 300);
      cluster.network.wall(primary.name, router.name, from + within);
      if (random.chance(0.4)) {
        world.after(random.between(0, from + within), () => {
          if (this.on()) cluster.killRouter(router);
          world.after(random.between(5, 1500), () => cluster.restartRouter(router));
        });
      }
    }
    for (const place of cluster.membersOf(group)) {
      world.after(from + random.between(0, within), () => {
        if (!this.on() || (!everybody && !directory.binding(group).has(place.id))) return;
        cluster.killNode(place);
        world.after(random.pick([50, 1000, 4000]) * random.between(0.5, 1.5), () =>
          cluster.restartNode(place),
        );
      });
    }
    this.operator.mind(group, within + random.pick([50, 1000, 4000]));
  }

  /** Members in sync other than the primary, in order. */
  private others(group: string): NodePlace[] {
    const { inSync, primary } = this.cluster.directory.config(group)!;
    return inSync
      .filter((id) => id !== primary)
      .flatMap((id) => this.cluster.member(id) ?? [])
      .filter(({ host, leaving }) => host.alive && !leaving);
  }

  /** Once, at the next change of the group's configuration that fits. */
  private when(
    group: string,
    fits: (next: GroupConfig, before: GroupConfig) => boolean,
    then: (next: GroupConfig) => void,
  ): void {
    const { world, directory } = this.cluster;
    const until = world.time + PATIENCE_MS;
    const listener = (name: string, before: GroupConfig, next: GroupConfig) => {
      const late = world.time > until || !this.on();
      if (!late && (name !== group || !fits(next, before))) return;
      directory.listeners.delete(listener);
      if (!late) then(next);
    };
    directory.listeners.add(listener);
  }
}
