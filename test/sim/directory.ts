// What ZooKeeper would be to the processes: the ring, the groups' configurations with their compare-and-set, and who
// is registered. Everything takes time, per process; it may stall, or be out of one process's reach. It tells late,
// sometimes very late, but never anything untrue, and to each process nothing older than before.
import type { GroupConfig, Registration } from '../../src/commit/index.js';
import type { CasResult } from '../../src/data/insync.js';
import type { RingDocument } from '../../src/ring/index.js';
import type { SimHost } from './host.js';
import { placeName } from './network.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Whoever watches ring and configurations. */
export interface Watcher {
  setRing(document: RingDocument): void;
  setConfig(group: string, config: GroupConfig): void;
}
interface Seat {
  watcher: Watcher;
  /** A data node is told who is registered in its group. */
  member: { group: string; setMembers(members: readonly Registration[]): void } | null;
  /** A router is told who is registered in every group. */
  router: { setMembers(group: string, members: readonly Registration[]): void } | null;
}

/** Share of compare-and-sets whose connection is lost before the answer: the outcome is read back later, ms. */
const UNKNOWN = 0.1;
const UNKNOWN_MS: [number, number] = [100, 3000];
/** How long a process takes to notice that ZooKeeper does not answer, ms. */
const NOTICE_MS = 1000;
/** How long the registration of a process that is gone stays, ms. */
export const SESSION_MS = 3000;

export class Directory {
  ring: RingDocument = { version: 0, groups: [], history: [], abandoned: [] };
  /** Every version of the ring that there has been. */
  readonly rings = new Map<number, RingDocument>();
  private readonly configs = new Map<string, GroupConfig>();
  private readonly members = new Map<string, Registration[]>();
  private readonly seats = new Map<SimHost, Seat>();
  private readonly random: Random;
  /** Compare-and-sets that have been sent and not applied. */
  private readonly pending = new Map<string, Set<GroupConfig>>();
  private stalledUntil = 0;
  private stalledSince = 0;
  /** Place -> until when it cannot reach ZooKeeper. */
  private readonly walls = new Map<string, { since: number; until: number }>();
  /** Longest that a watch takes, ms. */
  lag = 50;
  /** Hear of every change of a configuration, before it is told to anybody. */
  readonly listeners = new Set<(group: string, before: GroupConfig, next: GroupConfig) => void>();
  /** Chance for what routers are told of members. */
  private readonly aside: Random;

  constructor(private readonly world: World) {
    this.aside = world.random.apart();
    this.random = world.random.fork();
  }

  config(group: string): GroupConfig | undefined {
    return this.configs.get(group);
  }
  /** Members that a configuration names which stands, or may stand at any moment. */
  binding(group: string): Set<string> {
    return new Set(this.possible(group).flatMap(({ inSync }) => inSync));
  }
  /** Members that every such configuration names. */
  certain(group: string): string[] {
    const possible = this.possible(group);
    return possible[0]!.inSync.filter((id) => possible.every(({ inSync }) => inSync.includes(id)));
  }
  /** Configurations that stand, or may at any moment. */
  possible(group: string): GroupConfig[] {
    const config = this.configs.get(group)!;
    const pending = [...(this.pending.get(group) ?? [])];
    return [config, ...pending.filter(({ epoch }) => epoch === config.epoch + 1)];
  }

  /** A process begins to watch. */
  watch(host: SimHost, watcher: Watcher, { member = null, router = null }: Partial<Seat> = {}): void {
    this.seats.set(host, { watcher, member, router });
    this.tell(host);
  }
  forget(host: SimHost): void {
    this.seats.delete(host);
  }

  publishRing(document: RingDocument): void {
    this.ring = document;
    this.rings.set(document.version, document);
    this.world.trace('directory', `ring ${document.version}`);
    for (const host of this.seats.keys()) this.tell(host);
  }
  publishConfig(group: string, config: GroupConfig): void {
    const before = this.configs.get(group);
    this.configs.set(group, config);
    const { epoch, term, primary, inSync } = config;
    this.world.trace('directory', `${group} epoch ${epoch} term ${term} ${primary} of ${inSync.join(' ')}`);
    if (before !== undefined) for (const listener of [...this.listeners]) listener(group, before, config);
    for (const host of this.seats.keys()) this.tell(host);
  }

  /** Reads everything for this process, as it is when the answer leaves; older news are ignored by who gets them. */
  tell(host: SimHost): void {
    const parts: ((seat: Seat) => void)[] = [
      ({ watcher }) => watcher.setRing(this.ring),
      ...[...this.configs.keys()].map((group) => ({ watcher }: Seat) => {
        watcher.setConfig(group, this.configs.get(group)!);
      }),
    ];
    parts.push(({ member }) => member?.setMembers(this.members.get(member.group) ?? []));
    for (const part of parts) this.say(host, part);
    for (const group of this.configs.keys()) this.tellRouter(host, group);
  }

