// Which groups may hold the keys of a slot? Its owner now, and its owners under earlier group lists that have not
// been drained (design, section 2): the chain. A pure function of the ring's document, looked up in O(1).
import { ownersOf, type RingDocument } from './ring.js';
import { SLOTS } from './slot.js';

const NONE: readonly number[] = [];
/** Stands for a group that was given up with its data. */
const NOBODY = 0xffff;

/** A version of the ring, ready for look-ups. Groups are named by their index in `groups`. */
export class RingTable {
  /** Groups that may hold keys: those that own slots now, then those that only history names; abandoned ones never. */
  readonly groups: readonly string[];
  /** Owner of each slot; empty when there are no groups. */
  readonly owners: Uint16Array;
  /** Whether any slot has a chain of more than one group. */
  readonly moving: boolean;
  /** Groups that are older ones in some chain. */
  readonly olderGroups: readonly number[];
  /** By slot: which of `chains` it has; 0: none but the owner. */
  private readonly chainOf: Uint16Array;
  private readonly chains: (readonly number[])[] = [NONE];

  constructor(readonly document: RingDocument) {
    const { groups, history, abandoned } = document;
    const lists = [...history, groups].filter((list) => list.length > 0);
    const named = [...groups, ...history.flat()].map(({ id }) => id);
    this.groups = [...new Set(named)].filter((id) => !abandoned.includes(id));
    const indexOf = new Map(this.groups.map((id, i) => [id, i]));
    const tables = lists.map((list) => {
      const index = list.map(({ id }) => indexOf.get(id) ?? NOBODY);
      return ownersOf(list).map((owner) => index[owner]!);
    });
    this.owners = groups.length === 0 ? new Uint16Array(0) : tables.pop()!;
    this.chainOf = new Uint16Array(SLOTS);
    if (groups.length > 0) this.link(tables);
    this.moving = this.chains.length > 1;
    this.olderGroups = [...new Set(this.chains.flat())];
  }

  get version(): number {
    return this.document.version;
  }

  /** Groups beside the owner that may hold keys of the slot, oldest first. */
  older(slot: number): readonly number[] {
    return this.chains[this.chainOf[slot]!]!;
  }

  /** Of repeated groups only the last occurrence counts, so that the owner is always last. */
  private link(past: readonly Uint16Array[]): void {
    const known = new Map<number, number>([[0, 0]]);
    const base = this.groups.length + 1;
    for (let slot = 0; slot < SLOTS; slot++) {
      const owner = this.owners[slot]!;
      let older: number[] = [];
      for (const table of past) {
        const group = table[slot]!;
        if (group === owner || group === NOBODY) continue;
        if (older.includes(group)) older = older.filter((each) => each !== group);
        older.push(group);
      }
      const code = older.reduce((sum, group) => sum * base + group + 1, 0);
      let chain = known.get(code);
      if (chain === undefined) {
        known.set(code, (chain = this.chains.length));
        this.chains.push(older);
      }
      this.chainOf[slot] = chain;
    }
  }
}
