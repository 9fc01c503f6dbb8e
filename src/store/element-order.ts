// The order in which HSCAN, SSCAN and ZSCAN walk through one large collection: by a fixed hash of the element's
// name, so that a cursor means the same in every process and whatever was added or removed meanwhile.
// Elements lie in buckets by the first bits of their position; a bucket is sorted when a walk comes to it.
import { positionOf } from '../ring/index.js';

/** Positions there are. */
const RANGE = 2 ** 39;
/** Elements of a bucket, about. */
const FULL = 16;

const place = (name: string) => positionOf(0, 0, name);

/** Names of one collection by position; removed ones are the walker's to skip. */
export class ElementOrder {
  private readonly buckets: (string[] | undefined)[];
  /** Positions in one bucket. */
  private readonly width: number;
  /** Names remembered, removed ones and repetitions included. */
  size = 0;

  constructor(names: Iterable<string>, count: number) {
    const buckets = 2 ** Math.max(0, Math.ceil(Math.log2(count / FULL)));
    this.buckets = new Array<string[] | undefined>(buckets).fill(undefined);
    this.width = RANGE / buckets;
    for (const name of names) this.add(name);
  }

  /** A name that the collection did not hold a moment ago. */
  add(name: string): void {
    (this.buckets[Math.floor(place(name) / this.width)] ??= []).push(name);
    this.size++;
  }

  /** Whether it is still good for a collection of `count` elements: not mostly removed ones, not overfull. */
  serves(count: number): boolean {
    return this.size <= 2 * count + FULL && this.size <= 4 * FULL * this.buckets.length;
  }

  /**
   * About `count` names at position `from` and later that `has` still knows, all those of one position together,
   * each once. `next`: where to go on; -1: the end was reached.
   */
  step(from: number, count: number, has: (name: string) => boolean): { names: string[]; next: number } {
    const names: string[] = [];
    let examined = 0;
    for (let b = Math.floor(from / this.width); b < this.buckets.length; b++) {
      const bucket = this.buckets[b];
      if (bucket === undefined) continue;
      const placed = [...new Set(bucket)].map((name) => ({ name, at: place(name) }));
      placed.sort((x, y) => x.at - y.at);
      let last = -1;
      for (const { name, at } of placed) {
        if (at < from || !has(name)) continue;
        if (examined >= count && at !== last) return { names, next: at };
        last = at;
        names.push(name);
        examined++;
      }
    }
    return { names, next: -1 };
  }
}
