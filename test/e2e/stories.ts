// Stories that must be true of a cluster whichever ZooKeeper it uses. Each takes a running cluster and asserts.
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { ask } from '../../src/cli/ask.js';
import type { Result } from '../../src/cli/workload/show.js';
import { allGone, launch } from '../cli/program.js';
import type { Cluster } from './cluster.js';

const host = '127.0.0.1';

/** What a data node says that it holds under a key. */
async function held(port: number, keys: string[]): Promise<Map<string, string | null>> {
  const node = new Redis({ host, port, protocol: 2, enableReadyCheck: false, retryStrategy: () => null });
  node.on('error', () => {});
  try {
    const values = await Promise.all(keys.map((key) => node.get(key)));
    return new Map(keys.map((key, i) => [key, values[i]!]));
  } finally {
    node.disconnect();
  }
}

/** Every acknowledged write is on every member of its group, and on no member of another. */
export async function copiesAgree(cluster: Cluster): Promise<void> {
  const wanted = new Map(Array.from({ length: 400 }, (_, i) => [`copy:${i}`, `value ${i}`]));
  const client = new Redis({ host, port: cluster.routerPorts[0]! });
  try {
    await Promise.all([...wanted].map(([key, value]) => client.set(key, value)));
    // Over both groups in one transaction, and one more round so that something is overwritten.
    const pairs = Array.from({ length: 40 }, (_, i) => [`copy:${i}`, `again ${i}`]);
    await client.mset(...pairs.flat());
    for (const [key, value] of pairs) wanted.set(key!, value!);
    await client.del('copy:399');
    wanted.delete('copy:399');
  } finally {
    client.disconnect();
  }
  const keys = [...wanted.keys(), 'copy:399'];
  // A backup learns the commit index with the next message or beacon, so it may apply a moment after the answer.
  const settled = async () => {
    const status = await cluster.status();
    return status.groups.every((group) => new Set(group.members.map(({ seq }) => seq)).size === 1);
  };
  while (!(await settled()));
  const byGroup = new Map<string, Map<string, string | null>[]>();
  for (const { group, port } of cluster.dataNodes()) {
    const copies = byGroup.get(group) ?? [];
    copies.push(await held(port, keys));
    byGroup.set(group, copies);
  }
  const owned = [...byGroup.values()].map((copies) => {
    for (const copy of copies) assert.deepEqual(copy, copies[0]);
    return new Map([...copies[0]!].filter(([, value]) => value !== null));
  });
  for (const [key, value] of wanted) {
    const homes = owned.filter((copy) => copy.has(key));
    assert.equal(homes.length, 1, `${key} has ${homes.length} homes`);
    assert.equal(homes[0]!.get(key), value);
  }
  assert.equal(
    owned.reduce((sum, copy) => sum + copy.size, 0),
    wanted.size,
  );
  for (const copy of owned) assert.ok(copy.size > 0, 'every group holds something');
  for (const { port } of cluster.dataNodes()) {
    await assert.rejects(ask({ host, port, command: ['SET', 'copy:0', 'x'], timeoutMs: 5000 }), /answered/);
  }
}

/** A router dies under load and comes back: nothing lost, nothing wrong, errors at that router only. */
export async function routerDies(cluster: Cluster, seconds: number): Promise<void> {
  const routers = cluster.routerPorts.map((port) => `${host}:${port}`).join(',');
  const args = ['workload', '--routers', routers, '--clients', '12', '--keys', '300', '--reads', '0.5'];
  const load = launch([...args, '--seconds', String(seconds), '--json']);
  const victim = cluster.routers()[1]!;
  const counted = async () => {
    const answer = await ask({ host, port: victim.port, command: ['TOWLINE.STATUS'], timeoutMs: 5000 });
    const groups = Object.values(JSON.parse(String(answer)).groups as Record<string, { writes: number }>);
    return groups.reduce((sum, { writes }) => sum + writes, 0);
  };
  const before = await counted();
  while ((await counted()) < before + 100) await new Promise((resolve) => setTimeout(resolve, 20));
  cluster.kill(victim.pid);
  await allGone([victim.pid]);
  const again = launch(['router', '--port', String(victim.port), '--zookeeper', cluster.zookeeper]);
  try {
    const { code, out, err } = await load.finished;
    assert.notEqual(out, '', err);
    const result = JSON.parse(out) as Result;
    assert.deepEqual([result.lost, result.wrong, result.unverified], [0, 0, 0], out);
    assert.deepEqual(result.replyErrors, {});
    assert.deepEqual(Object.keys(result.connectionErrorsByRouter), [`${host}:${victim.port}`]);
    assert.equal(code, 1, 'connections were lost, which the exit code must say');
    assert.equal(result.verified, 300);
    for (const group of Object.values(result.groups)) assert.ok(group.reads > 0 && group.writes > 0);
    assert.ok((await counted()) > 0, 'clients came back to the router');
  } finally {
    again.child.kill('SIGTERM');
    await again.finished;
  }
}
