// Time and chance for everything below src/zookeeper: an argument everywhere, with the real one as default.
// The only file of this folder that names timers, clocks and Math.random.

import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';

/** What the client, the recipes and the embedded server know of time and chance. */
export interface Clock {
  /** Monotonic milliseconds; never runs backwards. */
  now(): number;
  /** Wall-clock milliseconds since 1970. */
  wall(): number;
  /** Calls `fire` once, `ms` milliseconds from now; the returned function cancels it. */
  after(ms: number, fire: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
  /** Unpredictable bytes: session passwords and names that must be unique. */
  bytes(size: number): Buffer;
}

/** The clock of the machine. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  bytes: (size) => randomBytes(size),
};
