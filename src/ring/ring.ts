// Which group owns a slot? A consistent-hash ring of virtual nodes; a pure function of the list of
// (group, weight), so that every process computes the same table (Karger et al., STOC 1997).
import { createHash } from 'node:crypto';
import { SLOTS } from './slot.js';

/** Virtual nodes of a group of weight 1. */
const POINTS = 160;
/** Largest weight of a group. */
export const MAX_WEIGHT = 100;

/** A group's place in the ring. */
export interface RingGroup {
  /** Name of the group: 1 to 64 of letters, digits, `-`, `_`, `.`; never reused. */
  id: string;
  /** Share of the keys relative to the others: an integer, 1 to MAX_WEIGHT. */
  weight: number;
}

/** What `/towline/ring` holds. */
export interface RingDocument {
  /** Grows by one with every change; 0 before the first group. */
  version: number;
  /** Groups that own slots now. */
  groups: RingGroup[];
  /** Earlier group lists whose keys have not all moved yet, oldest first. */
  history: RingGroup[][];
  /** Groups given up with their data. */
  abandoned: string[];
}

/** The ring before any group has joined. */
export const EMPTY_RING: RingDocument = { version: 0, groups: [], history: [], abandoned: [] };

/** Whether a text may name a group: it becomes part of a path in ZooKeeper, which knows no `.` and `..`. */
export function isGroupId(text: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** The owner of each of the 16384 slots, as indexes into `groups`; empty for no groups. */
export function ownersOf(groups: readonly RingGroup[]): Uint16Array {
  if (groups.length === 0) return new Uint16Array(0);
  const nodes: { point: number; group: number }[] = [];
  groups.forEach(({ id, weight }, group) => {
    for (let n = 0; n < weight * POINTS; n++) {
      const digest = createHash('md5').update(`${id}#${n}`).digest();
      nodes.push({ point: digest.readUInt32LE(0), group });
    }
  });
  // Equal points are told apart by name, so that the order of the list decides nothing.
  nodes.sort((a, b) => a.point - b.point || (groups[a.group]!.id < groups[b.group]!.id ? -1 : 1));
  const owners = new Uint16Array(SLOTS);
  let next = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    const point = slot * (0x100000000 / SLOTS);
    while (next < nodes.length && nodes[next]!.point < point) next++;
    owners[slot] = nodes[next < nodes.length ? next : 0]!.group;
  }
  return owners;
}

function isGroupList(value: unknown): value is RingGroup[] {
  return (
    Array.isArray(value) &&
    value.every(
      (group: Partial<RingGroup> | null) =>
        typeof group?.id === 'string' &&
        isGroupId(group.id) &&
        Number.isInteger(group.weight) &&
        group.weight! >= 1 &&
        group.weight! <= MAX_WEIGHT,
    )
  );
}

/** The ring's document as another process wrote it; null: the text is none. */
export function ringIn(text: string): RingDocument | null {
  let value: Partial<RingDocument> | null;
  try {
    value = JSON.parse(text) as Partial<RingDocument> | null;
  } catch {
    return null;
  }
  const good =
    Number.isSafeInteger(value?.version) &&
    isGroupList(value?.groups) &&
    Array.isArray(value.history) &&
    value.history.every(isGroupList) &&
    Array.isArray(value.abandoned) &&
    value.abandoned.every((id) => typeof id === 'string');
  return good ? (value as RingDocument) : null;
}
