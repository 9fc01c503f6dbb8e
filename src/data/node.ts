// A data node: one member of one group. Takes connections and gives each to the role that it is for, takes the role
// that the group's configuration gives it, and tries to lead when its primary is gone (R5). Must never act on a
// configuration older than one it has seen (R7), nor come back with data under the same id once it was removed (R3).
import { addressOf, type GroupConfig, Participant, type Registration, Remembered } from '../commit/index.js';
import { pushConfig, readConfig, tellConfig } from '../net/config-message.js';
import type { Conn, ConnHandler, Host } from '../net/host.js';
import { encodeCommand, type Request, type RequestParser } from '../resp/index.js';
import { EMPTY_RING, fenceOf, type RingDocument } from '../ring/index.js';
import { Store } from '../store/index.js';
import { Admissions } from './admissions.js';
import { Applier, type Held } from './applier.js';
import { Backup } from './backup.js';
import { receiveSync } from './candidate.js';
import { GroupClock } from './clock.js';
import { door } from './door.js';
import { Election, LOOK_MS } from './election.js';
import { DEFAULT_TIMES } from './insync.js';
import type { NodeOptions } from './node-options.js';
import { Primary } from './primary.js';
import { Reader, type ReaderOwner } from './reader.js';
import { statusOf } from './status.js';
import { Herald } from './tell.js';
import { numberOf } from './vet.js';
import { WaitingRoom } from './waiting.js';

/** One data node. */
export class DataNode implements ReaderOwner {
  readonly store = new Store();
  private readonly clock: GroupClock;
  private config: GroupConfig | null = null;
  private ring: RingDocument = EMPTY_RING;
  private readonly others = new Map<string, GroupConfig>();
  private role: Primary | Backup | null = null;
  private readonly admissions: Admissions;
  private readonly conns = new Set<Conn>();
  /** Why an operator is needed, in words; null: nobody is. */
  trouble: string | null = null;
  private stopped = false;
  private listed = false;
  private readonly election: Election;
  /** Routers that came before this primary serves. */
  private readonly waiting = new WaitingRoom();
  /** Connection over which a primary gives this candidate everything, and the newest term of such a primary. */
  private receiving: Conn | null = null;
  private syncTerm = 0;
  private cancelLook: () => void = () => {};

  constructor(
    private readonly host: Host,
    readonly options: NodeOptions,
  ) {
    this.clock = new GroupClock(() => host.now(), host.wall());
    this.admissions = new Admissions(options.id);
    this.election = new Election(host, options);
    this.store.stages.onTaken = () => host.madeToStay?.();
    this.lookLater();
  }

  now(): number {
    return this.clock.now();
  }
  /** The role taken: `primary`, `backup`, or what a member outside of the in-sync set is. */
  get roleName(): 'primary' | 'backup' | 'candidate' | 'spare' {
    if (this.role instanceof Primary) return 'primary';
    if (this.role instanceof Backup && this.listed) return 'backup';
    return this.options.hotfix ? 'candidate' : 'spare';
  }
  get serving(): boolean {
    return this.role instanceof Primary ? this.role.active : this.role !== null && this.listed;
  }

  // ---- what ZooKeeper says

  /** The ring was read. */
  setRing(document: RingDocument): void {
    if (fenceOf(document) <= fenceOf(this.ring)) return;
    this.ring = document;
    if (document.abandoned.includes(this.options.group)) return this.abandoned();
    if (this.role instanceof Primary) this.role.adoptRing(document);
  }

  /** An operator gave the group up with its data: nobody is to hear of what is held here any more (R1). */
  private abandoned(): void {
    if (this.stopped) return;
    this.stop();
    this.trouble = `group ${this.options.group} was abandoned: stop its data nodes`;
  }

  /** Who is registered in the own group, in order. Serves discovery only. */
  setMembers(members: readonly Registration[]): void {
    this.admissions.members = members;
  }

  /** A group's configuration was read: the own group's gives this node its role. */
  setConfig(group: string, config: GroupConfig): void {
    if (group !== this.options.group) {
      const known = this.others.get(group);
      if (known === undefined || known.epoch < config.epoch) this.others.set(group, config);
      return;
    }
    if (this.stopped || (this.config !== null && config.epoch <= this.config.epoch)) return;
    const before = this.config;
    this.config = config;
    if (this.role instanceof Backup) this.election.read(this.role, config);
    this.takeRole(config, before);
  }

