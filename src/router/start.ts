// A router as a process: port, ZooKeeper, registration.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Logger } from 'pino';
import { eventFlags } from '../command/index.js';
import type { Registration } from '../commit/index.js';
import { Directory, PATHS } from '../net/directory.js';
import { incarnation, listen, NodeHost } from '../net/node-host.js';
import { Membership, MembershipView, ZooKeeper } from '../zookeeper/index.js';
import { ClientLocks, LOCK_CLIENT } from './client-locks.js';
import { DrainLeader } from './drain-leader.js';
import type { Usage } from './local/index.js';
import { Router } from './router.js';

const SESSION_MS = 6000;

/** What `towline router` is given. */
export interface RouterOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** `host:port,...` */
  zookeeper: string;
  /** Clients must give it; absent: none needed. */
  password?: string;
  /** Longest that a command waits for a group, ms. */
  deadlineMs: number;
  maxClients: number;
  /** Letters of notify-keyspace-events; absent: none, or what other routers say. */
  notifyKeyspaceEvents?: string;
  log: Logger;
}

/** A router that runs. */
export interface RunningRouter {
  id: string;
  port: number;
  close(): Promise<void>;
  /** Resolves if the router cannot go on, or was told to shut down; it must be closed then. */
  failed: Promise<Error>;
}

/**
 * Starts a router; resolves when it listens, is registered, and has read the ring.
 * @throws Error with code EADDRINUSE and the like when the port cannot be had
 */
export async function startRouter(options: RouterOptions): Promise<RunningRouter> {
  const { log, zookeeper } = options;
  const host = new NodeHost();
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  let router: Router | null = null;
  const listener = await listen(options.host, options.port, (conn) => router?.accept(conn) ?? null);
  const id = incarnation('router');
  const zk = new ZooKeeper({ servers: zookeeper, sessionTimeoutMs: SESSION_MS, log });
  const locks = new ClientLocks(
    new ZooKeeper({ servers: zookeeper, sessionTimeoutMs: SESSION_MS, log, ...LOCK_CLIENT }),
  );
  const others = new MembershipView<Registration>(zk, PATHS.routers, (all) =>
    running.pubsub.setRouters(all.map(({ info }) => info)),
  );
  const drain = new DrainLeader(host, zk, id, log);
  const directory: Directory = new Directory(zk, {
    ring: (document) => running.setRing(document),
    config: (group, config) => running.setConfig(group, config),
    members: (group, members) => running.setMembers(group, members),
  });
  const running: Router = new Router(host, {
    id,
    deadlineMs: options.deadlineMs,
    password: options.password ?? '',
    maxClients: options.maxClients,
    keyEvents: eventFlags(options.notifyKeyspaceEvents ?? '') ?? 0,
    host: options.host,
    port: listener.port,
    pid: process.pid,
    runId: randomBytes(20).toString('hex'),
    version: packageVersion(),
    zookeeper,
    zookeeperState: () => zk.state,
    routers: () => others.members.map(({ info }) => ({ id: info.id, host: info.host, port: info.port })),
    usage,
    locks,
    refresh: () => directory.refresh(),
    shutdown: () => fail(new Error('shutdown by a client')),
    trim: (version, emptyIn, done) => drain.trim(version, emptyIn, done),
  });
  const registration: Registration = { id, host: options.host, port: listener.port, pid: process.pid };
  const membership = new Membership<Registration>(zk, PATHS.routers, registration);
  try {
    await Promise.all([zk.connect(), locks.start()]);
    await directory.start();
    // Who came before the ring was read would be told that there is none.
    router = running;
    await membership.start();
    await others.start();
    drain.start(running.mover);
  } catch (error) {
    running.stop();
    await Promise.allSettled([listener.close(), locks.stop(), zk.close()]);
    throw error;
  }
  log.info({ id, port: listener.port }, 'router registered');
  return {
    id,
    port: listener.port,
    failed,
    close: async () => {
      await Promise.allSettled([membership.stop(), drain.stop(), others.stop(), directory.stop()]);
      running.stop();
      await Promise.allSettled([listener.close(), locks.stop(), zk.close()]);
    },
  };
}

function usage(): Usage {
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rss, heapUsed, heapTotal, machine: totalmem(), userMicros: user, systemMicros: system };
}

/** Version in package.json, which stands above src/ and dist/src/ alike. */
function packageVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Looks one floor higher.
    }
  }
  return '0.0.0';
}
