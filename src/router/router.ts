// The router: sessions on one side, lanes to every group's primary on the other, and the ring between them.
// Holds no data. Takes a new ring only when everything planned with the old one is answered (R2).
import { CHANGES, type CommandRow, LEAVES } from '../command/index.js';
import { type Answer, addressOf, type GroupConfig, type Registration } from '../commit/index.js';
import type { Address, Conn, ConnHandler, Host } from '../net/host.js';
import { type Proto, ReplyWriter, type Request } from '../resp/index.js';
import { EMPTY_RING, fenceOf, type RingDocument } from '../ring/index.js';
import { BlockedClients } from './blocking.js';
import { ControlLane, type ControlOwner } from './control-lane.js';
import { Coordinators, type CoordinatorsOwner } from './coordinators.js';
import { DataLane } from './data-lane.js';
import { Drain, type DrainOwner } from './drain.js';
import { errorReply, UNCERTAIN } from './errors.js';
import { Everywhere, type EverywhereOwner } from './everywhere.js';
import { summaryOf } from './group-summary.js';
import { internalHandler } from './internal.js';
import { KeyEvents } from './key-events.js';
import type { LaneOwner } from './lane-owner.js';
import type { RouterServer } from './local/index.js';
import {
  Clients,
  type GroupSummary,
  SAMPLE_MS,
  Settings,
  Statistics,
  TOO_MANY_CLIENTS,
  waitingCommands,
} from './local/index.js';
import type { Mover } from './mover.js';
import { Observer } from './observe/observer.js';
import type { Asker } from './plan.js';
import { PubSub } from './pubsub/pubsub.js';
import { Route } from './route.js';
import type { RouterConfig } from './router-config.js';
import { RouterFacts } from './router-facts.js';
import { Session } from './session.js';
import type { SessionOwner } from './session-owner.js';
import { Tracking } from './tracking/tracking.js';

/** How often deadlines are looked at, ms. */
const TICK_MS = SAMPLE_MS;

