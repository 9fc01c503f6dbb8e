// How the ring changes: from one document to the next, or a refusal in words. Pure. Whatever may still hold keys stays
// named (R1): an earlier group list leaves `history` only when no slot needs it any more. A group's id is never reused.
import { RingTable } from './chains.js';
import { isGroupId, MAX_WEIGHT, type RingDocument, type RingGroup } from './ring.js';
import { SLOTS } from './slot.js';

/** Most earlier group lists; a further change waits for the drain. */
export const MAX_HISTORY = 4;

/** The refusal of a change beyond that. */
export const HISTORY_FULL = `keys of ${MAX_HISTORY} earlier group lists have not all moved yet, and more than that are not kept`;

/** The next document (with `version` one higher), the very same one when there is nothing to change, or why not. */
export type Changed = RingDocument | string;

/** Where a group stands; `none`: the ring has never named it. */
export type Standing = 'owner' | 'draining' | 'released' | 'abandoned' | 'none';

/** What the ring says of a group. `draining`: it owns nothing now and may still hold keys. */
export function standingOf(ring: RingDocument, id: string): Standing {
  if (ring.abandoned.includes(id)) return 'abandoned';
  if (ring.groups.some((group) => group.id === id)) return 'owner';
  if (ring.history.some((list) => list.some((group) => group.id === id))) return 'draining';
  return ring.retired?.includes(id) === true ? 'released' : 'none';
}

/** A new group takes its share of the slots. */
export function addGroup(ring: RingDocument, id: string, weight: number): Changed {
  if (!isGroupId(id)) return `'${id}' cannot be the name of a group`;
  const bad = badWeight(weight);
  if (bad !== null) return bad;
  const never = 'names of groups are never reused: start its data nodes under another name';
  switch (standingOf(ring, id)) {
    case 'owner':
      return `group ${id} is in the ring already`;
    case 'draining':
      return `group ${id} was removed and still holds keys; ${never}`;
    case 'released':
      return `group ${id} was removed; ${never}`;
    case 'abandoned':
      return `group ${id} was abandoned; ${never}`;
    case 'none':
      return renew(ring, [...ring.groups, { id, weight }]);
  }
}

/** A group gives its slots to the others. It goes on holding, and giving away, what it has until that is drained. */
export function removeGroup(ring: RingDocument, id: string): Changed {
  const lack = notOwner(ring, id);
  if (lack !== null) return lack;
  if (ring.groups.length === 1) return `group ${id} is the last one: add another first`;
  return renew(
    ring,
    ring.groups.filter((group) => group.id !== id),
  );
}

/** A group's share grows or shrinks. */
export function setWeight(ring: RingDocument, id: string, weight: number): Changed {
  const lack = notOwner(ring, id) ?? badWeight(weight);
  if (lack !== null) return lack;
  return renew(
    ring,
    ring.groups.map((group) => (group.id === id ? { id, weight } : group)),
  );
}

/**
 * A group is given up with its data. Full history is no hindrance, since nothing is added to it: what the old list says
 * beyond the new one is only what this group held. (It could not be drained either: a lost group gives nothing away.)
 */
export function abandon(ring: RingDocument, id: string): Changed {
  const standing = standingOf(ring, id);
  if (standing === 'abandoned') return ring;
  if (standing === 'released') return `group ${id} was released: it holds nothing`;
  if (standing === 'none') return `the ring does not name group ${id}`;
  const groups = ring.groups.filter((group) => group.id !== id);
  if (groups.length === 0) {
    return `group ${id} is the last one: to begin it anew, empty: towline group reset ${id} --accept-data-loss`;
  }
  const next = { ...ring, version: ring.version + 1, groups, abandoned: [...ring.abandoned, id] };
  // Lists that named nobody else who may hold keys have nothing left to say.
  return shorten(next, () => false);
}

/**
 * A group is about to begin anew, empty: the same lists under a newer version. What routers know of keys may rest on what
 * the group promised, a vote for a move among it, and must not outlive it. Nothing to change where the ring never named it.
 */
export function beginAnew(ring: RingDocument, id: string): RingDocument {
  return standingOf(ring, id) === 'none' ? ring : { ...ring, version: ring.version + 1 };
}

