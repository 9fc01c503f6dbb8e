// The client's own record of one-shot watches, kept over reconnections: one entry a path and kind.
// After a reconnection every watch fires once as `reconnected`, so nothing is ever set again behind a caller's back.
import type { WatchEvent, Watcher } from './types.js';

/** What is watched: a node's existence and data, or its children. */
export type WatchKind = 'data' | 'children';

/** Who waits for what. */
export class WatchTable {
  readonly #tables: Record<WatchKind, Map<string, Set<Watcher>>> = { data: new Map(), children: new Map() };
  readonly #surprise: (error: unknown) => void;

  /** @param surprise told of what a watcher throws; nothing else happens */
  constructor(surprise: (error: unknown) => void) {
    this.#surprise = surprise;
  }

  /** Paths watched, over both kinds. */
  get size(): number {
    return this.#tables.data.size + this.#tables.children.size;
  }

  /** Registers; the same watcher on the same path counts once. */
  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const set = this.#tables[kind].get(path);
    if (set === undefined) this.#tables[kind].set(path, new Set([watcher]));
    else set.add(watcher);
  }

  /** Forgets a watcher on a path, whatever the kind. */
  remove(path: string, watcher: Watcher): void {
    for (const table of Object.values(this.#tables)) {
      const set = table.get(path);
      set?.delete(watcher);
      if (set?.size === 0) table.delete(path);
    }
  }

  /** Fires what an event concerns; each watcher is called once. */
  fire(event: WatchEvent): void {
    const { type, path } = event;
    const watchers = new Set<Watcher>();
    if (type !== 'children') this.#take('data', path, watchers);
    if (type === 'children' || type === 'deleted') this.#take('children', path, watchers);
    this.#call(watchers, event);
  }

  /** Fires everything, since nobody knows what happened meanwhile. */
  fireAll(): void {
    const paths = new Set([...this.#tables.data.keys(), ...this.#tables.children.keys()]);
    for (const path of paths) {
      const watchers = new Set<Watcher>();
      this.#take('data', path, watchers);
      this.#take('children', path, watchers);
      this.#call(watchers, { type: 'reconnected', path });
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#tables.data.clear();
    this.#tables.children.clear();
  }

  #take(kind: WatchKind, path: string, into: Set<Watcher>): void {
    for (const watcher of this.#tables[kind].get(path) ?? []) into.add(watcher);
    this.#tables[kind].delete(path);
  }

  #call(watchers: Set<Watcher>, event: WatchEvent): void {
    for (const watcher of watchers) {
      try {
        watcher(event);
      } catch (error) {
        this.#surprise(error);
      }
    }
  }
}
