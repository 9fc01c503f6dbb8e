// The same ledger against Redis with one replica, promoted by a script: what a client was told and cannot read
// afterwards. Redis acknowledges before its replica has a write, so this is no fault of Redis's; it is the difference.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs } from '../needs.js';
import { Random } from '../sim/random.js';
import { Client } from './client.js';
import { freePorts } from './ensemble.js';
import { LedgerLoad } from './ledger-load.js';
import { Measure } from './measure.js';

const HOST = '127.0.0.1';
const CLIENTS = 24;
const LOAD_MS = 2000;
/** How far behind the replica is in the second kind, ms: less than Towline waits for a silent backup. */
const BEHIND_MS = 300;

/** What one promotion cost. */
interface Cost {
  acknowledged: number;
  /** Keys whose last acknowledged write is gone. */
  lost: number;
}

/** A runner that ends early must not leave a server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function server(port: number, folder: string, more: string[]): ChildProcess {
  const quiet = ['--save', '', '--appendonly', 'no', '--bind', HOST, '--dir', folder];
  const child = spawn('redis-server', ['--port', String(port), ...quiet, ...more], { stdio: 'ignore' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function told(port: number, ...words: string[]): Promise<unknown> {
  const client = new Client(port);
  await client.ready();
  try {
    return await client.send(words);
  } finally {
    client.close();
  }
}

/** One promotion: load, the primary is killed, a client notices, the replica is promoted, clients go there. */
async function promote(random: Random, behind: boolean): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'towline-faults-redis-'));
  const [first, second] = (await freePorts(HOST, 2)) as [number, number];
  const primary = server(first, folder, []);
  const replica = server(second, folder, ['--replicaof', `${HOST} ${first}`]);
  const measure = new Measure();
  const places = Array.from({ length: CLIENTS }, () => ({ router: 0, port: first, group: 'all' }));
  const load = new LedgerLoad(
    places,
    measure,
    () => random.unit(),
    () => 'all',
    0,
  );
  try {
    while (!String(await told(second, 'INFO', 'replication')).includes('master_link_status:up'))
      await sleep(50);
    load.start();
    await sleep(LOAD_MS);
    if (behind) {
      replica.kill('SIGSTOP');
      await sleep(BEHIND_MS);
    }
    primary.kill('SIGKILL');
    replica.kill('SIGCONT');
    while (measure.failures === 0) await sleep(1);
    await told(second, 'REPLICAOF', 'NO', 'ONE');
    load.moveTo(second);
    await load.allWrite(5000);
    await load.stop();
    const { acknowledged } = load;
    if ((await load.verify(0)) > 0) throw new Error('keys could not be read');
    return { acknowledged, lost: load.lost };
  } finally {
    load.close();
    measure.stop();
    for (const child of [primary, replica]) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await rm(folder, { recursive: true, force: true });
  }
}

/** Prints what was lost in so many promotions of each kind. @returns the exit code */
export async function compareRedis(
  seed: number,
  rounds: number,
  say: (line: string) => void,
): Promise<number> {
  const { skip } = needs('redis-server');
  if (skip !== undefined) {
    say(skip);
    return 0;
  }
  const random = new Random(seed);
  for (const behind of [false, true]) {
    const costs: Cost[] = [];
    for (let round = 0; round < rounds; round++) costs.push(await promote(random, behind));
    const sum = (of: (cost: Cost) => number) => costs.reduce((total, cost) => total + of(cost), 0);
    say(
      `Redis, one replica, ${behind ? `replica frozen for ${BEHIND_MS} ms, then ` : ''}SIGKILL of the primary and promotion: ` +
        `${rounds} times, ${sum(({ acknowledged }) => acknowledged)} acknowledged writes, keys whose acknowledged write was ` +
        `lost: ${sum(({ lost }) => lost)} (${costs.map(({ lost }) => lost).join(', ')})`,
    );
  }
  return 0;
}
