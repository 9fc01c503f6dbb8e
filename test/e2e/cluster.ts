// A cluster of real processes for a test: `towline up` on free ports. What a test starts here it must stop, in a
// `finally` or an `after`; `stop` also checks that nothing is left.
import assert from 'node:assert/strict';
import type { Report } from '../../src/cli/report.js';
import { allGone, type Finished, launch, runTowline } from '../cli/program.js';

/** What to start. */
export interface ClusterOptions {
  groups: number;
  members: number;
  routers: number;
  /** `host:port` of a ZooKeeper to use; absent: an embedded one. */
  zookeeper?: string;
  /** More flags of `towline up`. */
  flags?: string[];
  /** TOWLINE_* variables for every process. */
  environment?: Record<string, string>;
}

/** One process of the cluster. */
export interface Process {
  /** The name that `up` gave it: zookeeper, g1/1, router/1. */
  name: string;
  /** Its name for itself. */
  id: string;
  pid: number;
  port: number;
}

/** A running cluster. */
export interface Cluster {
  /** The process of `towline up`. */
  pid: number;
  routerPorts: number[];
  /** `host:port` of ZooKeeper. */
  zookeeper: string;
  processes: Process[];
  dataNodes(): (Process & { group: string })[];
  routers(): Process[];
  /** What `towline status --json` prints. */
  status(): Promise<Report>;
  kill(pid: number, signal?: NodeJS.Signals): void;
  /** Log records of `up` so far, of the roles too. */
  log(): { name?: string; msg?: string; level?: number }[];
  /** Sends SIGTERM to `up` and waits until all processes are gone. */
  stop(): Promise<Finished>;
}

function records(out: string): Record<string, unknown>[] {
  // The last line may not have arrived whole.
  const whole = out.slice(0, out.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

/** Starts a cluster; resolves when it is ready. @throws Error with what `up` printed when it ends before that */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { groups, members, routers, zookeeper, flags = [], environment = {} } = options;
  const args = ['up', '--port', '0', '--json-logs'];
  args.push('--groups', String(groups), '--members', String(members), '--routers', String(routers));
  if (zookeeper !== undefined) args.push('--zookeeper', zookeeper);
  const { child, finished, out } = launch([...args, ...flags], environment, true);
  let ended: Finished | undefined;
  void finished.then((end) => {
    ended = end;
  });
  let ready: Record<string, unknown> | undefined;
  while (ready === undefined) {
    if (ended !== undefined) throw new Error(`towline up ended: ${ended.err}\n${ended.out}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    ready = records(out()).find(({ msg }) => typeof msg === 'string' && msg.startsWith('ready'));
  }
  const processes = records(out())
    .filter((record) => typeof record['child'] === 'number')
    .map(({ name, id, child, port }) => ({ name, id, pid: child, port }) as Process);
  const named = (start: RegExp) => processes.filter(({ name }) => start.test(name));
  const servers = String(ready['zookeeper']);
  return {
    pid: child.pid!,
    processes,
    zookeeper: servers,
    routerPorts: named(/^router/).map(({ port }) => port),
    routers: () => named(/^router/),
    dataNodes: () => named(/^g\d/).map((one) => ({ ...one, group: one.name.split('/')[0]! })),
    status: async () => {
      const { code, out: text, err } = await runTowline(['status', '--json', '--zookeeper', servers]);
      assert.equal(code, 0, err);
      return JSON.parse(text) as Report;
    },
    kill: (pid, signal = 'SIGKILL') => void process.kill(pid, signal),
    log: () => records(out()),
    stop: async () => {
      child.kill('SIGTERM');
      const end = await finished;
      await allGone(processes.map(({ pid }) => pid));
      return end;
    },
  };
}
