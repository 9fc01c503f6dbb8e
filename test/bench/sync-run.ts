// A new backup joins a group while clients read and write, then the old primary is killed: how much the clients
// notice, and whether the new copy holds exactly what was acknowledged. Real processes, real sockets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded } from '../faults/ensemble.js';
import { Role } from '../faults/role.js';
import { KeyLoad } from './key-load.js';
import { type Held, Watched } from './watched.js';

/** What to do. */
export interface SyncShape {
  keys: number;
  clients: number;
  /** How long throughput is measured before and after, ms. */
  measureMs: number;
  random: () => number;
  say(line: string): void;
}

/** Longest wait of a client, and how long the process with the clients was held up itself, ms. */
export interface Wait {
  ms: number;
  ownMs: number;
}

/** What came of it; rates in answers a second. */
export interface SyncOutcome {
  before: number;
  during: number;
  after: number;
  /** From the candidate's acceptance by the primary to its place in the in-sync set. */
  syncMs: number;
  /** Longest wait of any client before, while keys were copied, around the end of the sync, and at the failover. */
  waits: { before: Wait; copying: Wait; end: Wait; failover: Wait };
  primary: { before: Held; during: Held; end: Held };
  candidate: { during: Held; end: Held };
  /** Keys that the promoted member holds as they must be. */
  equal: number;
  wrong: string[];
  errors: Record<string, number>;
}

/** The end of the sync: this long around the moment in which the new member is listed, ms. */
const END_MS = 1000;

interface Status {
  role: string;
  state: string;
  keys: number;
  sync: { keys: number } | null;
}

/** A data node that notes how long it was held up. */
function dataNode(name: string, servers: string, folder: string): Promise<Watched<Status>> {
  const args = ['data', '--group', 'g1', '--host', '127.0.0.1', '--port', '0'];
  return Watched.start(name, [...args, '--create-with', '1', '--zookeeper', servers], folder);
}

/** Runs it once; every process that it starts is gone when it ends. */
export async function runSync(shape: SyncShape): Promise<SyncOutcome> {
  const { say, measureMs } = shape;
  const folder = mkdtempSync(join(tmpdir(), 'towline-sync-'));
  const ensemble = await startEmbedded();
  const roles: Role[] = [];
  const load: { now: KeyLoad | null } = { now: null };
  try {
    const old = await dataNode('old', ensemble.address, folder);
    roles.push(old.role);
    await old.until(({ role, state }) => role === 'primary' && state === 'serving', 'the primary serves');
    const args = ['router', '--host', '127.0.0.1', '--port', '0', '--zookeeper', ensemble.address];
    const router = await Role.start({ name: 'router', args });
    roles.push(router);

    const keys = new KeyLoad([router.port], shape.keys, shape.clients, shape.random);
    load.now = keys;
    const filling = performance.now();
    await keys.fill();
    say(`${shape.keys} keys written in ${Math.round(performance.now() - filling)} ms`);
    keys.start();
    await sleep(measureMs / 3);
    const calm = performance.now();
    await sleep(measureMs);

    const started = performance.now();
    const fresh = await dataNode('new', ensemble.address, folder);
    roles.push(fresh.role);
    await old.until(({ sync }) => sync !== null, 'the sync begins');
    const begun = performance.now();
    say(`sync begins ${Math.round(begun - started)} ms after the new process was started`);
    let told = begun;
    await fresh.until(({ role, keys: held }) => {
      if (performance.now() - told > 5000) {
        told = performance.now();
        say(`the new member has ${held} keys`);
      }
      return role === 'backup';
    }, 'the new member is in sync');
    const listed = performance.now();
    await sleep(END_MS + measureMs);
    const killed = performance.now();
    old.role.signal('SIGKILL');
    await fresh.until(({ role, state }) => role === 'primary' && state === 'serving', 'the new member leads');
    await sleep(Math.max(1000, measureMs / 3));
    await keys.stop();
    const stopped = performance.now();
    say(`sync took ${Math.round(listed - begun)} ms; the new member leads; comparing`);
    const equal = await keys.compare();
    return {
      before: keys.rate(calm, started),
      during: keys.rate(begun, listed),
      after: keys.rate(listed + END_MS, killed),
      syncMs: listed - begun,
      waits: {
        before: keys.longest(calm, started),
        copying: keys.longest(begun, listed - END_MS),
        end: keys.longest(listed - END_MS, listed + END_MS),
        failover: keys.longest(killed, stopped),
      },
      primary: {
        before: old.held(calm, started),
        during: old.held(begun, listed),
        end: old.held(listed - END_MS, listed + END_MS),
      },
      candidate: { during: fresh.held(begun, listed), end: fresh.held(listed - END_MS, listed + END_MS) },
      equal,
      wrong: keys.wrong,
      errors: keys.errors,
    };
  } finally {
    await load.now?.stop();
    for (const role of roles) role.signal('SIGKILL');
    await Promise.all(roles.map((role) => role.stop()));
    await ensemble.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
