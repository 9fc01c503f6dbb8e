// How fast the drain goes: at full speed, at so many keys a second, or by itself. A pause in proportion to the work
// before it leaves time to clients, and grows as the cluster gets busier. It is not long: while a key has not moved, a
// write of it costs ten others, so that a slower drain costs clients more than a faster one, until it is over. So a short
// one is best made without rests; only a long one must leave them room.
import type { Host } from '../net/host.js';

/** `max`: as fast as it can; a number: keys a second, 0 pauses; `auto`: without rests for a moment, and then with some. */
export type Rate = 'auto' | 'max' | number;

/** Transactions at a time, and keys of each. */
const FULL = { parallel: 4, keys: 1024 };
const SPRINT = { parallel: 2, keys: 1024 };
const AUTO = { parallel: 2, keys: 256 };
const NUMBERED = { parallel: 1, keys: 128 };
/** A pause by itself is so many times as long as the work before it; at least, at most, ms. */
const REST = 0.5;
const LEAST_MS = 4;
const MOST_MS = 250;
/** How long a drain by itself goes without rests, ms. */
const SPRINT_MS = 2000;
/** How often a paused drain looks whether it may go on, ms. */
const PAUSED_MS = 200;

/** Decides when the next transaction of a drain may begin. */
export class Pace {
  private rate: Rate = 'auto';
  private notBefore = 0;
  private sprintsUntil = 0;

  constructor(private readonly host: Host) {}

  setRate(rate: Rate): void {
    this.rate = rate;
    this.notBefore = 0;
  }
  /** A ring has changed: there is a drain to be begun. */
  begins(): void {
    this.sprintsUntil = this.host.now() + SPRINT_MS;
  }
  private get sprints(): boolean {
    return this.rate === 'auto' && this.host.now() < this.sprintsUntil;
  }
  private get restless(): boolean {
    return this.rate === 'max' || this.sprints;
  }

  /** Transactions that may be under way together. */
  get parallel(): number {
    return this.size.parallel;
  }

  /** Keys of one transaction at most. */
  get keysAtOnce(): number {
    const { rate, size } = this;
    return typeof rate === 'string' ? size.keys : Math.max(1, Math.min(size.keys, Math.floor(rate / 10)));
  }
  private get size() {
    if (this.rate === 'max') return FULL;
    if (this.sprints) return SPRINT;
    return this.rate === 'auto' ? AUTO : NUMBERED;
  }

  /** Calls back when the next one may begin; with false when the drain is paused. */
  wait(then: (go: boolean) => void): void {
    if (this.rate === 0) {
      this.host.after(PAUSED_MS, () => then(false));
      return;
    }
    const ms = this.notBefore - this.host.now();
    if (this.restless || ms <= 0) return then(true);
    this.host.after(ms, () => then(true));
  }
  /** A transaction is over. @param since when it began, monotonic, ms */
  took({ keys }: { keys: number }, since: number): void {
    const now = this.host.now();
    const { rate } = this;
    if (this.restless) return;
    const pause =
      typeof rate === 'number'
        ? (1000 * Math.max(1, keys)) / Math.max(rate, 1)
        : Math.min(MOST_MS, Math.max(LEAST_MS, REST * (now - since)));
    this.notBefore = Math.max(now, this.notBefore) + pause;
  }
}
