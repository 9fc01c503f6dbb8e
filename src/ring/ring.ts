// Which group owns a slot? A consistent-hash ring of virtual nodes; a pure function of the list of
// (group, weight), so that every process computes the same table (Karger et al., STOC 1997).
import { createHash } from 'node:crypto';
import { SLOTS } from './slot.js';

/**
 * Virtual nodes of a group of weight 1: the smallest multiple of 160 with which, in 1,500 tries of 2 to 16 equal groups,
 * none had more than 1.15 of the mean.
 */
const POINTS = 800;
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
  /** Groups that were removed and hold nothing any more; their names are not used again. Absent: none. */
  retired?: string[];
  /** SWAPDBs while keys moved, under this version: known to routers and data nodes, not to ZooKeeper. Absent: none. */
  swaps?: number;
}

/** Most SWAPDBs while keys move under one version. */
export const MAX_SWAPS = 999_999;

/**
 * What a request that was planned with this ring says of it (R2): its version and, in millionths, how often databases
 * were swapped since. What routers remember of keys is wrong after either has grown.
 */
export function fenceOf({ version, swaps = 0 }: { version: number; swaps?: number }): number {
  // A whole number as a rule: V8 keeps those without a box.
  return swaps === 0 ? version : version + swaps / (MAX_SWAPS + 1);
}

/** A fence as another process wrote it; null: the text is none. */
export function fenceIn(text: string): number | null {
  if (!/^(0|[1-9]\d*)(\.\d{1,20})?$/.test(text)) return null;
  const fence = Number(text);
  return fence <= Number.MAX_SAFE_INTEGER ? fence : null;
}

/** The ring before any group has joined. */
export const EMPTY_RING: RingDocument = { version: 0, groups: [], history: [], abandoned: [] };

/** Whether a text may name a group: it becomes part of a path in ZooKeeper, which knows no `.` and `..`. */
export function isGroupId(text: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** Slots begin this far apart on the ring, whose points are the numbers below 2^32. */
const SLOT_BITS = 18;
const NOBODY = 0xffff;

/** A list of groups, with who owns which slot. */
export interface OwnedSlots {
  /** The owner of each of the 16384 slots; empty for no groups. */
  readonly owners: Uint16Array;
  /** Last slots of runs with one owner, ascending; neighbours may have the same one. */
  readonly ends: Uint16Array;
}

/** The owner of each of the 16384 slots, as indexes into `groups`; empty for no groups. */
export function ownersOf(groups: readonly RingGroup[]): Uint16Array {
  return ownedSlots(groups, [...groups.keys()]).owners;
}

/**
 * Who owns which slot. Every process computes this when the ring changes, and then not for a long time: little is done
 * for each slot, so that V8 does not spend more on compiling it than it takes.
 *
 * @param index what stands for each group of the list
 */
export function ownedSlots(groups: readonly RingGroup[], index: readonly number[]): OwnedSlots {
  if (groups.length === 0) return { owners: new Uint16Array(0), ends: new Uint16Array(0) };
  // Of the virtual nodes between one slot and the next only the first counts, so not all of them need be sorted.
  const places = new Uint16Array(SLOTS).fill(NOBODY);
  const firsts = new Uint32Array(SLOTS);
  const taken: number[] = [];
  groups.forEach(({ id, weight }, group) => {
    // The name's digest chooses a sequence of its own for each group; its members are cheap (splitmix, with two seeds).
    const digest = createHash('md5').update(id).digest();
    const one = digest.readUInt32LE(0);
    const two = digest.readUInt32LE(4);
    for (let n = 0; n < weight * POINTS; n++) {
      let point = (one + Math.imul(n, 0x9e3779b9)) | 0;
      point = Math.imul(point ^ (point >>> 16), 0x21f0aaad) ^ two;
      point = Math.imul(point ^ (point >>> 15), 0x735a2d97);
      point = (point ^ (point >>> 15)) >>> 0;
      const slot = point >>> SLOT_BITS;
      const rival = places[slot]!;
      if (rival === NOBODY) taken.push(slot);
      // Equal points are told apart by name, so that the order of the list decides nothing.
      else if (point > firsts[slot]! || (point === firsts[slot] && id > groups[rival]!.id)) continue;
      places[slot] = group;
      firsts[slot] = point;
    }
  });
  // A slot without a virtual node belongs to the next one; behind the last one the ring begins again.
  const ends = Uint16Array.from(taken).sort();
  const ownerAt = (slot: number): number => index[places[slot]!]!;
  const owners = new Uint16Array(SLOTS).fill(ownerAt(ends[0]!));
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i]!;
    owners.fill(ownerAt(end), from, end + 1);
    from = end + 1;
  }
  return { owners, ends: from === SLOTS ? ends : Uint16Array.of(...ends, SLOTS - 1) };
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
    value.abandoned.every((id) => typeof id === 'string') &&
    (value.retired === undefined ||
      (Array.isArray(value.retired) && value.retired.every((id) => typeof id === 'string'))) &&
    (value.swaps === undefined ||
      (Number.isInteger(value.swaps) && value.swaps >= 0 && value.swaps <= MAX_SWAPS));
  return good ? (value as RingDocument) : null;
}
