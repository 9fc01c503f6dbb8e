// A group of shipping data nodes in one process: virtual time, connections that the test cuts, a configuration in a
// place of its own whose compare-and-set the test may hold back, and processes that freeze. Must never decide
// anything that a node decides.
import type { Answer, Ask, GroupConfig, Registration } from '../../src/commit/index.js';
import type { Backup } from '../../src/data/backup.js';
import type { CasResult, GroupTimes } from '../../src/data/insync.js';
import { DataNode } from '../../src/data/node.js';
import type { Primary } from '../../src/data/primary.js';
import type { Address, ConnHandler, Host } from '../../src/net/host.js';
import { decodeAnswer, encodeAsk, encodeTxnEntry } from '../../src/net/wire.js';
import { encodeCommand, RequestParser } from '../../src/resp/index.js';
import { EMPTY_RING, type RingDocument } from '../../src/ring/index.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';

export const TIMES: GroupTimes = { leaseMs: 1000, graceMs: 1250, silentMs: 600, lagMs: 2000 };

/** One process: its clocks and timers stand still while it is frozen. */
class Machine implements Host {
  frozen = false;
  wallShift = 0;
  private missed: (() => void)[] = [];

  constructor(
    private readonly group: Group,
    readonly name: string,
  ) {}
  now(): number {
    return this.group.host.now();
  }
  wall(): number {
    return this.group.host.wall() + this.wallShift;
  }
  random(): number {
    return 0.5;
  }
  after(ms: number, fn: () => void): () => void {
    let cancelled = false;
    const run = () => {
      if (cancelled) return;
      if (this.frozen) this.missed.push(run);
      else fn();
    };
    const cancel = this.group.host.after(ms, run);
    return () => {
      cancelled = true;
      cancel();
    };
  }
  endOfTurn(fn: () => void): void {
    this.group.host.endOfTurn(() => (this.frozen ? this.missed.push(fn) : fn()));
  }
  connect(to: Address, handler: ConnHandler): FakeConn {
    return this.group.dial(this, to, handler);
  }
  thaw(): void {
    this.frozen = false;
    for (const fn of this.missed.splice(0)) fn();
    this.group.host.turn();
  }
}

/** One connection between two processes. */
export interface Link {
  from: Machine;
  /** Port it was opened to. */
  port: number;
  client: FakeConn;
  server: FakeConn | null;
  /** Bytes under way. */
  there: Buffer;
  back: Buffer;
}

/** A compare-and-set that was asked for. */
export interface Change {
  member: string;
  next: GroupConfig;
  epoch: number;
  /** Whether its sender still wants it, asked right before it would be sent. */
  wanted(): boolean;
  /** It is not wanted any more, and so never sent. */
  refuse(): void;
  /** It reaches ZooKeeper. */
  apply(): void;
  /** The member hears of the outcome, which apply() has decided. */
  tell(): void;
}

/** A process and the member that runs in it. */
export interface Place {
  machine: Machine;
  port: number;
  id: string;
  node: DataNode;
  alive: boolean;
  /** Whether ZooKeeper reaches it. */
  zookeeper: boolean;
  failures: string[];
}

export interface GroupShape {
  members?: number;
  minInSync?: number;
  orphanMs?: number;
  /** Compare-and-sets wait in `changes` until the test lets them through. */
  held?: boolean;
}

export class Group {
  readonly host = new FakeHost();
  readonly places = new Map<string, Place>();
  readonly links: Link[] = [];
  /** Compare-and-sets that wait for the test. */
  readonly changes: Change[] = [];
  /** Every configuration that stood, in order. */
  readonly history: GroupConfig[] = [];
  ring: RingDocument = { ...EMPTY_RING, version: 1, groups: [{ id: 'g1', weight: 1 }] };
  held: boolean;
  /** Order in which links move; the property tests shuffle it. */
  shuffle: (links: Link[]) => Link[] = (links) => links;
  /** Share of the bytes under way that move in one step. */
  share: () => number = () => 1;
  /** What a byte under way counts as in `queued`: makes little look like much. */
  congestion = 1;
  /** Links on which nothing moves for now. */
  stuck: (link: Link) => boolean = () => false;
  private readonly cuts = new Set<string>();
  private readonly unreadRings: (() => void)[] = [];
  /** What commands broke, where; null: none may. */
  broken: string[] | null = null;
  /** False: reading the ring waits for the test. */
  ringReadable = true;

  constructor(private readonly shape: GroupShape = {}) {
    this.held = shape.held ?? false;
    const names = ['a', 'b', 'c', 'd'].slice(0, shape.members ?? 3);
    for (const name of names) this.start(name);
    const inSync = names.map((name) => this.at(name).id);
    this.publish({ epoch: 1, term: 1, primary: inSync[0]!, inSync, created: 1 });
  }

