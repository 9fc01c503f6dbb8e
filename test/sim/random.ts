// Chance from a seed: xoshiro128** (Blackman and Vigna), seeded by splitmix32. Same seed, same numbers, any machine.

/** A stream of random numbers; fork() makes streams that do not disturb each other. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  constructor(seed: number) {
    let state = seed >>> 0;
    const word = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    this.a = word();
    this.b = word();
    this.c = word();
    this.d = word() | 1;
  }

  /** Uniform in [0, 2^32). */
  word(): number {
    const scaled = Math.imul(this.b, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const kept = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= kept;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }
  /** Uniform in [0, 1). */
  unit(): number {
    return this.word() / 2 ** 32;
  }
  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + this.unit() * (to - from);
  }
  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
  chance(probability: number): boolean {
    return this.unit() < probability;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  /** An item by weight. */
  weighted<T>(items: readonly (readonly [number, T])[]): T {
    let at = this.unit() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) {
      at -= weight;
      if (at < 0) return item;
    }
    return items.at(-1)![1];
  }
  /** A stream that does not disturb this one, not even by its making; the same one whenever it is asked for. */
  apart(): Random {
    return new Random(this.a ^ Math.imul(this.c, 0x9e3779b1) ^ this.d);
  }
  fork(): Random {
    return new Random(this.word());
  }
}
