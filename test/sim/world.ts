// Virtual time: one queue of events, in order of their moments, then of their making. Everything that happens in a
// simulated run happens in an event of it. Keeps the run's trace as a hash.
import { Random } from './random.js';

interface Event {
  at: number;
  order: number;
  run: (() => void) | null;
}

/** A broken rule, or a broken assertion of the code under test, at a moment of a run. */
export class Violation extends Error {
  override name = 'Violation';
}

/** FNV-1a over bytes. */
export function hashBytes(bytes: Uint8Array, hash = 0x811c9dc5): number {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

/** Time, events, chance and the trace of one run. */
export class World {
  /** Virtual time, ms. */
  time = 0;
  /** Events run so far. */
  events = 0;
  readonly random: Random;
  /** Called after every event. */
  afterEach: () => void = () => {};
  private readonly heap: Event[] = [];
  private order = 0;
  private hash = 0x811c9dc5;

  /** @param verbose gets every line of the trace. */
  constructor(
    readonly seed: number,
    private readonly verbose: ((line: string) => void) | null = null,
  ) {
    this.random = new Random(seed);
  }

  /** Runs `run` at `time`. @returns what cancels it. */
  at(time: number, run: () => void): () => void {
    const event: Event = { at: Math.max(time, this.time), order: this.order++, run };
    const { heap } = this;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (before(heap[up]!, event)) break;
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = event;
    return () => {
      event.run = null;
    };
  }
  /** Runs `run` after `ms`. */
  after(ms: number, run: () => void): () => void {
    return this.at(this.time + ms, run);
  }

  /** Runs the events up to `time`, or until `enough` says so after one. */
  runUntil(time: number, enough: () => boolean = () => false): void {
    while (this.heap.length > 0 && this.heap[0]!.at <= time) {
      const { at, run } = this.pop();
      this.time = at;
      if (run === null) continue;
      this.events++;
      run();
      this.afterEach();
      if (enough()) return;
    }
    this.time = time;
  }

  /** Adds something observable to the trace. */
  trace(who: string, what: string, detail = 0): void {
    this.hash = Math.imul(this.hash ^ detail ^ Math.round(this.time * 1000), 0x01000193);
    for (let i = 0; i < who.length; i++) this.hash = Math.imul(this.hash ^ who.charCodeAt(i), 0x01000193);
    for (let i = 0; i < what.length; i++) this.hash = Math.imul(this.hash ^ what.charCodeAt(i), 0x01000193);
    this.note(() => `${who} ${what}`);
  }
  /** Says something to people only: the trace's hash does not know of it. */
  note(text: () => string): void {
    this.verbose?.(`${this.time.toFixed(3).padStart(10)} ${text()}`);
  }
  get traceHash(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  private pop(): Event {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= size) break;
      if (down + 1 < size && before(heap[down + 1]!, heap[down]!)) down++;
      if (before(last, heap[down]!)) break;
      heap[i] = heap[down]!;
      i = down;
    }
    heap[i] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