  get config(): GroupConfig {
    return this.history.at(-1)!;
  }
  at(name: string): Place {
    return this.places.get(name)!;
  }
  /** Whether this member is the primary and serves. */
  leads(name: string): boolean {
    const { node, alive } = this.at(name);
    return alive && node.roleName === 'primary' && node.serving;
  }
  /** Names of the members in sync, the primary first. */
  get inSync(): string {
    const name = (id: string) =>
      [...this.places.values()].find((place) => place.id === id)?.machine.name ?? id;
    const { primary, inSync } = this.config;
    return [primary, ...inSync.filter((id) => id !== primary)].map(name).join(' ');
  }

  // ---- processes

  /** A process begins, with an empty member that is nobody yet (R3). */
  start(name: string, hotfix = true): Place {
    const before = this.places.get(name);
    const port = before?.port ?? 7001 + this.places.size;
    const machine = new Machine(this, name);
    const incarnation = before === undefined ? 1 : Number(/@x(\d+)$/.exec(before.id)![1]) + 1;
    const id = `${name}:${port}@x${incarnation}`;
    const place: Place = { machine, port, id, alive: true, zookeeper: true, failures: [], node: null! };
    place.node = new DataNode(machine, {
      group: 'g1',
      id,
      pid: 1,
      minInSync: this.shape.minInSync ?? 1,
      orphanMs: this.shape.orphanMs ?? 1_000_000,
      hotfix,
      times: TIMES,
      cas: (next, epoch, done, wanted) => this.cas(place, next, epoch, done, wanted),
      readRing: (done) => {
        const read = () => place.alive && done(this.ring);
        if (this.ringReadable) this.host.later(read);
        else this.unreadRings.push(read);
      },
      connected: () => place.zookeeper,
      refresh: () => this.tell(place),
      broke: (error, command) => {
        if (!this.broken) throw error;
        this.broken.push(`${name} ${command}: ${error instanceof Error ? error.message : error}`);
      },
      failed: (reason) => place.failures.push(reason),
    });
    this.places.set(name, place);
    place.node.setRing(this.ring);
    if (this.history.length > 0) this.tell(place);
    this.register();
    return place;
  }
  /** SIGKILL: its connections close. */
  kill(name: string): void {
    const place = this.at(name);
    place.alive = false;
    place.machine.frozen = true;
    for (const link of this.links) {
      // The dead hear nothing, not even that they are cut off.
      if (link.from === place.machine) link.client.handler = null;
      else if (link.port === place.port) {
        if (link.server !== null) link.server.handler = null;
      } else continue;
      this.drop(link);
    }
    this.register();
  }
  freeze(name: string): void {
    this.at(name).machine.frozen = true;
  }
  thaw(name: string): void {
    this.at(name).machine.thaw();
    this.settle();
  }
  private register(): void {
    const members: Registration[] = [...this.places.values()]
      .filter(({ alive }) => alive)
      .map(({ id, port, machine, node }) => ({
        id,
        host: machine.name,
        port,
        pid: 1,
        hotfix: node.options.hotfix,
      }));
    for (const { alive, node } of this.places.values()) if (alive) node.setMembers(members);
  }

  // ---- ZooKeeper

  publish(config: GroupConfig): void {
    this.history.push(config);
    for (const place of this.places.values()) this.tell(place);
  }
  tell(place: Place): void {
    this.host.later(() => {
      if (place.alive && !place.machine.frozen && place.zookeeper) place.node.setConfig('g1', this.config);
    });
  }
  private cas(
    place: Place,
    next: GroupConfig,
    epoch: number,
    done: (result: CasResult) => void,
    wanted: () => boolean = () => true,
  ): void {
    let result: CasResult | null = null;
    const change: Change = {
      member: place.machine.name,
      next,
      epoch,
      wanted,
      refuse: () => {
        result = 'conflict';
        change.tell();
      },
      apply: () => {
        result ??= this.config.epoch === epoch ? 'written' : 'conflict';
        if (result === 'written' && !this.history.includes(next)) this.publish(next);
      },
      tell: () => {
        change.apply();
        const at = this.changes.indexOf(change);
        if (at >= 0) this.changes.splice(at, 1);
        if (place.alive) done(result!);
        this.host.turn();
      },
    };
    if (this.held || !place.zookeeper) this.changes.push(change);
    else this.host.later(() => change.tell());
  }
  /** The waiting compare-and-sets get through. */
  release(): void {
    this.held = false;
    for (const change of [...this.changes]) change.tell();
    this.settle();
  }
  /** Reading the ring succeeds from now on. */
  readRings(): void {
    this.ringReadable = true;
    for (const read of this.unreadRings.splice(0)) read();
    this.settle();
  }

