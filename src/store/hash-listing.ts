// Fields of a large hash by number, so that one can be chosen at random in O(1). Must be told of every change.
import { SplitMap } from './split-map.js';

/** Names in an order that means nothing. */
export class Listing {
  private readonly names: string[];
  private readonly places = new SplitMap<number>();

  constructor(names: Iterable<string>) {
    this.names = [...names];
    for (const [i, name] of this.names.entries()) this.places.set(name, i);
  }

  /** A name that is new. */
  add(name: string): void {
    this.places.set(name, this.names.length);
    this.names.push(name);
  }

  /** A name that is gone: the last one takes its place. */
  delete(name: string): void {
    const at = this.places.get(name);
    const last = this.names.pop();
    if (at === undefined || last === undefined) throw new Error('listing: a name that is not there');
    this.places.delete(name);
    if (last === name) return;
    this.names[at] = last;
    this.places.set(last, at);
  }

  at(i: number): string {
    return this.names[i]!;
  }
}
