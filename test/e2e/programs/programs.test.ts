// Ten programs and more on packages of npm that talk to Redis, unmodified, against one cluster of two groups of two
// members behind two routers: first each by itself, then all at once while a group joins the ring and a primary dies.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { launch, runTowline } from '../../cli/program.js';
import { until } from '../by-hand.js';
import { type Cluster, startCluster } from '../cluster.js';
import type { Place } from './program.js';
import { PROGRAMS, type Running, startProgram } from './start.js';

/** Keys that nobody touches while everything happens. */
const BYSTANDERS = 3000;
const host = '127.0.0.1';

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ groups: 2, members: 2, routers: 2 });
});
after(() => cluster.stop());

const placeOf = (database: number): Place => ({
  ports: [cluster.routerPorts[0]!, cluster.routerPorts[1]!],
  database,
});

describe('by itself', { concurrency: 2 }, () => {
  for (const [i, { file, packages }] of PROGRAMS.entries()) {
    test(packages, async (t) => {
      const program = startProgram(file, placeOf(i + 1));
      try {
        await program.rounds(1);
        t.diagnostic(await program.end());
      } finally {
        program.kill();
      }
    });
  }
});

test('all at once, while a group joins and a primary is killed: none sees an error, nothing is lost', async (t) => {
  const towline = async (...args: string[]) => {
    const { code, err } = await runTowline([...args, '--zookeeper', cluster.zookeeper]);
    assert.equal(code, 0, err);
  };
  const client = new Redis({ host, port: cluster.routerPorts[0]! });
  const bystanders = Array.from({ length: BYSTANDERS }, (_, i) => `bystander:${i}`);
  const programs: Running[] = [];
  const joining: ReturnType<typeof launch>[] = [];
  try {
    await client.flushall();
    await client.mset(Object.fromEntries(bystanders.map((key, i) => [key, `value ${i}`])));
    for (const [i, { file }] of PROGRAMS.entries()) programs.push(startProgram(file, placeOf(i + 1)));
    /** So many rounds of each that began after this was said. */
    const more = (count: number) =>
      Promise.all(programs.map((program) => program.rounds(program.count() + 1 + count)));
    await more(0);

    // What nobody writes stays where it is until the drain may go on.
    await towline('ring', 'drain', '--rate', '0');
    for (let member = 0; member < 2; member++) {
      const args = ['data', '--group', 'g3', '--create-with', '2', '--zookeeper', cluster.zookeeper];
      joining.push(launch(args, {}, true));
    }
    await until('g3 is in the ring', async () => {
      const { ring } = await cluster.status();
      return ring.groups.some(({ id }) => id === 'g3') && ring.history.length > 0;
    });
    await more(1);

    const primaryOf = async (id: string) =>
      (await cluster.status()).groups.find((group) => group.id === id)!.primary;
    const victim = cluster.dataNodes().find(({ group }) => group === 'g1')!;
    const old = (await primaryOf('g1'))!;
    const dying = cluster.dataNodes().find(({ id }) => id === old) ?? victim;
    cluster.kill(dying.pid);
    await until('another is primary of g1', async () => {
      const now = await primaryOf('g1');
      return now !== null && now !== old;
    });
    assert.notEqual((await cluster.status()).ring.history.length, 0, 'the drain had not ended');
    await more(1);

    await towline('ring', 'drain', '--rate', 'max');
    try {
      await until('the drain has ended', async () => (await cluster.status()).ring.history.length === 0);
    } catch (error) {
      t.diagnostic((await runTowline(['ring', 'show', '--zookeeper', cluster.zookeeper])).out);
      for (const record of cluster.log().slice(-40)) t.diagnostic(JSON.stringify(record));
      throw error;
    }
    await more(1);

    for (const program of programs) {
      t.diagnostic(`${program.name}: ${program.count()} rounds, ${await program.end()}`);
    }
    assert.deepEqual(
      await client.mget(bystanders),
      bystanders.map((_, i) => `value ${i}`),
    );
    const seen = new Set<string>();
    for await (const keys of client.scanStream({ count: 500 })) {
      for (const key of keys as string[]) seen.add(key);
    }
    assert.equal(seen.size, BYSTANDERS);
    assert.equal(await client.dbsize(), BYSTANDERS);
  } finally {
    client.disconnect();
    for (const program of programs) program.kill();
    for (const { child } of joining) child.kill('SIGKILL');
    await Promise.all(joining.map(({ finished }) => finished));
  }
});
