// A cluster started by hand, process by process: members of one's own choosing, times that are short enough to be waited
// for. Whoever starts one here calls stop() in a `finally`: it ends, by pid, every process that this started.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { GroupReport, MemberReport, Report } from '../../src/cli/report.js';
import { ownersOf, slotOfText } from '../../src/ring/index.js';
import { type Finished, launch, runTowline } from '../cli/program.js';

const host = '127.0.0.1';
/** How long anything may take to come about before the test fails, ms: far beyond what it takes. */
const PATIENCE_MS = 60_000;
/** Sessions end soon after their process; leases are short. */
const ZOOKEEPER = ['--tick-time', '100', '--min-session-timeout', '400', '--max-session-timeout', '1500'];
const TIMES = ['--lease-ms', '400', '--grace-ms', '600'];

/** One process. */
export interface Running {
  id: string;
  pid: number;
  port: number;
  kill(signal?: NodeJS.Signals): void;
  /** When it has ended. */
  finished: Promise<Finished>;
}

/** Resolves when it is so. @throws Error that says what was waited for */
export async function until(what: string, so: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`it did not come about: ${what}`);
    await sleep(20);
  }
}

/** What a client is answered: the reply, or the error's text. */
export type Said = string | number | null | unknown[];

/** ZooKeeper, and what is started beside it. */
export class ByHand {
  private readonly all: Running[] = [];
  private readonly clients: Redis[] = [];
  zookeeper: Running;

  private constructor(zookeeper: Running) {
    this.zookeeper = zookeeper;
    this.all.push(zookeeper);
  }
  static async begin(): Promise<ByHand> {
    return new ByHand(await start(['zk', '--port', '0', ...ZOOKEEPER]));
  }
  get servers(): string {
    return `${host}:${this.zookeeper.port}`;
  }
  /** ZooKeeper ends, and begins anew on the same port: the embedded one has forgotten everything. */
  async forgetZooKeeper(): Promise<void> {
    const { port } = this.zookeeper;
    this.zookeeper.kill();
    await this.zookeeper.finished;
    this.zookeeper = await start(['zk', '--port', String(port), ...ZOOKEEPER]);
    this.all.push(this.zookeeper);
  }

  /** A data node; `createWith` of them create the group. */
  data(group: string, createWith = 1, ...flags: string[]): Promise<Running> {
    const args = ['data', '--group', group, '--create-with', String(createWith), ...TIMES, ...flags];
    return this.run(args);
  }
  router(): Promise<Running> {
    return this.run(['router', '--port', '0']);
  }
  private async run(args: string[]): Promise<Running> {
    const running = await start([...args, '--zookeeper', this.servers]);
    this.all.push(running);
    return running;
  }

  /** `towline ...args --zookeeper ...`, to its end. */
  towline(...args: string[]): Promise<Finished> {
    return runTowline([...args, '--zookeeper', this.servers]);
  }
  async status(): Promise<Report> {
    const { code, out, err } = await this.towline('status', '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Report;
  }
  async group(name: string): Promise<GroupReport | undefined> {
    return (await this.status()).groups.find(({ id }) => id === name);
  }
  async member(group: string, { id }: Running): Promise<MemberReport | undefined> {
    return (await this.group(group))?.members.find((member) => member.id === id);
  }
  /** Waits for the group's state, and with `inSync` members. */
  untilGroup(name: string, state: GroupReport['state'], inSync?: number): Promise<void> {
    return until(`${name} ${state} ${inSync ?? ''}`, async () => {
      const group = await this.group(name);
      return group?.state === state && (inSync === undefined || group.inSync.length === inSync);
    });
  }

  /** Asks a router, or a data node about its own copy. */
  client(port: number): (...command: (string | number)[]) => Promise<Said> {
    const redis = new Redis({
      host,
      port,
      protocol: 2,
      enableReadyCheck: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => {});
    this.clients.push(redis);
    return async (name, ...args) => {
      try {
        return (await redis.call(String(name), ...args)) as Said;
      } catch (error) {
        return (error as Error).message;
      }
    };
  }
  /** Keys of a group, as the ring has it now. */
  async keysOf(group: string, count: number): Promise<string[]> {
    const { groups } = (await this.status()).ring;
    const owners = ownersOf(groups);
    const keys: string[] = [];
    for (let i = 0; keys.length < count; i++) {
      assert.ok(i < 100_000, `the ring gives ${group} too little`);
      if (groups[owners[slotOfText(`key:${i}`)]!]!.id === group) keys.push(`key:${i}`);
    }
    return keys;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    for (const running of this.all) running.kill('SIGKILL');
    await Promise.all(this.all.map(({ finished }) => finished));
  }
}

/** Starts a role; resolves when it listens. */
async function start(args: string[]): Promise<Running> {
  const { child, finished, out } = launch([...args, '--json-logs'], {}, false);
  let ended: Finished | undefined;
  void finished.then((end) => {
    ended = end;
  });
  const ready = () => /^\{.*"msg":"listening on .*\}$/m.exec(out())?.[0];
  while (ready() === undefined) {
    if (ended !== undefined) throw new Error(`towline ${args[0]} ended: ${ended.err}\n${ended.out}`);
    await sleep(10);
  }
  const { id, port } = JSON.parse(ready()!) as { id: string; port: number };
  return {
    id,
    port,
    pid: child.pid!,
    finished,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  };
}
