// A group is added while clients read and write, and then the drain moves its share: what clients notice, how soon the
// new group serves, how long everything takes. Real processes, real sockets; everything started here ends with the run.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askStatus } from '../../src/cli/ask.js';
import { PATHS } from '../../src/net/directory.js';
import { DRAIN_PATHS, type DrainRate, type DrainRateDocument } from '../../src/net/drain.js';
import { ownersOf, type RingDocument, slotOfText } from '../../src/ring/index.js';
import { CasDocument, ZooKeeper } from '../../src/zookeeper/index.js';
import { runTowline } from '../cli/program.js';
import { Client } from '../faults/client.js';
import { Role } from '../faults/role.js';
import { KeyLoad } from './key-load.js';

/** What to do. */
export interface RingShape {
  keys: number;
  clients: number;
  /** Share of reads, 0 to 1. */
  reads: number;
  /** Pause of each client between two commands, ms. */
  pauseMs: number;
  /** Data nodes of each group. */
  members: number;
  routers: number;
  /** How long throughput is measured before and after the change, ms. */
  measureMs: number;
  /** `add`: the nodes run and wait for `towline ring add`. `start`: they are started, and join by themselves. */
  by: 'add' | 'start';
  /** First change the ring there and back under the load, so that every process has done such work before. */
  warm: boolean;
  /** Pace of the drain from the start on, and after the measurement. */
  rate: DrainRate;
  thenRate: DrainRate;
  random: () => number;
  say(line: string): void;
}

/** What came of it; rates in answers a second. */
export interface RingOutcome {
  /** From the command, or from the start of the first process, to the first write that the new group has answered. */
  firstWriteMs: number;
  before: number;
  after: number;
  /** Processor time of all roles for each answer, ms: other programs on the machine do not change it much. */
  cpuBefore: number;
  cpuAfter: number;
  /** Latencies at 99 %. */
  p99Before: number;
  p99After: number;
  longestAfter: { ms: number; ownMs: number };
  /** From the change to the empty history, and from `thenRate` on. */
  drainMs: number;
  fastMs: number;
  /** Keys that the new group held in the end. */
  moved: number;
  /** Reads and writes that groups were sent for each command, when history is empty. */
  hops: number;
  equal: number;
  wrong: string[];
  errors: Record<string, number>;
}

const host = '127.0.0.1';
const LIMIT_MS = 900_000;
/** Of /proc, on every Linux that is in use. */
const TICK_MS = 10;
/** Name of the role (router, g0, g1, g2) whose CPU profile is to be written to .build/profile. */
const PROFILE = process.env['RING_PROFILE'];
const PROFILED = ['sh', '-c', 'exec "$0" --cpu-prof --cpu-prof-dir=.build/profile "$@"'];

async function until(what: string, pauseMs: number, so: () => Promise<boolean>): Promise<number> {
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; await sleep(pauseMs)) {
    if (await so()) return performance.now();
  }
  throw new Error(`it did not come about: ${what}`);
}

/** Two groups and routers, and what is asked of them. */
class Field {
  readonly roles: Role[] = [];
  zk!: ZooKeeper;
  servers = '';
  routers: Role[] = [];

