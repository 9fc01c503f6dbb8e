// What ZooKeeper says about a cluster, for `status` and `up`: read once, without watches. `up` may also remove it,
// but only where no process can be left that relies on it; otherwise nothing here writes.
import { DRAIN_PATHS, type DrainProgress, isDrainProgress } from '../net/drain.js';
import { EMPTY_RING, type RingDocument } from '../ring/index.js';
import { hasCode, ZooKeeper } from '../zookeeper/index.js';
import { Failure } from './failure.js';

const ROOT = '/towline';
const CONNECT_MS = 5000;

/** A group's configuration (design.md, section 3). */
export interface GroupConfig {
  epoch: number;
  term: number;
  primary: string | null;
  inSync: string[];
}

/** What a process says of itself when it registers. */
export interface Registered {
  id: string;
  host: string;
  port: number;
  pid: number;
}

/** All of it. */
export interface Tree {
  ring: RingDocument;
  groups: { id: string; config: GroupConfig | null; members: Registered[] }[];
  routers: Registered[];
  /** What the mover said last. */
  drain: DrainProgress | null;
}

/** Runs `work` with a connected client, and closes it. @throws Failure when ZooKeeper cannot be reached */
export async function withZooKeeper<T>(
  servers: string,
  work: (zookeeper: ZooKeeper) => Promise<T>,
): Promise<T> {
  const zookeeper = new ZooKeeper({ servers, requestTimeoutMs: CONNECT_MS });
  try {
    try {
      await zookeeper.connect(CONNECT_MS);
    } catch (error) {
      throw new Failure(`ZooKeeper at ${servers} cannot be reached (${(error as Error).message})`);
    }
    return await work(zookeeper);
  } finally {
    await zookeeper.close();
  }
}

async function namesIn(zookeeper: ZooKeeper, path: string): Promise<string[]> {
  try {
    return (await zookeeper.children(path)).names.sort();
  } catch (error) {
    if (hasCode(error, 'NO_NODE')) return [];
    throw error;
  }
}

/** The JSON document at a path; `null` where there is none or it is not JSON. */
async function documentAt<T>(zookeeper: ZooKeeper, path: string): Promise<T | null> {
  try {
    return JSON.parse((await zookeeper.get(path)).data.toString()) as T;
  } catch (error) {
    if (hasCode(error, 'NO_NODE') || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function registeredIn(zookeeper: ZooKeeper, path: string): Promise<Registered[]> {
  const names = await namesIn(zookeeper, path);
  const found = await Promise.all(names.map((name) => documentAt<Registered>(zookeeper, `${path}/${name}`)));
  return found.filter((one) => one !== null);
}

/** Reads the tree with a client that is connected. */
export async function treeOf(zookeeper: ZooKeeper): Promise<Tree> {
  const ring = (await documentAt<RingDocument>(zookeeper, `${ROOT}/ring`)) ?? EMPTY_RING;
  const ids = await namesIn(zookeeper, `${ROOT}/groups`);
  const groups = await Promise.all(
    ids.map(async (id) => ({
      id,
      config: await documentAt<GroupConfig>(zookeeper, `${ROOT}/groups/${id}/config`),
      members: await registeredIn(zookeeper, `${ROOT}/groups/${id}/members`),
    })),
  );
  const drain = await documentAt<unknown>(zookeeper, DRAIN_PATHS.progress);
  return {
    ring,
    groups,
    routers: await registeredIn(zookeeper, `${ROOT}/routers`),
    drain: isDrainProgress(drain) ? drain : null,
  };
}

/** Reads the tree. @throws Failure when ZooKeeper cannot be reached */
export function readTree(servers: string): Promise<Tree> {
  return withZooKeeper(servers, treeOf);
}

async function removeAll(zookeeper: ZooKeeper, path: string): Promise<void> {
  for (const name of await namesIn(zookeeper, path)) await removeAll(zookeeper, `${path}/${name}`);
  try {
    await zookeeper.remove(path, -1);
  } catch (error) {
    if (!hasCode(error, 'NO_NODE')) throw error;
  }
}

/**
 * Removes what an earlier cluster left, if anything and if allowed.
 * @returns what to call, with the processes' ids, when the new cluster's processes are gone: it removes the tree that
 *   they made, unless some other process has joined them. Data nodes keep nothing on disk, so such a tree describes
 *   lost data. A process that was killed stays registered for some seconds, which is why the ids are needed.
 * @throws Failure when a cluster is there: a running one always, a remembered one unless `forget`
 */
export async function prepareTree(
  servers: string,
  forget: boolean,
): Promise<(ours: string[]) => Promise<void>> {
  await withZooKeeper(servers, async (zookeeper) => {
    const { ring, groups, routers } = await treeOf(zookeeper);
    const alive = [...routers, ...groups.flatMap(({ members }) => members)];
    if (alive.length > 0) {
      const some = alive.slice(0, 3).map(({ id, pid }) => `${id} (pid ${pid})`);
      throw new Failure(
        `ZooKeeper at ${servers} serves a cluster of which ${alive.length} processes are alive or were until some ` +
          `seconds ago: ${some.join(', ')}`,
      );
    }
    if (ring.groups.length === 0 && groups.length === 0) return;
    if (!forget) {
      throw new Failure(
        `ZooKeeper at ${servers} remembers a cluster (${groups.map(({ id }) => id).join(', ')}) none of whose ` +
          'processes is left, nor its data: to start anew, add --forget',
      );
    }
    await removeAll(zookeeper, ROOT);
  });
  return (ours) =>
    withZooKeeper(servers, async (zookeeper) => {
      const { groups, routers } = await treeOf(zookeeper);
      const registered = [...routers, ...groups.flatMap(({ members }) => members)];
      if (registered.every(({ id }) => ours.includes(id))) await removeAll(zookeeper, ROOT);
    });
}