  /** Outcomes: begin (a new group), lead, follow, or: removed, and so nobody any more. */
  private takeRole(config: GroupConfig, before: GroupConfig | null): void {
    const { id } = this.options;
    const { role } = this;
    const leads = config.primary === id;
    if (role instanceof Backup && before !== null && (config.created ?? 1) > before.epoch) {
      // An operator gave the group up and began it anew: what is held here is part of what was given up.
      return this.reset('the group was reset');
    }
    // R7: nothing more is granted to a primary whose term is over, whether its successor has spoken or not.
    if (role instanceof Backup && !leads) role.log.follow(config.term);
    if (role instanceof Primary) {
      if (!leads) role.succeeded(config);
      if (!leads || config.term > role.term) this.reset('another member leads this group');
      return;
    }
    if (!config.inSync.includes(id)) {
      if (this.listed) this.reset('removed from the in-sync set');
      return;
    }
    this.listed = true;
    if (role === null) {
      // R3: only the creation of a group, or its reset by an operator, lists a member that was never given anything, and
      // nothing is committed without it as long as it is listed (R4): it has missed nothing, whatever the epoch is now.
      // One that was being given everything may be listed for what it held before.
      if (config.epoch !== (config.created ?? 1) && this.syncTerm > 0)
        return this.reset('listed without data');
      // A sync that is still under way gives what was given up: none of it stays, and its end empties nothing later.
      this.receiving?.destroy();
      this.receiving = null;
      this.store.clear();
      const applier = new Applier(this.store, new Remembered(), new Participant(config.term));
      if (leads) this.lead(config, 0, [], applier);
      else this.role = this.backup(config.term, 0, applier);
      return;
    }
    if (leads) this.lead(config, role.log.applied, role.log.undecided, role.applier);
    // A new primary has a full grace to make itself heard.
    else if (before === null || config.term > before.term) role.grace.heard(this.host.now());
  }

  private backup(term: number, start: number, applier: Applier): Backup {
    const { graceMs } = this.options.times ?? DEFAULT_TIMES;
    return new Backup(this.host, this.clock, applier, term, start, graceMs, (epoch) => {
      if (epoch > (this.config?.epoch ?? 0)) this.options.refresh?.();
    });
  }

  private lead(config: GroupConfig, start: number, inherited: readonly Held[], applier: Applier): void {
    const { id, group, minInSync, orphanMs, large, times, cas } = this.options;
    this.role?.stop();
    // R2: begun after the compare-and-set that made this member the primary, and first of all, since it takes longest.
    let primary: Primary | null = null;
    let early: RingDocument | null = null;
    const read = (ring: RingDocument) => {
      if (primary === null) {
        early = ring;
        return;
      }
      this.setRing(ring);
      if (this.role === primary) primary.ringRead();
    };
    if (this.options.readRing === undefined) read(this.ring);
    else this.options.readRing(read);
    primary = new Primary(
      this.host,
      this.store,
      this.clock,
      {
        group,
        id,
        config,
        start,
        inherited: [...inherited],
        minInSync,
        orphanMs,
        large,
        times: times ?? DEFAULT_TIMES,
        cas: cas ?? null,
        connected: this.options.connected && (() => this.options.connected?.() !== false),
        member: addressOf,
        configOf: (other) => this.others.get(other),
        deposed: () => this.reset('another member leads this group from now on'),
        broke: (error, command) => this.options.broke(error, command),
        conflict: () => this.options.refresh?.(),
        changed: (next) => {
          if (this.config === null || next.epoch > this.config.epoch) this.config = next;
        },
        heardRing: (document) => this.setRing(document),
        // In a part of the turn of its own: what they say is executed.
        active: () => this.host.endOfTurn(() => this.waiting.open()),
      },
      applier,
      this.ring,
    );
    this.role = primary;
    if (early !== null) read(early);
  }

  private reset(reason: string): void {
    if (this.stopped) return;
    this.stop();
    this.options.failed(reason);
  }

  // ---- looking after the group

  private lookLater(): void {
    this.cancelLook = this.host.after(LOOK_MS, () => {
      if (this.role instanceof Backup) this.lookForPrimary(this.role);
      else if (this.role instanceof Primary) this.admissions.look(this.role, this.host.now());
      this.lookLater();
    });
  }

  private lookForPrimary(role: Backup): void {
    const { config, options } = this;
    if (config === null || !this.listed || config.primary === options.id) return;
    this.election.look(role, config, (won) => {
      if (this.stopped || this.role !== role) return;
      if (won !== null) {
        const others = won.inSync.filter((member) => member !== options.id);
        new Herald(this.host, others).tell(options.group, won);
        return this.setConfig(options.group, won);
      }
      role.suspend(false);
      role.grace.heard(this.host.now());
      options.refresh?.();
    });
  }

  /** An operator lets a spare in. @returns an error, or null */
  admit(member: string): string | null {
    return this.admissions.admit(this.role instanceof Primary, member);
  }

  /** Before an orderly end: a primary hands its group over. @param done told when the process may stop */
  handOver(done: () => void): void {
    if (this.role instanceof Primary) this.role.handOver(() => done());
    else done();
  }

  // ---- connections

  /** A connection arrived: its first message says what it is for. */
  accept(conn: Conn): ConnHandler {
    this.conns.add(conn);
    return door(
      conn,
      (parser) => this.open(conn, parser),
      () => this.conns.delete(conn),
    );
  }

