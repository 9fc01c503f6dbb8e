// How fast the drain goes: at full speed, at so many keys a second, or by itself, so that clients hardly notice. A pause
// as long as the work before it leaves the cluster's time to clients, and grows as the cluster gets busier.
import type { Host } from '../net/host.js';

/** `max`: as fast as it can; a number: keys a second, 0 pauses; `auto`: works half of the time. */
export type Rate = 'auto' | 'max' | number;

const MOST_KEYS = 128;
/** Transactions at a time at full speed. */
const PARALLEL = 4;
/** Keys of one transaction by itself. */
const AUTO_KEYS = 128;
/** A pause by itself is so many times as long as the work before it; at least, at most, ms. */
const REST = 1;
const LEAST_MS = 4;
const MOST_MS = 250;
/** How often a paused drain looks whether it may go on, ms. */
const PAUSED_MS = 200;

/** Decides when the next transaction of a drain may begin. */
export class Pace {
  private rate: Rate = 'auto';
  private notBefore = 0;
  private beganAt = 0;

  constructor(private readonly host: Host) {}

  setRate(rate: Rate): void {
    this.rate = rate;
    this.notBefore = 0;
  }
  /** Transactions that may be under way together. */
  get parallel(): number {
    return this.rate === 'max' ? PARALLEL : 1;
  }

  /** Keys of one transaction at most. */
  get keysAtOnce(): number {
    const { rate } = this;
    if (rate === 'max') return MOST_KEYS;
    if (rate === 'auto') return AUTO_KEYS;
    return Math.max(1, Math.min(MOST_KEYS, Math.floor(rate / 10)));
  }

  /** Calls back when the next one may begin; with false when the drain is paused. */
  wait(then: (go: boolean) => void): void {
    if (this.rate === 0) {
      this.host.after(PAUSED_MS, () => then(false));
      return;
    }
    const ms = this.notBefore - this.host.now();
    if (this.rate === 'max' || ms <= 0) return then(true);
    this.host.after(ms, () => then(true));
  }
  began(): void {
    this.beganAt = this.host.now();
  }
  /** A transaction is over. */
  took({ keys }: { keys: number }): void {
    const now = this.host.now();
    const { rate } = this;
    if (rate === 'max') return;
    const pause =
      rate === 'auto'
        ? Math.min(MOST_MS, Math.max(LEAST_MS, REST * (now - this.beganAt)))
        : (1000 * Math.max(1, keys)) / Math.max(rate, 1);
    this.notBefore = Math.max(now, this.notBefore) + pause;
  }
}
