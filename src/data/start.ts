// A data node as a process: port, ZooKeeper, registration, and the creation of a group that does not exist yet.
import type { Logger } from 'pino';
import { type GroupConfig, memberId, type Registration } from '../commit/index.js';
import { Directory, PATHS } from '../net/directory.js';
import { incarnation, listen, NodeHost } from '../net/node-host.js';
import { EMPTY_RING, type RingDocument } from '../ring/index.js';
import {
  CasDocument,
  hasCode,
  Membership,
  MembershipView,
  type Versioned,
  ZooKeeper,
} from '../zookeeper/index.js';
import { type CasResult, DEFAULT_TIMES } from './insync.js';
import { mayJoin, RingJoin } from './join.js';
import { DataNode } from './node.js';
import { Origins } from './origins.js';

const SESSION_MS = 6000;
/** How long a prepared transaction waits for its coordinator to come back, ms. */
const ORPHAN_MS = 2000;

/** What `towline data` is given. Times in ms. */
export interface DataOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  group: string;
  /** `host:port,...` */
  zookeeper: string;
  /** Share of keys of the group if this node creates it. */
  weight?: number;
  /** `manual`: a new group waits for an operator to add it to the ring. Absent: `auto`. */
  join?: 'auto' | 'manual';
  /** False registers a spare. */
  hotfix: boolean;
  /** Members that the creation of a new group waits for. */
  createWith: number;
  minInSync: number;
  leaseMs: number;
  graceMs: number;
  log: Logger;
}

/** A data node that runs. */
export interface RunningData {
  id: string;
  port: number;
  close(): Promise<void>;
  /** Resolves if the node cannot go on; it must be closed then. */
  failed: Promise<Error>;
}

/**
 * Starts a data node; resolves when it listens and is registered.
 * @throws Error with code EADDRINUSE and the like when the port cannot be had
 */
export async function startData(options: DataOptions): Promise<RunningData> {
  const { group, log } = options;
  const host = new NodeHost();
  const failed = new Promise<Error>(() => {});
  // The id holds the port, so the port comes first; nobody knows it before the registration.
  let member: Member | null = null;
  const listener = await listen(options.host, options.port, (conn) => member?.node.accept(conn) ?? null);
  const zk = new ZooKeeper({ servers: options.zookeeper, sessionTimeoutMs: SESSION_MS, log });
  const directory: Directory = new Directory(zk, {
    ring: (document) => member?.node.setRing(document),
    config: (name, config, origin) => {
      if (name === group && !origins.takes(origin)) return;
      known.set(name, config);
      member?.config(name, config);
    },
    absent: (name) => {
      if (name === group) origins.gone();
    },
  });
  const origins: Origins = new Origins({
    holding: () => member?.holding ?? false,
    trouble: (why) => {
      if (member === null || member.node.trouble === why) return;
      member.node.trouble = why;
      if (why !== null) log.error({ group }, why);
    },
    // What was given to it so far was another group's of the same name.
    anew: () => {
      known.delete(group);
      member?.anew('ZooKeeper has forgotten the group, and another one was created');
    },
  });
  const known = new Map<string, GroupConfig>();
  let closing = false;
  let registered: readonly { info: Registration }[] = [];
  /** R3: every new beginning is a new member with a new id, in the same process and on the same port. */
  const begin = async (): Promise<void> => {
    const id = memberId(options.host, listener.port, incarnation(group));
    const fresh = new Member(host, zk, directory, options, id, (reason) => {
      // Who has handed over loses its term, as it wanted.
      if (closing) return;
      log.warn({ id, reason }, 'this member begins anew');
      fresh.ringJoin?.stop();
      void fresh.membership
        .stop()
        .then(begin)
        .catch((error) => log.warn({ error }, 'not registered again'));
    });
    member = fresh;
    for (const [name, config] of known) fresh.config(name, config);
    if (directory.ring !== null) fresh.node.setRing(directory.ring);
    fresh.node.setMembers(registered.map(({ info }) => info));
    origins.repeat();
    const { port } = listener;
    await fresh.register({ id, host: options.host, port, pid: process.pid, hotfix: options.hotfix });
    log.info({ id, port }, 'data node registered');
  };
  const members = new MembershipView<Registration>(zk, PATHS.members(group), (all) => {
    registered = all;
    member?.node.setMembers(all.map(({ info }) => info));
    // R3: who has seen the group's configuration does not begin it anew when it is gone.
    if (member === null || known.has(group)) return;
    if (!mayJoin(directory.ring, group)) {
      log.warn({ group }, 'a group of this name has left the ring for good: start nodes under another name');
      return;
    }
    void createGroup(zk, options, member.node.options.id, all, log, (holder) => origins.held(holder));
  });
  try {
    await zk.connect();
    await directory.start();
    directory.watch(group);
    await begin();
    await members.start();
  } catch (error) {
    await Promise.allSettled([listener.close(), zk.close()]);
    throw error;
  }
  return {
    get id() {
      return member?.node.options.id ?? '';
    },
    port: listener.port,
    failed,
    close: async () => {
      closing = true;
      const last = member as Member | null;
      last?.ringJoin?.stop();
      if (last !== null) await last.handOver();
      last?.node.stop();
      await Promise.allSettled([members.stop(), last?.membership.stop(), directory.stop()]);
      await Promise.allSettled([listener.close(), zk.close()]);
    },
  };
}

