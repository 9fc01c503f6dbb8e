// The same stories with Debian's ZooKeeper in place of the embedded one, and `up` beside what ZooKeeper remembers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTowline } from '../cli/program.js';
import { needs, ZOOKEEPER } from '../needs.js';
import { startRealZooKeeper } from '../zookeeper/real-server.js';
import { startCluster } from './cluster.js';
import { copiesAgree, routerDies } from './stories.js';

test('a cluster on a real ZooKeeper', needs(...ZOOKEEPER), async (t) => {
  const server = await startRealZooKeeper();
  const options = { groups: 2, members: 2, routers: 3, zookeeper: server.address };
  try {
    const cluster = await startCluster(options);
    try {
      assert.equal(cluster.zookeeper, server.address);
      await t.test('copies agree', () => copiesAgree(cluster));
      await t.test('a router dies', () => routerDies(cluster, 5));
      await t.test('a second `up` on the same ZooKeeper is refused', async () => {
        const second = await runTowline(['up', '--port', '0', '--zookeeper', server.address]);
        assert.equal(second.code, 1);
        assert.match(second.err, /serves a cluster/);
      });
    } finally {
      await cluster.stop();
    }
    await t.test('after a clean stop ZooKeeper has forgotten it, so it starts again', async () => {
      const again = await startCluster({ ...options, routers: 1 });
      assert.equal((await again.stop()).code, 0);
    });
  } finally {
    await server.close();
  }
});
