// The members of a set: each is found, added, removed and drawn at random in O(1). Small sets are kept as a list
// alone. Says which encoding Redis would use; a set that outgrew a compact one never goes back.
import type { ElementOrder } from './element-order.js';
import type { Scanned } from './element-scan.js';
import type { Collection, StringValue } from './entry.js';
import { parseInt64 } from './integers.js';
import { isPacked, markOf, pack, unpack } from './packed.js';
import type { Gathering } from './piecewise.js';
import { SplitMap } from './split-map.js';
import { textOf } from './value.js';

/** Bytes of a set beside its members, and of a member beside its text: list cell, map cell, string header. */
const BASE = 96;
const EACH = 64;
/** From this many members on, an index is kept. */
const INDEXED = 16;
/** Most members of a set of integers that Redis keeps compact (set-max-intset-entries). */
const MAX_COMPACT = 512;

/** A set of byte strings, as latin1 text. */
export class SetValue implements Collection, Scanned {
  private readonly list: string[] = [];
  private index: SplitMap<number> | null = null;
  /** Whether Redis would keep it as an intset: integers only, and few of them. */
  compact = true;
  held = BASE;
  order: ElementOrder | null = null;

  get small(): boolean {
    return this.compact;
  }
  get size(): number {
    return this.list.length;
  }

  private find(member: string): number {
    return this.index === null ? this.list.indexOf(member) : (this.index.get(member) ?? -1);
  }
  has(member: string): boolean {
    return this.find(member) >= 0;
  }

  /** @returns whether it was not there before */
  add(member: string): boolean {
    const { list } = this;
    if (this.has(member)) return false;
    list.push(member);
    if (this.index !== null) this.index.set(member, list.length - 1);
    else if (list.length > INDEXED) {
      this.index = new SplitMap();
      for (const [i, each] of list.entries()) this.index.set(each, i);
    }
    this.held += EACH + member.length;
    if (this.compact && (list.length > MAX_COMPACT || parseInt64(member) === null)) this.compact = false;
    this.order?.add(member);
    return true;
  }

  /** @returns whether it was there */
  delete(member: string): boolean {
    const at = this.find(member);
    if (at < 0) return false;
    const last = this.list.pop()!;
    this.index?.delete(member);
    if (last !== member) {
      this.list[at] = last;
      this.index?.set(last, at);
    }
    this.held -= EACH + member.length;
    return true;
  }

  /** Member number i, of an order that means nothing. */
  nth(i: number): string {
    return this.list[i]!;
  }

  /** Every member, of integers in ascending order; not to be changed. */
  names(): readonly string[] {
    if (!this.compact) return this.list;
    const numbers = this.list.map((text) => ({ text, value: parseInt64(text)! }));
    numbers.sort((a, b) => (a.value < b.value ? -1 : 1));
    return numbers.map(({ text }) => text);
  }

  /** The same members in a set of its own. */
  copy(): SetValue {
    const copy = new SetValue();
    for (const member of this.list) copy.add(member);
    copy.compact = this.compact;
    return copy;
  }

  /** As bytes, marked 1 when compact. */
  dump(): Buffer {
    return pack(this.compact ? 1 : 0, () => this.list);
  }

  static restore(bytes: Buffer): SetValue {
    const value = new SetValue();
    for (const member of unpack(bytes)) value.add(textOf(member));
    value.compact &&= markOf(bytes) === 1;
    return value;
  }

  /** Whether restore() can read it. */
  static accepts(bytes: Buffer): boolean {
    return isPacked(bytes, 1);
  }

  /** Whether it is compact, then its members. */
  *parts(): Generator<StringValue> {
    yield this.compact ? '1' : '0';
    yield* this.list;
  }

  static gather(): Gathering<SetValue> {
    const value = new SetValue();
    let mark: StringValue | null = null;
    return {
      take: (part) => {
        if (mark === null) {
          mark = part;
          if (part !== '1') value.compact = false;
        } else value.add(textOf(part));
        return true;
      },
      whole: () => (value.size > 0 ? value : null),
    };
  }
}