  async begin(members: number, routers: number): Promise<void> {
    const zookeeper = await Role.start({ name: 'zookeeper', args: ['zk', '--port', '0'] });
    this.roles.push(zookeeper);
    this.servers = `${host}:${zookeeper.port}`;
    await Promise.all(['g0', 'g1'].map((group) => this.data(group, members)));
    this.zk = new ZooKeeper({ servers: this.servers });
    await this.zk.connect();
    await until('both groups are in the ring', 20, async () => (await this.ring())?.groups.length === 2);
    const started = Array.from({ length: routers }, () => this.start('router', ['router', '--port', '0']));
    this.routers = await Promise.all(started);
    await until('the routers serve', 20, async () => {
      const size = ({ port }: Role) => ask({ host, port, command: ['DBSIZE'], timeoutMs: 5000 });
      const sizes = await Promise.all(this.routers.map(size)).catch(() => []);
      return sizes.length > 0 && sizes.every((each) => each === 0);
    });
  }
  private async start(name: string, args: string[]): Promise<Role> {
    const prefix = name === PROFILE || (PROFILE === 'all' && name !== 'zookeeper') ? PROFILED : [];
    const role = await Role.start({ name, args: [...args, '--zookeeper', this.servers], prefix });
    this.roles.push(role);
    return role;
  }
  data(group: string, members: number, ...flags: string[]): Promise<Role[]> {
    const args = ['data', '--group', group, '--port', '0', '--create-with', String(members), ...flags];
    return Promise.all(Array.from({ length: members }, () => this.start(group, args)));
  }
  async ring(): Promise<RingDocument | undefined> {
    return (await new CasDocument<RingDocument>(this.zk, PATHS.ring).read())?.value;
  }
  async setRate(rate: DrainRate): Promise<void> {
    await new CasDocument<DrainRateDocument>(this.zk, DRAIN_PATHS.rate).update(() => ({ rate }));
  }
  /** Reads and writes that the routers have sent to groups. */
  async sent(): Promise<number> {
    let sum = 0;
    for (const { port } of this.routers) {
      const answer = await askStatus({ host, port, timeoutMs: 5000 });
      const groups = Object.values(answer['groups'] as Record<string, { reads: number; writes: number }>);
      for (const { reads, writes } of groups) sum += reads + writes;
    }
    return sum;
  }
  /** Processor time that all roles have used, ms. */
  cpu(): number {
    return [...this.cpuByRole().values()].reduce((sum, each) => sum + each, 0);
  }
  /** The same, of each role's processes. */
  cpuByRole(): Map<string, number> {
    const used = new Map<string, number>();
    for (const { name, pid } of this.roles) {
      // What follows the name, which is in brackets; user and system time are the 14th and 15th field of all.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      const ms = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
      used.set(name, (used.get(name) ?? 0) + ms);
    }
    return used;
  }
  async stop(): Promise<void> {
    await this.zk?.close();
    // A profile is written by a process that ends by itself.
    await Promise.all(
      this.roles.filter(({ name }) => name === PROFILE || PROFILE === 'all').map((role) => role.stop()),
    );
    for (const role of this.roles) role.signal('SIGKILL');
    await Promise.all(this.roles.map((role) => role.stop()));
  }
}

/** A key of the ring's group that nobody has used. */
function* freshKeys(ring: RingDocument, group: string): Generator<string> {
  const owners = ownersOf(ring.groups);
  for (let i = 0; ; i++) {
    const key = `probe:${i}`;
    if (ring.groups[owners[slotOfText(key)]!]!.id === group) yield key;
  }
}

/** Writes keys that the new group will own until one of them is there as soon as it is answered. */
async function firstWrite(field: Field, newPorts: () => number[]): Promise<number> {
  const next: RingDocument = { version: 0, history: [], abandoned: [], groups: [] };
  next.groups = ['g0', 'g1', 'g2'].map((id) => ({ id, weight: 1 }));
  const client = new Client(field.routers[0]!.port);
  await client.ready();
  const written: string[] = [];
  try {
    for (const key of freshKeys(next, 'g2')) {
      const reply = await client.send(['SET', key, 'probe']);
      const at = performance.now();
      if (reply !== 'OK') throw new Error(`SET ${key}: ${JSON.stringify(reply)}`);
      written.push(key);
      for (const port of newPorts()) {
        const found = await ask({ host, port, command: ['GET', key], timeoutMs: 1000 }).catch(() => null);
        if (found === 'probe') return at;
      }
      await sleep(10);
    }
    throw new Error('no more keys');
  } finally {
    for (const key of written) await client.send(['DEL', key]);
    client.close();
  }
}

