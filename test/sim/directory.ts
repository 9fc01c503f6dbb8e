// What ZooKeeper would tell: the ring and the groups' configurations, delivered to each process after a delay of its
// own, sometimes twice, never in another order than they were published in per process.
import type { GroupConfig } from '../../src/commit/index.js';
import type { RingDocument } from '../../src/ring/index.js';
import type { SimHost } from './host.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Whoever watches ring and configurations. */
export interface Watcher {
  setRing(document: RingDocument): void;
  setConfig(group: string, config: GroupConfig): void;
}

export class Directory {
  ring: RingDocument = { version: 0, groups: [], history: [], abandoned: [] };
  private readonly configs = new Map<string, GroupConfig>();
  private readonly watchers = new Map<SimHost, Watcher>();
  private readonly random: Random;
  /** Longest that a watch takes, ms. */
  lag = 50;

  constructor(private readonly world: World) {
    this.random = world.random.fork();
  }

  config(group: string): GroupConfig | undefined {
    return this.configs.get(group);
  }

  /** A process begins to watch. */
  watch(host: SimHost, watcher: Watcher): void {
    this.watchers.set(host, watcher);
    this.tell(host);
  }
  forget(host: SimHost): void {
    this.watchers.delete(host);
  }

  publishRing(document: RingDocument): void {
    this.ring = document;
    this.world.trace('directory', `ring ${document.version}`);
    for (const host of this.watchers.keys()) this.tell(host);
  }
  publishConfig(group: string, config: GroupConfig): void {
    this.configs.set(group, config);
    this.world.trace('directory', `${group} epoch ${config.epoch}`);
    for (const host of this.watchers.keys()) this.tell(host);
  }

  /** Reads everything for this process, as it is when the answer leaves; older news are ignored by who gets them. */
  tell(host: SimHost): void {
    const { world, random } = this;
    const parts: (() => void)[] = [
      () => this.watchers.get(host)?.setRing(this.ring),
      ...[...this.configs].map(
        ([group]) =>
          () =>
            this.watchers.get(host)?.setConfig(group, this.configs.get(group)!),
      ),
    ];
    for (const part of parts) {
      world.after(random.between(0, this.lag), () => host.deliver('directory', part));
    }
  }
}
