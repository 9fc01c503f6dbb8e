// A map by text that never stands still to grow: beyond some thousand entries it becomes many small ones, each of which
// grows by itself. A Map of a million entries is copied at once when it grows, and whoever waits meanwhile waits long.
// Must never be iterated over while it changes.

/** From so many entries on it is split; copying these takes a few milliseconds. */
const SPLIT = 32 * 1024;
/** Maps that it is split into: each stays below SPLIT entries until there are some millions. */
const PARTS = 256;

/** FNV-1a over the characters, folded: spreads names that differ in a digit. */
function partOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (PARTS - 1);
}

/** A Map whose keys are texts. Entries keep the order in which they came until it is split. */
export class SplitMap<V> {
  /** One map, or PARTS of them. */
  private parts: Map<string, V>[] = [new Map()];
  size = 0;

  private part(name: string): Map<string, V> {
    const { parts } = this;
    return parts.length === 1 ? parts[0]! : parts[partOf(name)]!;
  }

  get(name: string): V | undefined {
    return this.part(name).get(name);
  }
  has(name: string): boolean {
    return this.part(name).has(name);
  }

  set(name: string, value: V): void {
    const part = this.part(name);
    const before = part.size;
    part.set(name, value);
    if (part.size === before) return;
    this.size++;
    if (this.size > SPLIT && this.parts.length === 1) this.split();
  }

  /** @returns whether it was there */
  delete(name: string): boolean {
    if (!this.part(name).delete(name)) return false;
    this.size--;
    return true;
  }

  private split(): void {
    const [whole] = this.parts;
    this.parts = Array.from({ length: PARTS }, () => new Map<string, V>());
    for (const [name, value] of whole!) this.part(name).set(name, value);
  }

  keys(): IterableIterator<string> {
    return this.parts.length === 1 ? this.parts[0]!.keys() : each(this.parts, (part) => part.keys());
  }
  values(): IterableIterator<V> {
    return this.parts.length === 1 ? this.parts[0]!.values() : each(this.parts, (part) => part.values());
  }
  entries(): IterableIterator<[string, V]> {
    return this.parts.length === 1 ? this.parts[0]!.entries() : each(this.parts, (part) => part.entries());
  }
  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  /** The same entries in a map of its own. */
  copy(): SplitMap<V> {
    const copy = new SplitMap<V>();
    copy.parts = this.parts.map((part) => new Map(part));
    copy.size = this.size;
    return copy;
  }
}

function* each<V, T>(
  parts: readonly Map<string, V>[],
  items: (part: Map<string, V>) => Iterable<T>,
): Generator<T> {
  for (const part of parts) yield* items(part);
}