  // ---- the network

  /** Nothing passes between the two any more; what is under way waits. */
  cut(a: string, b: string): void {
    this.mute(a, b);
    this.mute(b, a);
  }
  /** The same in one direction. */
  mute(from: string, to: string): void {
    this.cuts.add(`${from} ${to}`);
  }
  heal(): void {
    this.cuts.clear();
  }
  dial(from: Machine, to: Address, handler: ConnHandler): FakeConn {
    // FakeHost makes the near end; the far end is made when the connection is accepted.
    const client = this.host.connect(to, handler);
    const write = client.write.bind(client);
    client.write = (bytes) => {
      write(bytes);
      client.queued += bytes.length * this.congestion;
    };
    this.links.push({
      from,
      port: to.port,
      client,
      server: null,
      there: Buffer.alloc(0),
      back: Buffer.alloc(0),
    });
    return client;
  }
  drop(link: Link): void {
    for (const end of [link.client, link.server]) {
      end?.lose();
      end?.take();
    }
    link.there = link.back = Buffer.alloc(0);
  }
  /** Whether the link leads from the one to the other, whatever its state. */
  connects(link: Link, from: string, to: string): boolean {
    return link.from.name === from && link.port === this.at(to).port;
  }
  /** Connections that stand between two processes. */
  between(from: string, to: string): Link[] {
    const { machine } = this.at(from);
    const { port } = this.at(to);
    return this.links.filter(
      (link) => link.from === machine && link.port === port && !link.client.closing && link.server !== null,
    );
  }

  /** Bytes move once over every link. @returns whether any did */
  step(): boolean {
    let moved = false;
    for (const link of this.shuffle([...this.links])) moved = this.move(link) || moved;
    this.host.turn();
    for (let i = this.links.length - 1; i >= 0; i--) {
      const { client, server } = this.links[i]!;
      if (client.closing && (server === null || server.closing)) this.links.splice(i, 1);
    }
    return moved;
  }
  private move(link: Link): boolean {
    const target = [...this.places.values()].find(({ port }) => port === link.port);
    if (target === undefined || this.stuck(link)) return false;
    const there = this.cuts.has(`${link.from.name} ${target.machine.name}`);
    const back = this.cuts.has(`${target.machine.name} ${link.from.name}`);
    if (link.server === null) {
      if (link.client.closing || there || back) return false;
      if (!target.alive) {
        link.client.lose();
        return true;
      }
      link.server = this.host.accept();
      link.server.handler = target.node.accept(link.server);
      if (!link.from.frozen) link.client.open();
      return true;
    }
    const out = this.carry(link.client, link.server, link.there, there || target.machine.frozen);
    link.there = out.rest;
    const home = this.carry(link.server, link.client, link.back, back || link.from.frozen);
    link.back = home.rest;
    return out.moved || home.moved;
  }
  private carry(
    from: FakeConn,
    to: FakeConn,
    waiting: Buffer,
    blocked: boolean,
  ): { rest: Buffer; moved: boolean } {
    const full = Buffer.concat([waiting, from.take()]);
    if (to.closing || blocked) {
      from.queued = to.closing ? 0 : full.length * this.congestion;
      if (to.closing && !from.closing && !blocked) from.lose();
      return { rest: to.closing ? Buffer.alloc(0) : full, moved: false };
    }
    const size = Math.min(full.length, Math.ceil(full.length * this.share()));
    const rest = full.subarray(size);
    if (size > 0) to.deliver(Buffer.from(full.subarray(0, size)));
    const queued = from.queued;
    from.queued = rest.length * this.congestion;
    if (rest.length === 0 && queued > 0 && !from.closing) from.handler?.drained?.();
    // What was written before the end arrives before it.
    if (from.closing && rest.length === 0 && size === 0) to.lose();
    return { rest: Buffer.from(rest), moved: size > 0 };
  }
  /** Everything that is under way arrives. */
  settle(): void {
    this.host.turn();
    for (let i = 0; this.step(); i++) if (i > 10_000) throw new Error('messages without an end');
  }
  /** Time passes, and messages with it. */
  run(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.settle();
      this.host.advance(1);
    }
    this.settle();
  }
  /** Time passes until something is so. */
  until(what: () => boolean, within: number, name = 'it did not happen'): number {
    for (let passed = 0; passed <= within; passed++) {
      this.settle();
      if (what()) return passed;
      this.host.advance(1);
    }
    throw new Error(`${name} within ${within} ms`);
  }
  /** A router opens its data lane. */
  lane(name: string, router = 'r1', floor = 1, fresh = floor): RouterLane {
    return new RouterLane(this, this.at(name), router, floor, fresh);
  }
  /** A coordinator opens its control lane. */
  control(name: string, coordinator = 'r1'): ControlLane {
    return new ControlLane(this, this.at(name), coordinator);
  }
  /** What a member remembers and is in doubt about, as text: the same on every member that holds the same log. */
  memory(name: string, router: string, counters: number): string[] {
    const { role } = this.at(name).node as unknown as { role: Primary | Backup };
    const found: string[] = [];
    for (let counter = 1; counter <= counters; counter++) {
      const known = role.remembered.recall(router, counter);
      found.push(
        `${counter} ${known.kind} ${known.kind === 'answered' ? `${known.seq} ${known.reply}` : ''}`,
      );
    }
    for (const entry of role.transactions.snapshot()) found.push(encodeTxnEntry(entry).toString('latin1'));
    return found;
  }
  /** The keys of a member as text: `db:key=value`. */
  keys(name: string): string[] {
    const { store } = this.at(name).node;
    const found: string[] = [];
    for (const { db, key } of store.snapshot()) {
      const payload = store.exportKey(db, key);
      if (payload !== null) {
        const until = payload.readDoubleBE(1);
        const expiry = until < 0 ? '' : ` until ${until}`;
        found.push(`${db}:${key}=${payload.subarray(9).toString('latin1')}${expiry}`);
      }
    }
    return found.sort();
  }
}