  /** Which role takes the connection; null: none, and the other end has been told. */
  private open(conn: Conn, parser: RequestParser): ConnHandler | null {
    const { request } = parser;
    if (this.stopped) return refuse(conn);
    if (request.is(0, 'towline.lane') && (request.argc === 5 || request.argc === 6)) {
      const handler = this.serve(conn, (primary) => primary.acceptLane(conn, request, parser));
      // Whoever asks the wrong member hears who leads, as far as is known here (R7).
      if (handler === null && this.config !== null) conn.write(pushConfig(this.options.group, this.config));
      return handler ?? refuse(conn);
    }
    if (request.is(0, 'towline.control') && request.argc === 2) {
      const from = request.text(1);
      return this.serve(conn, (primary) => primary.acceptControl(conn, from, parser)) ?? refuse(conn);
    }
    if (request.is(0, 'towline.config') && (request.argc === 2 || request.argc === 3)) {
      this.configMessage(conn, request);
      return refuse(conn);
    }
    if (request.is(0, 'towline.replicate') && request.argc === 7) {
      if (!this.meant(conn, request.text(6))) return null;
      const backup = this.followed(conn, request);
      return backup?.follow(conn, numberOf(request, 2), numberOf(request, 5), parser) ?? null;
    }
    if (request.is(0, 'towline.beacons') && request.argc === 6) {
      if (!this.meant(conn, request.text(5))) return null;
      return this.followed(conn, request)?.listen(conn, numberOf(request, 2), parser) ?? null;
    }
    if (request.is(0, 'towline.sync') && request.argc === 6) {
      return this.meant(conn, request.text(5)) ? this.receive(conn, request, parser) : null;
    }
    const reader = new Reader(this, conn, parser);
    reader.begin();
    return reader;
  }

  /** The primary serves a connection: now, or as soon as it does. Null: this member is not the primary, or no longer. */
  private serve(conn: Conn, accept: (primary: Primary) => ConnHandler): ConnHandler | null {
    const { role } = this;
    if (!(role instanceof Primary)) return null;
    if (role.active) return accept(role);
    if (!role.preparing) return null;
    return this.waiting.hold(conn, () => (role.active ? accept(role) : refuse(conn)));
  }

  /** `TOWLINE.CONFIG group`: asks. `TOWLINE.CONFIG group json`: tells, whatever role this member has. */
  private configMessage(conn: Conn, request: Request): void {
    const { group } = this.options;
    if (request.text(1) !== group) return;
    if (request.argc === 3) this.setConfig(group, readConfig(request.bytes(2).toString('utf8')));
    else if (this.config !== null) conn.write(tellConfig(group, this.config));
  }

  /** R3: what is for another member that listened here before, or will, is not for this one. */
  private meant(conn: Conn, member: string): boolean {
    if (member === this.options.id) return true;
    conn.end();
    return false;
  }

  /** The backup that a primary wants to speak to; null: this node is none (yet), and the primary tries again. */
  private followed(conn: Conn, request: Request): Backup | null {
    const { role, config, options } = this;
    const term = numberOf(request, 2);
    const ours = request.text(1) === options.group && config !== null;
    // Of this term, only the configuration's primary leads; a later one is followed when its configuration is known (R7).
    if (
      ours &&
      role instanceof Backup &&
      (term < config.term || (term === config.term && request.text(4) === config.primary))
    ) {
      return role;
    }
    if (ours && term > config.term) options.refresh?.();
    // An older primary hears of the newer term; anybody else tries again.
    conn.write(encodeCommand(['TOWLINE.REFUSED', role instanceof Primary ? role.term : 0, 0]));
    return refuse(conn);
  }

  /** A primary gives this candidate everything. What it held before, of a sync that came to nothing, is discarded. */
  private receive(conn: Conn, request: Request, parser: RequestParser): ConnHandler | null {
    const term = numberOf(request, 2);
    const newest = Math.max(this.syncTerm, this.config?.term ?? 0);
    if (term < newest) conn.write(encodeCommand(['TOWLINE.REFUSED', newest, 0]));
    const taken = this.listed || this.role instanceof Primary;
    if (request.text(1) !== this.options.group || taken || term < newest) return refuse(conn);
    this.role?.stop();
    this.role = null;
    // An older connection may still hold keys, and its end: neither counts any more.
    this.receiving?.destroy();
    this.receiving = conn;
    this.syncTerm = term;
    this.store.clear();
    const applier = new Applier(this.store, new Remembered(), new Participant(term));
    return receiveSync(conn, parser, {
      applier,
      clock: this.clock,
      current: () => this.receiving === conn,
      synced: (at, seq) => {
        this.receiving = null;
        if (!this.stopped) this.role = this.backup(at, seq, applier);
      },
      broken: () => {
        if (this.receiving !== conn) return;
        this.receiving = null;
        this.store.clear();
      },
    });
  }

  status(): string {
    const { role, options, store, config, roleName, serving, trouble } = this;
    return statusOf({ role, options, store, config, roleName, serving, trouble });
  }

  stop(): void {
    this.stopped = true;
    this.cancelLook();
    this.role?.stop();
    for (const conn of this.conns) conn.destroy();
  }
}

/** Whoever asked has an old configuration, or this node has: the other end looks it up and comes back. */
function refuse(conn: Conn): null {
  conn.end();
  return null;
}
