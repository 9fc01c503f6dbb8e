// A sorted set: the score of each member, and the members in order. Says which encoding Redis would use; one that
// outgrew a compact one never goes back.
import { Buffer } from 'node:buffer';
import type { ElementOrder } from './element-order.js';
import type { Scanned } from './element-scan.js';
import type { Collection, StringValue } from './entry.js';
import type { Gathering } from './piecewise.js';
import { SplitMap } from './split-map.js';
import { textOf } from './value.js';
import { ScoreOrder } from './zset-order.js';

/** Bytes of a sorted set beside its members, and of a member beside its text: two list cells, map cell, string header. */
const BASE = 256;
const EACH = 96;
/** What Redis keeps compact: so many members at most (zset-max-listpack-entries), none of them longer (-value). */
export const MAX_COMPACT = 128;
const MAX_TEXT = 64;

/** Members, as latin1 text, with their scores, which are never NaN. */
export class SortedSet implements Collection, Scanned {
  private readonly scores = new SplitMap<number>();
  private sorted = new ScoreOrder();
  /** Whether Redis would keep it as a listpack. */
  compact = true;
  held = BASE;
  order: ElementOrder | null = null;

  get size(): number {
    return this.scores.size;
  }
  get small(): boolean {
    return this.compact;
  }
  has(member: string): boolean {
    return this.scores.has(member);
  }
  score(member: string): number | undefined {
    return this.scores.get(member);
  }

  /** Adds a member, or gives it another score. */
  set(member: string, score: number): void {
    const old = this.scores.get(member);
    if (old === undefined) this.added(member);
    else this.sorted.remove(old, member);
    // A listpack has no negative zero.
    if (this.compact && score === 0) score = 0;
    this.scores.set(member, score);
    this.sorted.insert(score, member);
  }

  private added(member: string): void {
    this.held += EACH + member.length;
    if (this.size >= MAX_COMPACT || member.length > MAX_TEXT) this.compact = false;
    this.order?.add(member);
  }

  /** @returns whether it was there */
  delete(member: string): boolean {
    const score = this.scores.get(member);
    if (score === undefined) return false;
    this.sorted.remove(score, member);
    this.forget(member);
    return true;
  }

  private forget(member: string): void {
    this.scores.delete(member);
    this.held -= EACH + member.length;
  }

  /** Removes `count` members from rank `from` on, which are there. @returns them, in order */
  removeRange(from: number, count: number): string[] {
    const removed = this.sorted.removeRange(from, count);
    for (const member of removed) this.forget(member);
    return removed;
  }

  /** Members before this one; undefined: it is not there. */
  rank(member: string): number | undefined {
    const score = this.scores.get(member);
    return score === undefined ? undefined : this.sorted.rank(score, member);
  }

  /** Members at the beginning for which `test` holds; it must hold for none behind one for which it does not. */
  countWhile(test: (score: number, member: string) => boolean): number {
    return this.sorted.countWhile(test);
  }

  /** Gives `count` members from rank `from` on, which are there; descending: `from` is the greatest rank. */
  forEach(
    from: number,
    count: number,
    descending: boolean,
    give: (member: string, score: number) => void,
  ): void {
    this.sorted.forEach(from, count, descending, give);
  }

  /** Every member: of a compact one in order, else in an order that means nothing. */
  names(): Iterable<string> {
    if (!this.compact) return this.scores.keys();
    const names: string[] = [];
    this.forEach(0, this.size, false, (member) => names.push(member));
    return names;
  }
  /** Every member with its score, in an order that means nothing. */
  pairs(): Iterable<[string, number]> {
    return this.scores;
  }

  /** The same as if its members had been added one by one to a new one: compact where it is small enough. */
  packed(): SortedSet {
    if (this.size > MAX_COMPACT) return this;
    const value = new SortedSet();
    this.forEach(0, this.size, false, (member, score) => value.set(member, score));
    return value;
  }

