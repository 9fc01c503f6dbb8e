// A stream: entries in order of their IDs, in runs as Redis keeps them, what was ever added or deleted, and its consumer
// groups. Decides when a run is full and which runs a trim takes away; knows nothing of commands.
import type { Collection } from './entry.js';
import { ConsumerGroup, UNKNOWN } from './stream-groups.js';
import { FIRST_ID, idOf, LAST_ID, msOf } from './stream-id.js';
import { DELETED, type NodeEntry, StreamNode } from './stream-node.js';

/** Redis's stream-node-max-bytes and stream-node-max-entries: a run takes nothing more beyond either. */
const NODE_BYTES = 4096;
export const NODE_ENTRIES = 100;
/** Rough bytes of a stream beside its runs and groups. */
const OVERHEAD = 200;

/** Counters that clients may set to anything go round as Redis's do. */
const wrapped = (value: bigint): bigint => BigInt.asIntN(64, value);

/** What a trim takes away: all but the last so many entries, or those before an ID. */
export interface Trim {
  readonly by: { readonly length: bigint } | { readonly id: bigint };
  /** Only whole runs. */
  readonly approximate: boolean;
  /** Most entries to take away; 0: any number. */
  readonly limit: bigint;
}

/** Entries with fields and values, and groups by name. */
export class Stream implements Collection {
  /** Ascending; each with one entry at least that is not deleted. */
  private readonly nodes: StreamNode[] = [];
  private nodeBytes = 0;
  private groupBytes = 0;
  length = 0;
  /** The greatest ID that was ever used, the least that there is (0-0: none), and the greatest that XDEL deleted. */
  last = FIRST_ID;
  first = FIRST_ID;
  maxDeleted = FIRST_ID;
  /** Entries that were ever added. */
  added = 0n;
  readonly groups = new Map<string, ConsumerGroup>();

  /** Never 0: a stream stays when it has no entries, unlike any other collection. */
  get size(): number {
    return Math.max(1, this.length);
  }
  get held(): number {
    return OVERHEAD + this.nodeBytes + this.groupBytes;
  }
  /** Runs, for XINFO. */
  get runs(): readonly StreamNode[] {
    return this.nodes;
  }
  /** The ID of the last entry that is there; 0-0: none is. */
  get top(): bigint {
    return this.nodes.at(-1)?.last ?? FIRST_ID;
  }

  // ---- entries

  /** The ID that comes after the last one at this time; null: there is none. @param now ms since 1970 */
  nextId(now: number): bigint | null {
    if (this.last === LAST_ID) return null;
    return BigInt(now) > msOf(this.last) ? idOf(BigInt(now), 0n) : this.last + 1n;
  }

  /** Adds an entry, whose ID is greater than `last`. @param pairs fields and values in turn */
  append(id: bigint, pairs: readonly Buffer[]): void {
    let node = this.nodes.at(-1);
    const bytes = pairs.reduce((sum, each) => sum + each.length, 0);
    const full = (of: StreamNode) => of.size + bytes >= NODE_BYTES || of.live + of.deleted >= NODE_ENTRIES;
    if (node === undefined || full(node)) {
      if (node !== undefined) this.resized(node, () => node!.close());
      this.nodes.push((node = StreamNode.begin(id, pairs)));
      this.nodeBytes += node.held;
    }
    const tail = node;
    this.resized(tail, () => tail.append(id, pairs));
    this.length++;
    this.added = wrapped(this.added + 1n);
    this.last = id;
    if (this.length === 1) this.first = id;
  }

  private resized(node: StreamNode, change: () => void): void {
    const before = node.held;
    change();
    this.nodeBytes += node.held - before;
  }

