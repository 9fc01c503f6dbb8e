// A map from IDs of stream entries to what is known of each, in order of the IDs: found, added and removed in O(log n),
// walked through from any ID on. Additions are at the end more often than not.

/** Most IDs of a block; a full one becomes two. */
const MOST = 512;

interface Block<T> {
  readonly ids: bigint[];
  readonly values: T[];
}

/** The first of ascending `ids` that is not less than `id`. */
function lowerBound(ids: readonly bigint[], id: bigint): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class IdMap<T> {
  private readonly blocks: Block<T>[] = [];
  size = 0;

  /** The block in which an ID is, or would be: the last one that begins at it or before it. */
  private blockOf(id: bigint): number {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle]!.ids[0]! <= id) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  get(id: bigint): T | undefined {
    const block = this.blocks[this.blockOf(id)];
    if (block === undefined) return undefined;
    const at = lowerBound(block.ids, id);
    return block.ids[at] === id ? block.values[at] : undefined;
  }

  /** Adds an ID, or gives it another value. */
  set(id: bigint, value: T): void {
    const { blocks } = this;
    if (blocks.length === 0) blocks.push({ ids: [], values: [] });
    const number = this.blockOf(id);
    const { ids, values } = blocks[number]!;
    const at = lowerBound(ids, id);
    if (ids[at] === id) {
      values[at] = value;
      return;
    }
    this.size++;
    const last = number === blocks.length - 1 && at === ids.length;
    if (last && ids.length >= MOST) {
      blocks.push({ ids: [id], values: [value] });
      return;
    }
    ids.splice(at, 0, id);
    values.splice(at, 0, value);
    if (ids.length > MOST) {
      const half = ids.length >> 1;
      blocks.splice(number + 1, 0, { ids: ids.splice(half), values: values.splice(half) });
    }
  }

  /** @returns whether it was there */
  delete(id: bigint): boolean {
    const number = this.blockOf(id);
    const block = this.blocks[number];
    if (block === undefined) return false;
    const at = lowerBound(block.ids, id);
    if (block.ids[at] !== id) return false;
    block.ids.splice(at, 1);
    block.values.splice(at, 1);
    if (block.ids.length === 0) this.blocks.splice(number, 1);
    this.size--;
    return true;
  }

  /** The least and the greatest ID; there is one at least. */
  get first(): bigint {
    return this.blocks[0]!.ids[0]!;
  }
  get last(): bigint {
    return this.blocks.at(-1)!.ids.at(-1)!;
  }

  /** IDs from `from` on with their values, ascending. Nothing may be added or removed meanwhile. */
  *from(from: bigint): Generator<readonly [bigint, T]> {
    const first = this.blockOf(from);
    for (let number = first; number < this.blocks.length; number++) {
      const { ids, values } = this.blocks[number]!;
      for (let at = number === first ? lowerBound(ids, from) : 0; at < ids.length; at++)
        yield [ids[at]!, values[at]!];
    }
  }
}
