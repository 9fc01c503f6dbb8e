// What may a read of a key return? The ledger knows, for each key, the last acknowledged write, the writes whose
// outcome nobody knows, and what reads have already seen. It must accept everything that a linearizable register
// could answer, and as little else as it can. One client writes a key, one write at a time, with growing numbers.

/** The judgement on one read. `lost`: an acknowledged or already seen write is gone. `wrong`: never written there. */
export type Verdict = 'ok' | 'lost' | 'wrong';

/** A write whose answer never came: it may take effect at any time, once, or never. */
interface Doubt {
  number: number;
  /** When a read first returned it. */
  seenAt: number;
  /** Reads that begin later cannot return it: it took effect, and a later write has replaced it. */
  goneAt: number;
}

/** Doubts kept for a key; with more, the key is not written any more. */
const MAX_DOUBTS = 64;

/** The ledger of all keys, which are numbered from 0. */
export class Ledger {
  /** Logical time: grows with every event. */
  #now = 0;
  readonly #acknowledged: Float64Array;
  readonly #issued: Float64Array;
  readonly #seen: Float64Array;
  readonly #doubts = new Map<number, Doubt[]>();

  constructor(
    readonly keys: number,
    private readonly size: number,
  ) {
    this.#acknowledged = new Float64Array(keys);
    this.#issued = new Float64Array(keys);
    this.#seen = new Float64Array(keys);
  }

  /** Whether another write of the key could still be judged. */
  mayWrite(key: number): boolean {
    const doubts = this.#doubts.get(key);
    return doubts === undefined || doubts.length < MAX_DOUBTS;
  }

  /** Begins a write of a key that has none in flight. */
  beginWrite(key: number): { number: number; at: number; value: string } {
    const number = ++this.#issued[key]!;
    return { number, at: ++this.#now, value: `${key}:${number}:`.padEnd(this.size, '.') };
  }

  /** The write begun at `at` is acknowledged. */
  acknowledged(key: number, number: number, at: number): void {
    this.#now++;
    this.#acknowledged[key] = number;
    const doubts = this.#doubts.get(key);
    if (doubts === undefined) return;
    for (const doubt of doubts) {
      if (doubt.seenAt < at && doubt.goneAt === Number.POSITIVE_INFINITY) doubt.goneAt = this.#now;
    }
    // A read that began before may still be under way, so the gone ones stay until room is needed.
    if (doubts.length >= MAX_DOUBTS / 2) {
      this.#doubts.set(
        key,
        doubts.filter(({ goneAt }) => goneAt === Number.POSITIVE_INFINITY || goneAt > this.#now - 1_000_000),
      );
    }
  }

  /** Whether the write of this number happened is not known. */
  unknown(key: number, number: number): void {
    const doubts = this.#doubts.get(key) ?? [];
    doubts.push({ number, seenAt: Number.POSITIVE_INFINITY, goneAt: Number.POSITIVE_INFINITY });
    this.#doubts.set(key, doubts);
  }

  /** Begins a read: the mark says what it may not fall behind. */
  beginRead(key: number): { least: number; at: number } {
    return { least: Math.max(this.#acknowledged[key]!, this.#seen[key]!), at: ++this.#now };
  }

  /** Judges what the read returned, `null` for no value. A key found lost or wrong is believed from then on. */
  endRead(key: number, mark: { least: number; at: number }, value: string | null): Verdict {
    const now = ++this.#now;
    if (value === null) {
      if (mark.least === 0) return 'ok';
      this.#believe(key, 0);
      return 'lost';
    }
    const match = /^(\d+):(\d+):\.*$/.exec(value);
    const number = match === null ? 0 : Number(match[2]);
    if (match === null || Number(match[1]) !== key || number < 1 || number > this.#issued[key]!)
      return 'wrong';
    const doubt = this.#doubts.get(key)?.find((one) => one.number === number);
    if (doubt !== undefined && doubt.seenAt > now) doubt.seenAt = now;
    if (number >= mark.least) {
      if (number > this.#seen[key]!) this.#seen[key] = number;
      return 'ok';
    }
    if (doubt !== undefined && doubt.goneAt > mark.at) return 'ok';
    this.#believe(key, number);
    return 'lost';
  }

  /** What is known about a key, for those who look into a finding. */
  describe(key: number): { greatest: number; unknown: number[] } {
    const unknown = (this.#doubts.get(key) ?? []).map(({ number }) => number);
    return { greatest: this.#issued[key]!, unknown };
  }

  /** One loss is to be counted once. */
  #believe(key: number, number: number): void {
    this.#acknowledged[key] = number;
    this.#seen[key] = number;
  }
}