  /** The run in which an ID is, or would be. */
  private nodeOf(id: bigint): number {
    let [low, high] = [0, this.nodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.nodes[middle]!.master <= id) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  find(id: bigint): NodeEntry | undefined {
    return this.nodes[this.nodeOf(id)]?.find(id);
  }

  /** Entries from one ID to another, both included. Nothing may change meanwhile. */
  *range(from: bigint, to: bigint, descending = false): Generator<NodeEntry> {
    if (descending) {
      for (let i = this.nodeOf(to); i >= 0 && i < this.nodes.length; i--) {
        for (const entry of this.nodes[i]!.descending(to)) {
          if (entry.id < from) return;
          yield entry;
        }
      }
      return;
    }
    for (let i = this.nodeOf(from); i < this.nodes.length; i++) {
      for (const entry of this.nodes[i]!.entries(from)) {
        if (entry.id > to) return;
        if ((entry.flags & DELETED) === 0) yield entry;
      }
    }
  }

  /** @returns whether it was there */
  delete(id: bigint): boolean {
    const number = this.nodeOf(id);
    const node = this.nodes[number];
    const entry = node?.find(id);
    if (node === undefined || entry === undefined) return false;
    node.delete(entry);
    if (node.live === 0) this.drop(number, 1);
    this.length--;
    if (id === this.first) this.findFirst();
    if (id > this.maxDeleted) this.maxDeleted = id;
    return true;
  }

  private drop(from: number, count: number): void {
    for (const node of this.nodes.splice(from, count)) this.nodeBytes -= node.held;
  }

  private findFirst(): void {
    this.first = FIRST_ID;
    for (const { id } of this.range(FIRST_ID, LAST_ID)) {
      this.first = id;
      break;
    }
  }

  /** Takes entries away from the front. @returns how many */
  trim({ by, approximate, limit }: Trim): number {
    const whole = (node: StreamNode) =>
      'id' in by ? node.end < by.id : BigInt(this.length - removed - node.live) >= by.length;
    const enough = () => 'length' in by && BigInt(this.length - removed) <= by.length;
    let removed = 0;
    let runs = 0;
    for (const node of this.nodes) {
      if (enough() || (limit > 0n && BigInt(removed + node.live) > limit)) break;
      if (!whole(node)) {
        if (approximate) break;
        for (const entry of node.entries()) {
          if (enough() || ('id' in by && entry.id >= by.id)) break;
          if ((entry.flags & DELETED) !== 0) continue;
          node.delete(entry);
          removed++;
        }
        if (node.live === 0) runs++;
        break;
      }
      removed += node.live;
      runs++;
    }
    this.drop(0, runs);
    this.length -= removed;
    if (removed > 0) this.findFirst();
    return removed;
  }

  // ---- groups

  /** A group of this name, which there was not. */
  addGroup(name: string, last: bigint, read: bigint): ConsumerGroup {
    const group = new ConsumerGroup(name, last, read);
    this.groups.set(name, group);
    this.groupBytes += group.held;
    return group;
  }

  /** @returns whether it was there */
  removeGroup(name: string): boolean {
    const group = this.groups.get(name);
    if (group === undefined) return false;
    this.groups.delete(name);
    this.groupBytes -= group.held;
    return true;
  }

  /** Changes a group of this stream: what it holds is counted anew. */
  change<T>(group: ConsumerGroup, work: () => T): T {
    const before = group.held;
    const result = work();
    this.groupBytes += group.held - before;
    return result;
  }

  /** Whether an entry from this ID on was deleted while others before it and behind it stayed. */
  private fragmented(from: bigint): boolean {
    const { maxDeleted } = this;
    return this.length > 0 && maxDeleted !== FIRST_ID && this.first <= maxDeleted && from <= maxDeleted;
  }

  /** How many of all entries ever added come up to an ID; UNKNOWN where that cannot be told. */
  countUpTo(id: bigint): bigint {
    const { added, length, last, first, maxDeleted } = this;
    if (added === 0n) return 0n;
    if ((length === 0 && id <= last) || id === last) return added;
    if (id > last) return UNKNOWN;
    if (maxDeleted === FIRST_ID || maxDeleted < first) {
      if (id < first) return added - BigInt(length);
      if (id === first) return added - BigInt(length) + 1n;
    }
    return UNKNOWN;
  }

  /** A group is given the entry behind its last one. */
  delivered(group: ConsumerGroup, id: bigint): void {
    if (group.read !== UNKNOWN && !this.fragmented(id)) group.read = wrapped(group.read + 1n);
    else if (this.added !== 0n) group.read = this.countUpTo(id);
    group.last = id;
  }

  /** Entries that a group was not given yet; null: it cannot be told. */
  lag(group: ConsumerGroup): bigint | null {
    if (this.added === 0n) return 0n;
    const known = group.read !== UNKNOWN && !this.fragmented(group.last);
    const read = known ? group.read : this.countUpTo(group.last);
    return read === UNKNOWN ? null : wrapped(this.added - read);
  }

  // ---- made of parts

  /** A stream of runs that were read from elsewhere, in order; the rest of it is set by who read it. */
  static of(nodes: readonly StreamNode[]): Stream {
    const stream = new Stream();
    for (const node of nodes) {
      stream.nodes.push(node);
      stream.nodeBytes += node.held;
      stream.length += node.live;
    }
    stream.findFirst();
    return stream;
  }
}
