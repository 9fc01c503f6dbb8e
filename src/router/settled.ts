// What the router remembers of one version of the ring: keys and slots of which every older group said, under that
// version, that it holds nothing (design, "The router remembers"). Facts are permanent for their version, so they
// need bounds and no invalidation. Must never hold what was learned under another version.
import { type RingTable, SLOTS } from '../ring/index.js';

/** Settled keys remembered, at most twice this many. */
const MAX_KEYS = 100_000;

const NONE: readonly number[] = [];

/** Facts about one version of the ring. */
export class Settled {
  /** By slot: bit i set when the i-th older group of its chain is known to be empty there. */
  private readonly empty: Uint8Array;
  /** Newer and older settled keys: when the newer set is full it becomes the older one. */
  private newer = new Set<string>();
  private older = new Set<string>();

  constructor(private readonly table: RingTable) {
    this.empty = new Uint8Array(table.moving ? SLOTS : 0);
  }

  /** Older groups that may still hold the key (latin1 text), oldest first. */
  unsettled(slot: number, db: number, key: string): readonly number[] {
    const chain = this.table.older(slot);
    if (chain.length === 0 || this.has(db, key)) return NONE;
    const empty = this.empty[slot]!;
    if (empty === 0) return chain;
    return chain.filter((_, i) => (empty & (1 << i)) === 0);
  }

  /** Whether no older group of the slot but this one can hold anything. */
  onlyIn(slot: number, group: number): boolean {
    const chain = this.table.older(slot);
    const empty = this.empty[slot]!;
    return chain.every((each, i) => each === group || (empty & (1 << i)) !== 0);
  }

  /** Whether no older group of the slot can hold anything. */
  slotSettled(slot: number): boolean {
    const { length } = this.table.older(slot);
    return length === 0 || this.empty[slot] === (1 << length) - 1;
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
    const at = this.table.older(slot).indexOf(group);
    if (at >= 0) this.empty[slot]! |= 1 << at;
  }

  /** An older group's report of all its empty slots: a bit for each, the lowest first. */
  addReport(group: number, bits: Buffer): void {
    if (bits.length * 8 !== SLOTS) return;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (bits[slot >> 3]! & (1 << (slot & 7))) this.addEmpty(slot, group);
    }
  }

  private has(db: number, key: string): boolean {
    const name = `${db}:${key}`;
    return this.newer.has(name) || this.older.has(name);
  }
}
