// Which groups may hold the keys of a slot? Its owner now, and its owners under earlier group lists that have not
// been drained (design, section 2): the chain. A pure function of the ring's document, looked up in O(1).
import { Buffer } from 'node:buffer';
import { type OwnedSlots, ownedSlots, type RingDocument } from './ring.js';
import { SLOTS } from './slot.js';

const NONE: readonly number[] = [];
/** Stands for a group that was given up with its data. */
const NOBODY = 0xffff;
/** More than there are groups. */
const GROUPS = 0x10000;

/** Chains without their last group, the owner. */
interface Chains {
  readonly all: readonly (readonly number[])[];
  /** By slot: which of them it has; 0: none but the owner. */
  readonly of: Uint16Array;
  /** Groups that are in any of them. */
  readonly groups: readonly number[];
}

/** A version of the ring, ready for look-ups. Groups are named by their index in `groups`. */
export class RingTable {
  /** Groups that may hold keys: those that own slots now, then those that only history names; abandoned ones never. */
  readonly groups: readonly string[];
  /** Owner of each slot; empty when there are no groups. */
  readonly owners: Uint16Array;
  /** Whether any slot has a chain of more than one group. */
  readonly moving: boolean;
  private readonly lists: readonly OwnedSlots[];
  /** Made when a chain is asked for: data nodes never do. */
  private chains: Chains | null = null;

  constructor({ groups, history, abandoned }: RingDocument) {
    const named = [...groups, ...history.flat()].map(({ id }) => id);
    this.groups = [...new Set(named)].filter((id) => !abandoned.includes(id));
    const indexOf = new Map(this.groups.map((id, i) => [id, i]));
    const owned = (list: typeof groups): OwnedSlots =>
      ownedSlots(
        list,
        list.map(({ id }) => indexOf.get(id) ?? NOBODY),
      );
    const now = owned(groups);
    this.owners = now.owners;
    // A list that says the same as the one of now adds nothing to any chain.
    const past = groups.length === 0 ? [] : history.filter((list) => list.length > 0).map(owned);
    this.lists = [...past.filter(({ owners }) => !same(owners, now.owners)), now];
    this.moving = this.lists.length > 1 && (abandoned.length === 0 || this.linked().all.length > 1);
  }

  /** Groups that are older ones in some chain. */
  get olderGroups(): readonly number[] {
    return this.moving ? this.linked().groups : NONE;
  }

  /** Groups beside the owner that may hold keys of the slot, oldest first. */
  older(slot: number): readonly number[] {
    if (!this.moving) return NONE;
    const { all, of } = this.linked();
    return all[of[slot]!]!;
  }

  private linked(): Chains {
    this.chains ??= link(this.lists);
    return this.chains;
  }
}

/**
 * The chains by these lists, of which the last is that of now. Of repeated groups only the last occurrence counts, so
 * that the owner is always last. Between two ends of runs nothing differs, so only the ends are looked at.
 */
function link(lists: readonly OwnedSlots[]): Chains {
  const ends = joined(lists);
  const of = new Uint16Array(SLOTS);
  const pasts = new Sequences();
  const chains = new Sequences();
  const last = lists.length - 1;
  let from = 0;
  for (let at = 0; at < ends.length; at++) {
    const end = ends[at]!;
    let past = 0;
    for (let i = 0; i < last; i++) {
      const group = lists[i]!.owners[end]!;
      if (group !== NOBODY) past = pasts.followedBy(past, group);
    }
    const chain = chains.without(pasts, past, lists[last]!.owners[end]!);
    if (chain !== 0) of.fill(chain, from, end + 1);
    from = end + 1;
  }
  return { all: chains.all, of, groups: [...new Set(chains.all.flat())] };
}

/** Where runs end in any of the lists, ascending; some may be there twice. */
function joined(lists: readonly OwnedSlots[]): Uint16Array {
  const all = new Uint16Array(lists.reduce((sum, { ends }) => sum + ends.length, 0));
  let at = 0;
  for (const { ends } of lists) {
    all.set(ends, at);
    at += ends.length;
  }
  return all.sort();
}

/** Sequences of different groups, each made once and known by its place; the first one is empty. */
class Sequences {
  readonly all: (readonly number[])[] = [NONE];
  private readonly places = new Map<string, number>([['', 0]]);
  /** What was asked for before, by (place, group). */
  private readonly made = new Map<number, number>();

  /** Place of the sequence at `place` with the group behind it, and nowhere else. */
  followedBy(place: number, group: number): number {
    return this.make(place, group, this, [group]);
  }
  /** Place of a sequence of others without the group. */
  without(others: Sequences, place: number, group: number): number {
    return this.make(place, group, others, NONE);
  }

  private make(place: number, group: number, others: Sequences, end: readonly number[]): number {
    const known = this.made.get(place * GROUPS + group);
    if (known !== undefined) return known;
    const sequence = [...others.all[place]!.filter((each) => each !== group), ...end];
    const key = sequence.join();
    let at = this.places.get(key);
    if (at === undefined) this.places.set(key, (at = this.all.push(sequence) - 1));
    this.made.set(place * GROUPS + group, at);
    return at;
  }
}

function same(one: Uint16Array, other: Uint16Array): boolean {
  return Buffer.from(one.buffer).equals(Buffer.from(other.buffer));
}
