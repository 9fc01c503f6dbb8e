// A list: its elements in chunks, so that both ends are pushed and popped in O(1), and an index is found by passing
// over chunks from the nearer end. Decides what it costs in memory; knows nothing of commands. Changed in place.
import type { Collection, StringValue } from './entry.js';
import { isPacked, pack, unpack } from './packed.js';
import type { Gathering } from './piecewise.js';
import { heldBytes } from './value.js';

/** Most elements of a chunk. */
const FULL = 256;
/** Rough bytes of a list, and of an element beside its own. */
const OVERHEAD = 96;
const ELEMENT_OVERHEAD = 24;

/** Elements are kept as strings are: of equal bytes, both are text or both are Buffers. */
function equal(a: StringValue, b: StringValue): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.equals(b);
}

/** Which end. */
export type End = 'left' | 'right';

export class List implements Collection {
  /** None of them is empty. */
  private chunks: StringValue[][] = [];
  size = 0;
  held = OVERHEAD;

  // ---- the ends

  push(end: End, value: StringValue): void {
    const { chunks } = this;
    if (end === 'left') {
      const first = chunks[0];
      if (first === undefined || first.length >= FULL) chunks.unshift([value]);
      else first.unshift(value);
    } else {
      const last = chunks.at(-1);
      if (last === undefined || last.length >= FULL) chunks.push([value]);
      else last.push(value);
    }
    this.count(value, 1);
  }

  /** Takes an element away. The list must have one. */
  pop(end: End): StringValue {
    const { chunks } = this;
    const chunk = end === 'left' ? chunks[0]! : chunks.at(-1)!;
    const value = end === 'left' ? chunk.shift()! : chunk.pop()!;
    if (chunk.length === 0) {
      if (end === 'left') chunks.shift();
      else chunks.pop();
    }
    this.count(value, -1);
    return value;
  }

  private count(value: StringValue, sign: 1 | -1): void {
    this.size += sign;
    this.held += sign * (ELEMENT_OVERHEAD + heldBytes(value));
  }

  // ---- by index, 0 to size - 1

  /** Number of the chunk that holds element i, and its place there. */
  private locate(i: number): { c: number; at: number } {
    const { chunks } = this;
    if (i <= this.size / 2) {
      let c = 0;
      for (; i >= chunks[c]!.length; c++) i -= chunks[c]!.length;
      return { c, at: i };
    }
    let c = chunks.length - 1;
    let after = this.size - i;
    for (; after > chunks[c]!.length; c--) after -= chunks[c]!.length;
    return { c, at: chunks[c]!.length - after };
  }

  at(i: number): StringValue {
    const { c, at } = this.locate(i);
    return this.chunks[c]![at]!;
  }

  set(i: number, value: StringValue): void {
    const { c, at } = this.locate(i);
    const chunk = this.chunks[c]!;
    this.held += heldBytes(value) - heldBytes(chunk[at]!);
    chunk[at] = value;
  }

  /** Puts an element before element i; i may be the size. */
  insert(i: number, value: StringValue): void {
    if (i === 0 || i === this.size) {
      this.push(i === 0 ? 'left' : 'right', value);
      return;
    }
    const { c, at } = this.locate(i);
    const chunk = this.chunks[c]!;
    chunk.splice(at, 0, value);
    if (chunk.length > FULL) this.chunks.splice(c + 1, 0, chunk.splice(FULL / 2));
    this.count(value, 1);
  }

  /** Removes `count` elements from element `from` on; all of them must be there. */
  removeRange(from: number, count: number): void {
    if (count === 0) return;
    const { chunks } = this;
    const { c, at } = this.locate(from);
    let last = c;
    for (let begin = at; count > 0; last++, begin = 0) {
      const gone = chunks[last]!.splice(begin, Math.min(count, chunks[last]!.length - begin));
      for (const value of gone) this.count(value, -1);
      count -= gone.length;
    }
    // Those in between are empty, and perhaps the first and the last.
    const left = chunks.slice(Math.max(0, c - 1), last + 1);
    chunks.splice(Math.max(0, c - 1), left.length, ...compact(left));
  }

  /** Removes elements that are equal to `value`, `limit` at most, the first from this end. @returns how many */
  removeEqual(value: StringValue, limit: number, end: End): number {
    const { chunks } = this;
    let removed = 0;
    for (let n = 0; n < chunks.length && removed < limit; n++) {
      const c = end === 'left' ? n : chunks.length - 1 - n;
      const chunk = chunks[c]!;
      if (!chunk.some((each) => equal(each, value))) continue;
      const keep = (each: StringValue) => {
        if (removed >= limit || !equal(each, value)) return true;
        removed++;
        return false;
      };
      chunks[c] = end === 'left' ? chunk.filter(keep) : chunk.reverse().filter(keep).reverse();
    }
    for (let i = 0; i < removed; i++) this.count(value, -1);
    if (removed > 0) this.chunks = compact(chunks);
    return removed;
  }

  // ---- in order

  /** Elements from element `from` on. */
  *values(from = 0): Generator<StringValue> {
    if (from >= this.size) return;
    let { c, at } = this.locate(from);
    for (; c < this.chunks.length; c++, at = 0) {
      const chunk = this.chunks[c]!;
      for (; at < chunk.length; at++) yield chunk[at]!;
    }
  }

  /** All elements, the last first. */
  *backwards(): Generator<StringValue> {
    for (let c = this.chunks.length - 1; c >= 0; c--) {
      const chunk = this.chunks[c]!;
      for (let at = chunk.length - 1; at >= 0; at--) yield chunk[at]!;
    }
  }

  /** Indexes of elements that are equal to `value`, from this end, among the first `most` there; 0: among all. */
  *find(value: StringValue, end: End = 'left', most = 0): Generator<number> {
    let i = 0;
    for (const each of end === 'left' ? this.values() : this.backwards()) {
      if (most > 0 && i >= most) return;
      if (equal(each, value)) yield end === 'left' ? i : this.size - 1 - i;
      i++;
    }
  }

  // ---- as a whole

  copy(): List {
    const copy = new List();
    copy.chunks = this.chunks.map((chunk) => [...chunk]);
    copy.size = this.size;
    copy.held = this.held;
    return copy;
  }

  dump(): Buffer {
    return pack(0, () => this.values());
  }

  static restore(bytes: Buffer): List {
    const list = new List();
    for (const value of unpack(bytes)) list.push('right', value);
    return list;
  }

  static accepts(bytes: Buffer): boolean {
    return isPacked(bytes, 0);
  }

  /** Its elements, in order. */
  parts(): Generator<StringValue> {
    return this.values();
  }

  static gather(): Gathering<List> {
    const list = new List();
    return {
      take: (part) => {
        list.push('right', part);
        return true;
      },
      whole: () => (list.size > 0 ? list : null),
    };
  }
}

/** The same elements without empty chunks; neighbours that are half empty together become one. */
function compact(chunks: readonly StringValue[][]): StringValue[][] {
  const out: StringValue[][] = [];
  for (const chunk of chunks) {
    const last = out.at(-1);
    if (chunk.length === 0) continue;
    if (last !== undefined && last.length + chunk.length <= FULL / 2) last.push(...chunk);
    else out.push(chunk);
  }
  return out;
}
