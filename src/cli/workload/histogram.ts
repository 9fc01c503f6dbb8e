// Latencies in a fixed amount of memory: counters whose width grows with the value, so that each is known to within
// 1/64. Must never keep single samples.

/** Values up to 2^6 have a counter each; every further power of two has 64. */
const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** Values reach 2^36 microseconds, 19 hours; larger ones count as the largest. */
const POWERS = 36 - SUB_BITS;

/** Counts of durations in microseconds. */
export class Histogram {
  readonly #counts = new Float64Array(SUB * (POWERS + 1));
  #total = 0;
  #max = 0;

  /** How many were recorded. */
  get count(): number {
    return this.#total;
  }

  /** Records a duration, in microseconds. */
  record(micros: number): void {
    const value = Math.max(0, Math.min(Math.floor(micros), 2 ** 36 - 1));
    this.#counts[indexOf(value)]!++;
    this.#total++;
    if (value > this.#max) this.#max = value;
  }

  /** The duration that a share of all stayed at or below, in microseconds; 0 when nothing was recorded. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.#total * share));
    for (let i = 0; i < this.#counts.length && this.#total > 0; i++) {
      left -= this.#counts[i]!;
      if (left <= 0) return Math.min(upperOf(i), this.#max);
    }
    return this.#max;
  }

  /** The longest, in microseconds. */
  get max(): number {
    return this.#max;
  }

  /** Adds all that another has recorded. */
  add(other: Histogram): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! += other.#counts[i]!;
    this.#total += other.#total;
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#max = 0;
  }
}

function indexOf(value: number): number {
  if (value < SUB) return value;
  const power = Math.floor(Math.log2(value)) - SUB_BITS;
  return SUB * (power + 1) + (Math.floor(value / 2 ** power) - SUB);
}

/** The largest value that a counter counts. */
function upperOf(index: number): number {
  if (index < SUB) return index;
  const power = Math.floor(index / SUB) - 1;
  return ((index % SUB) + SUB + 1) * 2 ** power - 1;
}
