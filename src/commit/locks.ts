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
}

/** The locks of one primary. */
export class LockTable<T> {
  /** Per key: requests in order of arrival, granted or waiting. */
  private readonly queues = new Map<string, Held<T>[]>();
  /** Every request, in order of arrival. */
  private readonly all = new Set<Held<T>>();
  /** Keys that nobody may write for a while, see hold(). */
  private readonly still = new Set<string>();
  private everythings = 0;
  private order = 0;

  /** Number of requests, granted or waiting, and of keys held: 0 means that no command can meet a lock. */
  get size(): number {
    return this.all.size + this.still.size;
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
    for (const held of this.all) if (held.granted) yield held;
  }

  /** Whether a plain command on `key` must wait: somebody holds the key, or waited for it before, incompatibly. */
  blocks(key: string, exclusive: boolean): boolean {
    if (this.everythings > 0) return true;
    const queue = this.queues.get(key);
    if (queue === undefined) return exclusive && this.still.has(key);
    // What waits for a key that is held may be overtaken by reads: they change nothing, and the hold ends by itself.
    const counts = this.still.has(key) ? queue.filter(({ granted }) => granted) : queue;
    return exclusive || counts.some((held) => modeOf(held, key));
  }

  /**
   * Nobody writes this key from now on, while it is read as ever, until unhold(). For a short while only: no request waits
   * for it to end and then for another. @returns false: somebody has it, or wants it, exclusively; nothing is held
   */
  hold(key: string): boolean {
    if (this.everythings > 0 || this.still.has(key)) return false;
    if (this.queues.get(key)?.some((held) => modeOf(held, key))) return false;
    this.still.add(key);
    return true;
  }
  /** The end of a hold. @returns requests that are granted by this, in order of arrival; `granted` is already true */
  unhold(key: string): LockRequest<T>[] {
    if (!this.still.delete(key)) return [];
    return this.grant(this.everythings > 0 ? this.all : (this.queues.get(key) ?? []));
  }

  /**
   * Asks for keys (an empty list with `everything`: the whole keyspace, exclusively). Duplicates are joined.
   * @returns the request; `granted` says whether its owner may go on now.
   */
  request(owner: T, keys: readonly LockKey[], everything = false): LockRequest<T> {
    const joined = new Map<string, boolean>();
    for (const { key, exclusive } of keys) joined.set(key, exclusive || joined.get(key) === true);
    const held: Held<T> = {
      owner,
      keys: [...joined].map(([key, exclusive]) => ({ key, exclusive })),
      everything,
      granted: false,
      order: this.order++,
    };
    this.all.add(held);
    if (everything) this.everythings++;
    for (const { key } of held.keys) {
      const queue = this.queues.get(key);
      if (queue === undefined) this.queues.set(key, [held]);
      else queue.push(held);
    }
    held.granted = this.grantable(held);
    return held;
  }

  /**
   * Adds keys to a request that is granted, exclusively, if nobody has or wants any of them.
   * @returns false: nothing has changed
   */
  extend(request: LockRequest<T>, names: ReadonlySet<string>): boolean {
    if (names.size === 0) return true;
    if (this.everythings > 0) return false;
    for (const name of names) if (this.queues.has(name) || this.still.has(name)) return false;
    const held = request as Held<T>;
    const keys = [...held.keys];
    for (const name of names) {
      this.queues.set(name, [held]);
      keys.push({ key: name, exclusive: true });
    }
    held.keys = keys;
    return true;
  }

  /**
   * Gives a request up, granted or not.
   * @returns requests that are granted by this, in order of arrival; their `granted` is already true.
   */
  release(request: LockRequest<T>): LockRequest<T>[] {
    const held = request as Held<T>;
    if (!this.all.delete(held)) return [];
    held.granted = false;
    if (held.everything) this.everythings--;
    const candidates = new Set<Held<T>>();
    for (const { key } of held.keys) {
      const queue = this.queues.get(key)!;
      queue.splice(queue.indexOf(held), 1);
      if (queue.length === 0) this.queues.delete(key);
      else for (const other of queue) candidates.add(other);
    }
    // A lock on everything may have stood before anybody, and anybody before it.
    if (held.everything || this.everythings > 0) for (const other of this.all) candidates.add(other);
    return this.grant(candidates);
  }

  private grant(candidates: Iterable<Held<T>>): LockRequest<T>[] {
    const granted: Held<T>[] = [];
    for (const other of [...candidates].sort((a, b) => a.order - b.order)) {
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
        if (other.order >= held.order) break;
        if (held.everything || other.everything) return false;
      }
    }
    for (const { key, exclusive } of held.keys) {
      for (const other of this.queues.get(key)!) {
        if (other.order >= held.order) break;
        if (exclusive || modeOf(other, key)) return false;
      }
    }
    return true;
  }
}

function modeOf<T>(held: LockRequest<T>, key: string): boolean {
  return held.keys.some((wanted) => wanted.key === key && wanted.exclusive);
}
