// CLUSTER for cluster-mode clients that are pointed at a router. The map is cluster-map.ts; this file its replies.
import { cut } from '../../command/index.js';
import type { ReplyWriter, Request } from '../../resp/index.js';
import { encodeCommand } from '../../resp/index.js';
import { SLOTS, slotOfText } from '../../ring/index.js';
import type { ClientState } from './client.js';
import { type ClusterNode, clusterNodes, nodeId } from './cluster-map.js';
import { bulks, helpOf, refuse } from './handler.js';
import { parseInteger } from './parse.js';
import type { LocalHandler, RouterServer } from './server.js';
import { NOT_INTEGER } from './texts.js';

const LAST = SLOTS - 1;
const FIXED_LAYOUT =
  'ERR Towline has no cluster bus: every router serves every slot, and groups are changed with `towline ring`';

function line({ id, host, port, myself }: ClusterNode, master: string): string {
  return myself
    ? `${id} ${host}:${port}@0 myself,master - 0 0 1 connected 0-${LAST}`
    : `${id} ${host}:${port}@0 slave ${master} 0 0 1 connected`;
}

const nodes: LocalHandler = (_request, client, server, reply) => {
  const all = clusterNodes(client, server);
  reply.verbatim(all.map((node) => `${line(node, all[0]!.id)}\n`).join(''));
};

const slots: LocalHandler = (_request, client, server, reply) => {
  const all = clusterNodes(client, server);
  reply.array(1);
  reply.array(2 + all.length);
  reply.integer(0);
  reply.integer(LAST);
  for (const { id, host, port } of all) {
    reply.array(4);
    reply.bulk(host);
    reply.integer(port);
    reply.bulk(id);
    reply.map(0);
  }
};

const shards: LocalHandler = (_request, client, server, reply) => {
  const all = clusterNodes(client, server);
  reply.array(1);
  reply.map(2);
  reply.bulk('slots');
  reply.array(2);
  reply.integer(0);
  reply.integer(LAST);
  reply.bulk('nodes');
  reply.array(all.length);
  for (const { id, host, port, myself } of all) {
    reply.map(7);
    reply.bulk('id');
    reply.bulk(id);
    reply.bulk('port');
    reply.integer(port);
    reply.bulk('ip');
    reply.bulk(host);
    reply.bulk('endpoint');
    reply.bulk(host);
    reply.bulk('role');
    reply.bulk(myself ? 'master' : 'replica');
    reply.bulk('replication-offset');
    reply.integer(0);
    reply.bulk('health');
    reply.bulk('online');
  }
};

const info: LocalHandler = (_request, client, server, reply) => {
  // A group that is lost answers for itself; the routers go on serving all others.
  const state = server.groups().some((group) => group.primary !== null) ? 'ok' : 'fail';
  const { version } = server.ring();
  const fields = {
    cluster_state: state,
    cluster_slots_assigned: SLOTS,
    cluster_slots_ok: SLOTS,
    cluster_slots_pfail: 0,
    cluster_slots_fail: 0,
    cluster_known_nodes: clusterNodes(client, server).length,
    cluster_size: 1,
    cluster_current_epoch: version,
    cluster_my_epoch: version,
    cluster_stats_messages_sent: 0,
    cluster_stats_messages_received: 0,
    total_cluster_links_buffer_limit_exceeded: 0,
  };
  reply.verbatim(
    Object.entries(fields)
      .map(([name, value]) => `${name}:${value}\r\n`)
      .join(''),
  );
};

const replicas: LocalHandler = (request, client, server, reply) => {
  const all = clusterNodes(client, server);
  const asked = request.text(2);
  const node = all.find(({ id }) => id === asked);
  if (node === undefined) reply.error(`ERR Unknown node ${cut(asked)}`);
  else if (!node.myself) reply.error('ERR The specified node is not a master');
  else {
    bulks(
      reply,
      all.slice(1).map((other) => line(other, node.id)),
    );
  }
};