/** Runs it once. */
export async function runRing(shape: RingShape): Promise<RingOutcome> {
  const { say, measureMs } = shape;
  const field = new Field();
  let load: KeyLoad | null = null;
  try {
    await field.begin(shape.members, shape.routers);
    await field.setRate(shape.rate);
    const ports = field.routers.map(({ port }) => port);
    load = new KeyLoad(ports, shape.keys, shape.clients, shape.random, shape);
    const filling = performance.now();
    await load.fill();
    say(`${shape.keys} keys written in ${Math.round(performance.now() - filling)} ms`);
    let fresh = shape.by === 'add' ? await field.data('g2', shape.members, '--join', 'manual') : [];
    load.start();
    await sleep(3000);
    if (shape.warm) {
      for (const weight of ['2', '1']) {
        const change = ['ring', 'weight', 'g0', weight, '--zookeeper', field.servers];
        const { code, err } = await runTowline(change);
        if (code !== 0) throw new Error(err);
        await sleep(5000);
        await field.setRate('max');
        await until('history is empty', 50, async () => (await field.ring())!.history.length === 0);
        await field.setRate(shape.rate);
      }
      await sleep(3000);
    }
    const calm = performance.now();
    const cpuCalm = field.cpu();
    const rolesCalm = field.cpuByRole();
    await sleep(measureMs);
    const cpuChanged = field.cpu();
    const rolesChanged = field.cpuByRole();
    const spent = (since: Map<string, number>) =>
      [...field.cpuByRole()].map(([role, ms]) => `${role} ${ms - (since.get(role) ?? 0)}`).join(', ');
    say(`  processor time before, ms: ${spent(rolesCalm)}`);

    const changed = performance.now();
    if (PROFILE !== undefined) say(`changed at ${process.hrtime.bigint() / 1000n} us`);
    const first = firstWrite(field, () => fresh.map(({ port }) => port));
    const named = async () => (await field.ring())!.groups.length === 3;
    const published = until('the ring names the new group', 20, named);
    published.catch(() => {});
    if (shape.by === 'add') {
      const { code, err } = await runTowline(['ring', 'add', 'g2', '--zookeeper', field.servers]);
      if (code !== 0) throw new Error(err);
    } else fresh = await field.data('g2', shape.members);
    const drained = until('history is empty', 50, async () => (await field.ring())!.history.length === 0);
    drained.catch(() => {});
    const served = await first;
    // The command's own process takes its time, and the processor's, before anything changes.
    const turned = await published;
    say(
      `the ring has changed after ${Math.round(turned - changed)} ms, ` +
        `the new group answered its first write after ${Math.round(served - changed)} ms`,
    );
    await sleep(turned + measureMs - performance.now());
    const measured = performance.now();
    const cpuMeasured = field.cpu();
    say(`  processor time after, ms: ${spent(rolesChanged)}`);
    await field.setRate(shape.thenRate);
    const progress = setInterval(async () => {
      const found = await field.zk.get(DRAIN_PATHS.progress).catch(() => null);
      say(`  ${Math.round(performance.now() - changed)} ms: ${found?.data.toString()}`);
    }, 5000);
    const done = await drained.finally(() => clearInterval(progress));
    const seconds = Array.from({ length: Math.floor(measureMs / 1000) }, (_, i) => changed + 1000 * i);
    say(
      `  answers in each second after: ${seconds.map((at) => Math.round(load!.rate(at, at + 1000))).join(' ')}`,
    );
    if (PROFILE !== undefined) say(`drained at ${process.hrtime.bigint() / 1000n} us`);
    say(`history is empty ${Math.round(done - changed)} ms after the change`);
    await sleep(500);
    await load.stop();
    const before = await field.sent();
    const equal = await load.compare();
    // DBSIZE asks each of three groups.
    const hops = ((await field.sent()) - before - 3) / shape.keys;
    const status = await askStatus({ host, port: fresh[0]!.port, timeoutMs: 5000 });
    return {
      firstWriteMs: served - changed,
      before: load.rate(calm, changed),
      after: load.rate(turned, measured),
      cpuBefore: (cpuChanged - cpuCalm) / ((load.rate(calm, changed) * (changed - calm)) / 1000),
      cpuAfter: (cpuMeasured - cpuChanged) / ((load.rate(changed, measured) * (measured - changed)) / 1000),
      p99Before: load.quantile(0.99, calm, changed),
      p99After: load.quantile(0.99, turned, measured),
      longestAfter: load.longest(turned, measured),
      drainMs: done - changed,
      fastMs: Math.max(0, done - measured),
      moved: Number(status['keys']),
      hops,
      equal,
      wrong: load.wrong,
      errors: load.errors,
    };
  } finally {
    await load?.stop();
    await field.stop();
  }
}
