// R10, exactly once: what was answered to which router, so that a command sent again is answered, not executed, again.
// A router names its commands by a counter that only grows. Must never answer "not here" for a command that may have
// been forgotten: below the remembered range the answer is `forgotten`.
import { Buffer } from 'node:buffer';

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

/** What an entry's answers cost beside their bytes, roughly. */
const OVERHEAD = 256;

/** Dropped routers of which the last counter is kept, for each router that is remembered. */
const GONE = 16;

/** What a new member has been told of one router: tell() keeps it. */
export interface Told {
  floor: number;
  /** Seq of the last entry whose answers were said. */
  seq: number;
}

/** Says to a new member what begin() and add() take. */
export interface Telling {
  floor(router: string, floor: number): void;
  answers(router: string, answers: Answers): void;
}

interface Router {
  /** By ascending seq. The first `from` have been dropped. */
  answers: (Answers & { last: number })[];
  from: number;
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
    const { seq, index, replies } = answers;
    known.answers.push({ seq, index, replies, last });
    const size = sizeOf(answers);
    known.bytes += size;
    this.total += size;
    while (known.bytes > this.maxBytes && known.answers.length - known.from > 1) this.drop(known);
    while (this.total > this.maxTotal && this.routers.size > 1) this.forgetSilent(router);
  }

  /** The router has every reply below `counter`. */
  acknowledge(router: string, counter: number): void {
    const known = this.routers.get(router);
    if (known === undefined) return;
    this.dropBelow(known, counter);
    // What the router acknowledged it never sends again.
    if (counter > known.floor) known.floor = counter;
  }

  /**
   * Says what a new member has not been told, about `limit` bytes of it, and notes that in `told`. Whoever calls it
   * again and again says everything without ever saying all of it at once.
   * @returns the bytes said; fewer than `limit`: nothing is left
   */
  tell(told: Map<string, Told>, limit: number, say: Telling): number {
    let bytes = 0;
    const floors = (router: string, floor: number): Told => {
      let known = told.get(router);
      if (known === undefined) told.set(router, (known = { floor: -1, seq: -1 }));
      if (floor > known.floor) {
        known.floor = floor;
        bytes += OVERHEAD;
        say.floor(router, floor);
      }
      return known;
    };
    if (this.lost) floors('', 0);
    for (const [router, floor] of this.gone) {
      if (bytes >= limit) return bytes;
      floors(router, floor);
    }
    for (const [router, { floor, answers, from }] of this.routers) {
      if (bytes >= limit) return bytes;
      if (floor < 0) continue;
      const known = floors(router, floor);
      for (let i = after(answers, from, known.seq); i < answers.length && bytes < limit; i++) {
        const each = answers[i]!;
        bytes += sizeOf(each);
        known.seq = each.seq;
        say.answers(router, each);
      }
    }
    return bytes;
  }

  /** A router's memory as another member has it: its answers follow. '': that member has forgotten some entirely. */
  begin(router: string, floor: number): void {
    if (router === '') {
      this.lost = true;
      return;
    }
    const known = this.of(router);
    this.dropBelow(known, floor);
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
    for (let n = known.from; n < known.answers.length; n++) {
      const { seq, index, replies } = known.answers[n]!;
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
      known = { answers: [], from: 0, floor, last: -1, bytes: 0, used: 0 };
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

  private dropBelow(known: Router, counter: number): void {
    while (known.from < known.answers.length && known.answers[known.from]!.last < counter) this.drop(known);
  }

  private drop(known: Router): void {
    const gone = known.answers[known.from]!;
    // A long list is not moved for each one that goes.
    known.answers[known.from++] = NOTHING;
    if (known.from > 32 && known.from * 2 > known.answers.length) {
      known.answers.splice(0, known.from);
      known.from = 0;
    }
    const size = sizeOf(gone);
    known.bytes -= size;
    this.total -= size;
    if (gone.last + 1 > known.floor) known.floor = gone.last + 1;
  }
}

const NOTHING = { seq: -1, index: Buffer.alloc(0), replies: Buffer.alloc(0), last: -1 };

function sizeOf({ index, replies }: Answers): number {
  return OVERHEAD + index.length + replies.length;
}

/** Index of the first answers after `seq`. */
function after(answers: readonly Answers[], from: number, seq: number): number {
  let low = from;
  let high = answers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (answers[middle]!.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function counterAt(index: Buffer, at: number): number {
  return index.readUInt32LE(at) + index.readUInt32LE(at + 4) * 0x100000000;
}