/**
 * Removes entries of history, oldest first, while whoever would leave the chain of a slot is empty there.
 * @param emptyIn whether a group, as a non-owner that has adopted this version, holds no key of the slot, and no lock
 *   on one; what it once said must stay true under this version
 * @returns null: nothing can go yet
 */
export function trim(
  ring: RingDocument,
  emptyIn: (group: string, slot: number) => boolean,
): RingDocument | null {
  const next = shorten(ring, emptyIn);
  return next === ring ? null : { ...next, version: ring.version + 1 };
}

/**
 * By slot, the groups that may hold its keys, the owner last; of repeated groups only the last occurrence, abandoned ones
 * never. No groups: no chains.
 */
export function chainsOf(ring: RingDocument): readonly string[][] {
  if (ring.groups.length === 0) return [];
  const table = new RingTable(ring);
  return Array.from({ length: SLOTS }, (_, slot) =>
    [...table.older(slot), table.owners[slot]!].flatMap((group) => table.groups[group] ?? []),
  );
}

/** The same document without the entries of history that can go; the very same one when none can. */
function shorten(ring: RingDocument, emptyIn: (group: string, slot: number) => boolean): RingDocument {
  let shorter = ring;
  let table = new RingTable(ring);
  while (shorter.history.length > 0) {
    const next = { ...shorter, history: shorter.history.slice(1) };
    const after = new RingTable(next);
    if (!leaversEmpty(table, after, emptyIn)) break;
    shorter = next;
    table = after;
  }
  if (shorter === ring) return ring;
  const gone = [...new Set(ring.history.flat().map(({ id }) => id))].filter(
    (id) => standingOf(shorter, id) === 'none',
  );
  return gone.length === 0 ? shorter : { ...shorter, retired: [...(ring.retired ?? []), ...gone] };
}

/** Whether every group that is in a slot's chain before and not after holds nothing of that slot. */
function leaversEmpty(
  before: RingTable,
  after: RingTable,
  emptyIn: (group: string, slot: number) => boolean,
): boolean {
  // The owners are the same, so only older groups can leave; they are few chains over many slots.
  const stays = new Map<readonly number[], Map<readonly number[], readonly string[]>>();
  for (let slot = 0; slot < SLOTS; slot++) {
    const chain = before.older(slot);
    if (chain.length === 0) continue;
    const rest = after.older(slot);
    let known = stays.get(chain);
    if (known === undefined) stays.set(chain, (known = new Map()));
    let leaving = known.get(rest);
    if (leaving === undefined) {
      const names = new Set(rest.map((group) => after.groups[group]!));
      leaving = chain.map((group) => before.groups[group]!).filter((name) => !names.has(name));
      known.set(rest, leaving);
    }
    for (const group of leaving) if (!emptyIn(group, slot)) return false;
  }
  return true;
}

function renew(ring: RingDocument, groups: RingGroup[]): Changed {
  if (sameList(ring.groups, groups)) return ring;
  // Before the first group there were no keys.
  const history = ring.groups.length === 0 ? ring.history : [...ring.history, ring.groups];
  if (history.length > MAX_HISTORY) return HISTORY_FULL;
  return { ...ring, version: ring.version + 1, groups, history };
}

function sameList(one: readonly RingGroup[], other: readonly RingGroup[]): boolean {
  if (one.length !== other.length) return false;
  const weights = new Map(one.map(({ id, weight }) => [id, weight]));
  return other.every(({ id, weight }) => weights.get(id) === weight);
}

function notOwner(ring: RingDocument, id: string): string | null {
  switch (standingOf(ring, id)) {
    case 'owner':
      return null;
    case 'draining':
      return `group ${id} was removed already, and is being drained`;
    case 'released':
      return `group ${id} was removed already, and holds nothing any more`;
    case 'abandoned':
      return `group ${id} was abandoned`;
    case 'none':
      return `the ring does not name group ${id}`;
  }
}

function badWeight(weight: number): string | null {
  const good = Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT;
  return good ? null : `${weight} cannot be a weight: a whole number from 1 to ${MAX_WEIGHT} can`;
}
