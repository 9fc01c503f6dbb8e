// What a cluster-mode client is told: this router serves every slot, and the other routers are its replicas.
// Each router says so of itself. They are equals, so whichever a client ends up with serves it all; a client that
// loses its router finds the next one among the "replicas". Must never name a data node.
import { createHash } from 'node:crypto';
import type { ClientState } from './client.js';
import type { RouterServer } from './server.js';

/** A router as a node of Redis Cluster. */
export interface ClusterNode {
  /** 40 hex digits, the same whichever router is asked. */
  id: string;
  host: string;
  port: number;
  myself: boolean;
}

/** The id under which a router appears as a cluster node. */
export function nodeId(routerId: string): string {
  return createHash('sha1').update(routerId).digest('hex');
}

/** Host of an `ip:port` text, without the brackets of IPv6. */
function hostOf(address: string): string {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** This router first, then the others by id, so that two answers differ only where the cluster does. */
export function clusterNodes(client: ClientState, server: RouterServer): ClusterNode[] {
  // The address by which this client reached us is one that works for it.
  const host = server.announceHost ?? hostOf(client.laddr);
  const nodes = [{ id: nodeId(server.id), host, port: server.port, myself: true }];
  const others = server.routers().filter((router) => router.id !== server.id);
  others.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const other of others) {
    nodes.push({ id: nodeId(other.id), host: other.host, port: other.port, myself: false });
  }
  return nodes;
}
