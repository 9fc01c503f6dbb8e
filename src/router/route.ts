// Which group is asked, and how? The ring as the router uses it: one look-up per key.
import { keysOf } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { Request } from '../resp/index.js';
import { ownersOf, type RingDocument, slotOfRange } from '../ring/index.js';

/** A version of the ring with its owners. */
export class Route {
  readonly groups: readonly string[];
  private readonly owners: Uint16Array;

  constructor(readonly document: RingDocument) {
    this.groups = document.groups.map(({ id }) => id);
    this.owners = ownersOf(document.groups);
  }

  get version(): number {
    return this.document.version;
  }
  /** No group has joined yet: nothing can be asked. */
  get empty(): boolean {
    return this.groups.length === 0;
  }

  /** Index of the group that owns the key in argument `at`. */
  ownerOf(request: Request, at: number): number {
    const { buffer, start } = request;
    return this.owners[slotOfRange(buffer, start + request.from[at]!, start + request.to[at]!)]!;
  }

  /**
   * Index of the one group that owns every key of the request, or -1 when there are several.
   * Outcomes: no key (a command that will be refused for its arguments): group 0 says what is wrong with it;
   * one key, or all keys in one group: that group, and the command goes there as it came; else: a transaction.
   */
  single(row: CommandRow, request: Request): number {
    const { keys } = row;
    if (row.findKeys === undefined && keys.first === keys.last) return this.ownerOf(request, keys.first);
    let owner = -1;
    for (const at of keysOf(row, request)) {
      const group = this.ownerOf(request, at);
      if (owner < 0) owner = group;
      else if (owner !== group) return -1;
    }
    return Math.max(owner, 0);
  }
}
