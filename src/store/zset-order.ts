// Members in the order of their scores, then of their bytes: insertion, removal, the rank of an element and the
// element of a rank in O(log n). A list of chunks, each two parallel arrays, with a tree of their sizes (Fenwick)
// that is built anew after a chunk was split, dropped or merged: once in some hundred insertions.

/** A chunk that grows past this is split. */
const MOST = 128;
/** A chunk below this many is merged with its neighbour where both fit into one. */
const FEW = 16;

/** Some pairs that follow each other. */
interface Chunk {
  readonly members: string[];
  readonly scores: number[];
}

/** Whether (a, x) stands before (b, y). */
function before(a: number, x: string, b: number, y: string): boolean {
  return a < b || (a === b && x < y);
}

/** Ordered (score, member) pairs, each pair at most once. Members are latin1 text: their order is that of bytes. */
export class ScoreOrder {
  private chunks: Chunk[] = [];
  /** Fenwick tree over the sizes of chunks, from 1 on; null: to be built. */
  private tree: number[] | null = null;
  size = 0;

  /** Of pairs that are in order. */
  static of(members: readonly string[], scores: readonly number[]): ScoreOrder {
    const order = new ScoreOrder();
    const part = MOST / 2;
    for (let i = 0; i < members.length; i += part) {
      order.chunks.push({ members: members.slice(i, i + part), scores: scores.slice(i, i + part) });
    }
    order.size = members.length;
    return order;
  }

  insert(score: number, member: string): void {
    const { chunks } = this;
    if (chunks.length === 0) chunks.push({ members: [], scores: [] });
    const c = Math.min(this.chunkOf(score, member), chunks.length - 1);
    const { members, scores } = chunks[c]!;
    const at = placeIn(chunks[c]!, score, member);
    // By hand: many times faster than splice() on arrays of this length.
    for (let i = members.push(member) - 1; i > at; i--) members[i] = members[i - 1]!;
    for (let i = scores.push(score) - 1; i > at; i--) scores[i] = scores[i - 1]!;
    members[at] = member;
    scores[at] = score;
    this.size++;
    if (members.length > MOST) {
      const half = MOST / 2;
      chunks.splice(c + 1, 0, { members: members.splice(half), scores: scores.splice(half) });
      this.tree = null;
    } else this.count(c, 1);
  }

  /** A pair that is there. */
  remove(score: number, member: string): void {
    const c = this.chunkOf(score, member);
    const { members, scores } = this.chunks[c]!;
    const at = placeIn(this.chunks[c]!, score, member);
    for (let i = at + 1; i < members.length; i++) {
      members[i - 1] = members[i]!;
      scores[i - 1] = scores[i]!;
    }
    members.pop();
    scores.pop();
    this.size--;
    this.count(c, -1);
    if (members.length < FEW) this.merge(c);
  }

  /** Removes `count` pairs from rank `from` on, which are there. @returns their members, in order */
  removeRange(from: number, count: number): string[] {
    const removed: string[] = [];
    if (count === 0) return removed;
    const { chunks } = this;
    const cut = (chunk: Chunk, at: number, most: number) => {
      for (const member of chunk.members.splice(at, most)) removed.push(member);
      chunk.scores.splice(at, most);
    };
    const [first, at] = this.placeOf(from);
    let c = first;
    this.size -= count;
    if (at + count < chunks[c]!.members.length) {
      cut(chunks[c]!, at, count);
      this.count(c, -count);
      if (chunks[c]!.members.length < FEW) this.merge(c);
      return removed;
    }
    if (at > 0) cut(chunks[c++]!, at, count);
    let end = c;
    while (end < chunks.length && removed.length + chunks[end]!.members.length <= count) {
      for (const member of chunks[end++]!.members) removed.push(member);
    }
    chunks.splice(c, end - c);
    if (removed.length < count) cut(chunks[c]!, 0, count - removed.length);
    this.tree = null;
    if (first < chunks.length) this.merge(first);
    return removed;
  }

