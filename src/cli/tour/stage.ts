// The processes of a tour: a cluster of its own on free ports, started and stopped one by one. Must leave none behind:
// each has a channel to this process and ends with it, however that happens.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DRAIN_PATHS, type DrainRate, type DrainRateDocument } from '../../net/drain.js';
import { CasDocument, ZooKeeper } from '../../zookeeper/index.js';
import { askStatus } from '../ask.js';
import { Child } from '../child.js';
import { Failure } from '../failure.js';
import { type GroupConfig, type Tree, treeOf } from '../tree.js';

const host = '127.0.0.1';
const STOP_MS = 6000;
const ASK_MS = 800;
/** How long anything may take to come about, ms. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** A data node and its group. */
export interface Node {
  group: string;
  child: Child;
}

/** The tour's cluster. */
export class Stage {
  zookeeper!: Child;
  readonly routers: Child[] = [];
  readonly nodes: Node[] = [];
  private zk: ZooKeeper | null = null;

  /** @param line hears what a process prints: its warnings and errors */
  constructor(
    private readonly line: (name: string, text: string) => void,
    private readonly stop: AbortSignal,
  ) {}

  private async launch(name: string, args: string[]): Promise<Child> {
    this.stop.throwIfAborted();
    const flags = ['--host', host, '--port', '0', '--json-logs', '--log-level', 'error'];
    const child = new Child(name, [...args, ...flags], (text) => this.line(name, text));
    this.all.push(child);
    await child.listening;
    return child;
  }
  private readonly all: Child[] = [];

  async startZooKeeper(): Promise<void> {
    this.zookeeper = await this.launch('zookeeper', ['zk']);
    this.zk = new ZooKeeper({ servers: this.servers });
    await this.zk.connect();
  }
  get servers(): string {
    return `${host}:${this.zookeeper.port}`;
  }

  /** Starts data nodes of a group: those that create it, or one more that joins it. */
  async startNodes(group: string, count: number): Promise<Node[]> {
    const before = this.nodes.filter((node) => node.group === group).length;
    const args = ['data', '--group', group, '--zookeeper', this.servers, '--join', 'auto', '--hotfix', '1'];
    args.push('--create-with', String(count));
    const names = Array.from({ length: count }, (_, i) => `${group}/${before + i + 1}`);
    const children = await Promise.all(names.map((name) => this.launch(name, args)));
    const nodes = children.map((child) => ({ group, child }));
    this.nodes.push(...nodes);
    return nodes;
  }
  async startRouter(): Promise<void> {
    const name = `router/${this.routers.length + 1}`;
    this.routers.push(await this.launch(name, ['router', '--zookeeper', this.servers]));
  }

  /** ZooKeeper's tree. */
  tree(): Promise<Tree> {
    return treeOf(this.zk!);
  }
  async config(group: string): Promise<GroupConfig> {
    const config = (await this.tree()).groups.find(({ id }) => id === group)?.config;
    if (config === undefined || config === null) throw new Failure(`group ${group} has no configuration`);
    return config;
  }
  async setRate(rate: DrainRate): Promise<void> {
    await new CasDocument<DrainRateDocument>(this.zk!, DRAIN_PATHS.rate).update(() => ({ rate }));
  }

  /** What a process says of itself; null: it is gone, or frozen. */
  async status({ port, exit }: Child): Promise<Record<string, unknown> | null> {
    if (exit !== null) return null;
    return askStatus({ host, port, timeoutMs: ASK_MS }).catch(() => null);
  }
  /** Keys of each group, as its primary counts them. */
  async keys(): Promise<Record<string, number>> {
    const said = await Promise.all(
      this.nodes.map(async ({ group, child }) => ({ group, status: await this.status(child) })),
    );
    const primaries = said.filter(({ status }) => status?.['role'] === 'primary');
    return Object.fromEntries(primaries.map(({ group, status }) => [group, Number(status!['keys'])]));
  }
  nodeOf(id: string): Node {
    const node = this.nodes.find(({ child }) => child.id === id);
    if (node === undefined) throw new Failure(`no process of this tour calls itself ${id}`);
    return node;
  }

  /** Waits until it is so. @throws Failure that says what was waited for */
  async until(what: string, so: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(LOOK_MS)) {
      this.stop.throwIfAborted();
      if (await so()) return;
    }
    throw new Failure(`it did not come about: ${what}`);
  }

  get pids(): number[] {
    return this.all.map(({ pid }) => pid);
  }

  /** Ends everything: routers first, so that no client sees a group without members; ZooKeeper last. */
  async end(): Promise<void> {
    // A frozen process cannot end by itself.
    const late = this.all.filter(({ exit }) => exit === null);
    for (const { pid } of late) process.kill(pid, 'SIGCONT');
    await this.zk?.close();
    const rank = ({ name }: Child) => (name === 'zookeeper' ? 2 : name.startsWith('router') ? 0 : 1);
    for (const turn of [0, 1, 2]) {
      await Promise.all(this.all.filter((child) => rank(child) === turn).map((child) => child.stop(STOP_MS)));
    }
  }
}
