// A cluster of child processes on this machine: in which order its roles start and stop. A child that dies later is
// reported by name and the others run on, so that faults can be tried by hand; only a failed start stops everything.
import { Child, describeExit, type Exit } from './child.js';
import { Failure } from './failure.js';
import { waitUntilReady } from './ready.js';

/** What to start. */
export interface Plan {
  groups: number;
  members: number;
  routers: number;
  /** Port of the first router; 0: any. */
  port: number;
  host: string;
  /** ZooKeeper servers in use already; absent: an embedded one is started. */
  zookeeper: string | undefined;
  logLevel: string;
  password: string | undefined;
}

/** Who hears what happens. */
export interface Audience {
  /** `name` did `step`. */
  step(name: string, step: string, facts?: object): void;
  /** A process died that nobody stopped. */
  died(name: string, why: string, restart: string): void;
  /** `name` printed a line. */
  line(name: string, text: string): void;
}

const START_MS = 60_000;
/** Longer than a role gives itself (role.ts). */
const STOP_MS = 6000;

/** The processes of `towline up`. */
export class LocalCluster {
  /** Where ZooKeeper is, once it runs. */
  zookeeper = '';
  readonly routers: Child[] = [];
  readonly #data: Child[] = [];
  #embedded: Child | null = null;
  readonly #abandoned = new AbortController();
  /** Resolves when every process has died without being stopped. */
  readonly allDead: Promise<void>;
  #lastGone = () => {};

  constructor(
    private readonly plan: Plan,
    private readonly audience: Audience,
  ) {
    this.allDead = new Promise((resolve) => {
      this.#lastGone = resolve;
    });
  }

  /**
   * Starts all roles; resolves when the cluster serves.
   * @throws Failure when a role does not start; the caller must still call `stop`
   */
  async start(): Promise<void> {
    const { plan } = this;
    const { groups, members } = plan;
    if (plan.zookeeper === undefined) {
      this.#embedded = this.#launch('zookeeper', ['zk', '--port', '0', '--host', '127.0.0.1']);
      this.zookeeper = `127.0.0.1:${await this.#embedded.listening}`;
      this.#announce(this.#embedded, '127.0.0.1', ' (embedded, in memory)');
    } else {
      this.zookeeper = plan.zookeeper;
    }
    const ids = Array.from({ length: groups }, (_, g) => `g${g + 1}`);
    for (const group of ids) {
      for (let member = 1; member <= members; member++) {
        const args = ['data', '--group', group, '--port', '0', '--host', '127.0.0.1', '--hotfix', '1'];
        args.push('--create-with', String(members), '--zookeeper', this.zookeeper);
        this.#data.push(this.#launch(`${group}/${member}`, args));
      }
    }
    await this.#allListen(this.#data, '127.0.0.1');
    for (let n = 0; n < plan.routers; n++) {
      const port = plan.port === 0 ? 0 : plan.port + n;
      const args = ['router', '--port', String(port), '--host', plan.host, '--zookeeper', this.zookeeper];
      this.routers.push(this.#launch(`router/${n + 1}`, args));
    }
    await this.#allListen(this.routers, plan.host);
    await this.#ready(ids);
  }

  /** Stops routers first, so that no client sees a group without members; ZooKeeper last. */
  async stop(): Promise<void> {
    this.#abandoned.abort();
    for (const children of [this.routers, this.#data, this.#embedded === null ? [] : [this.#embedded]]) {
      await Promise.all(children.map((child) => child.stop(STOP_MS)));
    }
  }

  /** What the processes call themselves. */
  get ids(): string[] {
    return this.#children.map(({ id }) => id);
  }

  get #children(): Child[] {
    return [...(this.#embedded === null ? [] : [this.#embedded]), ...this.#data, ...this.routers];
  }

  #launch(name: string, args: string[]): Child {
    const child = new Child(name, [...args, '--json-logs', '--log-level', this.plan.logLevel], (text) =>
      this.audience.line(name, text),
    );
    child.exited.then((exit) => this.#gone(child, exit));
    return child;
  }

  #gone(child: Child, exit: Exit): void {
    // Before it listened its failure is the failure of `start`.
    if (this.#abandoned.signal.aborted || child.port === 0) return;
    const args = child.args.map((arg, i) => (child.args[i - 1] === '--port' ? String(child.port) : arg));
    const restart = args.slice(0, args.indexOf('--json-logs')).join(' ');
    this.audience.died(child.name, describeExit(exit), `npx towline ${restart}`);
    if (this.#children.every(({ exit }) => exit !== null)) this.#lastGone();
  }

  #announce(child: Child, host: string, note = ''): void {
    const { name, pid, port, id } = child;
    this.audience.step(name, `pid ${pid}, ${host}:${port}${note}`, { id, child: pid, port });
  }

  /** They start together and are announced in order, so that what people and programs read is always the same. */
  async #allListen(children: Child[], host: string): Promise<void> {
    for (const child of children) {
      await child.listening;
      this.#announce(child, host);
    }
  }

  async #ready(groups: string[]): Promise<void> {
    const died = this.#children.map(({ name, exited }) =>
      exited.then((exit) => {
        throw new Failure(`${name} ${describeExit(exit)} before the cluster was ready`);
      }),
    );
    // After the race these may still reject, with nobody listening.
    for (const promise of died) promise.catch(() => {});
    const expected = {
      data: new Map(this.#data.map(({ name, port }) => [name, port])),
      routers: this.routers.map(({ name, port }) => ({ name, host: this.plan.host, port })),
      groups,
      password: this.plan.password,
    };
    await Promise.race([waitUntilReady(expected, START_MS, this.#abandoned.signal), ...died]);
  }
}