/** Asks every group the same, and combines what came; an error of any group is the answer. */
async function askGroups<T>(
  request: Buffer,
  client: ClientState,
  server: RouterServer,
  reply: ReplyWriter,
  read: (value: unknown) => T,
  write: (values: T[]) => void,
): Promise<void> {
  const answers = await server.askAll(request, client.db);
  const values: T[] = [];
  for (const [group, answer] of answers) {
    if (answer instanceof Error) {
      // A group's own refusal (GROUPLOST ...) keeps its code; a failure to reach it needs one.
      const { message } = answer;
      return reply.error(/^[A-Z]{3,} /.test(message) ? message : `ERR group ${group}: ${message}`);
    }
    values.push(read(answer));
  }
  write(values);
}

const slotArgument = (request: Request) => parseInteger(request.text(2));
const isSlot = (slot: bigint) => slot >= 0n && slot <= BigInt(LAST);

const countKeysInSlot: LocalHandler = (request, client, server, reply) => {
  const slot = slotArgument(request);
  if (slot === null) return reply.error(NOT_INTEGER);
  if (!isSlot(slot)) return reply.error('ERR Invalid slot');
  return askGroups(
    encodeCommand(['CLUSTER', 'COUNTKEYSINSLOT', slot]),
    client,
    server,
    reply,
    Number,
    (counts) => reply.integer(counts.reduce((sum, count) => sum + count, 0)),
  );
};

const getKeysInSlot: LocalHandler = (request, client, server, reply) => {
  const slot = slotArgument(request);
  const wanted = parseInteger(request.text(3));
  if (slot === null || wanted === null) return reply.error(NOT_INTEGER);
  if (!isSlot(slot) || wanted < 0n) return reply.error('ERR Invalid slot or number of keys');
  return askGroups(
    encodeCommand(['CLUSTER', 'GETKEYSINSLOT', slot, wanted]),
    client,
    server,
    reply,
    (value) => (Array.isArray(value) ? value : []) as (string | Buffer)[],
    (lists) => {
      const keys = lists.flat().slice(0, Number(wanted));
      reply.array(keys.length);
      for (const key of keys) reply.bulk(key);
    },
  );
};

const layout = (names: string) =>
  Object.fromEntries(names.split(' ').map((name) => [`cluster|${name}`, refuse(FIXED_LAYOUT)]));

/** CLUSTER subcommands. */
export const clusterHandlers: Readonly<Record<string, LocalHandler>> = {
  'cluster|keyslot': (request, _client, _server, reply) => reply.integer(slotOfText(request.text(2))),
  'cluster|info': info,
  'cluster|nodes': nodes,
  'cluster|slots': slots,
  'cluster|shards': shards,
  'cluster|myid': (_request, _client, server, reply) => reply.bulk(nodeId(server.id)),
  'cluster|links': (_request, _client, _server, reply) => reply.array(0),
  'cluster|replicas': replicas,
  'cluster|slaves': replicas,
  'cluster|countkeysinslot': countKeysInSlot,
  'cluster|getkeysinslot': getKeysInSlot,
  ...layout(
    'addslots addslotsrange bumpepoch delslots delslotsrange failover flushslots forget meet replicate reset saveconfig set-config-epoch setslot',
  ),
  'cluster|help': helpOf(
    'CLUSTER',
    ['COUNTKEYSINSLOT <slot>', 'Number of keys of the selected database in a slot.'],
    ['GETKEYSINSLOT <slot> <count>', 'Names of such keys.'],
    ['INFO', 'Whether the cluster serves.'],
    ['KEYSLOT <key>', 'Slot of a key.'],
    ['LINKS', 'Nothing: there is no cluster bus.'],
    ['MYID', 'Id of this router as a cluster node.'],
    ['NODES', 'The routers, in the format of Redis Cluster.'],
    ['REPLICAS <node-id>', 'The other routers.'],
    ['SHARDS', 'The one shard: this router, with the others as its replicas.'],
    ['SLOTS', 'The same in the older format.'],
  ),
};

/** Those of them that may return a promise: they ask the groups. */
export const clusterWaits: readonly string[] = ['cluster|countkeysinslot', 'cluster|getkeysinslot'];
