// R10, exactly once: what was answered to which router, so that a command sent again is answered, not executed, again.
// A router names its commands by a counter that only grows. Must never answer "not here" for a command that may have
// been forgotten: below the remembered range the answer is `forgotten`.

/** The commands of one log entry and their replies. */
export interface Answers {
  /** Seq of the entry: the replies leave when it is committed (R8). */
  seq: number;
  /** Pairs of counter (8 bytes, little endian) and length of the reply (4 bytes), in order of execution. */
  index: Buffer;
  /** The replies, one after the other. */
  replies: Buffer;
}

/** What is known of a command sent again. */
export type Recall =
  | { kind: 'answered'; seq: number; reply: Buffer }
  | { kind: 'new' }
  | { kind: 'forgotten' };

/** Bytes of one pair in `Answers.index`. */
export const INDEX_SIZE = 12;

/** Dropped routers of which the last counter is kept, for each router that is remembered. */
const GONE = 16;

interface Router {
  answers: (Answers & { last: number })[];
  /** Counters below this are not remembered any more. */
  floor: number;
  /** Largest counter that was ever remembered. */
  last: number;
  bytes: number;
  /** Order of last use: routers silent longest are dropped first. */
  used: number;
}

/** Replies remembered for every router, within bounds. */
export class Remembered {
  private readonly routers = new Map<string, Router>();
  private uses = 0;
  private total = 0;
  /** Routers that were dropped: counters below this may be theirs. In order of dropping. */
  private readonly gone = new Map<string, number>();
  /** Whether `gone` itself has forgotten one: then an unknown router may be that one. */
  private lost = false;

  /**
   * @param maxBytes most bytes remembered of one router
   * @param maxRouters most routers remembered
   * @param maxTotal most bytes remembered of all routers; those silent longest are forgotten first
   */
  constructor(
    private readonly maxBytes = 64 * 1024 * 1024,
    private readonly maxRouters = 1024,
    private readonly maxTotal = 256 * 1024 * 1024,
  ) {}

  /** Remembers an entry's answers. */
  add(router: string, answers: Answers): void {
    const known = this.of(router);
    let last = -1;
    for (let i = 0; i < answers.index.length; i += INDEX_SIZE)
      last = Math.max(last, counterAt(answers.index, i));
    // Nobody knows what an unknown router had executed before: all of it counts as forgotten.
    if (known.floor < 0) known.floor = last;
    if (last > known.last) known.last = last;
    known.answers.push({ ...answers, last });
    const size = answers.index.length + answers.replies.length;
    known.bytes += size;
    this.total += size;
    while (known.bytes > this.maxBytes && known.answers.length > 1) this.drop(known);
    while (this.total > this.maxTotal && this.routers.size > 1) this.forgetSilent(router);
  }

  /** The router has every reply below `counter`. */
  acknowledge(router: string, counter: number): void {
    const known = this.routers.get(router);
    if (known === undefined) return;
    while (known.answers.length > 0 && known.answers[0]!.last < counter) this.drop(known);
    // What the router acknowledged it never sends again.
    if (counter > known.floor) known.floor = counter;
  }

  /** Everything remembered, for a new member, as begin() and add() take it. */
  *snapshot(): Generator<{ router: string; floor: number; answers: Answers[] }> {
    if (this.lost) yield { router: '', floor: 0, answers: [] };
    for (const [router, floor] of this.gone) yield { router, floor, answers: [] };
    for (const [router, { floor, answers }] of this.routers) {
      if (floor >= 0) yield { router, floor, answers: [...answers] };
    }
  }

  /** A router's memory as another member has it: its answers follow. '': that member has forgotten some entirely. */
  begin(router: string, floor: number): void {
    if (router === '') {
      this.lost = true;
      return;
    }
    const known = this.of(router);
    if (floor > known.floor) known.floor = floor;
  }

  /** Below this a command of the router may have been executed: no command there is new. */
  reached(router: string): number {
    const known = this.routers.get(router);
    if (known === undefined) return this.gone.get(router) ?? 0;
    return Math.max(known.floor, known.last + 1);
  }

  /** What became of the router's command `counter`. */
  recall(router: string, counter: number): Recall {
    const known = this.routers.get(router);
    if (known === undefined) {
      const below = this.gone.get(router);
      const forgotten = below === undefined ? this.lost : counter < below;
      return { kind: forgotten ? 'forgotten' : 'new' };
    }
    if (counter < known.floor) return { kind: 'forgotten' };
    for (const { seq, index, replies } of known.answers) {
      let at = 0;
      for (let i = 0; i < index.length; i += INDEX_SIZE) {
        const length = index.readUInt32LE(i + 8);
        if (counterAt(index, i) === counter)
          return { kind: 'answered', seq, reply: replies.subarray(at, at + length) };
        at += length;
      }
    }
    return { kind: 'new' };
  }

  private of(router: string): Router {
    let known = this.routers.get(router);
    if (known === undefined) {
      const floor = this.gone.get(router) ?? (this.lost ? -1 : 0);
      this.gone.delete(router);
      known = { answers: [], floor, last: -1, bytes: 0, used: 0 };
      this.routers.set(router, known);
      if (this.routers.size > this.maxRouters) this.forgetSilent(router);
    }
    known.used = ++this.uses;
    return known;
  }

  /** Forgets the router that has been silent longest, other than `but`. */
  private forgetSilent(but: string): void {
    let oldest = '';
    let least = Number.POSITIVE_INFINITY;
    for (const [name, { used }] of this.routers) {
      if (name === but || used >= least) continue;
      least = used;
      oldest = name;
    }
    const known = this.routers.get(oldest);
    if (known === undefined) return;
    this.routers.delete(oldest);
    this.total -= known.bytes;
    this.gone.set(oldest, Math.max(known.floor, known.last + 1));
    if (this.gone.size <= this.maxRouters * GONE) return;
    this.gone.delete(this.gone.keys().next().value!);
    this.lost = true;
  }

  private drop(known: Router): void {
    const gone = known.answers.shift()!;
    const size = gone.index.length + gone.replies.length;
    known.bytes -= size;
    this.total -= size;
    if (gone.last + 1 > known.floor) known.floor = gone.last + 1;
  }
}

function counterAt(index: Buffer, at: number): number {
  return index.readUInt32LE(at) + index.readUInt32LE(at + 4) * 0x100000000;
}
