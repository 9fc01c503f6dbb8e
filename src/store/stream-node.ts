// A run of entries of a stream, packed as Redis packs them: the elements of a listpack, with IDs as differences from the
// run's first one, and fields left out where they are those of that first one. Decides nothing about when a run ends.
import { Buffer } from 'node:buffer';
import {
  elementEnd,
  integerAt,
  integerSize,
  LISTPACK_END,
  LISTPACK_HEAD,
  ListpackWriter,
  textAt,
} from './listpack.js';
import { idOf, msOf, seqOf } from './stream-id.js';

/** Flags of an entry. */
export const DELETED = 1;
export const SAME_FIELDS = 2;

/** Bytes that a new run has room for. */
const ROOM = 256;
/** Rough bytes of a run beside its elements. */
const OVERHEAD = 200;

/** An entry and where it stands; good until the run changes. */
export interface NodeEntry {
  readonly node: StreamNode;
  readonly id: bigint;
  readonly flags: number;
  /** Offsets: of the flags, of what follows the ID, of the next entry. */
  readonly at: number;
  readonly body: number;
  readonly end: number;
}

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);

/** A run. `live` and `deleted` stand in front of the elements where it is written as a whole. */
export class StreamNode {
  private readonly writer: ListpackWriter;
  private readonly ms: bigint;
  private readonly seq: bigint;
  /** Where the first entry begins. */
  private head = 0;
  live = 0;
  deleted = 0;
  /** Elements in `writer`. */
  private elements = 0;
  /** Last ID of those that are not deleted, and of all. */
  last: bigint;
  end: bigint;

  private constructor(
    readonly master: bigint,
    bytes: Buffer,
    used: number,
    /** Fields of the first entry. */
    private readonly fields: number,
  ) {
    this.ms = msOf(master);
    this.seq = seqOf(master);
    this.last = this.end = master;
    this.writer = new ListpackWriter(bytes, used);
  }

  /** A run without entries, whose first one will have this ID and these fields: every second one of `pairs`. */
  static begin(master: bigint, pairs: readonly Buffer[]): StreamNode {
    const node = new StreamNode(master, Buffer.allocUnsafeSlow(ROOM), 0, pairs.length / 2);
    const { writer } = node;
    writer.integer(pairs.length / 2);
    for (let i = 0; i < pairs.length; i += 2) writer.text(pairs[i]!);
    writer.integer(0);
    node.head = writer.used;
    node.elements = pairs.length / 2 + 2;
    return node;
  }

  /** Bytes of memory that it holds, without the room that the last run of a stream has left. */
  get held(): number {
    return OVERHEAD + this.writer.used;
  }
  /** Bytes that it takes as a listpack. */
  get size(): number {
    const counts = integerSize(this.live) + integerSize(this.deleted) + 2;
    return LISTPACK_HEAD + counts + this.writer.used + 1;
  }

  private sameFields(pairs: readonly Buffer[]): boolean {
    if (pairs.length !== 2 * this.fields) return false;
    const { bytes } = this.writer;
    let at = elementEnd(bytes, 0);
    for (let i = 0; i < pairs.length; i += 2, at = elementEnd(bytes, at)) {
      const field = textAt(bytes, at);
      const given = pairs[i]!;
      if (typeof field === 'string' ? given.latin1Slice() !== field : !given.equals(field)) return false;
    }
    return true;
  }

  /** Adds an entry, whose ID is greater than any before it. */
  append(id: bigint, pairs: readonly Buffer[]): void {
    const { writer } = this;
    const same = this.sameFields(pairs);
    const count = pairs.length / 2;
    writer.integer(same ? SAME_FIELDS : 0);
    writer.integer(signed(msOf(id) - this.ms));
    writer.integer(signed(seqOf(id) - this.seq));
    if (!same) writer.integer(count);
    for (let i = same ? 1 : 0; i < pairs.length; i += same ? 2 : 1) writer.text(pairs[i]!);
    const elements = 3 + (same ? count : 2 * count + 1);
    writer.integer(elements);
    this.elements += elements + 1;
    this.live++;
    this.last = this.end = id;
  }

  /** Nothing is added any more: room that is left is given back. */
  close(): void {
    const { bytes, used } = this.writer;
    if (bytes.length === used) return;
    const exact = Buffer.allocUnsafeSlow(used);
    bytes.copy(exact, 0, 0, used);
    this.writer.bytes = exact;
  }

  private entryAt(at: number): NodeEntry {
    const { bytes } = this.writer;
    const msAt = elementEnd(bytes, at);
    const seqAt = elementEnd(bytes, msAt);
    const body = elementEnd(bytes, seqAt);
    const ms = unsigned(this.ms + BigInt(integerAt(bytes, msAt)));
    const seq = unsigned(this.seq + BigInt(integerAt(bytes, seqAt)));
    const flags = bytes[at]!;
    return { node: this, id: idOf(ms, seq), flags, at, body, end: this.endOf(flags, body) };
  }

