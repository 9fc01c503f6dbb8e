// `towline up` and `towline status` with real processes: ready, stopped without a trace, killed without a trace, and a
// role that dies is named while the others run on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../../src/cli/ask.js';
import { allGone, launch, runTowline } from '../cli/program.js';
import { startCluster } from './cluster.js';

const ping = (port: number) => ask({ host: '127.0.0.1', port, command: ['PING'], timeoutMs: 5000 });

test('up: every step is printed, then `ready` with the redis-cli command; Ctrl-C leaves nothing and exits 0', async () => {
  const { child, finished, out } = launch(['up', '--port', '0', '--routers', '2']);
  while (!/^ready/m.test(out())) {
    assert.equal(child.exitCode, null, out());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const pids = [...out().matchAll(/pid (\d+), 127\.0\.0\.1:\d+/g)].map((match) => Number(match[1]));
  for (const name of ['zookeeper', 'g1/1', 'g1/2', 'g2/1', 'g2/2', 'router/1', 'router/2']) {
    assert.match(out(), new RegExp(`^${name} +pid \\d+, 127\\.0\\.0\\.1:\\d+`, 'm'));
  }
  assert.equal(pids.length, 7);
  const port = Number(/^ready: redis-cli -p (\d+)$/m.exec(out())![1]);
  assert.equal(await ping(port), 'PONG');
  child.kill('SIGINT');
  const { code, err } = await finished;
  assert.deepEqual([code, err], [0, '']);
  await allGone(pids);
});

test('up that is killed takes everything with it', async () => {
  const cluster = await startCluster({ groups: 1, members: 2, routers: 1 });
  cluster.kill(cluster.pid, 'SIGKILL');
  await allGone(cluster.processes.map(({ pid }) => pid));
});

test('status: the shape of the report, by ZooKeeper and by router, as JSON and as text', async () => {
  const cluster = await startCluster({ groups: 2, members: 2, routers: 2 });
  try {
    const report = await cluster.status();
    assert.deepEqual(report.ring.groups.map(({ id, weight }) => [id, weight]).sort(), [
      ['g1', 1],
      ['g2', 1],
    ]);
    assert.ok(report.ring.version >= 1);
    for (const group of report.groups) {
      const nodes = cluster.dataNodes().filter((node) => node.group === group.id);
      assert.equal(group.state, 'serving');
      assert.deepEqual([...group.inSync].sort(), nodes.map(({ id }) => id).sort());
      assert.deepEqual(group.members.map(({ role }) => role).sort(), ['backup', 'primary']);
      for (const member of group.members) {
        const node = nodes.find(({ id }) => id === member.id)!;
        assert.deepEqual([member.address, member.pid], [`127.0.0.1:${node.port}`, node.pid]);
        for (const value of [member.keys, member.bytes, member.seq]) assert.equal(typeof value, 'number');
      }
      assert.equal(group.members.find(({ role }) => role === 'primary')!.id, group.primary);
    }
    assert.deepEqual(
      report.routers.map(({ pid }) => pid).sort(),
      cluster
        .routers()
        .map(({ pid }) => pid)
        .sort(),
    );
    const byRouter = await runTowline(['status', '--port', String(cluster.routerPorts[1])]);
    assert.equal(byRouter.code, 0, byRouter.err);
    assert.match(byRouter.out, /^ring version \d+: /);
    assert.match(byRouter.out, /group g2: serving, epoch \d+, primary /);
  } finally {
    await cluster.stop();
  }
});

test('a role that dies is named and the others run on; the line says how to start it again', async () => {
  const cluster = await startCluster({ groups: 1, members: 1, routers: 2 });
  try {
    const victim = cluster.routers()[0]!;
    cluster.kill(victim.pid);
    const told = () => cluster.log().find(({ name, level }) => name === 'router/1' && level === 50)?.msg;
    while (told() === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(told()!, /was killed by SIGKILL; the others keep running/);
    assert.equal(await ping(cluster.routerPorts[1]!), 'PONG');
    const args = /npx towline (.*)$/.exec(told()!)![1]!.split(' ');
    assert.ok(args.includes(String(victim.port)), 'on the same port');
    const again = launch(args);
    while (!again.out().includes('listening')) {
      assert.equal(again.child.exitCode, null, again.out());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(await ping(victim.port), 'PONG');
    again.child.kill('SIGTERM');
    assert.equal((await again.finished).code, 0);
  } finally {
    await cluster.stop();
  }
});
