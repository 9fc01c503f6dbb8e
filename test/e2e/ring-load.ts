// The ring changes under a load that checks itself: groups are added and removed round after round, some before an
// earlier drain has ended. For a short test and for a long run (bench/ring-load.ts).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '../../src/cli/workload/show.js';
import { launch } from '../cli/program.js';
import { ByHand, type Running, until } from './by-hand.js';

/** How much. */
export interface RingLoadShape {
  /** Each adds two groups, removes the two oldest, and drains. */
  rounds: number;
  keys: number;
  members: number;
  /** Between two changes, ms. */
  pauseMs: number;
  say(line: string): void;
}

/** What came of it. */
export interface RingLoadOutcome {
  result: Result;
  code: number | null;
  changes: number;
  /** Longest history that was seen. */
  longestHistory: number;
  /** From the last change of a round to the empty history, ms. */
  drains: number[];
}

const CLIENTS = 8;
const ROUTERS = 3;
/** The defaults: what is measured is not a failover. */
const TIMES = ['--lease-ms', '1000', '--grace-ms', '1250'];

/** Runs it; every process that it starts is gone when it ends. */
export async function ringLoad(shape: RingLoadShape): Promise<RingLoadOutcome> {
  const { say, members, pauseMs } = shape;
  const cluster = await ByHand.begin();
  const running = new Map<string, Running[]>();
  const start = async (group: string) => {
    const nodes = Array.from({ length: members }, () => cluster.data(group, members, ...TIMES));
    running.set(group, await Promise.all(nodes));
    await until(`${group} is in the ring`, async () => inRing(group));
  };
  const inRing = async (group: string) => (await cluster.status()).ring.groups.some(({ id }) => id === group);
  let load: ReturnType<typeof launch> | null = null;
  try {
    await start('g0');
    await start('g1');
    // Nobody has a key yet: nothing is to be drained, but somebody must say so.
    const routers = await Promise.all(Array.from({ length: ROUTERS }, () => cluster.router()));
    await until('nothing is to be drained', async () => (await cluster.status()).ring.history.length === 0);
    const at = routers.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const flags = ['--routers', at, '--clients', String(CLIENTS), '--keys', String(shape.keys)];
    load = launch(['workload', ...flags, '--reads', '0.5', '--seconds', '0', '--json'], {}, true);
    const outcome = { changes: 0, longestHistory: 0, drains: [] as number[] };
    const changed = async (what: string) => {
      outcome.changes++;
      const { ring } = await cluster.status();
      outcome.longestHistory = Math.max(outcome.longestHistory, ring.history.length);
      say(`${what}: ring version ${ring.version}, ${ring.history.length} earlier lists`);
      await sleep(pauseMs);
    };
    await sleep(pauseMs);
    for (let round = 0; round < shape.rounds; round++) {
      const [old, older] = [`g${2 * round}`, `g${2 * round + 1}`];
      // The drain rests, so that keys meet more than one change on their way.
      await cluster.towline('ring', 'drain', '--rate', '0');
      for (const fresh of [`g${2 * round + 2}`, `g${2 * round + 3}`]) {
        await start(fresh);
        await changed(`${fresh} added`);
      }
      for (const gone of round + 1 < shape.rounds ? [old, older] : [old]) {
        const { code, err } = await cluster.towline('ring', 'remove', gone);
        assert.equal(code, 0, err);
        await changed(`${gone} removed`);
      }
      const from = performance.now();
      await cluster.towline('ring', 'drain', '--rate', 'max');
      await until('history is empty', async () => (await cluster.status()).ring.history.length === 0);
      outcome.drains.push(performance.now() - from);
      for (const gone of [old, older]) {
        const group = (await cluster.group(gone))!;
        if (group.ring !== 'released') continue;
        for (const { keys } of group.members) assert.equal(keys, 0, `${gone} holds nothing any more`);
        for (const node of running.get(gone)!) node.kill('SIGTERM');
        await Promise.all(running.get(gone)!.map(({ finished }) => finished));
      }
      assert.equal((await cluster.group(old))!.ring, 'released');
      await sleep(pauseMs);
    }
    load.child.kill('SIGINT');
    const { code, out, err } = await load.finished;
    assert.notEqual(out, '', err);
    return { ...outcome, code, result: JSON.parse(out) as Result };
  } finally {
    load?.child.kill('SIGKILL');
    await cluster.stop();
  }
}
