// The calls and returns of one part, in order of time, as a doubly linked list from which placed operations are cut.
// Decides which operations may be placed next; must be restored in exactly the reverse order of cutting.
import type { Operation } from './history.js';

const HEAD = 0;
const callNode = (index: number) => 2 * index + 1;
const returnNode = (index: number) => 2 * index + 2;

/** What may be placed next: whatever was called before the first return that is still open. */
export interface Enabled {
  /** Operations with a known outcome, the one that returned first at the front. */
  completed: number[];
  /** Operations of unknown outcome, in order of call. */
  unknown: number[];
}

export class Timeline {
  #next: Int32Array;
  #prev: Int32Array;
  #returns: readonly (number | null)[];

  /** Operations must be in order of call; indexes below are positions in that array. */
  constructor(operations: readonly Operation<unknown, unknown>[]) {
    this.#returns = operations.map((operation) => operation.return);
    const events: { time: number; node: number }[] = [];
    operations.forEach((operation, index) => {
      events.push({ time: operation.call, node: callNode(index) });
      if (operation.return !== null) events.push({ time: operation.return, node: returnNode(index) });
    });
    // At equal times calls come first (odd nodes): touching operations count as concurrent.
    events.sort((a, b) => a.time - b.time || (b.node & 1) - (a.node & 1) || a.node - b.node);
    this.#next = new Int32Array(2 * operations.length + 1);
    this.#prev = new Int32Array(2 * operations.length + 1);
    let last = HEAD;
    for (const { node } of events) {
      this.#next[last] = node;
      this.#prev[node] = last;
      last = node;
    }
    this.#next[last] = HEAD;
    this.#prev[HEAD] = last;
  }

  enabled(): Enabled {
    const completed: number[] = [];
    const unknown: number[] = [];
    let node = this.#next[HEAD]!;
    for (; node !== HEAD && (node & 1) === 1; node = this.#next[node]!) {
      const index = (node - 1) / 2;
      (this.#returns[index] === null ? unknown : completed).push(index);
    }
    // What has to return first is tried first: it is the likeliest, and it must be placed soonest.
    completed.sort((a, b) => this.#returns[a]! - this.#returns[b]! || a - b);
    if (node !== HEAD) {
      // Of equal return times, the one the list has first: everything enabled was called before *its* return.
      const first = completed.indexOf((node - 2) / 2);
      completed.unshift(...completed.splice(first, 1));
    }
    return { completed, unknown };
  }

  place(index: number): void {
    this.#cut(callNode(index));
    if (this.#returns[index] !== null) this.#cut(returnNode(index));
  }

  /** Undoes the latest `place` not yet undone, which must have been of this index. */
  restore(index: number): void {
    if (this.#returns[index] !== null) this.#uncut(returnNode(index));
    this.#uncut(callNode(index));
  }

  #cut(node: number): void {
    const next = this.#next[node]!;
    const prev = this.#prev[node]!;
    this.#next[prev] = next;
    this.#prev[next] = prev;
  }

  #uncut(node: number): void {
    this.#next[this.#prev[node]!] = node;
    this.#prev[this.#next[node]!] = node;
  }
}