  private endOf(flags: number, body: number): number {
    const { bytes } = this.writer;
    let at = body;
    let left = this.fields;
    if ((flags & SAME_FIELDS) === 0) {
      left = 2 * Number(integerAt(bytes, at));
      at = elementEnd(bytes, at);
    }
    for (; left > 0; left--) at = elementEnd(bytes, at);
    return elementEnd(bytes, at);
  }

  /** Where the first entry with this ID or a greater one begins. */
  private seek(id: bigint): number {
    const { bytes, used } = this.writer;
    if (id <= this.master) return this.head;
    const ms = Number(msOf(id) - this.ms);
    const seq = Number(seqOf(id) - this.seq);
    const first = Number(this.seq);
    const exact = [ms, seq, first].every(Number.isSafeInteger);
    for (let at = this.head; at < used; ) {
      const msAt = elementEnd(bytes, at);
      const seqAt = elementEnd(bytes, msAt);
      const [a, b] = [integerAt(bytes, msAt), integerAt(bytes, seqAt)];
      // Differences that do not fit into 63 bits have wrapped around: then the IDs themselves are compared.
      const plain = exact && typeof a === 'number' && typeof b === 'number' && a >= 0 && first + b >= 0;
      if (plain ? a > ms || (a === ms && b >= seq) : this.entryAt(at).id >= id) return at;
      at = this.endOf(bytes[at]!, elementEnd(bytes, seqAt));
    }
    return used;
  }

  /** Entries from an ID on, deleted ones included, ascending. An entry given may be deleted meanwhile. */
  *entries(from = this.master): Generator<NodeEntry> {
    for (let at = this.seek(from); at < this.writer.used; ) {
      const entry = this.entryAt(at);
      yield entry;
      at = entry.end;
    }
  }

  /** Entries up to an ID that are not deleted, descending. */
  descending(to: bigint): NodeEntry[] {
    const found: NodeEntry[] = [];
    for (const entry of this.entries()) {
      if (entry.id > to) break;
      if ((entry.flags & DELETED) === 0) found.push(entry);
    }
    return found.reverse();
  }

  /** The entry of this ID; undefined: there is none, or it is deleted. */
  find(id: bigint): NodeEntry | undefined {
    const at = this.seek(id);
    if (at >= this.writer.used) return undefined;
    const entry = this.entryAt(at);
    return entry.id === id && (entry.flags & DELETED) === 0 ? entry : undefined;
  }

  /** Gives the fields and values of an entry, in turn: views, not to be kept. @returns how many times 2 */
  texts({ flags, body }: NodeEntry, give: (text: Buffer | string) => void): void {
    const { bytes } = this.writer;
    let at = body;
    if ((flags & SAME_FIELDS) === 0) {
      at = elementEnd(bytes, at);
      for (let left = this.count({ flags, body }); left > 0; left--, at = elementEnd(bytes, at))
        give(textAt(bytes, at));
      return;
    }
    let name = elementEnd(bytes, 0);
    for (let i = 0; i < this.fields; i++) {
      give(textAt(bytes, name));
      give(textAt(bytes, at));
      name = elementEnd(bytes, name);
      at = elementEnd(bytes, at);
    }
  }

  /** How many texts texts() gives. */
  count({ flags, body }: Pick<NodeEntry, 'flags' | 'body'>): number {
    if ((flags & SAME_FIELDS) !== 0) return 2 * this.fields;
    return 2 * Number(integerAt(this.writer.bytes, body));
  }

  /** Marks an entry that is not deleted. */
  delete({ at, id, flags }: NodeEntry): void {
    this.writer.bytes[at] = flags | DELETED;
    this.live--;
    this.deleted++;
    if (id !== this.last || this.live === 0) return;
    for (const entry of this.entries()) if ((entry.flags & DELETED) === 0) this.last = entry.id;
  }

  // ---- as a listpack

  /** The whole, as Redis keeps it. */
  listpack(): Buffer {
    const counts = new ListpackWriter(Buffer.allocUnsafe(16));
    counts.integer(this.live);
    counts.integer(this.deleted);
    const { bytes, used } = this.writer;
    const whole = Buffer.allocUnsafe(LISTPACK_HEAD + counts.used + used + 1);
    whole.writeUInt32LE(whole.length, 0);
    whole.writeUInt16LE(Math.min(this.elements + 2, 0xffff), 4);
    counts.bytes.copy(whole, LISTPACK_HEAD, 0, counts.used);
    bytes.copy(whole, LISTPACK_HEAD + counts.used, 0, used);
    whole[whole.length - 1] = LISTPACK_END;
    return whole;
  }

  /**
   * A run of elements that were checked (stream-listpack.ts); they are copied.
   * @param head where the entries begin in `body`
   */
  static of(
    master: bigint,
    body: Buffer,
    facts: {
      head: number;
      fields: number;
      elements: number;
      live: number;
      deleted: number;
      last: bigint;
      end: bigint;
    },
  ): StreamNode {
    const bytes = Buffer.allocUnsafeSlow(body.length);
    body.copy(bytes);
    const node = new StreamNode(master, bytes, bytes.length, facts.fields);
    node.head = facts.head;
    node.elements = facts.elements;
    node.live = facts.live;
    node.deleted = facts.deleted;
    node.last = facts.last;
    node.end = facts.end;
    return node;
  }
}
