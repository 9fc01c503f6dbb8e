// What the router remembers of one version of the ring: keys and slots of which every older group said, under that
// version, that it holds nothing (design, "The router remembers"). Facts are permanent for their version, so they
// need bounds and no invalidation. Must never hold what was learned under another version.
import { type RingTable, SLOTS } from '../ring/index.js';

/** Settled keys remembered, at most twice this many. */
const MAX_KEYS = 100_000;

const NONE: readonly number[] = [];

/** Whether a group's report, a bit for each slot, names the slot. No report names none. */
export function reported(report: Uint8Array | undefined, slot: number): boolean {
  return report !== undefined && (report[slot >> 3]! & (1 << (slot & 7))) !== 0;
}

/** Facts about one version of the ring. */
export class Settled {
  /** By older group: a bit for each slot, the lowest first, set when the group is known to be empty there. */
  private readonly empty: (Uint8Array | undefined)[] = [];
  /** Newer and older settled keys: when the newer set is full it becomes the older one. */
  private newer = new Set<string>();
  private older = new Set<string>();

  constructor(private readonly table: RingTable) {
    for (const group of table.olderGroups) this.empty[group] = new Uint8Array(SLOTS / 8);
  }

  /** Older groups that may still hold the key (latin1 text), oldest first. */
  unsettled(slot: number, db: number, key: string): readonly number[] {
    const chain = this.table.older(slot);
    if (chain.length === 0 || this.has(db, key)) return NONE;
    return chain.filter((group) => !this.emptyIn(group, slot));
  }

  /** Whether no older group of the slot but this one can hold anything. */
  onlyIn(slot: number, group: number): boolean {
    return this.table.older(slot).every((each) => each === group || this.emptyIn(each, slot));
  }

  /** Whether no older group of the slot can hold anything. */
  slotSettled(slot: number): boolean {
    return this.table.older(slot).every((group) => this.emptyIn(group, slot));
  }

  /** Every older group of the chain said ABSENT of the key, or gave it away. */
  addKey(db: number, key: string): void {
    if (this.newer.size >= MAX_KEYS) {
      this.older = this.newer;
      this.newer = new Set();
    }
    this.newer.add(`${db}:${key}`);
  }

  /** Older group `group` of the slot's chain reported it empty, as a non-owner. */
  addEmpty(slot: number, group: number): void {
    this.empty[group]![slot >> 3]! |= 1 << (slot & 7);
  }

  /** An older group's report, as a non-owner, of all its empty slots: a bit for each, the lowest first. */
  addReport(group: number, bits: Buffer): void {
    const known = this.empty[group];
    if (known === undefined || bits.length !== known.length) return;
    for (let i = 0; i < known.length; i++) known[i]! |= bits[i]!;
  }

  private emptyIn(group: number, slot: number): boolean {
    return reported(this.empty[group], slot);
  }

  private has(db: number, key: string): boolean {
    const name = `${db}:${key}`;
    return this.newer.has(name) || this.older.has(name);
  }
}