/** Longest that a hand-over may take, ms; then the others notice by themselves. */
const HAND_OVER_MS = 2000;
const RETRY_MS = 100;

/** One beginning of this process as a member: its node, its registration, its compare-and-set. */
class Member {
  readonly node: DataNode;
  membership!: Membership<Registration>;
  private role = '';
  private registration!: Registration;
  /** Brings the group into the ring while this member leads it; null: an operator does. */
  readonly ringJoin: RingJoin | null;
  /** The configuration that this member wrote last. */
  private written: Versioned<GroupConfig> | null = null;

  constructor(
    private readonly host: NodeHost,
    private readonly zk: ZooKeeper,
    directory: Directory,
    private readonly options: DataOptions,
    id: string,
    private readonly reset: (reason: string) => void,
  ) {
    const { group, minInSync, hotfix, leaseMs, graceMs, join, weight = 1, log } = options;
    this.ringJoin = join === 'manual' ? null : new RingJoin(host, zk, { group, weight, log });
    this.node = new DataNode(host, {
      group,
      id,
      pid: process.pid,
      minInSync,
      orphanMs: ORPHAN_MS,
      hotfix,
      times: { ...DEFAULT_TIMES, leaseMs, graceMs, silentMs: Math.round(leaseMs * 0.6) },
      cas: (next, epoch, done, wanted = () => true) =>
        void this.cas(next, epoch, () => this.node.trouble === null && wanted()).then(done),
      readRing: (done) => void this.readRing().then(done),
      // A configuration that is not the one this member goes by is none that could be changed (R3).
      connected: () => zk.state === 'connected' && this.node.trouble === null,
      refresh: () => directory.refresh(),
      broke: (error, command) =>
        log.error({ err: error, command }, 'a command was not executed: a mistake of Towline'),
      failed: reset,
    });
  }

  /** Whether it is, or was, in sync: what it holds may be all that there is of the group. */
  get holding(): boolean {
    return this.role === 'primary' || this.role === 'backup';
  }

  /** It holds nothing, and begins anew under a new id. */
  anew(reason: string): void {
    this.node.stop();
    this.reset(reason);
  }

  register(registration: Registration): Promise<void> {
    const { holding } = this;
    this.registration = registration;
    const parent = PATHS.members(this.options.group);
    this.membership = new Membership<Registration>(this.zk, parent, { ...registration, holding });
    return this.membership.start();
  }

