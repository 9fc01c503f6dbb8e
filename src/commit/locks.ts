// Who may touch which key while transactions over several groups are under way. All keys of a request at once or
// none; first come, first served per key; shared for reads, exclusive for writes. A plain command that meets a lock
// waits here as a request of its own. Must never execute anything: it says who may go on.

/** One key (any name, unique over databases) and how it is wanted. */
export interface LockKey {
  key: string;
  exclusive: boolean;
}

/** A request for keys, granted or waiting. */
export interface LockRequest<T> {
  /** What the owner wants to find again when the grant comes. */
  readonly owner: T;
  readonly keys: readonly LockKey[];
  /** The whole keyspace instead of single keys. */
  readonly everything: boolean;
  granted: boolean;
}

interface Held<T> extends LockRequest<T> {
  keys: readonly LockKey[];
  readonly order: number;
  /** Where it stands among all. */
  at: number;
  /** What stands in the queues of its keys: no object is made for each. */
  readonly shared: Place<T>;
  readonly exclusive: Place<T>;
}

/** A request in the queue of a key. */
interface Place<T> {
  readonly held: Held<T>;
  readonly exclusive: boolean;
}

/** Of one key, in order of arrival, granted or waiting. Most keys have one. */
type Queue<T> = Place<T> | Place<T>[];

/** The locks of one primary. */
export class LockTable<T> {
  private readonly queues = new Map<string, Queue<T>>();
  /** Every request, each where its `at` says. No Set: it would keep what was deleted (see txn-map.ts). */
  private readonly all: Held<T>[] = [];
  /** Keys that nobody may write for a while, see hold(). */
  private readonly still = new Set<string>();
  private everythings = 0;
  private order = 0;

  /** Number of requests, granted or waiting, and of keys held: 0 means that no command can meet a lock. */
  get size(): number {
    return this.all.length + this.still.size;
  }

  /** Whether the whole keyspace is locked, or wanted. */
  get lockedEverything(): boolean {
    return this.everythings > 0;
  }
  /** Names of all keys that are locked, or wanted. */
  names(): IterableIterator<string> {
    return this.queues.keys();
  }

  /** Requests that are granted, in order of arrival. */
  *granted(): Generator<LockRequest<T>> {
    for (const held of [...this.all].sort(byArrival)) if (held.granted) yield held;
  }

  /** Whether a plain command on `key` must wait: somebody holds the key, or waited for it before, incompatibly. */
  blocks(key: string, exclusive: boolean): boolean {
    if (this.everythings > 0) return true;
    const queue = this.queues.get(key);
    if (queue === undefined) return exclusive && this.still.has(key);
    if (exclusive) return true;
    // What waits for a key that is held may be overtaken by reads: they change nothing, and the hold ends by itself.
    const held = this.still.has(key);
    return placesOf(queue).some((place) => place.exclusive && (!held || place.held.granted));
  }

  /**
   * Nobody writes this key from now on, while it is read as ever, until unhold(). For a short while only: no request waits
   * for it to end and then for another. @returns false: somebody has it, or wants it, exclusively; nothing is held
   */
  hold(key: string): boolean {
    if (this.everythings > 0 || this.still.has(key)) return false;
    if (placesOf(this.queues.get(key)).some((place) => place.exclusive)) return false;
    this.still.add(key);
    return true;
  }
  /** The end of a hold. @returns requests that are granted by this, in order of arrival; `granted` is already true */
  unhold(key: string): LockRequest<T>[] {
    if (!this.still.delete(key)) return [];
    if (this.everythings > 0) return this.grant(this.all);
    return this.grant(placesOf(this.queues.get(key)).map(({ held }) => held));
  }

  /**
   * Asks for keys (an empty list with `everything`: the whole keyspace, exclusively). Duplicates are joined. The list is
   * kept, and must not be changed any more.
   * @returns the request; `granted` says whether its owner may go on now.
   */
  request(owner: T, keys: readonly LockKey[], everything = false): LockRequest<T> {
    const held = this.begin(owner, keys, everything);
    let twice = false;
    for (const { key, exclusive } of keys) {
      if (!this.enqueue(key, exclusive ? held.exclusive : held.shared)) twice = true;
    }
    if (twice) held.keys = joined(keys);
    held.granted = this.grantable(held);
    return held;
  }

