// Commands that are possible only while no key moves (SWAPDB: what routers know of keys that may have to move would be
// wrong of those that take their names). They wait for it, as long as a command may wait for a group. Pure.

interface Waiting {
  /** Monotonic, ms. */
  readonly until: number;
  again(): void;
  late(): void;
}

/** Those that wait. A connection waits with one command at a time. */
export class Still {
  private waiting: Waiting[] = [];

  /** @param again called when no key moves any more @param late called instead, when that takes too long */
  wait(until: number, again: () => void, late: () => void): void {
    this.waiting.push({ until, again, late });
  }

  /** Another ring is in use now. */
  ringTaken(moving: boolean): void {
    if (!moving) for (const { again } of this.waiting.splice(0)) again();
  }

  /** Called now and then. @param now monotonic, ms */
  tick(now: number): void {
    const late = this.waiting.filter(({ until }) => until <= now);
    if (late.length === 0) return;
    this.waiting = this.waiting.filter(({ until }) => until > now);
    for (const each of late) each.late();
  }
}