  /** Number of pairs before a pair. */
  rank(score: number, member: string): number {
    const c = this.chunkOf(score, member);
    return c === this.chunks.length ? this.size : this.sum(c) + placeIn(this.chunks[c]!, score, member);
  }

  /** Number of pairs at the beginning for which `test` holds; it holds for no pair behind one for which it does not. */
  countWhile(test: (score: number, member: string) => boolean): number {
    const { chunks } = this;
    let [low, high] = [0, chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { members, scores } = chunks[middle]!;
      if (test(scores.at(-1)!, members.at(-1)!)) low = middle + 1;
      else high = middle;
    }
    if (low === chunks.length) return this.size;
    const { members, scores } = chunks[low]!;
    let [from, to] = [0, members.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (test(scores[middle]!, members[middle]!)) from = middle + 1;
      else to = middle;
    }
    return this.sum(low) + from;
  }

  /** Gives `count` pairs from rank `from` on, ascending or (then `from` is the greatest) descending. */
  forEach(
    from: number,
    count: number,
    descending: boolean,
    give: (member: string, score: number) => void,
  ): void {
    if (count <= 0) return;
    let [c, at] = this.placeOf(from);
    const step = descending ? -1 : 1;
    for (let left = count; left > 0; left--) {
      let chunk = this.chunks[c]!;
      if (at < 0 || at >= chunk.members.length) {
        c += step;
        chunk = this.chunks[c]!;
        at = descending ? chunk.members.length - 1 : 0;
      }
      give(chunk.members[at]!, chunk.scores[at]!);
      at += step;
    }
  }

  /** All pairs in order, some at a time; not to be changed. */
  runs(): Iterable<{ readonly members: readonly string[]; readonly scores: readonly number[] }> {
    return this.chunks;
  }

  // ---- chunks

  /** The first chunk that does not end before the pair; the number of chunks when all do. */
  private chunkOf(score: number, member: string): number {
    const { chunks } = this;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { members, scores } = chunks[middle]!;
      const last = members.length - 1;
      if (before(scores[last]!, members[last]!, score, member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Drops the chunk when it is empty, or joins it with the next one when they are small. */
  private merge(c: number): void {
    const { chunks } = this;
    const { members, scores } = chunks[c]!;
    const next = chunks[c + 1];
    if (members.length === 0) chunks.splice(c, 1);
    else if (next !== undefined && members.length + next.members.length <= MOST / 2) {
      members.push(...next.members);
      scores.push(...next.scores);
      chunks.splice(c + 1, 1);
    } else return;
    this.tree = null;
  }

  // ---- the tree of sizes

  private built(): number[] {
    if (this.tree !== null) return this.tree;
    const { chunks } = this;
    const tree = new Array<number>(chunks.length + 1).fill(0);
    for (let i = 1; i < tree.length; i++) {
      tree[i]! += chunks[i - 1]!.members.length;
      const up = i + (i & -i);
      if (up < tree.length) tree[up]! += tree[i]!;
    }
    return (this.tree = tree);
  }

  /** Chunk c has `change` pairs more. */
  private count(c: number, change: number): void {
    const { tree } = this;
    if (tree === null) return;
    for (let i = c + 1; i < tree.length; i += i & -i) tree[i]! += change;
  }

  /** Pairs in the chunks before chunk c. */
  private sum(c: number): number {
    const tree = this.built();
    let sum = 0;
    for (let i = c; i > 0; i -= i & -i) sum += tree[i]!;
    return sum;
  }

  /** Chunk, and place in it, of the pair of a rank below `size`. */
  private placeOf(rank: number): [number, number] {
    const tree = this.built();
    let c = 0;
    let left = rank;
    for (let step = 1 << Math.floor(Math.log2(tree.length)); step > 0; step >>= 1) {
      if (c + step < tree.length && tree[c + step]! <= left) {
        c += step;
        left -= tree[c]!;
      }
    }
    return [c, left];
  }
}

/** Where the pair is in the chunk, or would be. */
function placeIn({ members, scores }: Chunk, score: number, member: string): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(scores[middle]!, members[middle]!, score, member)) low = middle + 1;
    else high = middle;
  }
  return low;
}
