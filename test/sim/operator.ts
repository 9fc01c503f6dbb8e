// The operator of a simulated cluster: lets spares in, and begins groups anew that have lost every member in sync, as
// src/cli/group.ts does. Must never begin a group anew while one of those members lives.
import { abandon, beginAnew } from '../../src/ring/index.js';
import type { Cluster, NodePlace } from './cluster.js';
import type { Random } from './random.js';

/** Pause between two attempts of the operator, ms. */
const AGAIN_MS = 300;
/** How long a reset takes between looking and writing, ms. */
const RESET_MS = 50;

export class Operator {
  private readonly random: Random;
  /** Groups whose loss is being seen to. */
  private readonly anxious = new Set<string>();
  /** Hears that a group began anew: its data of before is gone. */
  wasReset: (group: string) => void = () => {};
  /** Share of lost groups that are given up rather than begun anew. */
  abandons = 0;

  constructor(private readonly cluster: Cluster) {
    // Apart from the cluster's own chance: who needs no operator gets the run that it had without one.
    this.random = cluster.world.random.apart();
  }

  /**
   * Lets a spare in, and says so again while it is not in sync, until it is dead: it may be listed, and removed by a
   * primary that has not heard of it, before it knows of either.
   */
  admit(place: NodePlace): void {
    const { id, host } = place;
    if (place.wanted === id) return;
    place.wanted = id;
    const { world, directory } = this.cluster;
    world.trace('operator', `lets ${id} in`);
    const again = () => {
      if (place.id !== id || !host.alive) return;
      world.after(AGAIN_MS, again);
      if (directory.config(place.group)!.inSync.includes(id)) return;
      const primary = this.cluster.primaryOf(place.group);
      primary?.host.deliver('admit', () => primary.node.admit(id));
    };
    again();
  }

  /** Looks after a group that may be lost until it is not, from `ms` on. */
  mind(group: string, ms: number): void {
    if (this.anxious.has(group)) return;
    this.anxious.add(group);
    this.cluster.world.after(ms, () => this.look(group));
  }

  private look(group: string): void {
    const { cluster, random } = this;
    const primary = cluster.primaryOf(group);
    // One that stands still has not heard yet whom it leads: it may begin anew when it goes on.
    const well = !cluster.lost(group) && primary?.node.serving && !primary.host.frozen;
    if (well || cluster.abandoned(group)) {
      this.anxious.delete(group);
      return;
    }
    // Who lives may yet find that it belongs to what was given up.
    if (!cluster.lost(group)) {
      cluster.world.after(AGAIN_MS, () => this.look(group));
      return;
    }
    const { directory, world } = cluster;
    if (this.abandons > 0 && random.chance(this.abandons)) {
      const next = abandon(directory.ring, group);
      if (typeof next !== 'string' && next !== directory.ring) {
        world.trace('operator', `abandons ${group}`);
        directory.publishRing(next);
        this.wasReset(group);
        this.anxious.delete(group);
        return;
      }
    }
    const now = directory.config(group)!;
    const registered = directory.registered(group);
    const fresh = registered.filter(({ hotfix }) => hotfix === true).map(({ id }) => id);
    // Their registrations outlive them for a while.
    const old = registered.some(({ id }) => now.inSync.includes(id));
    world.after(RESET_MS * random.unit(), () => {
      const primary = fresh[0];
      const same = directory.config(group) === now;
      if (!old && primary !== undefined && same && cluster.lost(group)) {
        const epoch = now.epoch + 1;
        directory.publishRing(beginAnew(directory.ring, group));
        world.trace('operator', `begins ${group} anew`);
        directory.publishConfig(group, {
          epoch,
          term: now.term + 1,
          primary,
          inSync: fresh,
          created: epoch,
        });
        this.wasReset(group);
      }
      // Who was listed may not be there any more: then it is lost again.
      world.after(AGAIN_MS, () => this.look(group));
    });
  }
}
