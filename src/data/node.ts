// A data node: one member of one group. Takes connections and gives each to the role that it is for, and takes the
// role that the group's configuration gives it. Must never act on a configuration older than one it has seen (R7).
import { addressOf, type GroupConfig, Participant, Remembered } from '../commit/index.js';
import type { Address, Conn, ConnHandler, Host } from '../net/host.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { EMPTY_RING, type RingDocument } from '../ring/index.js';
import { Store } from '../store/index.js';
import { Backup } from './backup.js';
import { GroupClock } from './clock.js';
import { Primary } from './primary.js';
import { Reader, type ReaderOwner } from './reader.js';
import { numberOf } from './vet.js';

/** What a data node is given. */
export interface NodeOptions {
  group: string;
  /** Member id: memberId(). */
  id: string;
  pid: number;
  minInSync: number;
  orphanMs: number;
  /** hotfix: 0 registers a spare. */
  hotfix: boolean;
  /** Told once when this process must not go on; the reason is for the log. */
  failed(reason: string): void;
}

/** One data node. */
export class DataNode implements ReaderOwner {
  readonly store = new Store();
  private readonly clock: GroupClock;
  private config: GroupConfig | null = null;
  private ring: RingDocument = EMPTY_RING;
  private readonly others = new Map<string, GroupConfig>();
  private role: Primary | Backup | null = null;
  private readonly conns = new Set<Conn>();
  private stopped = false;

  constructor(
    private readonly host: Host,
    readonly options: NodeOptions,
  ) {
    this.clock = new GroupClock(() => host.now(), host.wall());
  }

  now(): number {
    return this.clock.now();
  }
  /** The role taken: `primary`, `backup`, or what a member outside of the in-sync set is. */
  get roleName(): 'primary' | 'backup' | 'candidate' | 'spare' {
    if (this.role instanceof Primary) return 'primary';
    if (this.role instanceof Backup) return 'backup';
    return this.options.hotfix ? 'candidate' : 'spare';
  }

  /** The ring was read. */
  setRing(document: RingDocument): void {
    if (document.version <= this.ring.version) return;
    this.ring = document;
    if (this.role instanceof Primary) this.role.adoptRing(document.version);
  }

  /** A group's configuration was read: the own group's gives this node its role. */
  setConfig(group: string, config: GroupConfig): void {
    if (group !== this.options.group) {
      const known = this.others.get(group);
      if (known === undefined || known.epoch < config.epoch) this.others.set(group, config);
      return;
    }
    if (this.config !== null && config.epoch <= this.config.epoch) return;
    this.config = config;
    this.takeRole(config);
  }

  private takeRole(config: GroupConfig): void {
    const { id, group, minInSync, orphanMs } = this.options;
    if (this.role !== null || this.stopped) return;
    if (config.primary === id) {
      this.role = new Primary(
        this.host,
        this.store,
        this.clock,
        {
          group,
          id,
          term: config.term,
          epoch: config.epoch,
          backups: config.inSync.filter((member) => member !== id),
          start: 0,
          minInSync,
          orphanMs,
          member: addressOf,
          primaryOf: (other) => this.primaryOf(other),
          deposed: () => this.options.failed('a newer primary leads this group'),
        },
        new Participant(config.term),
        new Remembered(),
        this.ring.version,
      );
    } else if (config.inSync.includes(id)) {
      this.role = new Backup(this.host, this.store, this.clock, config.term);
    }
  }

  private primaryOf(group: string): Address | null {
    const config = this.others.get(group);
    return config === undefined ? null : addressOf(config.primary);
  }

  /** A connection arrived: its first message says what it is for. */
  accept(conn: Conn): ConnHandler {
    const parser = new RequestParser();
    let inner: ConnHandler | null = null;
    let over = false;
    this.conns.add(conn);
    return {
      data: (chunk) => {
        if (over) return;
        if (inner !== null) return inner.data(chunk);
        try {
          parser.feed(chunk);
          if (!parser.next()) return;
          inner = this.open(conn, parser);
          over = inner === null;
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          over = true;
          conn.write(Buffer.from(`-ERR ${error.message}\r\n`, 'latin1'));
          conn.end();
        }
      },
      drained: () => inner?.drained?.(),
      closed: () => {
        this.conns.delete(conn);
        inner?.closed();
      },
    };
  }

  /** Which role takes the connection; null: none, and the other end has been told. */
  private open(conn: Conn, parser: RequestParser): ConnHandler | null {
    const { request } = parser;
    const { role } = this;
    if (request.is(0, 'towline.lane') && request.argc === 5) {
      return role instanceof Primary ? role.acceptLane(conn, request, parser) : this.notPrimary(conn);
    }
    if (request.is(0, 'towline.control') && request.argc === 2) {
      return role instanceof Primary
        ? role.acceptControl(conn, request.text(1), parser)
        : this.notPrimary(conn);
    }
    if (request.is(0, 'towline.replicate') && request.argc === 5) return this.follow(conn, request, parser);
    const reader = new Reader(this, conn, parser);
    reader.begin();
    return reader;
  }

  private follow(conn: Conn, request: Request, parser: RequestParser): ConnHandler | null {
    const { role, config } = this;
    const term = numberOf(request, 2);
    // Of this term, only the configuration's primary leads; a later one is followed when its configuration is known (R7).
    const leads = config !== null && (term < config.term || request.text(4) === config.primary);
    if (request.text(1) === this.options.group && role instanceof Backup && leads && term <= config.term) {
      return role.follow(conn, term, parser);
    }
    // Not a backup of it (yet): the primary tries again.
    conn.write(encodeCommand(['TOWLINE.REFUSED', 0, 0]));
    conn.end();
    return null;
  }

  /** Whoever asked has an old configuration, or this node has: the other end looks it up and comes back. */
  private notPrimary(conn: Conn): null {
    conn.end();
    return null;
  }

  status(): string {
    const { role, options, store, config } = this;
    const { group, id, pid } = options;
    const seq = role instanceof Primary ? role.log.head : (role?.log.held ?? 0);
    const commit = role instanceof Primary ? role.log.committed : (role?.log.applied ?? 0);
    const transactions = role?.transactions;
    let keys = 0;
    for (let db = 0; db < 16; db++) keys += store.dbSize(db);
    return JSON.stringify({
      id,
      group,
      pid,
      address: id.slice(0, id.indexOf('@')),
      role: this.roleName,
      state: role === null ? 'waiting' : 'serving',
      epoch: config?.epoch ?? 0,
      term: config?.term ?? 0,
      keys,
      bytes: store.bytes,
      seq,
      commit,
      // Requests for locks, granted or waiting, and transactions over several groups that are not forgotten yet.
      locks: transactions?.locks.size ?? 0,
      transactions: transactions?.size ?? 0,
    });
  }

  stop(): void {
    this.stopped = true;
    this.role?.stop();
    for (const conn of this.conns) conn.destroy();
  }
}
