// Changes the ring in ZooKeeper: under the write lock, so that one change at a time is checked, and by compare-and-set,
// since a drain shortens history without the lock. Refuses a ring with a group that cannot serve what it would own.
import { addressOf, type GroupConfig, isGroupConfig } from '../commit/index.js';
import { type Changed, EMPTY_RING, HISTORY_FULL, type RingDocument } from '../ring/index.js';
import { CasDocument, hasCode, ReadWriteLock, type ZooKeeper } from '../zookeeper/index.js';
import { statusAt } from './ask-status.js';
import { PATHS } from './directory.js';
import { DRAIN_PATHS, type DrainProgress, drainText, isDrainProgress } from './drain.js';
import type { Host } from './host.js';

const LOCK = '/towline/locks/ring';
/** How long a primary may take to say that it serves, ms. */
const ASK_MS = 1000;
/** How often a change is tried again because the drain was faster. */
const ROUNDS = 16;

/** What came of a change. */
export type Outcome = { ring: RingDocument; changed: boolean } | { refused: string };

/** A change, and what must be true for it. */
export interface RingChange {
  change(now: RingDocument): Changed;
  /** Why the new ring must not be; null: it may. Asked under the lock. */
  lack(next: RingDocument, now: RingDocument): Promise<string | null>;
  /** Longest wait for other changes, ms. */
  lockMs: number;
}

/**
 * Makes a change, or nothing at all.
 * @throws ZooKeeperError when ZooKeeper fails; with CONNECTION_LOSS it is not known whether the change was made
 */
export async function changeRing(zk: ZooKeeper, { change, lack, lockMs }: RingChange): Promise<Outcome> {
  const document = new CasDocument<RingDocument>(zk, PATHS.ring);
  const lock = await new ReadWriteLock(zk, LOCK).acquire('write', { timeoutMs: lockMs }).catch((error) => {
    if (!hasCode(error, 'TIMEOUT')) throw error;
    return null;
  });
  if (lock === null) return { refused: 'another change of the ring is under way' };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const found = await document.read();
      const now = found?.value ?? EMPTY_RING;
      const next = change(now);
      if (next === HISTORY_FULL) return { refused: `${next}: ${await progressText(zk, now.version)}` };
      if (typeof next === 'string') return { refused: next };
      if (next === now) return { ring: now, changed: false };
      const why = await lack(next, now);
      if (why !== null) return { refused: why };
      if (!lock.safe) return { refused: 'ZooKeeper was lost meanwhile' };
      try {
        await (found === null ? document.create(next) : document.write(next, found));
        return { ring: next, changed: true };
      } catch (error) {
        if (!hasCode(error, 'BAD_VERSION', 'NODE_EXISTS')) throw error;
      }
    }
    return { refused: 'the ring changed all the time' };
  } finally {
    await lock.release();
  }
}

/** Why some group of a list cannot serve what it would own; null: all can. */
export async function groupsLack(
  zk: ZooKeeper,
  host: Host,
  groups: RingDocument['groups'],
): Promise<string | null> {
  const lacks = await Promise.all(groups.map(({ id }) => groupLack(zk, host, id)));
  return lacks.find((lack) => lack !== null) ?? null;
}

async function groupLack(zk: ZooKeeper, host: Host, group: string): Promise<string | null> {
  const config = (await new CasDocument<GroupConfig>(zk, PATHS.config(group)).read())?.value;
  if (!isGroupConfig(config)) return `group ${group} does not exist: start its data nodes first`;
  const { primary, inSync } = config;
  const address = addressOf(primary);
  const registered = (await zk.exists(`${PATHS.members(group)}/${primary}`)) !== null;
  if (!registered || address === null) return `group ${group} has no living primary`;
  const answer = await statusAt(host, address, ASK_MS);
  if (answer === null) return `the primary of group ${group} does not answer (${primary})`;
  const serves = answer['id'] === primary && answer['role'] === 'primary' && answer['state'] === 'serving';
  if (!serves) return `the primary of group ${group} does not serve yet (${primary})`;
  const least = Number(answer['minInSync'] ?? 1);
  if (inSync.length >= least) return null;
  return `group ${group} has ${inSync.length} of at least ${least} members in sync`;
}

/** What the mover last said; null: nothing. */
export async function readProgress(zk: ZooKeeper): Promise<DrainProgress | null> {
  const found = (await new CasDocument<DrainProgress>(zk, DRAIN_PATHS.progress).read())?.value;
  return isDrainProgress(found) ? found : null;
}

async function progressText(zk: ZooKeeper, version: number): Promise<string> {
  return drainText(await readProgress(zk), version);
}
