// Three routers on one cluster, one of them killed under load and started again.
import { test } from 'node:test';
import { startCluster } from './cluster.js';
import { routerDies } from './stories.js';

test('a router killed under load: lost 0, wrong 0, errors only at its connections', async () => {
  const cluster = await startCluster({ groups: 2, members: 2, routers: 3 });
  try {
    await routerDies(cluster, 8);
  } finally {
    await cluster.stop();
  }
});
