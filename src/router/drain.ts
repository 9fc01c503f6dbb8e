// A router's part in moving keys: it learns where older groups hold nothing, and, when it leads, moves what nobody
// writes. Must never apply what was said under one version of the ring to another.
import type { Host } from '../net/host.js';
import { askEmpty } from './ask.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane } from './data-lane.js';
import { LargeMove } from './large-move.js';
import type { Movable, Moved } from './move.js';
import { Mover, type MoverOwner } from './mover.js';
import type { Route } from './route.js';

/** How often older groups are asked for their empty slots while there are any, ms. */
const LEARN_MS = 5000;

/** What is needed of the router. */
export interface DrainOwner {
  /** Incarnation. */
  readonly id: string;
  readonly route: Route;
  readonly lanes: readonly DataLane[];
  readonly coordinators: Coordinators;
  holding(): boolean;
  lost(group: string): boolean;
  readonly config: {
    readonly largeBytes?: number;
    trim?(version: number, emptyIn: (group: string, slot: number) => boolean, done: () => void): void;
  };
}

/** The drain as one router sees it. */
export class Drain implements MoverOwner {
  readonly mover: Mover;
  private learnedAt = 0;
  private readonly large = new Map<string, ((moved: Moved | null) => void)[]>();
  private stages = 0;

  constructor(
    private readonly host: Host,
    private readonly router: DrainOwner,
  ) {
    this.mover = new Mover(host, this, router.config.largeBytes);
  }

  get route(): Route {
    return this.router.route;
  }
  get lanes(): readonly DataLane[] {
    return this.router.lanes;
  }
  get coordinators(): Coordinators {
    return this.router.coordinators;
  }
  holding(): boolean {
    return this.router.holding();
  }
  lost(group: string): boolean {
    return this.router.lost(group);
  }
  trim(version: number, emptyIn: (group: string, slot: number) => boolean, done: () => void): void {
    const { trim } = this.router.config;
    if (trim === undefined) done();
    else trim(version, emptyIn, done);
  }
  moveLarge(route: Route, source: string, key: Movable, done: (moved: Moved | null) => void): void {
    // Whoever wants the same key moved waits for the same move.
    const name = `${route.fence} ${source} ${key.db}:${key.key}`;
    const waiting = this.large.get(name);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.large.set(name, all);
    const id = `${this.router.id}:${++this.stages}`;
    new LargeMove({ host: this.host, owner: this, route, source, key, id }, (moved) => {
      this.large.delete(name);
      for (const each of all) each(moved);
    }).start();
  }

  /** Called now and then. @param now monotonic, ms */
  tick(now: number): void {
    if (this.route.moving && now - this.learnedAt > LEARN_MS && !this.holding()) this.learn();
    this.mover.tick(now);
  }

  /** Asks older groups in which slots they hold nothing: no read or write of those looks there any more. */
  learn(): void {
    const { route } = this;
    this.learnedAt = this.host.now();
    for (const group of route.table.olderGroups) {
      askEmpty(this.lanes[group]!, (bits) => {
        if (bits !== null) route.settled.addReport(group, bits);
      });
    }
  }
}
