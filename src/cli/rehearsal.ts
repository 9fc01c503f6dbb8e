// What a router or data node does before it serves: a change of the ring in a small cluster of its own, on loopback. V8
// compiles a function for what it has seen, and throws that away at the first thing that it has not; in a process that
// has never seen keys move, the first move under load costs all clients a second of slow answers. It must not be in the
// way of a start: it is bounded, whatever goes wrong just ends it, and nothing of it stays.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type GroupConfig, memberId } from '../commit/index.js';
import { DEFAULT_TIMES } from '../data/insync.js';
import { DataNode } from '../data/node.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { type Listener, listen, NodeHost } from '../net/node-host.js';
import { encodeCommand } from '../resp/index.js';
import { addGroup, EMPTY_RING, type RingDocument } from '../ring/index.js';
import { Router } from '../router/router.js';

const HOST = '127.0.0.1';
const MEMBERS = 2;
/** Before the change: a function has its feedback from V8 after eight calls or so, and is not compiled for it yet. */
const KEYS = 64;
/** Behind the change: a third of their writes move a key. */
const MOVED = 16;
/** First byte of an error reply. No value begins with it. */
const ERROR = '-'.charCodeAt(0);
const VALUE = 'v'.repeat(100);
/** It ends then, whatever it has come to, ms. */
const MOST_MS = 1000;

/** The cluster. What ZooKeeper would say of it is said to all of its members. */
class Stage {
  private readonly host = new NodeHost();
  private readonly listeners: Listener[] = [];
  private readonly nodes: DataNode[] = [];
  private readonly configs = new Map<string, GroupConfig>();
  private readonly router: Router;
  private ring: RingDocument = EMPTY_RING;
  private client: Socket | null = null;
  /** Bytes of the reply that is waited for. */
  private lacking = 0;
  private answered: () => void = () => {};
  private refused: (error: Error) => void = () => {};
  private over = false;

  constructor() {
    this.router = new Router(this.host, {
      id: 'rehearsal',
      deadlineMs: MOST_MS,
      password: '',
      maxClients: 1,
      port: 0,
      pid: process.pid,
      runId: '',
      version: '',
      zookeeper: '',
      zookeeperState: () => 'connected',
      routers: () => [],
      usage: () => ({ rss: 0, heapUsed: 0, heapTotal: 0, machine: 0, userMicros: 0, systemMicros: 0 }),
      // It hears of a change from a data node that knows of it already.
      refresh: () => this.router.setRing(this.ring),
      shutdown: () => {},
    });
  }

  /** Two groups, then a third, and a client that writes and reads all the time. @returns how many keys have moved */
  async play(): Promise<number> {
    await Promise.all([this.open(), this.begin('a'), this.begin('b')]);
    this.change({ ...EMPTY_RING, version: 1, groups: ['a', 'b'].map((id) => ({ id, weight: 1 })) });
    this.router.setRing(this.ring);
    await this.use(KEYS);
    await this.begin('c');
    const larger = addGroup(this.ring, 'c', 1);
    if (typeof larger === 'string') throw new Error(larger);
    this.change(larger);
    await this.use(MOVED);
    return this.nodes.at(-1)!.store.dbSize(0);
  }

  async stop(): Promise<void> {
    this.over = true;
    this.client?.destroy();
    this.router.stop();
    for (const node of this.nodes) node.stop();
    await Promise.all(this.listeners.map((listener) => listener.close()));
  }

  /** @returns a port */
  private async listen(accept: (conn: Conn) => ConnHandler | null): Promise<number> {
    const listener = await listen(HOST, 0, accept);
    if (this.over) {
      // Whoever stopped it has closed those that stood by then.
      await listener.close();
      throw new Error('over');
    }
    this.listeners.push(listener);
    return listener.port;
  }

  /** The router's port, and the client. */
  private async open(): Promise<void> {
    const port = await this.listen((conn) => this.router.accept(conn));
    this.client = connect({ host: HOST, port, noDelay: true });
    this.client.on('error', (error) => this.refused(error));
    this.client.on('data', (chunk: Buffer) => {
      if (chunk[0] === ERROR) return this.refused(new Error(chunk.toString()));
      this.lacking -= chunk.length;
      if (this.lacking <= 0) this.answered();
    });
  }

  /** Data nodes of a group, and its configuration for everybody. */
  private async begin(group: string): Promise<void> {
    const inSync: string[] = [];
    for (let i = 0; i < MEMBERS; i++) {
      const port = await this.listen((conn) => node.accept(conn));
      const node: DataNode = new DataNode(this.host, {
        group,
        id: memberId(HOST, port, `${i}`),
        pid: process.pid,
        minInSync: 1,
        orphanMs: MOST_MS,
        hotfix: true,
        times: DEFAULT_TIMES,
        refresh: () => node.setRing(this.ring),
        broke: (error) => this.refused(error as Error),
        failed: () => {},
      });
      this.nodes.push(node);
      inSync.push(node.options.id);
    }
    this.configs.set(group, { epoch: 1, term: 1, primary: inSync[0]!, inSync });
    for (const [name, config] of this.configs) {
      for (const node of this.nodes) node.setConfig(name, config);
      this.router.setConfig(name, config);
    }
  }

  private change(ring: RingDocument): void {
    this.ring = ring;
    for (const node of this.nodes) node.setRing(ring);
  }

  private async use(keys: number): Promise<void> {
    for (let i = 0; i < keys; i++) {
      await this.ask(['SET', `key:${i}`, VALUE], '+OK\r\n'.length);
      await this.ask(['GET', `key:${i}`], `$${VALUE.length}\r\n${VALUE}\r\n`.length);
    }
  }

  /** A command, and as many bytes as its reply has. */
  private ask(command: string[], bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.lacking = bytes;
      this.answered = resolve;
      this.refused = reject;
      this.client!.write(encodeCommand(command));
    });
  }
}

/**
 * Plays it, once. Never fails: what came of it is told to the log alone.
 * @param mostMs it ends then, whatever it has come to
 */
export async function rehearse(log: Pick<Logger, 'debug'>, mostMs = MOST_MS): Promise<void> {
  const begun = performance.now();
  const stage = new Stage();
  const late = new AbortController();
  const over = sleep(mostMs, 'late', { signal: late.signal });
  const played = stage.play().then((moved) => `played, ${moved} keys moved`);
  const outcome = await Promise.race([played, over]).catch((error: Error) => error.message);
  late.abort();
  await Promise.allSettled([over, stage.stop()]);
  log.debug({ outcome, ms: Math.round(performance.now() - begun) }, 'rehearsed');
}
