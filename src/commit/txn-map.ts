// Transactions by name, for those who have many that come and go. V8's Map makes a new table whenever the old one is
// full of what was deleted, and leaves in the old one a pointer to the new: once a dead table has come to where only a
// full collection looks, every later one is kept with it, and what was in it when it was left is copied by collection
// after collection. (MSET over two groups: a tenth of the router's time, and thirty full collections in 20 s instead of
// two.) Here what is deleted leaves its place at once: open addressing, linear probing, deletion by moving back what
// follows (Knuth, The Art of Computer Programming, volume 3, 6.4, algorithm R). Must never hold what was deleted, and is
// for names that this cluster makes: whoever chose them could make them all fall on one place.
import type { Txn } from './messages.js';

const LEAST = 64;

/** Values by the name of a transaction. */
export class TxnMap<V> {
  private names = new Array<Txn | null>(LEAST).fill(null);
  private held = new Array<V | null>(LEAST).fill(null);
  /** Of each place, the how manieth that arrived stands there. */
  private since = new Array<number>(LEAST).fill(0);
  private count = 0;
  private arrived = 0;

  get size(): number {
    return this.count;
  }

  get(txn: Txn): V | undefined {
    return this.held[this.find(txn)] ?? undefined;
  }

  set(txn: Txn, value: V): void {
    let at = this.find(txn);
    if (this.names[at] === null) {
      if (2 * ++this.count > this.names.length) {
        this.grow();
        at = this.find(txn);
      }
      this.names[at] = txn;
      this.since[at] = ++this.arrived;
    }
    this.held[at] = value;
  }

  /** @returns whether it was there */
  delete(txn: Txn): boolean {
    const { names, held, since } = this;
    const mask = names.length - 1;
    let free = this.find(txn);
    if (names[free] === null) return false;
    this.count--;
    for (let at = (free + 1) & mask; names[at] !== null; at = (at + 1) & mask) {
      // What is looked for from behind the free place on is found where it is.
      const from = placeOf(names[at]!) & mask;
      if (((at - from) & mask) < ((at - free) & mask)) continue;
      names[free] = names[at]!;
      held[free] = held[at]!;
      since[free] = since[at]!;
      free = at;
    }
    names[free] = null;
    held[free] = null;
    return true;
  }

  /** In order of arrival. */
  values(): V[] {
    const { names, held, since } = this;
    const places: number[] = [];
    for (let i = 0; i < names.length; i++) if (names[i] !== null) places.push(i);
    return places.sort((a, b) => since[a]! - since[b]!).map((place) => held[place]!);
  }

  /** Where it is, or would be. */
  private find(txn: Txn): number {
    const { names } = this;
    const mask = names.length - 1;
    let at = placeOf(txn) & mask;
    while (names[at] !== null && names[at] !== txn) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { names, held, since } = this;
    this.names = new Array<Txn | null>(2 * names.length).fill(null);
    this.held = new Array<V | null>(2 * names.length).fill(null);
    this.since = new Array<number>(2 * names.length).fill(0);
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (name === null) continue;
      const at = this.find(name);
      this.names[at] = name;
      this.held[at] = held[i]!;
      this.since[at] = since[i]!;
    }
  }
}

/** Characters of a name that are looked at: its counter, and some of the coordinator's incarnation. */
const LOOKED_AT = 12;

function placeOf(txn: Txn): number {
  let place = 0;
  for (let i = Math.max(0, txn.length - LOOKED_AT); i < txn.length; i++)
    place = (Math.imul(place, 31) + txn.charCodeAt(i)) | 0;
  place = Math.imul(place ^ (place >>> 15), 0x2c1b3c6d);
  return place ^ (place >>> 13);
}