  copy(): SortedSet {
    const members: string[] = [];
    const scores: number[] = [];
    this.forEach(0, this.size, false, (member, score) => {
      members.push(member);
      scores.push(score);
    });
    return SortedSet.of(members, scores, this.compact);
  }

  /** Of pairs in order; where they are not, or a member is there twice, they are put in order. */
  private static of(members: readonly string[], scores: readonly number[], compact: boolean): SortedSet {
    const value = new SortedSet();
    const ordered = scores.every((score, i) => {
      const last = i === 0 ? Number.NEGATIVE_INFINITY : scores[i - 1]!;
      return i === 0 || last < score || (last === score && members[i - 1]! < members[i]!);
    });
    if (ordered && new Set(members).size === members.length) {
      for (const [i, member] of members.entries()) {
        value.added(member);
        value.scores.set(member, scores[i]!);
      }
      value.sorted = ScoreOrder.of(members, scores);
    } else for (const [i, member] of members.entries()) value.set(member, scores[i]!);
    value.compact &&= compact;
    return value;
  }

  // ---- as bytes: 1 when compact, the number of members, then in order the score, length and bytes of each

  dump(): Buffer {
    let size = HEAD;
    for (const member of this.scores.keys()) size += PAIR + member.length;
    const bytes = Buffer.allocUnsafeSlow(size);
    bytes[0] = this.compact ? 1 : 0;
    bytes.writeUInt32BE(this.size, 1);
    let at = HEAD;
    this.forEach(0, this.size, false, (member, score) => {
      at = bytes.writeDoubleBE(score, at);
      at = bytes.writeUInt32BE(member.length, at);
      at += bytes.latin1Write(member, at);
    });
    return bytes;
  }

  static restore(bytes: Buffer): SortedSet {
    const members: string[] = [];
    const scores: number[] = [];
    for (let at = HEAD; at < bytes.length; ) {
      scores.push(bytes.readDoubleBE(at));
      const from = at + PAIR;
      at = from + bytes.readUInt32BE(at + 8);
      members.push(bytes.latin1Slice(from, at));
    }
    return SortedSet.of(members, scores, bytes[0] === 1);
  }

  /** Whether restore() can read it: as many pairs as it says, at least one, nothing behind them, no NaN. */
  static accepts(bytes: Buffer): boolean {
    const { length } = bytes;
    if (length < HEAD || bytes[0]! > 1) return false;
    let at = HEAD;
    let left = bytes.readUInt32BE(1);
    if (left === 0) return false;
    for (; left > 0; left--) {
      if (at + PAIR > length || Number.isNaN(bytes.readDoubleBE(at))) return false;
      at += PAIR + bytes.readUInt32BE(at + 8);
    }
    return at === length;
  }

  /** Whether it is compact, then in order the score, as the bytes of a double, and the member of each. */
  *parts(): Generator<StringValue> {
    yield this.compact ? '1' : '0';
    const bytes = Buffer.alloc(SCORE);
    for (const { members, scores } of this.sorted.runs()) {
      for (let i = 0; i < members.length; i++) {
        bytes.writeDoubleBE(scores[i]!);
        yield bytes.latin1Slice(0, SCORE);
        yield members[i]!;
      }
    }
  }

  static gather(): Gathering<SortedSet> {
    const value = new SortedSet();
    const bytes = Buffer.alloc(SCORE);
    let mark: StringValue | null = null;
    let score: number | null = null;
    return {
      take: (part) => {
        if (mark === null) {
          mark = part;
          if (part !== '1') value.compact = false;
        } else if (score === null) {
          if (typeof part !== 'string' || part.length !== SCORE) return false;
          bytes.latin1Write(part);
          score = bytes.readDoubleBE();
          if (Number.isNaN(score)) return false;
        } else {
          value.set(textOf(part), score);
          score = null;
        }
        return true;
      },
      whole: () => (score === null && value.size > 0 ? value : null),
    };
  }
}

const HEAD = 5;
const PAIR = 12;
/** Bytes of a score. */
const SCORE = 8;
