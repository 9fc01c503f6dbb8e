// Leads through the tour: says what happens, lets the clients run and shows the picture meanwhile. What a scene finds
// out is measured here, over the same time that is shown.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from '../workload/histogram.js';
import { between, type Load, type Standing } from './load.js';
import type { Screen } from './picture.js';
import type { Stage } from './stage.js';

/** How long things take, ms. */
export interface Times {
  /** The clients are watched in a scene. */
  watch: number;
  /** Before a scene, to read what is said. */
  read: number;
  /** ZooKeeper is frozen. */
  frozen: number;
}

/** What was seen while the clients ran. */
export interface Seen {
  seconds: number;
  done: Standing;
  keys: Record<string, number>;
  /** The longest that a command took, ms. */
  longestMs: number;
}

/** Between two pictures, ms. */
const TERMINAL_MS = 500;
const PLAIN_MS = 2000;

/** The guide. */
export class Guide {
  private keys: Record<string, number> = {};
  /** The group that is new in the tour. */
  newcomer: string | null = null;

  constructor(
    readonly stage: Stage,
    readonly load: Load,
    readonly screen: Screen,
    readonly times: Times,
    private readonly stop: AbortSignal,
  ) {}

  /** Says what comes next, and leaves time to read it. */
  async tell(...lines: string[]): Promise<void> {
    this.screen.say('', ...lines);
    await this.pause(this.times.read);
  }
  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.stop });
  }

  /** Watches the clients for so long, and at least until `also` has come about. @throws what `also` throws */
  async watch(ms: number, also: Promise<unknown> = Promise.resolve()): Promise<Seen> {
    const { load, screen } = this;
    let open = true;
    const settled = also.finally(() => {
      open = false;
    });
    // It is awaited below; should it fail meanwhile, that is not yet to be known.
    settled.catch(() => {});
    const begin = performance.now();
    const first = await load.standing();
    const all = new Histogram();
    load.takeLatencies();
    let last = { at: begin, standing: first };
    const every = screen.terminal ? TERMINAL_MS : PLAIN_MS;
    for (let left = ms; left > 0 || open; left = begin + ms - performance.now()) {
      await this.pause(Math.max(20, Math.min(every, left > 0 ? left : every)));
      const standing = await load.standing();
      const at = performance.now();
      const recent = load.takeLatencies();
      all.add(recent);
      this.keys = await this.stage.keys();
      screen.draw({
        done: between(last.standing, standing),
        seconds: (at - last.at) / 1000,
        keys: this.keys,
        moved: this.newcomer === null ? null : (this.keys[this.newcomer] ?? 0),
        p99: recent.quantile(0.99) / 1000,
        judgement: standing,
      });
      last = { at, standing };
    }
    await settled;
    return {
      seconds: (last.at - begin) / 1000,
      done: between(first, last.standing),
      keys: this.keys,
      longestMs: all.max / 1000,
    };
  }
}
