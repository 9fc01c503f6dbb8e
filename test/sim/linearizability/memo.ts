// The configurations that a search has visited, so that none is searched twice, and what they cost in memory.
// Exact: a configuration is pruned by comparison, never by a hash alone. Must never keep more than it accounts for.

/** Approximate bytes of one visit beside the characters of its name. */
const VISIT_BYTES = 120;

/** One visited configuration: which operations of unknown outcome it had used, and why it failed. */
export interface Visit {
  /** One bit for each operation of unknown outcome. */
  used: bigint;
  /** One bit for each key that the failure rests on; valid once the search has left the configuration. */
  conflict: bigint;
}

/** True if every bit of `a` is set in `b`. */
export const within = (a: bigint, b: bigint): boolean => (a & b) === a;

/** A growing name for the set of placed operations: all below `low`, and a window of bits up to `high`. */
export class PlacedSet {
  #words: Uint16Array;

  constructor(size: number) {
    this.#words = new Uint16Array((size >> 4) + 1);
  }

  has(rank: number): boolean {
    return (this.#words[rank >> 4]! & (1 << (rank & 15))) !== 0;
  }

  flip(rank: number): void {
    this.#words[rank >> 4]! ^= 1 << (rank & 15);
  }

  /** Everything below `low` is placed and nothing above `high`: the words between name the set. */
  name(low: number, high: number): string {
    const from = low >> 4;
    let text = `${from},`;
    for (let word = from; word <= high >> 4; word++) text += String.fromCharCode(this.#words[word]!);
    return text;
  }
}

/** Visits by (placed operations of known outcome, state). */
export class Memo {
  #visits = new Map<string, Visit[]>();
  #states = new Map<string, number>();
  /** Approximate bytes held. */
  bytes = 0;

  /** A small number for a state's key; equal keys give equal numbers. */
  stateId(key: string): number {
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    this.bytes += VISIT_BYTES + 2 * key.length;
    this.#states.set(key, this.#states.size);
    return this.#states.size - 1;
  }

  /**
   * The earlier visit that makes this one pointless, or the new visit, now recorded.
   * A visit dominates another of the same name when it has used a subset of the operations of unknown outcome:
   * whatever could follow here could have followed there.
   */
  visit(name: string, used: bigint): { visit: Visit; seen: boolean; compared: number } {
    const list = this.#visits.get(name);
    const earlier = list?.find((visit) => within(visit.used, used));
    if (earlier) return { visit: earlier, seen: true, compared: list!.length };
    const visit: Visit = { used, conflict: 0n };
    this.bytes += VISIT_BYTES;
    if (list) list.push(visit);
    else {
      this.bytes += 2 * name.length;
      this.#visits.set(name, [visit]);
    }
    return { visit, seen: false, compared: list?.length ?? 0 };
  }
}