/** A router's end of a data lane. */
export class RouterLane {
  private readonly conn: FakeConn;
  private text = '';

  constructor(
    private readonly group: Group,
    place: Place,
    router: string,
    floor: number,
    fresh: number,
  ) {
    this.conn = group.host.accept();
    this.conn.handler = place.node.accept(this.conn);
    this.conn.deliver(encodeCommand(['TOWLINE.LANE', router, floor, fresh, group.ring.version]));
  }
  get closed(): boolean {
    return this.conn.closing;
  }
  send(...words: (string | number | Buffer)[]): this {
    this.conn.deliver(encodeCommand(words));
    return this;
  }
  /** Replies since the last call, without the lane's greeting; CR LF as blanks. */
  replies(): string {
    this.group.settle();
    this.text = this.conn.take().toString('latin1');
    return this.text
      .replace(/^>5\r\n(\$\d+\r\n[^\r]*\r\n){5}/, '')
      .replaceAll('\r\n', ' ')
      .trim();
  }
}

/** A coordinator's end of a control lane. */
export class ControlLane {
  private readonly conn: FakeConn;

  constructor(
    private readonly group: Group,
    place: Place,
    coordinator: string,
  ) {
    this.conn = group.host.accept();
    this.conn.handler = place.node.accept(this.conn);
    this.conn.deliver(encodeCommand(['TOWLINE.CONTROL', coordinator]));
  }
  ask(ask: Ask): void {
    this.conn.deliver(encodeAsk(ask));
  }
  /** Answers since the last call, when everything has arrived. */
  answers(): Answer[] {
    this.group.settle();
    return this.heard();
  }
  /** Answers that are there already. */
  heard(): Answer[] {
    const parser = new RequestParser();
    parser.feed(this.conn.take());
    const found: Answer[] = [];
    while (parser.next()) found.push(decodeAnswer(parser.request));
    return found;
  }
  /** Locks keys of database 0, exclusively. @returns the token */
  lock(txn: string, ...keys: string[]): string {
    const locks = keys.map((key) => ({ db: 0, key, exclusive: true }));
    const { version } = this.group.ring;
    this.ask({ kind: 'lock', txn, ring: version, keys: locks, everything: false, fetch: true, read: null });
    const [answer] = this.answers();
    if (answer?.kind !== 'locked') throw new Error(`not locked: ${JSON.stringify(answer)}`);
    return answer.token;
  }
  /** Sends PREPARE with effects. */
  prepare(txn: string, token: string, ...effects: (string | number)[][]): void {
    const bytes = Buffer.concat(effects.map((words) => encodeCommand(words)));
    this.ask({ kind: 'prepare', txn, token, participants: ['g1', 'g2'], effects: bytes });
  }
}

/** A group whose first member, `a`, leads and serves. */
export function serving(shape: GroupShape = {}): Group {
  const group = new Group(shape);
  group.until(() => group.leads('a'), 500, 'the first primary serves');
  group.run(20);
  return group;
}