  private begin(owner: T, keys: readonly LockKey[], everything: boolean): Held<T> {
    const { length: at } = this.all;
    const held = { owner, keys, everything, granted: false, order: this.order++, at } as Mutable<Held<T>>;
    held.shared = { held, exclusive: false };
    held.exclusive = { held, exclusive: true };
    this.all.push(held);
    if (everything) this.everythings++;
    return held;
  }

  /** @returns false: the request stands there already */
  private enqueue(key: string, place: Place<T>): boolean {
    const queue = this.queues.get(key);
    if (queue === undefined) {
      this.queues.set(key, place);
      return true;
    }
    const last = Array.isArray(queue) ? queue[queue.length - 1]! : queue;
    if (last.held === place.held) {
      if (place.exclusive && !last.exclusive) {
        if (Array.isArray(queue)) queue[queue.length - 1] = place;
        else this.queues.set(key, place);
      }
      return false;
    }
    if (Array.isArray(queue)) queue.push(place);
    else this.queues.set(key, [queue, place]);
    return true;
  }

  /**
   * Adds keys to a request that is granted, exclusively, if nobody has or wants any of them. Duplicates are joined.
   * @returns false: nothing has changed
   */
  extend(request: LockRequest<T>, keys: readonly LockKey[]): boolean {
    if (keys.length === 0) return true;
    if (this.everythings > 0) return false;
    for (const { key } of keys) if (this.queues.has(key) || this.still.has(key)) return false;
    const held = request as Held<T>;
    const all = [...held.keys];
    for (const each of keys) if (this.enqueue(each.key, held.exclusive)) all.push(each);
    held.keys = all;
    return true;
  }

  /**
   * Gives a request up, granted or not.
   * @returns requests that are granted by this, in order of arrival; their `granted` is already true.
   */
  release(request: LockRequest<T>): LockRequest<T>[] {
    const held = request as Held<T>;
    if (this.all[held.at] !== held) return [];
    const last = this.all.pop()!;
    if (last !== held) {
      this.all[held.at] = last;
      last.at = held.at;
    }
    held.granted = false;
    if (held.everything) this.everythings--;
    const candidates = new Set<Held<T>>();
    const { keys } = held;
    // V8 may keep the request for a while, since `queues` did; not what it was about.
    held.keys = NONE;
    for (const { key } of keys) {
      const queue = this.queues.get(key)!;
      if (!Array.isArray(queue)) {
        this.queues.delete(key);
        continue;
      }
      queue.splice(
        queue.findIndex((place) => place.held === held),
        1,
      );
      if (queue.length === 1) this.queues.set(key, queue[0]!);
      for (const other of queue) candidates.add(other.held);
    }
    // A lock on everything may have stood before anybody, and anybody before it.
    if (held.everything || this.everythings > 0) for (const other of this.all) candidates.add(other);
    return candidates.size === 0 ? [] : this.grant(candidates);
  }

  private grant(candidates: Iterable<Held<T>>): LockRequest<T>[] {
    const granted: Held<T>[] = [];
    for (const other of [...candidates].sort(byArrival)) {
      if (other.granted || !this.grantable(other)) continue;
      other.granted = true;
      granted.push(other);
    }
    return granted;
  }

  private grantable(held: Held<T>): boolean {
    if (this.still.size > 0) {
      if (held.everything) return false;
      if (held.keys.some(({ key, exclusive }) => exclusive && this.still.has(key))) return false;
    }
    if (this.everythings > 0) {
      for (const other of this.all) {
        if (other.order < held.order && (held.everything || other.everything)) return false;
      }
    }
    for (const { key } of held.keys) {
      const queue = this.queues.get(key)!;
      if (!Array.isArray(queue)) continue;
      const own = queue.find((place) => place.held === held)!;
      for (const other of queue) {
        if (other === own) break;
        if (own.exclusive || other.exclusive) return false;
      }
    }
    return true;
  }
}

const NONE: readonly LockKey[] = [];

const byArrival = (a: { order: number }, b: { order: number }): number => a.order - b.order;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function placesOf<T>(queue: Queue<T> | undefined): readonly Place<T>[] {
  if (queue === undefined) return [];
  return Array.isArray(queue) ? queue : [queue];
}

/** Each key once, exclusively if it is named so anywhere. */
function joined(keys: readonly LockKey[]): LockKey[] {
  const all = new Map<string, boolean>();
  for (const { key, exclusive } of keys) all.set(key, exclusive || all.get(key) === true);
  return [...all].map(([key, exclusive]) => ({ key, exclusive }));
}
