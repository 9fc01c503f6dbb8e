// R6: when may a primary serve, and when may a backup take over? The primary counts its lease from when it *sent*
// the beacon that was acknowledged; the backup counts its grace from when it *received* one; grace > lease. So the
// one has ended before the other is over, whatever the network does in between.

/** A moment on both clocks of one process, ms. A lease is over as soon as either says so. */
export interface Instant {
  mono: number;
  wall: number;
}

/** Beacons without an answer that are remembered; older ones can only shorten a lease. */
const MAX_OUTSTANDING = 64;

interface Granted {
  sent: Map<number, Instant>;
  from: Instant | null;
}

/** The primary's side: a lease from every backup in sync. */
export class Lease {
  private readonly members = new Map<string, Granted>();

  /** @param leaseMs how long one acknowledged beacon lasts */
  constructor(private readonly leaseMs: number) {}

  /** From now on the member's lease is needed too. */
  join(member: string): void {
    if (!this.members.has(member)) this.members.set(member, { sent: new Map(), from: null });
  }
  /** The configuration without the member stands. */
  leave(member: string): void {
    this.members.delete(member);
  }
  /** Beacon number `beacon` is about to be sent. Numbers grow. */
  sent(member: string, beacon: number, now: Instant): void {
    const granted = this.members.get(member);
    if (granted === undefined) return;
    granted.sent.set(beacon, now);
    if (granted.sent.size > MAX_OUTSTANDING) granted.sent.delete(granted.sent.keys().next().value!);
  }
  /** The member has acknowledged it: earlier ones count no more. */
  acknowledged(member: string, beacon: number): void {
    const granted = this.members.get(member);
    const at = granted?.sent.get(beacon);
    if (granted === undefined || at === undefined) return;
    granted.from = at;
    for (const number of granted.sent.keys()) if (number <= beacon) granted.sent.delete(number);
  }
  /** Whether every member's lease lasts at this moment. */
  valid(now: Instant): boolean {
    for (const { from } of this.members.values()) {
      if (from === null || now.mono - from.mono >= this.leaseMs || now.wall - from.wall >= this.leaseMs)
        return false;
    }
    return true;
  }
}

/** A backup's side: how long it has heard nothing. */
export class Grace {
  private since: number;

  /** @param graceMs longer than any lease */
  constructor(
    private readonly graceMs: number,
    now: number,
  ) {
    this.since = now;
  }
  /** A beacon of the primary that is followed arrived now (monotonic ms). */
  heard(now: number): void {
    if (now > this.since) this.since = now;
  }
  /** Whether the primary may be considered gone. */
  over(now: number): boolean {
    return now - this.since >= this.graceMs;
  }
}
