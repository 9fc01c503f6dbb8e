// INFO's section towline: what an operator wants to know of the cluster behind this endpoint.
import type { RouterServer } from './server.js';

/** Lines of the section. @param silent groups that were asked for their numbers and did not answer. */
export function towlineLines(server: RouterServer, silent: readonly string[]): string[] {
  const ring = server.ring();
  const groups = server.groups();
  const routers = server.routers();
  const { rss, heapUsed } = server.usage();
  const peers = server.pubsub.peers();
  return [
    `towline_version:${server.version}`,
    `router_id:${server.id}`,
    `pid:${server.pid}`,
    `ring_version:${ring.version}`,
    `ring_history:${ring.history.length}`,
    `groups:${groups.length}`,
    ...groups.map(({ id, state, epoch, term, primary, inSync }) => {
      const at = primary === null ? 'none' : `${primary.host}:${primary.port}`;
      return `group_${id}:state=${state},epoch=${epoch},term=${term},primary=${at},in_sync=${inSync.length}`;
    }),
    `groups_silent:${silent.join(',')}`,
    `routers:${routers.length}`,
    ...routers.map(({ id, host, port }) => `router_${id}:${host}:${port}`),
    `routers_reached:${peers.up}`,
    `routers_not_reached:${peers.away}`,
    `pubsub_bytes_under_way:${peers.bytes}`,
    `pubsub_messages_lost:${peers.lost}`,
    `zookeeper:${server.zookeeper}`,
    `zookeeper_state:${server.zookeeperState()}`,
    `router_used_memory_rss:${rss}`,
    `router_used_memory:${heapUsed}`,
  ];
}
