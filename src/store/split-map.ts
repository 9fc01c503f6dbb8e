// A map by text that never stands still to grow: beyond some thousand entries it becomes many small ones, each of which
// grows by itself. A Map of a million entries is copied at once when it grows, and whoever waits meanwhile waits long.
// Must never be iterated over while it changes.

/** From so many entries on it is split; that takes some milliseconds while its code is cold. */
const SPLIT = 8 * 1024;
/** Maps that it is split into: each stays small until there are some millions of entries. */
const PARTS = 256;

/**
 * Which map each value of a hash belongs to. A map is copied when it outgrows its table, each time it has doubled. Were
 * they all of one size they would do so at the same time; their sizes are spread, evenly by their logarithm, between one
 * and two instead, so that one after the other does.
 */
const PART_OF = Uint8Array.from({ length: 4096 }, (_, i) => Math.floor(PARTS * Math.log2(1 + i / 4096)));

/** FNV-1a over the characters, then steps of MurmurHash3's finalizer, so that names that differ in a digit are spread. */
function partOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return PART_OF[(hash ^ (hash >>> 13)) & (PART_OF.length - 1)]!;
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
