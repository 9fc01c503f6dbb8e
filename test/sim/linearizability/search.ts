// Looks for one legal order of one part's operations: Wing and Gong's search with Lowe's memoisation, made to fit
// histories with many keys and many unknown outcomes. It decides ok or violation and nothing in between; it can be
// run in slices, and must never use more steps or memory than a slice was given (by more than one node's worth).
//
// A configuration is (placed operations of known outcome, state, operations of unknown outcome used). Four rules keep
// the number of configurations small; each leaves at least one legal order, if any exists:
// 1. A read that fits now is placed now: moving it forward disturbs nobody.
// 2. Only the group of the operation that returns first is branched on: the enabled operations that share keys with
//    it, directly or through others. What else may come before it shares no key with them and can come after.
// 3. An operation of unknown outcome is placed only to change the state for one of known outcome that follows, with
//    which it is connected by keys, and of several alike the one called first; a configuration that has used fewer
//    of them stands for one that used more. At first only one is tried in a row: rarely are more needed.
// 4. A failure rests on a set of keys (those of every group branched on below it). If the last step touched none of
//    them, its alternatives would fail for the same reason, and the search goes back further at once.
import { KeySets } from './groups.js';
import type { Operation } from './history.js';
import { Memo, PlacedSet, type Visit, within } from './memo.js';
import type { Model } from './model.js';
import { Timeline } from './timeline.js';

/** Approximate bytes of a frame, or of a point waiting in one. */
const POINT_BYTES = 600;

/** Placed operations kept for an excerpt. */
const MAX_TAIL = 12;

/** A state reached, and the operations of unknown outcome used up to there. */
interface Point<S> {
  state: S;
  id: number;
  used: bigint;
  /** Operations placed since the frame's own configuration. */
  path: number[];
}

interface Frame<S> {
  state: S;
  entered: number[];
  low: number;
  high: number;
  visit: Visit;
  conflict: bigint;
  dead: boolean;
  points: number;
  children: Iterator<Point<S> | null>;
}

/** The farthest the search came: where the operation that had to come next returned last, and with the least placed. */
export interface Farthest<I, O> {
  /** When the first operation that had to come next returned. */
  time: number;
  /** Operations of known outcome placed. */
  placed: number;
  /** The latest placed operations that touch a key of the conflict, in the order they were placed. */
  tail: Operation<I, O>[];
  /** The model's key of the state after them. */
  state: string;
  /** Operations of known outcome on the keys of the conflict that were open; no order of them went on from there. */
  blocked: Operation<I, O>[];
  /** Operations of unknown outcome on those keys that had been called and were not used. */
  unused: Operation<I, O>[];
}

export class Search<S, I, O> {
  #memo = new Memo();
  #timeline: Timeline;
  #placed: PlacedSet;
  #placedCount = 0;
  #completedCount: number;
  /** By index: position among the operations of known outcome, or among those of unknown outcome. */
  #rank: number[] = [];
  #readOnly: boolean[];
  #keySets: KeySets;
  /** By index: the bit of the previous operation of unknown outcome with the same input, which goes first. */
  #before: bigint[] = [];
  #stack: Frame<S>[] = [];
  #stackPoints = 0;
  #farthest: Farthest<I, O> | undefined;
  #conflict = 0n;
  /** Operations of unknown outcome tried in a row, and whether that bound has hidden any. */
  #reach = 1;
  #hidden = false;
  steps = 0;

  constructor(
    private readonly model: Model<S, I, O>,
    private readonly operations: readonly Operation<I, O>[],
    private readonly keys: readonly string[],
  ) {
    const bit = new Map(keys.map((key, i) => [key, 1n << BigInt(i)]));
    const keySets = operations.map(({ input }) =>
      model.keys(input).reduce((set, key) => set | bit.get(key)!, 0n),
    );
    this.#readOnly = operations.map(({ input, output }) => model.readOnly(input, output));
    this.#keySets = new KeySets(keySets, this.#readOnly);
    const alike = new Map<string, bigint>();
    let unknown = 0;
    let completed = 0;
    for (const { return: end, input } of operations) {
      this.#rank.push(end === null ? unknown++ : completed++);
      const name = end === null ? JSON.stringify(input) : '';
      this.#before.push(alike.get(name) ?? 0n);
      if (end === null) alike.set(name, 1n << BigInt(unknown - 1));
    }
    this.#completedCount = completed;
    this.#placed = new PlacedSet(completed);
    this.#timeline = new Timeline(operations);
    this.#begin();
  }

