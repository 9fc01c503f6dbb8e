// The group's one clock (design, section 3): starts from the wall clock, advances by the monotonic clock, never runs
// backwards, and takes over a larger time heard from another member. Expiry is judged by it and nothing else.

/** Milliseconds since 1970 as one group sees them. */
export class GroupClock {
  private base: number;
  private since: number;
  private last = 0;

  constructor(
    private readonly monotonic: () => number,
    wall: number,
  ) {
    this.base = wall;
    this.since = monotonic();
  }

  /** Now, an integer, never less than before. */
  now(): number {
    const time = Math.floor(this.base + this.monotonic() - this.since);
    if (time > this.last) this.last = time;
    return this.last;
  }

  /** Another member's clock said `time`: this one is not behind it from now on. */
  heard(time: number): void {
    if (time <= this.now()) return;
    this.base = time;
    this.since = this.monotonic();
  }
}
