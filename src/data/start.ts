// A data node as a process: port, ZooKeeper, registration, and the creation of a group that does not exist yet.
import type { Logger } from 'pino';
import { type GroupConfig, memberId, type Registration } from '../commit/index.js';
import { Directory, PATHS } from '../net/directory.js';
import { incarnation, listen, NodeHost } from '../net/node-host.js';
import { EMPTY_RING, type RingDocument } from '../ring/index.js';
import { CasDocument, hasCode, Membership, MembershipView, ZooKeeper } from '../zookeeper/index.js';
import { DataNode } from './node.js';

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
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  // The id holds the port, so the port comes first; nobody knows it before the registration.
  let node: DataNode | null = null;
  const listener = await listen(options.host, options.port, (conn) => node?.accept(conn) ?? null);
  const id = memberId(options.host, listener.port, incarnation(group));
  node = new DataNode(host, {
    group,
    id,
    pid: process.pid,
    minInSync: options.minInSync,
    orphanMs: ORPHAN_MS,
    hotfix: options.hotfix,
    failed: (reason) => fail(new Error(reason)),
  });
  const zk = new ZooKeeper({ servers: options.zookeeper, sessionTimeoutMs: SESSION_MS, log });
  const directory = new Directory(zk, {
    ring: (document) => node.setRing(document),
    config: (name, config) => {
      const before = node.roleName;
      node.setConfig(name, config);
      if (name !== group) return;
      if (node.roleName !== before) log.info({ role: node.roleName, epoch: config.epoch }, 'role taken');
      if (config.primary === id) void joinRing(zk, group, options.weight ?? 1, log);
    },
  });
  const registration: Registration = { id, host: options.host, port: listener.port, pid: process.pid };
  const membership = new Membership<Registration>(zk, PATHS.members(group), registration);
  const members = new MembershipView<Registration>(zk, PATHS.members(group), (all) => {
    void createGroup(zk, options, id, all, log);
  });
  try {
    await zk.connect();
    await directory.start();
    directory.watch(group);
    await membership.start();
    await members.start();
  } catch (error) {
    await Promise.allSettled([listener.close(), zk.close()]);
    throw error;
  }
  log.info({ id, port: listener.port }, 'data node registered');
  return {
    id,
    port: listener.port,
    failed,
    close: async () => {
      await Promise.allSettled([members.stop(), membership.stop(), directory.stop()]);
      node.stop();
      await Promise.allSettled([listener.close(), zk.close()]);
    },
  };
}

/** The first member creates the group, once enough are there; it starts empty (R3), with all of them in sync. */
async function createGroup(
  zk: ZooKeeper,
  { group, createWith }: DataOptions,
  id: string,
  members: readonly { info: Registration }[],
  log: Logger,
): Promise<void> {
  if (members.length < createWith || members[0]?.info.id !== id) return;
  const inSync = members.slice(0, createWith).map(({ info }) => info.id);
  try {
    const document = new CasDocument<GroupConfig>(zk, PATHS.config(group));
    if ((await document.read()) !== null) return;
    await document.create({ epoch: 1, term: 1, primary: id, inSync });
    log.info({ group, inSync }, 'group created');
  } catch (error) {
    if (!hasCode(error, 'NODE_EXISTS')) log.warn({ group, error }, 'group not created');
  }
}

/** A group that the ring has never named joins it. */
async function joinRing(zk: ZooKeeper, group: string, weight: number, log: Logger): Promise<void> {
  const document = new CasDocument<RingDocument>(zk, PATHS.ring);
  try {
    const written = await document.update((now) => {
      const ring = now ?? EMPTY_RING;
      const known = [ring.groups, ...ring.history].flat().some(({ id }) => id === group);
      if (known || ring.abandoned.includes(group)) return null;
      return { ...ring, version: ring.version + 1, groups: [...ring.groups, { id: group, weight }] };
    });
    log.info({ group, ring: written?.value.version }, 'group is in the ring');
  } catch (error) {
    log.warn({ group, error }, 'the group could not join the ring yet');
  }
}