  /** Approximate bytes held by what was visited and what is still to be tried. */
  get bytes(): number {
    return this.#memo.bytes + this.#stackPoints * POINT_BYTES;
  }

  /**
   * Goes on until decided, or `steps` more were made ('paused'), or more than `bytes` are held ('full').
   * A step is one application of the model, or the like.
   */
  run(steps: number, bytes: number): 'ok' | 'violation' | 'paused' | 'full' {
    const end = this.steps + steps;
    for (;;) {
      if (this.#placedCount === this.#completedCount) return 'ok';
      const frame = this.#stack.at(-1);
      if (frame === undefined) {
        if (!this.#hidden) return 'violation';
        this.#reach = this.#reach < 4 ? this.#reach * 2 : Number.POSITIVE_INFINITY;
        this.#begin();
        continue;
      }
      if (this.steps >= end) return 'paused';
      if (this.bytes > bytes) return 'full';
      const child = frame.dead ? { done: true as const, value: null } : frame.children.next();
      if (child.done) this.#leave(frame);
      else if (child.value !== null) this.#enter(frame, child.value);
    }
  }

  /** After 'violation': the farthest point reached, and the keys that the contradiction rests on. */
  failure(): Farthest<I, O> & { keys: string[] } {
    if (this.#farthest === undefined) throw new Error('assertion: the search has not failed');
    return {
      ...this.#farthest,
      keys: this.keys.filter((_, i) => (this.#conflict & (1n << BigInt(i))) !== 0n),
    };
  }

  /** Forgets all: what has failed within a shorter reach may succeed within a longer one. */
  #begin(): void {
    this.#memo = new Memo();
    this.#hidden = false;
    this.#farthest = undefined;
    const state = this.model.init();
    const start: Point<S> = { state, id: this.#memo.stateId(this.model.key(state)), used: 0n, path: [] };
    this.#push(start, { used: 0n, conflict: 0n }, 0, 0);
  }

  #push(point: Point<S>, visit: Visit, low: number, high: number): void {
    const frame: Frame<S> = {
      state: point.state,
      entered: point.path,
      low,
      high,
      visit,
      conflict: 0n,
      dead: false,
      points: 1,
      children: [][Symbol.iterator](),
    };
    frame.children = this.#children(frame, { ...point, path: [] });
    this.#stack.push(frame);
    this.#stackPoints++;
  }

  /** Places the operations that lead to a child, unless it or one that dominates it has already failed. */
  #enter(frame: Frame<S>, child: Point<S>): void {
    let { low, high } = frame;
    for (const index of child.path) {
      this.#move(index, true);
      if (this.operations[index]!.return !== null) high = Math.max(high, this.#rank[index]!);
    }
    while (low < this.#completedCount && this.#placed.has(low)) low++;
    const found = this.#memo.visit(`${child.id},${this.#placed.name(low, high)}`, child.used);
    this.steps += found.compared >> 3;
    if (!found.seen) {
      this.#push(child, found.visit, low, high);
      return;
    }
    for (const index of child.path.toReversed()) this.#move(index, false);
    this.#learn(frame, child.path, found.visit.conflict);
  }

  /** The frame failed: records why, takes back what led to it, and tells the one above (rule 4). */
  #leave(frame: Frame<S>): void {
    this.#record(frame);
    frame.visit.conflict = frame.conflict;
    this.#stack.pop();
    this.#stackPoints -= frame.points;
    for (const index of frame.entered.toReversed()) this.#move(index, false);
    const above = this.#stack.at(-1);
    if (above) this.#learn(above, frame.entered, frame.conflict);
    else this.#conflict = frame.conflict;
  }

  #learn(frame: Frame<S>, path: readonly number[], conflict: bigint): void {
    frame.dead = !this.#keySets.touch(path, conflict);
    frame.conflict = frame.dead ? conflict : frame.conflict | conflict;
  }

  #move(index: number, place: boolean): void {
    if (place) this.#timeline.place(index);
    else this.#timeline.restore(index);
    if (this.operations[index]!.return === null) return;
    this.#placed.flip(this.#rank[index]!);
    this.#placedCount += place ? 1 : -1;
  }

  /** Every child worth trying; null is a chance to pause. Each child ends with an operation of known outcome. */
  *#children(frame: Frame<S>, start: Point<S>): Generator<Point<S> | null> {
    const enabled = this.#timeline.enabled();
    const reads = enabled.completed.filter((index) => this.#readOnly[index]);
    const read = this.#fitting(start, reads);
    if (read) return yield read; // rule 1; the failure then rests on whatever the child's rests on
    const group = this.#keySets.group(enabled);
    frame.conflict = group.keys;
    const reached = new Map<number, bigint[]>([[start.id, [start.used]]]);
    const points = [start];
    for (const point of points) {
      const newlyFitting = point === start ? undefined : this.#fitting(point, reads);
      if (newlyFitting) {
        yield newlyFitting;
        continue;
      }
      for (const index of group.completed) {
        // A read was tried above, and does not fit; what is not connected can come after, and is tried there.
        if (this.#readOnly[index] || !this.#keySets.connected(point.path, index)) continue;
        const next = this.#step(point, index);
        if (next) yield next;
      }
      for (const index of group.unknown) {
        const next = this.#stepUnknown(point, index);
        const known = next && reached.get(next.id);
        this.steps += (known?.length ?? 0) >> 3;
        if (!next || known?.some((used) => within(used, next.used))) continue;
        if (next.path.length > this.#reach) {
          this.#hidden = true;
          break;
        }
        if (known) known.push(next.used);
        else reached.set(next.id, [next.used]);
        points.push(next);
        frame.points++;
        this.#stackPoints++;
      }
      yield null;
    }
  }

  #fitting(point: Point<S>, reads: readonly number[]): Point<S> | undefined {
    for (const index of reads) {
      const next = this.#step(point, index);
      if (next) return next;
    }
    return undefined;
  }

  #step(point: Point<S>, index: number): Point<S> | undefined {
    this.steps++;
    const { input, output } = this.operations[index]!;
    const { ok, state } = this.model.step(point.state, input, output);
    if (!ok) return undefined;
    const id = state === point.state ? point.id : this.#memo.stateId(this.model.key(state));
    return { state, id, used: point.used, path: [...point.path, index] };
  }

  /** Rule 3: undefined where an operation of unknown outcome is used up, changes nothing, or has its like before it. */
  #stepUnknown(point: Point<S>, index: number): Point<S> | undefined {
    const bit = 1n << BigInt(this.#rank[index]!);
    if ((point.used & bit) !== 0n || !within(this.#before[index]!, point.used)) return undefined;
    const next = this.#step(point, index);
    return next && next.id !== point.id ? { ...next, used: point.used | bit } : undefined;
  }

  #record(frame: Frame<S>): void {
    const { completed, unknown } = this.#timeline.enabled();
    const time = this.operations[completed[0]!]!.return!;
    const best = this.#farthest;
    if (best && (time < best.time || (time === best.time && this.#placedCount >= best.placed))) return;
    const relevant = (index: number) => this.#keySets.touch([index], frame.conflict);
    const take = (indexes: number[]) => indexes.filter(relevant).map((index) => this.operations[index]!);
    let tail: number[] = [];
    for (let depth = this.#stack.length - 1; depth >= 0 && tail.length < MAX_TAIL; depth--) {
      tail = [...this.#stack[depth]!.entered.filter(relevant), ...tail];
    }
    this.#farthest = {
      time,
      placed: this.#placedCount,
      tail: tail.map((index) => this.operations[index]!),
      state: this.model.key(frame.state),
      blocked: take(completed),
      unused: take(unknown),
    };
  }
}
