// Who waits for which key to have something to pop, in which order, and whose turn it is: one line for each that is
// waited for, over all routers; several may be about one key (consumer groups of a stream; each reader by itself). Only
// the first of a line is told; one that does not come in time is passed over, and keeps its place.
// Pure. Must never tell a second one while the first may still come, and never forget one that waits.

/** Registrations of one primary, and keys in all of them together, at most. */
const MAX_WAITERS = 100_000;
const MAX_PLACES = 1_000_000;
/** How long the first of a line may take to come after it was told; then the next one is told, ms. */
const PATIENCE_MS = 1000;

/** One that waits, on lane L, for the first of some keys. */
interface Waiter<L> {
  readonly lane: L;
  /** Unique on its lane. */
  readonly id: number;
  /** Since when it has waited, ms of the group's clock; of those that are equal, who came first. */
  readonly since: number;
  readonly serial: number;
  readonly names: readonly string[];
}

/** Those that wait for one key, longest first. */
interface Line<L> {
  readonly waiters: Waiter<L>[];
  told: Waiter<L> | null;
  toldAt: number;
  /** Those that were told and did not come. */
  readonly passed: Set<Waiter<L>>;
}

/** What the lines need. */
export interface LinesOwner<L> {
  /** Whether there is something for the first of this line now. */
  ready(name: string): boolean;
  /** The key that a line is about. */
  keyOf(name: string): string;
  /** Tells one that it is its turn, for the key at this position of those that it waits for. */
  tell(lane: L, id: number, position: number): void;
}

/** All lines of one primary. They and keys go by names that the owner gives them. */
export class BlockingLines<L> {
  private readonly lines = new Map<string, Line<L>>();
  /** Lines by the key that they are about. */
  private readonly byKey = new Map<string, Set<string>>();
  private readonly lanes = new Map<L, Map<number, Waiter<L>>>();
  /** Lines to be looked at, and those where somebody was told. */
  private readonly due = new Set<string>();
  private readonly telling = new Set<string>();
  /** Lines whose key is gone. */
  private readonly gone = new Set<string>();
  private serials = 0;
  private places = 0;
  size = 0;

  constructor(private readonly owner: LinesOwner<L>) {}

  /** Since when this one has waited; undefined: it does not. */
  sinceOf(lane: L, id: number): number | undefined {
    return this.lanes.get(lane)?.get(id)?.since;
  }

  /** Whether somebody else who waits for the key comes before one that has waited since then. */
  ahead(name: string, lane: L, id: number, since: number): boolean {
    const line = this.lines.get(name);
    if (line === undefined) return false;
    for (const waiter of line.waiters) {
      if (waiter.lane === lane && waiter.id === id) return false;
      if (waiter.since > since) return false;
      if (!line.passed.has(waiter)) return true;
    }
    return false;
  }

  /** Puts one into the lines of these keys, behind those that have waited as long. @returns false: there is no room */
  add(lane: L, id: number, since: number, names: readonly string[]): boolean {
    this.remove(lane, id);
    const own = [...new Set(names)];
    if (this.size >= MAX_WAITERS || this.places + own.length > MAX_PLACES) return false;
    const waiter: Waiter<L> = { lane, id, since, serial: ++this.serials, names };
    let ofLane = this.lanes.get(lane);
    if (ofLane === undefined) this.lanes.set(lane, (ofLane = new Map()));
    ofLane.set(id, waiter);
    this.size++;
    this.places += own.length;
    for (const name of own) {
      let line = this.lines.get(name);
      if (line === undefined) {
        line = { waiters: [], told: null, toldAt: 0, passed: new Set() };
        this.lines.set(name, line);
        this.index(name);
      }
      line.waiters.splice(placeOf(line.waiters, waiter), 0, waiter);
      this.due.add(name);
    }
    return true;
  }

  private index(name: string): void {
    const key = this.owner.keyOf(name);
    const names = this.byKey.get(key);
    if (names === undefined) this.byKey.set(key, new Set([name]));
    else names.add(name);
  }

  private unindex(name: string): void {
    this.lines.delete(name);
    const key = this.owner.keyOf(name);
    const names = this.byKey.get(key)!;
    names.delete(name);
    if (names.size === 0) this.byKey.delete(key);
  }

