// Which operations have to do with each other: sets of keys as bits, and connection by shared keys, direct or through
// others. Must err only toward connecting: what is called apart may be reordered by the search.
import { within } from './memo.js';
import type { Enabled } from './timeline.js';

/** Enabled operations to branch on. */
export interface Group extends Enabled {
  /** One bit for each key that one of them touches. */
  keys: bigint;
}

export class KeySets {
  /** By index of the operation: one bit for each key it touches, and whether it is a mere read. */
  constructor(
    private readonly keys: readonly bigint[],
    private readonly readOnly: readonly boolean[],
  ) {}

  /** True if any of the operations touches any of the keys. */
  touch(indexes: readonly number[], keys: bigint): boolean {
    return indexes.some((index) => (this.keys[index]! & keys) !== 0n);
  }

  /** The enabled operations connected with the one that returns first. Two reads do not connect. */
  group({ completed, unknown }: Enabled): Group {
    const rest = new Set([...completed, ...unknown.filter((index) => !this.readOnly[index])]);
    rest.delete(completed[0]!);
    const members = [completed[0]!];
    let keys = 0n;
    for (const member of members) {
      keys |= this.keys[member]!;
      for (const other of rest) {
        if (!this.touch([other], this.keys[member]!) || (this.readOnly[member] && this.readOnly[other]))
          continue;
        rest.delete(other);
        members.push(other);
      }
    }
    const inGroup = (index: number) => members.includes(index);
    return { completed: completed.filter(inGroup), unknown: unknown.filter(inGroup), keys };
  }

  /** True if each operation of the path is connected with the one that follows it all. */
  connected(path: readonly number[], index: number): boolean {
    let keys = this.keys[index]!;
    for (let grown = true; grown; ) {
      const before = keys;
      for (const other of path) if (this.touch([other], keys)) keys |= this.keys[other]!;
      grown = keys !== before;
    }
    return path.every((other) => within(this.keys[other]!, keys));
  }
}
