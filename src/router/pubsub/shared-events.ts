// Which keyspace events are told: one setting of all routers together. Each remembers when and where it was set last, and
// takes what is newer. Pure; nobody writes it down: it is gone when no router is left.
import { encodeCommand } from '../../resp/index.js';

/** The setting as one router knows it. */
export class SharedEvents {
  flags = 0;
  private stamp = 0;
  private by = '';

  /** A client of this router sets it. @param now wall clock, ms @returns what others are told */
  set(flags: number, now: number, by: string): Buffer {
    this.flags = flags;
    this.stamp = Math.max(Math.floor(now), this.stamp + 1);
    this.by = by;
    return this.message()!;
  }

  /** Another router tells it. @returns whether it is news */
  heard(flags: number, stamp: number, by: string): boolean {
    if (!Number.isSafeInteger(flags) || !Number.isSafeInteger(stamp)) return false;
    if (stamp < this.stamp || (stamp === this.stamp && by <= this.by)) return false;
    this.flags = flags;
    this.stamp = stamp;
    this.by = by;
    return true;
  }

  /** What a router is told that has heard nothing yet; null: nobody has set it. */
  message(): Buffer | null {
    return this.stamp === 0 ? null : encodeCommand(['events', this.flags, this.stamp, this.by]);
  }
}
