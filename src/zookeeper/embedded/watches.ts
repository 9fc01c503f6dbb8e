// The embedded server's one-shot watches: who is told of which event. Pure; W is a connection.
// Data and child watches are two tables, as in the real server; one bound for each watcher.
import { EventType } from './codes.js';
import type { TreeEvent } from './tree.js';

/** Which of the two tables. */
export type WatchKind = 'data' | 'child';

class WatchIndex<W> {
  readonly byPath = new Map<string, Set<W>>();

  add(path: string, watcher: W): boolean {
    const set = this.byPath.get(path);
    if (set === undefined) {
      this.byPath.set(path, new Set([watcher]));
      return true;
    }
    if (set.has(watcher)) return false;
    set.add(watcher);
    return true;
  }
  take(path: string): Set<W> {
    const set = this.byPath.get(path) ?? new Set<W>();
    this.byPath.delete(path);
    return set;
  }
  drop(path: string, watcher: W): void {
    const set = this.byPath.get(path);
    set?.delete(watcher);
    if (set?.size === 0) this.byPath.delete(path);
  }
}

/** All watches of the server. */
export class Watches<W> {
  readonly #tables: Record<WatchKind, WatchIndex<W>> = { data: new WatchIndex(), child: new WatchIndex() };
  readonly #held = new Map<W, Set<string>>();
  readonly #limit: number;

  /** @param limit most watches of one watcher; more are refused */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Registers a watch; false when the watcher has too many. */
  add(kind: WatchKind, path: string, watcher: W): boolean {
    let held = this.#held.get(watcher);
    if (held === undefined) this.#held.set(watcher, (held = new Set()));
    if (held.size >= this.#limit) return false;
    if (this.#tables[kind].add(path, watcher)) held.add(`${kind}:${path}`);
    return true;
  }

  /** Fires and forgets the watches of an event; each watcher is named once. */
  trigger(event: TreeEvent): Set<W> {
    const { type, path } = event;
    const fired = new Set<W>();
    if (type !== EventType.childrenChanged) this.#fire('data', path, fired);
    if (type === EventType.childrenChanged || type === EventType.deleted) this.#fire('child', path, fired);
    return fired;
  }

  /** Forgets everything of a watcher that has gone. */
  forget(watcher: W): void {
    for (const key of this.#held.get(watcher) ?? []) {
      const kind: WatchKind = key.startsWith('data:') ? 'data' : 'child';
      this.#tables[kind].drop(key.slice(kind.length + 1), watcher);
    }
    this.#held.delete(watcher);
  }

  #fire(kind: WatchKind, path: string, fired: Set<W>): void {
    for (const watcher of this.#tables[kind].take(path)) {
      this.#held.get(watcher)?.delete(`${kind}:${path}`);
      fired.add(watcher);
    }
  }
}
