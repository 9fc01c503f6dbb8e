// Every acknowledged write is found on both members of its group, read key by key from the data nodes' own ports.
import { test } from 'node:test';
import { startCluster } from './cluster.js';
import { copiesAgree } from './stories.js';

test('every acknowledged write is on both members of its group and nowhere else', async () => {
  const cluster = await startCluster({ groups: 2, members: 2, routers: 1 });
  try {
    await copiesAgree(cluster);
  } finally {
    await cluster.stop();
  }
});
