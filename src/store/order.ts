// Keys of one slot in the order that SCAN walks in (ring/position.ts), remembered while it does.
import { positionOf } from '../ring/index.js';

/** A key and where it stands. */
export interface Placed {
  key: string;
  position: number;
}

const byPosition = (a: Placed, b: Placed) => a.position - b.position;

/** Keys added to a remembered order before it is worth merging them into it. */
const MERGE = 64;

/** The order of one (database, slot), kept while a SCAN walks through it; deleted keys are the caller's to skip. */
export class SlotOrder {
  private sorted: Placed[];
  private added: Placed[] = [];
  private dirty = false;

  constructor(
    private readonly db: number,
    private readonly slot: number,
    keys: Iterable<string>,
  ) {
    this.sorted = [];
    for (const key of keys) this.sorted.push({ key, position: positionOf(db, slot, key) });
    this.sorted.sort(byPosition);
  }

  /** A key that the slot did not hold a moment ago. */
  add(key: string): void {
    this.added.push({ key, position: positionOf(this.db, this.slot, key) });
    this.dirty = true;
  }

  /** Keys remembered, deleted ones and repetitions included. */
  get size(): number {
    return this.sorted.length + this.added.length;
  }

  /** Keys at `from` and later, in order; a key that came back after a deletion may be there twice, side by side. */
  *walk(from: number): Generator<Placed> {
    if (this.dirty) {
      if (this.added.length > MERGE + this.sorted.length / 16) {
        this.sorted = this.sorted.concat(this.added).sort(byPosition);
        this.added = [];
      } else this.added.sort(byPosition);
      this.dirty = false;
    }
    const { sorted, added } = this;
    let a = lowerBound(sorted, from);
    let b = lowerBound(added, from);
    while (a < sorted.length || b < added.length) {
      if (b >= added.length || (a < sorted.length && sorted[a]!.position <= added[b]!.position))
        yield sorted[a++]!;
      else yield added[b++]!;
    }
  }
}

function lowerBound(list: readonly Placed[], position: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