/** One router. */
export class Router
  extends RouterFacts
  implements SessionOwner, LaneOwner, ControlOwner, CoordinatorsOwner, EverywhereOwner, DrainOwner
{
  readonly settings = new Settings();
  readonly statistics = new Statistics(LEAVES.map(({ name }) => name));
  readonly clients: Clients;
  readonly scratch = new ReplyWriter();
  readonly startedAt: number;
  readonly clock: { wall(): number; monotonic(): number };
  readonly announceHost = null;
  route = new Route(EMPTY_RING);
  /** By index of the group in the route. */
  lanes: DataLane[] = [];
  coordinator: string;
  private readonly laneOf = new Map<string, DataLane>();
  private readonly controlOf = new Map<string, ControlLane>();
  readonly coordinators: Coordinators;
  readonly blocking: BlockedClients;
  private readonly all: Everywhere;
  private readonly drain: Drain;
  readonly pubsub: PubSub;
  readonly observer: Observer;
  readonly tracking: Tracking;
  readonly keyEvents: KeyEvents;
  private readonly configs = new Map<string, GroupConfig>();
  private readonly members = new Map<string, ReadonlySet<string>>();
  private readonly sessions = new Set<Session>();
  private dirty: Session[] = [];
  private nextRoute: Route | null = null;
  private readonly replans: (() => void)[] = [];
  private stopped = false;
  private now = 0;
  private generations = 0;

  constructor(
    private readonly host: Host,
    config: RouterConfig,
  ) {
    super(config);
    this.clients = new Clients(this.settings);
    this.settings.values.requirepass = config.password;
    this.settings.values.maxclients = config.maxClients;
    this.settings.values.keyEvents = config.keyEvents ?? 0;
    this.clock = { wall: () => host.wall(), monotonic: () => host.now() };
    this.startedAt = host.wall();
    this.coordinator = config.id;
    this.coordinators = new Coordinators(host, this);
    this.all = new Everywhere(this);
    this.blocking = new BlockedClients(host, this);
    this.drain = new Drain(host, this);
    this.pubsub = new PubSub(host, this);
    this.observer = new Observer(this);
    this.tracking = new Tracking(this);
    this.keyEvents = new KeyEvents(this);
    this.pubsub.keyEventsChanged = () => this.keyEvents.renew();
    this.tickLater();
  }

  get mover(): Mover {
    return this.drain.mover;
  }
  ringFence(): number {
    return this.route.fence;
  }
  primary(group: string): Address | null {
    const config = this.configs.get(group);
    return config === undefined ? null : addressOf(config.primary);
  }

  /** A version of the ring was read. Older ones are ignored. */
  setRing(document: RingDocument): void {
    const newest = this.nextRoute ?? this.route;
    if (fenceOf(document) <= newest.fence) return;
    const same = document.version === newest.document.version;
    this.nextRoute = new Route(document, same ? newest.table : undefined);
    this.switchRoute();
  }

  /** A group's configuration was read, or a member told it. */
  setConfig(group: string, config: GroupConfig): void {
    const known = this.configs.get(group);
    if (known !== undefined && known.epoch >= config.epoch) return;
    this.configs.set(group, config);
    // A list of members that is older than the configuration says nothing of the group: who is in sync is not in it.
    if (config.inSync.some((member) => !this.members.get(group)?.has(member))) this.members.delete(group);
    if (known !== undefined && (known.created ?? 1) !== (config.created ?? 1))
      this.laneOf.get(group)?.renounce(UNCERTAIN);
    if (known?.primary === config.primary) return;
    this.laneOf.get(group)?.primaryChanged();
    this.controlOf.get(group)?.primaryChanged();
  }

  /** Who is registered in a group: what tells a group that is lost from one that elects. */
  setMembers(group: string, members: readonly Registration[]): void {
    this.members.set(group, new Set(members.map(({ id }) => id)));
  }

  /** R5: no member in sync is left. Such a group is never served as empty; only an operator can go on from there. */
  lost(group: string): boolean {
    const members = this.members.get(group);
    const config = this.configs.get(group);
    if (members === undefined || config === undefined || this.laneOf.get(group)?.connected) return false;
    return !config.inSync.some((member) => members.has(member));
  }

  /** R2: the new route is taken when nothing planned with the old one is under way; then STALE ones go first. */
  private switchRoute(): void {
    if (this.nextRoute === null) return;
    for (const lane of this.laneOf.values()) if (lane.pending > 0) return;
    this.route = this.nextRoute;
    this.nextRoute = null;
    this.tracking.missed();
    this.lanes = this.route.groups.map((group) => this.lane(group));
    for (const group of this.route.groups) this.control(group);
    this.dropLanes();
    this.dropAbandoned();
    this.drain.learn();
    for (const again of this.replans.splice(0)) again();
    this.blocking.ringChanged();
    for (const session of this.sessions) session.process();
  }

  /** Groups that the ring names no more are left alone: their transactions in doubt are settled over control lanes. */
  private dropLanes(): void {
    for (const [group, lane] of this.laneOf) {
      if (this.route.groups.includes(group)) continue;
      this.laneOf.delete(group);
      lane.stop();
    }
  }

  /** Nothing is expected any more of a group that was given up with its data. */
  private dropAbandoned(): void {
    let orphans = false;
    for (const group of this.route.document.abandoned) {
      const control = this.controlOf.get(group);
      if (control === undefined) continue;
      if (this.coordinators.abandoned(group)) orphans = true;
      this.controlOf.delete(group);
      control.stop();
    }
    // Under its old name it is connected to nobody: what it leaves is seen to be an orphan.
    if (orphans) this.fenced();
  }

  private lane(group: string): DataLane {
    let lane = this.laneOf.get(group);
    if (lane === undefined) this.laneOf.set(group, (lane = new DataLane(this.host, this, group)));
    return lane;
  }
  get wanted(): number {
    return this.keyEvents.flags | (this.tracking.active ? CHANGES : 0);
  }
  allLanes(): Iterable<DataLane> {
    return this.laneOf.values();
  }
  notifyLanes(): void {
    for (const lane of this.allLanes()) lane.notify();
  }
  control(group: string): ControlLane {
    let lane = this.controlOf.get(group);
    if (lane === undefined) this.controlOf.set(group, (lane = new ControlLane(this.host, this, group)));
    return lane;
  }

  heard(fence: number, document: RingDocument | null): void {
    if (fence <= (this.nextRoute ?? this.route).fence) return;
    if (document === null) this.config.refresh();
    else this.setRing(document);
  }
  ringDocument(): RingDocument {
    return this.route.document;
  }
  relieved(): void {
    for (const session of this.sessions) session.process();
  }
  idle(): void {
    this.switchRoute();
  }
  answered(group: string, answer: Answer): void {
    this.coordinators.answered(group, answer);
  }
  linkUp(group: string): void {
    this.coordinators.linkUp(group);
  }
  linkLost(group: string): void {
    this.coordinators.linkLost(group);
  }
  fenced(): void {
    // Transactions begun under the old name go on under it; new ones get a name that nobody has fenced.
    this.coordinator = `${this.config.id}.${++this.generations}`;
    for (const lane of this.controlOf.values()) lane.primaryChanged();
  }

  moveLarge(group: string, { db, key }: { db: number; key: string }, done: () => void): void {
    this.drain.moveLarge(this.route, group, { db, key, size: 0 }, () => done());
  }

  // ---- what sessions need

  /** Accepts a client, or tells it that there are too many. */
  accept(conn: Conn): ConnHandler | null {
    const client = this.clients.open(conn.remote, conn.local, -1, this.host.now());
    this.statistics.connections++;
    if (client === null) {
      this.statistics.rejectedConnections++;
      conn.write(errorReply(TOO_MANY_CLIENTS));
      return null;
    }
    const session = new Session(this, conn, client);
    this.sessions.add(session);
    return session;
  }
  forget(session: Session): void {
    this.sessions.delete(session);
    this.clients.remove(session.client);
  }
  get authentication(): boolean {
    return this.settings.values.requirepass !== '';
  }
  /** Monotonic time of this turn, ms: one look at the clock serves all. */
  turnTime(): number {
    if (this.now === 0) {
      this.now = this.host.now();
      this.host.endOfTurn(() => {
        this.now = 0;
      });
    }
    return this.now;
  }
  count(row: CommandRow): number {
    return this.statistics.call(row.id);
  }
  /** Whether no new command may be planned: a ring is about to change (R2). */
  holding(): boolean {
    return this.nextRoute !== null;
  }
  replan(again: () => void): void {
    this.replans.push(again);
  }
  flushLater(session: Session): void {
    if (this.dirty.push(session) > 1) return;
    this.host.endOfTurn(() => {
      const { dirty } = this;
      this.dirty = [];
      for (const each of dirty) each.flush();
    });
  }
  later(work: () => void): void {
    this.host.endOfTurn(work);
  }
  freshWriter(proto: Proto): ReplyWriter {
    const writer = new ReplyWriter();
    writer.proto = proto;
    return writer;
  }
  /** Whether a local command may have to wait for others. */
  waits(row: CommandRow): boolean {
    return waitingCommands.has(row.name);
  }

  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer | null) => void): void {
    this.all.transaction(row, request, asker, answer);
  }
  everywhere(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void {
    this.all.everywhere(row, request, asker, answer);
  }

  // ---- what local commands ask

  random(): number {
    return this.host.random();
  }
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.host.after(ms, resolve);
    });
  }
  ring(): RingDocument {
    return this.route.document;
  }
  groups(): GroupSummary[] {
    return this.route.groups.map((id) => {
      const state = this.laneOf.get(id)?.connected ? 'serving' : this.lost(id) ? 'lost' : 'electing';
      return summaryOf(id, this.configs.get(id), state);
    });
  }
  askAll(request: Buffer, db: number): ReturnType<RouterServer['askAll']> {
    return this.all.askAll(request, db);
  }

  readonly internalHandler = internalHandler(this);
  work(): Record<string, { reads: number; writes: number }> {
    const groups: Record<string, { reads: number; writes: number }> = {};
    for (const [group, { reads, writes }] of this.laneOf) {
      const control = this.control(group);
      groups[group] = { reads: reads + control.reads, writes: writes + control.writes };
    }
    return groups;
  }

  stop(): void {
    this.stopped = true;
    this.drain.mover.stop();
    this.pubsub.stop();
    for (const lane of this.laneOf.values()) lane.stop();
    for (const lane of this.controlOf.values()) lane.stop();
  }

  private tickLater(): void {
    this.host.after(TICK_MS, () => {
      if (this.stopped) return;
      const now = this.host.now();
      this.statistics.tick(now);
      this.clients.pause.tick(now);
      // What was sent to a group that is given up is answered by nobody, and the newer ring waits for it.
      const given = this.nextRoute?.document.abandoned ?? [];
      for (const lane of this.laneOf.values())
        lane.expire(given.includes(lane.group) ? 0 : this.config.deadlineMs, UNCERTAIN);
      this.coordinators.expire();
      this.drain.tick(now);
      this.pubsub.tick(now);
      const { timeout } = this.settings.values;
      for (const session of this.sessions) {
        session.checkOutput();
        session.checkDeadline(now);
        const { mayIdle, lastInteraction } = session.client;
        if (timeout > 0 && !mayIdle && now - lastInteraction > timeout * 1000) session.conn.destroy();
      }
      this.tickLater();
    });
  }
}