  config(name: string, config: GroupConfig): void {
    const { group, log } = this.options;
    this.node.setConfig(name, config);
    if (name !== group) return;
    const { roleName } = this.node;
    if (roleName !== this.role)
      log.info({ role: roleName, epoch: config.epoch, term: config.term }, 'role taken');
    const held = this.holding;
    this.role = roleName;
    if (this.holding && !held) this.membership?.update({ ...this.registration, holding: true });
    if (config.primary === this.node.options.id) this.ringJoin?.start();
    else this.ringJoin?.stop();
  }

  handOver(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.host.after(HAND_OVER_MS, resolve);
      this.node.handOver(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Resolves when the outcome is known, however long ZooKeeper is away. @param wanted see CompareAndSet */
  private async cas(
    next: GroupConfig,
    epoch: number,
    wanted: () => boolean = () => true,
  ): Promise<CasResult> {
    const { group, log } = this.options;
    const document = new CasDocument<GroupConfig>(this.zk, PATHS.config(group));
    // What was written here last need not be read again; if it is not what stands any more, the write is refused.
    let own = this.written?.value.epoch === epoch ? this.written : null;
    let sent = false;
    let behind = false;
    const change = (now: GroupConfig | null) => {
      // What was read is behind whatever was sent before: if that has not happened by now it never will.
      if (now?.epoch !== epoch || !wanted()) return null;
      sent = true;
      return next;
    };
    for (;;) {
      try {
        if (own !== null && change(own.value) === null) return 'conflict';
        const found = own === null ? await document.update(change) : await document.write(next, own);
        if (!behind && found !== null && found.value.epoch < epoch) {
          // Another member told of an epoch that the server asked has not got yet.
          behind = true;
          await this.zk.barrier();
          continue;
        }
        const written = JSON.stringify(sorted(found?.value)) === JSON.stringify(sorted(next));
        if (written) this.written = found;
        log.info({ group, written, next }, 'configuration changed');
        return written ? 'written' : 'conflict';
      } catch (error) {
        if (own === null) log.warn({ group, error }, 'configuration not changed yet');
        if (!sent) return 'conflict';
        if (own === null) await this.pause(RETRY_MS);
        // Somebody else was faster, or the outcome is unknown: from now on it is read.
        own = null;
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.host.after(ms, resolve);
    });
  }

  private async readRing(): Promise<RingDocument> {
    for (;;) {
      try {
        // In one flight: on a connection the reading stays behind the barrier, and a new one begins with a barrier.
        const ring = new CasDocument<RingDocument>(this.zk, PATHS.ring);
        const [, found] = await Promise.all([this.zk.barrier(), ring.read()]);
        return found?.value ?? EMPTY_RING;
      } catch (error) {
        this.options.log.warn({ error }, 'ring not read yet');
        await this.pause(RETRY_MS);
      }
    }
  }
}

function sorted(config: GroupConfig | undefined): unknown {
  return config && [config.epoch, config.term, config.primary, config.inSync, config.created];
}

/**
 * The first member creates the group, once enough are there; it starts empty (R3), with all of them in sync. Not while a
 * member that holds data is registered, though there is no configuration: that one was lost, and `held` is told who.
 */
async function createGroup(
  zk: ZooKeeper,
  { group, createWith }: DataOptions,
  id: string,
  members: readonly { info: Registration }[],
  log: Logger,
  held: (holder: string | null) => void,
): Promise<void> {
  const holder = members.find(({ info }) => info.holding === true)?.info.id ?? null;
  if (holder === null) {
    held(null);
    if (members.length < createWith || members[0]?.info.id !== id) return;
  }
  const inSync = members.slice(0, createWith).map(({ info }) => info.id);
  try {
    const document = new CasDocument<GroupConfig>(zk, PATHS.config(group));
    // Read after the members: who is in sync was so by a configuration that was there before.
    if ((await document.read()) !== null) return;
    if (holder !== null) return held(holder);
    await document.create({ epoch: 1, term: 1, primary: id, inSync, created: 1 });
    log.info({ group, inSync }, 'group created');
  } catch (error) {
    if (!hasCode(error, 'NODE_EXISTS')) log.warn({ group, error }, 'group not created');
  }
}
