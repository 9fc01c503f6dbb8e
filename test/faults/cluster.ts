// The cluster under test: each process started by itself, so that it can be killed, frozen, moved into a network
// namespace and started again at its old address. Knows who leads by asking the data nodes, as an operator would.
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus } from '../../src/cli/ask.js';
import { ownersOf, slotOfText } from '../../src/ring/index.js';
import { type Ensemble, startEmbedded, startRealEnsemble } from './ensemble.js';
import type { Network } from './network.js';
import { TcpProxy } from './proxy.js';
import { Role } from './role.js';

const ASK_MS = 400;

/** A place for a data node: its address stays, its processes come and go. */
export interface Node {
  name: string;
  group: string;
  host: string;
  role: Role;
}

/** What a data node says of itself. */
export interface NodeStatus {
  id: string;
  role: string;
  state: string;
  epoch: number;
  term: number;
  seq: number;
  commit: number;
  keys: number;
}

/** Shape of the cluster. */
export interface Shape {
  groups: number;
  members: number;
  routers: number;
  /** Three real ZooKeeper servers instead of the embedded one. */
  real: boolean;
  /** Each data node in a network namespace of its own. */
  network: Network | null;
}

/** The running processes. */
export class Cluster {
  readonly nodes: Node[] = [];
  readonly routers: Role[] = [];
  /** One for each router: its way to ZooKeeper. */
  readonly proxies: TcpProxy[] = [];
  readonly groups: string[];
  ensemble!: Ensemble;
  private readonly owners: Uint16Array;

  private constructor(readonly shape: Shape) {
    this.groups = Array.from({ length: shape.groups }, (_, g) => `g${g + 1}`);
    this.owners = ownersOf(this.groups.map((id) => ({ id, weight: 1 })));
  }

  /** Starts everything; resolves when every group has all its members in sync. */
  static async start(shape: Shape): Promise<Cluster> {
    const cluster = new Cluster(shape);
    try {
      await cluster.begin();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private async begin(): Promise<void> {
    const { shape } = this;
    const outside = shape.network?.gateway ?? '127.0.0.1';
    this.ensemble = await (shape.real ? startRealEnsemble(outside) : startEmbedded());
    for (const group of this.groups) {
      for (let n = 1; n <= shape.members; n++) {
        const name = `${group}/${n}`;
        const host = shape.network === null ? '127.0.0.1' : await shape.network.add(name);
        const role = await this.startNode(name, group, host, 0);
        this.nodes.push({ name, group, host, role });
      }
    }
    for (let n = 0; n < shape.routers; n++) {
      this.proxies.push(await TcpProxy.start(this.ensemble.servers));
      this.routers.push(await this.startRouter(n, 0));
    }
    if (!(await this.whole(30_000))) throw new Error(`the cluster does not form: ${await this.describe()}`);
  }

  private startNode(name: string, group: string, host: string, port: number): Promise<Role> {
    const { members, network } = this.shape;
    const args = ['data', '--group', group, '--host', host, '--port', String(port)];
    args.push('--create-with', String(members), '--zookeeper', this.ensemble.address);
    return Role.start({ name, args, prefix: network?.prefix(name) ?? [] });
  }

  private startRouter(index: number, port: number): Promise<Role> {
    const zookeeper = `127.0.0.1:${this.proxies[index]!.port}`;
    const args = ['router', '--host', '127.0.0.1', '--port', String(port), '--zookeeper', zookeeper];
    return Role.start({ name: `router/${index}`, args });
  }

  /** Starts a data node that is gone, at the same address. */
  async restartNode(node: Node): Promise<void> {
    await node.role.exited;
    node.role = await this.startNode(node.name, node.group, node.host, node.role.port);
  }

  /** Starts a router that is gone, on the same port. */
  async restartRouter(index: number): Promise<void> {
    const { port, exited } = this.routers[index]!;
    await exited;
    this.routers[index] = await this.startRouter(index, port);
  }

  groupOf = (key: string): string => this.groups[this.owners[slotOfText(key)]!]!;

  /** Every place of a group with what its process says; null: it does not answer. */
  members(group: string): Promise<{ node: Node; status: NodeStatus | null }[]> {
    return Promise.all(
      this.nodes
        .filter((node) => node.group === group)
        .map(async (node) => {
          const question = { host: node.host, port: node.role.port, timeoutMs: ASK_MS };
          const status = await askStatus(question).catch(() => null);
          return { node, status: status as NodeStatus | null };
        }),
    );
  }

  /** Who leads and who follows, of a group that is whole. @throws Error when it is not */
  async roles(group: string): Promise<{ primary: Node; backups: Node[] }> {
    const members = await this.members(group);
    const primary = members.find(({ status }) => status?.role === 'primary')?.node;
    const backups = members.filter(({ status }) => status?.role === 'backup').map(({ node }) => node);
    if (primary === undefined || backups.length === 0) throw new Error(`${group} is not whole`);
    return { primary, backups };
  }

  /** Waits until every group has one primary that serves and all others in sync. @returns whether that came true */
  async whole(limitMs: number): Promise<boolean> {
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(100)) {
      const groups = await Promise.all(this.groups.map((group) => this.members(group)));
      const fine = groups.every((members) => {
        const counts = (role: string) => members.filter(({ status }) => status?.role === role).length;
        const terms = new Set(members.map(({ status }) => status?.term));
        return (
          counts('primary') === 1 &&
          counts('backup') === members.length - 1 &&
          members.every(({ status }) => status?.state === 'serving') &&
          terms.size === 1
        );
      });
      if (fine) return true;
    }
    return false;
  }

  /** One line about every data node. */
  async describe(): Promise<string> {
    const groups = await Promise.all(this.groups.map((group) => this.members(group)));
    return groups
      .flat()
      .map(({ node, status }) =>
        status === null
          ? `${node.name} silent`
          : `${node.name} ${status.role} ${status.state} e${status.epoch} t${status.term} seq ${status.seq}/${status.commit}`,
      )
      .join('; ');
  }

  async stop(): Promise<void> {
    await Promise.all(this.routers.map((role) => role.stop()));
    // Not by hand-over from one to the next, which takes its time: they end together.
    for (const { role } of this.nodes) role.signal('SIGKILL');
    await Promise.all(this.nodes.map(({ role }) => role.stop()));
    for (const proxy of this.proxies) proxy.stop();
    await this.ensemble?.stop();
    await this.shape.network?.close();
  }
}
