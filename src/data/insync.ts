// Which members are in sync: links and beacons to each, who is dead or lagging, who comes back, and the
// compare-and-set that makes it so. Must never let writes go on without a member before the configuration without it
// stands (R4), nor need less than both configurations while a change has an unknown outcome.
import { type GroupConfig, type GroupLog, Lease } from '../commit/index.js';
import type { Address, Host } from '../net/host.js';
import { BeaconLink } from './beacon.js';
import { FollowerLink } from './follower.js';

/** Outcome of a compare-and-set; told only when it is known. */
export type CasResult = 'written' | 'conflict';

/**
 * Changes a group's configuration from the one of `epoch` to `next`. `wanted` is asked right before anything is sent: if
 * it says no, nothing ever is, and the outcome is `conflict`. Absent: it is wanted.
 */
export type CompareAndSet = (
  next: GroupConfig,
  epoch: number,
  done: (result: CasResult) => void,
  wanted?: () => boolean,
) => void;

/** Times of one group, ms. */
export interface GroupTimes {
  leaseMs: number;
  graceMs: number;
  /** A backup that has not been heard for this long is removed. */
  silentMs: number;
  /** A backup that acknowledges nothing for this long while entries wait is removed. */
  lagMs: number;
}

/** design, section 3. */
export const DEFAULT_TIMES: GroupTimes = { leaseMs: 1000, graceMs: 1250, silentMs: 600, lagMs: 2000 };

const TICK_MS = 50;
/** A tick that comes this much too late says that this process stood still: silence of others is its own. */
const LATE_MS = 100;
/** Patience with members of a group that has just been created: they may not know it yet. */
const CREATION_MS = 5000;
/** Bytes of unacknowledged entries that a slow member may take a millisecond for. */
const BYTES_PER_MS = 20_000;

/** What is needed of the primary. */
export interface InSyncOwner {
  readonly log: GroupLog;
  readonly group: string;
  readonly id: string;
  readonly term: number;
  address(member: string): Address | null;
  now(): number;
  /** Whether ZooKeeper answers at present: nothing is begun while it does not. */
  connected(): boolean;
  advanced(): void;
  deposed(): void;
  /** Somebody else changed the configuration: read it. */
  conflict(): void;
  changed(config: GroupConfig): void;
}

interface Member {
  link: FollowerLink;
  beacon: BeaconLink;
  since: number;
  /** In the configuration that stands; false: counted already, but not in it yet. */
  listed: boolean;
  /** A configuration that names it was sent: it may stand, whatever came of it as far as is known here. */
  claimed: boolean;
  /** Seq from which it counts. */
  from: number;
  dead: boolean;
  held: number;
  progressAt: number;
}

/** The members that a primary counts. */
export class InSync {
  readonly lease: Lease;
  private readonly members = new Map<string, Member>();
  private changing = false;
  private stopped = false;
  /** When this process went on after it had stood still, monotonic ms. */
  private awakeSince = Number.NEGATIVE_INFINITY;
  private cancel: () => void = () => {};

  constructor(
    private readonly host: Host,
    private readonly owner: InSyncOwner,
    private config: GroupConfig,
    private readonly times: GroupTimes,
    private readonly cas: CompareAndSet | null,
  ) {
    this.lease = new Lease(times.leaseMs);
    for (const member of config.inSync) {
      if (member !== owner.id) this.add(member, owner.log.committed, true);
    }
    this.tickLater();
  }

  get epoch(): number {
    return this.config.epoch;
  }
  get current(): GroupConfig {
    return this.config;
  }
  /** Whether a change of the configuration is under way. */
  get busy(): boolean {
    return this.changing;
  }
  get size(): number {
    return this.members.size + 1;
  }

  /** R6: whether a reply may leave at this moment. */
  serving(): boolean {
    return this.lease.valid({ mono: this.host.now(), wall: this.host.wall() });
  }

  /** R9: whether every member has said, in this term, that it holds the log up to `seq`: its prefix and nothing else. */
  gathered(seq: number): boolean {
    for (const [id, { link }] of this.members) {
      if (!link.everLive || this.owner.log.heldBy(id) < seq) return false;
    }
    return true;
  }

  /** Whether a member has answered what it was asked for this after `since` (monotonic ms): it is asked at once. */
  alive(id: string, since: number): boolean {
    return this.members.get(id)?.beacon.alive(since) === true;
  }

  /** End of the turn: entries and `others` go to every member. */
  flush(others: Buffer[]): void {
    for (const { link } of this.members.values()) link.flush(others);
  }

  /** A candidate holds everything up to `from`: it counts from now on, and is listed as soon as that is committed. */
  admit(member: string, from: number): void {
    this.add(member, from, false);
  }

  /** A connection that carried the log has closed. */
  lost(member: string): void {
    const known = this.members.get(member);
    if (known === undefined) return;
    known.dead = true;
    this.propose();
  }