  /**
   * @param done told the outcome, once it is known; never, if the process has stopped
   * @param wanted asked right before it is sent: at once, or when ZooKeeper can be reached
   */
  cas(
    host: SimHost,
    group: string,
    next: GroupConfig,
    epoch: number,
    done: (result: CasResult) => void,
    wanted: () => boolean = () => true,
  ): void {
    const { random } = this;
    const sent = this.aside.chance(0.5);
    const pending = this.pending.get(group) ?? new Set();
    this.pending.set(group, pending.add(next));
    const answer = (result: () => CasResult, delay: number) =>
      this.pass(host, delay, () => host.deliver('cas', () => done(result())));
    this.pass(host, random.between(0, this.lag), () => {
      pending.delete(next);
      // What was needed of the configuration until now is not any more: whoever counts looks at this moment.
      const now = this.configs.get(group)!;
      for (const listener of [...this.listeners]) listener(group, now, now);
      // What a process said right before its end may or may not have left it.
      if (!host.alive && random.chance(0.5)) return;
      if (!sent && !wanted()) return answer(() => 'conflict', 0);
      const written = this.configs.get(group)?.epoch === epoch;
      if (written) this.publishConfig(group, next);
      if (!random.chance(UNKNOWN)) return answer(() => (written ? 'written' : 'conflict'), this.lagNow());
      const found = () => (this.configs.get(group) === next ? 'written' : 'conflict');
      answer(found, random.between(...UNKNOWN_MS));
    });
  }

  /** The ring as it is at some moment between now and when it is told. */
  readRing(host: SimHost, done: (ring: RingDocument) => void): void {
    this.pass(host, this.lagNow(), () => {
      const { ring } = this;
      this.pass(host, this.lagNow(), () => host.deliver('ring', () => done(ring)));
    });
  }

  // ---- registration: ephemeral

  /** Who was there before the run began. */
  registerFirst(group: string, registration: Registration): void {
    this.members.set(group, [...(this.members.get(group) ?? []), registration]);
  }
  registered(group: string): readonly Registration[] {
    return this.members.get(group) ?? [];
  }
  register(host: SimHost, group: string, registration: Registration, valid: () => boolean): void {
    this.pass(host, this.lagNow(), () => {
      if (!host.alive || !valid()) return;
      const members = this.members.get(group) ?? [];
      if (!members.some(({ id }) => id === registration.id))
        this.members.set(group, [...members, registration]);
      this.tellMembers(group);
    });
  }
  unregister(group: string, id: string, after: number): void {
    this.world.after(after, () => {
      const members = this.members.get(group) ?? [];
      this.members.set(
        group,
        members.filter((member) => member.id !== id),
      );
      this.tellMembers(group);
    });
  }

  // ---- what goes wrong

  /** ZooKeeper does nothing for a while. */
  stall(ms: number): void {
    const { time } = this.world;
    if (this.stalledUntil <= time) this.stalledSince = time;
    this.stalledUntil = Math.max(this.stalledUntil, time + ms);
    this.world.trace('directory', `stalls for ${ms}`);
  }
  /** A place cannot reach ZooKeeper for a while. */
  wall(place: string, ms: number): void {
    const { time } = this.world;
    this.walls.set(place, { since: time, until: time + ms });
    this.world.trace('directory', `out of reach of ${place} for ${ms}`);
  }
  heal(): void {
    this.stalledUntil = 0;
    this.walls.clear();
  }

  /** Whether a process thinks that ZooKeeper answers: it takes a while to notice that it does not. */
  connected(host: SimHost): boolean {
    const noticed = this.world.time - NOTICE_MS;
    const wall = this.walls.get(placeName(host.name));
    const walled = wall !== undefined && wall.since <= noticed && wall.until > this.world.time;
    return !walled && !(this.stalledSince <= noticed && this.stalledUntil > this.world.time);
  }

  private lagNow(): number {
    return this.random.between(0, this.lag);
  }

  private say(host: SimHost, part: (seat: Seat) => void): void {
    this.pass(host, this.lagNow(), () =>
      host.deliver('directory', () => {
        const seat = this.seats.get(host);
        if (seat !== undefined) part(seat);
      }),
    );
  }
  private tellMembers(group: string): void {
    for (const [host, seat] of this.seats) {
      this.tellRouter(host, group);
      if (seat.member?.group !== group) continue;
      this.say(host, ({ member }) => member?.setMembers(this.members.get(group) ?? []));
    }
  }
  private tellRouter(host: SimHost, group: string): void {
    const router = this.seats.get(host)?.router;
    if (!router) return;
    this.pass(host, this.aside.between(0, this.lag), () =>
      host.deliver('directory', () => {
        // As src/net/directory.ts: never a list of members that is newer than the configuration known there.
        this.seats.get(host)?.watcher.setConfig(group, this.configs.get(group)!);
        router.setMembers(group, this.registered(group));
      }),
    );
  }

  /** Something passes between a process and ZooKeeper, when it can. */
  private pass(host: SimHost, delay: number, event: () => void): void {
    this.world.after(delay, () => {
      const { world } = this;
      const clear = Math.max(this.stalledUntil, this.walls.get(placeName(host.name))?.until ?? 0);
      if (clear <= world.time) return event();
      // Looked at again, since a wall may fall early.
      this.pass(host, Math.min(clear - world.time, 100), event);
    });
  }
}