  /** It waits no more. */
  remove(lane: L, id: number): void {
    const ofLane = this.lanes.get(lane);
    const waiter = ofLane?.get(id);
    if (ofLane === undefined || waiter === undefined) return;
    ofLane.delete(id);
    if (ofLane.size === 0) this.lanes.delete(lane);
    this.size--;
    for (const name of new Set(waiter.names)) {
      this.places--;
      const line = this.lines.get(name)!;
      line.waiters.splice(placeOf(line.waiters, waiter), 1);
      line.passed.delete(waiter);
      if (line.told === waiter) line.told = null;
      if (line.waiters.length > 0) this.due.add(name);
      else this.unindex(name);
    }
  }

  /** Nobody of this lane waits any more. */
  drop(lane: L): void {
    for (const id of [...(this.lanes.get(lane)?.keys() ?? [])]) this.remove(lane, id);
  }

  /** Nobody waits any more. @returns the lanes of those that did */
  clear(): L[] {
    const lanes = [...this.lanes.keys()];
    this.lanes.clear();
    this.lines.clear();
    this.byKey.clear();
    this.gone.clear();
    this.due.clear();
    this.telling.clear();
    this.size = 0;
    this.places = 0;
    return lanes;
  }

  /** The key has been created, replaced or added to. */
  filled(key: string): void {
    for (const name of this.byKey.get(key) ?? []) this.due.add(name);
  }

  /** The key is gone: everybody in those of its lines for which that matters is told. */
  lost(key: string, matters: (name: string) => boolean): void {
    for (const name of this.byKey.get(key) ?? []) if (matters(name)) this.gone.add(name);
  }

  /** Keys that anybody waits for. */
  keys(): Iterable<string> {
    return this.byKey.keys();
  }

  /** It came and found nothing: it may be told again. */
  missed(lane: L, id: number): void {
    const waiter = this.lanes.get(lane)?.get(id);
    for (const name of waiter?.names ?? []) {
      const line = this.lines.get(name)!;
      line.passed.delete(waiter!);
      if (line.told === waiter) line.told = null;
      this.due.add(name);
    }
  }

  /** Tells those whose turn it is. @param now ms of a clock that does not go back */
  look(now: number): void {
    if (this.gone.size > 0) this.tellGone();
    if (this.due.size === 0) return;
    const names = [...this.due];
    this.due.clear();
    for (const name of names) {
      const line = this.lines.get(name);
      if (line !== undefined) this.lookAt(name, line, now);
    }
  }

  private tellGone(): void {
    const names = [...this.gone];
    this.gone.clear();
    for (const name of names) {
      for (const { lane, id, names } of this.lines.get(name)?.waiters ?? [])
        this.owner.tell(lane, id, names.indexOf(name));
    }
  }

  private lookAt(name: string, line: Line<L>, now: number): void {
    if (!this.owner.ready(name)) {
      line.told = null;
      line.passed.clear();
      return;
    }
    let next = line.waiters.find((waiter) => !line.passed.has(waiter));
    if (next === undefined) {
      // Everybody was passed over once: from the front again.
      line.passed.clear();
      next = line.waiters[0]!;
    }
    if (next === line.told) return;
    line.told = next;
    line.toldAt = now;
    this.telling.add(name);
    this.owner.tell(next.lane, next.id, next.names.indexOf(name));
  }

  /** Called now and then: who was told and has not come is passed over. */
  expire(now: number): void {
    for (const name of this.telling) {
      const line = this.lines.get(name);
      if (line === undefined || line.told === null) this.telling.delete(name);
      else if (now - line.toldAt >= PATIENCE_MS) {
        line.passed.add(line.told);
        line.told = null;
        this.due.add(name);
      }
    }
  }
}

/** Where one stands in a line, or would stand. */
function placeOf<L>(waiters: readonly Waiter<L>[], { since, serial }: Waiter<L>): number {
  let [low, high] = [0, waiters.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = waiters[middle]!;
    if (other.since < since || (other.since === since && other.serial < serial)) low = middle + 1;
    else high = middle;
  }
  return low;
}