  /** The commit index moved, or a member answered: a candidate may be ready. */
  moved(): void {
    if (!this.changing) for (const { listed } of this.members.values()) if (!listed) return this.propose();
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
    for (const member of [...this.members.keys()]) this.drop(member);
  }

  private add(id: string, from: number, listed: boolean): void {
    const { host, owner, lease } = this;
    const epoch = () => this.config.epoch;
    owner.log.join(id, from, listed);
    lease.join(id);
    const shared = {
      log: owner.log,
      lease,
      group: owner.group,
      id: owner.id,
      term: owner.term,
      get epoch() {
        return epoch();
      },
      address: (member: string) => owner.address(member),
      now: () => owner.now(),
      deposed: () => owner.deposed(),
      advanced: () => owner.advanced(),
      granted: () => owner.advanced(),
      lost: (member: string) => this.lost(member),
    };
    const since = host.now();
    this.members.set(id, {
      link: new FollowerLink(host, shared, id),
      beacon: new BeaconLink(host, shared, id, this.times.leaseMs / 5),
      since,
      listed,
      claimed: listed,
      from,
      dead: false,
      held: from,
      progressAt: since,
    });
  }

  private drop(id: string): void {
    const member = this.members.get(id);
    if (member === undefined) return;
    this.members.delete(id);
    this.lease.leave(id);
    member.link.stop();
    member.beacon.stop();
  }

  private tickLater(): void {
    const due = this.host.now() + TICK_MS;
    this.cancel = this.host.after(TICK_MS, () => {
      const now = this.host.now();
      if (now - due > LATE_MS) this.awakeSince = now;
      for (const [id, member] of this.members) if (this.isDead(id, member, now)) member.dead = true;
      this.propose();
      if (!this.stopped) this.tickLater();
    });
  }

  private isDead(id: string, member: Member, now: number): boolean {
    const { log, term } = this.owner;
    const { silentMs, lagMs } = this.times;
    const since = Math.max(member.since, this.awakeSince);
    const held = log.heldBy(id);
    // A new primary needs a word of everybody, also if there is nothing to be held (R9).
    if (held > member.held || (held === log.head && member.link.everLive)) {
      member.held = held;
      member.progressAt = now;
    }
    const patience = term === 1 && !member.link.everLive && member.listed ? CREATION_MS : silentMs;
    if (now - Math.max(member.beacon.heardAt, since) > patience) return true;
    return now - Math.max(member.progressAt, since) > Math.max(lagMs, patience) + log.bytes / BYTES_PER_MS;
  }

  /** Silent, lagging, or without a connection at this moment: who was and is back again need not leave. */
  private gone(id: string): boolean {
    const member = this.members.get(id);
    return member === undefined || !member.link.live || this.isDead(id, member, this.host.now());
  }

  /** One change at a time, and only while its outcome may be learned soon: the dead leave, the ready are listed. */
  private propose(): void {
    const { owner, config, cas } = this;
    if (this.changing || this.stopped || cas === null) return;
    for (const [id, member] of this.members) member.dead &&= this.gone(id);
    const leaving: string[] = [];
    const coming: string[] = [];
    for (const [id, member] of this.members) {
      if (member.dead) {
        // A candidate that dies was never counted on by anybody else, unless it may have been named: then it may lead by
        // now (R6), and only a configuration without it says that it does not.
        if (member.claimed) leaving.push(id);
        else this.leave([id]);
      } else if (
        !member.listed &&
        // It has said itself that it holds everything up to there: until then its place in the log is only assumed.
        member.link.everLive &&
        // Not the commit index: below minInSync it waits for this very member.
        owner.log.everywhere >= member.from
      ) {
        coming.push(id);
      }
    }
    if ((leaving.length === 0 && coming.length === 0) || !owner.connected()) return;
    const inSync = [...config.inSync.filter((id) => !leaving.includes(id)), ...coming];
    const next: GroupConfig = { ...config, epoch: config.epoch + 1, inSync };
    this.changing = true;
    for (const id of coming) this.members.get(id)!.claimed = true;
    // R4: who may have left already is not counted among minInSync.
    for (const id of leaving) owner.log.list(id, false);
    const wanted = () => leaving.every((id) => this.gone(id));
    const done = (result: CasResult) => {
      this.changing = false;
      if (this.stopped) return;
      if (result === 'conflict') {
        // Not wanted any more, perhaps: then they are as they were.
        for (const id of leaving) if (this.members.get(id)?.listed) owner.log.list(id, true);
        return owner.conflict();
      }
      this.config = next;
      for (const id of coming) {
        const member = this.members.get(id);
        if (member === undefined) continue;
        member.listed = true;
        if (owner.log.list(id, true)) owner.advanced();
      }
      this.leave(leaving);
      owner.changed(next);
      this.propose();
    };
    cas(next, config.epoch, done, wanted);
  }

  private leave(ids: readonly string[]): void {
    let moved = false;
    for (const id of ids) {
      this.drop(id);
      moved = this.owner.log.leave(id) || moved;
    }
    if (ids.length > 0 || moved) this.owner.advanced();
  }
}
