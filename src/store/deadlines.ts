// Which keys expire next: a binary heap of (time, database, key). Items of keys that were deleted or given
// another expiry stay until they come up or until a rebuild, so the heap is at most about twice its live size.

/** One remembered expiry; stale when the key's entry says otherwise. */
export interface Deadline {
  readonly at: number;
  readonly db: number;
  readonly key: string;
}

const SLACK = 1024;

/** Heap ordered by time. */
export class Deadlines {
  private heap: Deadline[] = [];

  /** @param live how many keys have an expiry; @param valid whether an item still tells the truth. */
  constructor(
    private readonly live: () => number,
    private readonly valid: (item: Deadline) => boolean,
  ) {}

  /** Remembered items, stale ones included. */
  get size(): number {
    return this.heap.length;
  }

  add(item: Deadline): void {
    if (this.heap.length > 2 * this.live() + SLACK) this.rebuild();
    const { heap } = this;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (heap[up]!.at <= item.at) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = item;
  }

  /** The earliest item, stale or not. */
  first(): Deadline | undefined {
    return this.heap[0];
  }

  /** Removes the earliest item. */
  drop(): void {
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) this.sink(0, last);
  }

  clear(): void {
    this.heap = [];
  }

  private sink(at: number, item: Deadline): void {
    const { heap } = this;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= item.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  }

  private rebuild(): void {
    this.heap = this.heap.filter(this.valid);
    for (let i = (this.heap.length >> 1) - 1; i >= 0; i--) this.sink(i, this.heap[i]!);
  }
}
