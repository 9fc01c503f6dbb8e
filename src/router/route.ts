// Which group is asked, and how? A version of the ring as the router uses it, with what is known of keys that may
// still be where earlier versions put them. One look-up per key. Must never send a command past an unsettled group.
import { databasesOf, keysOf } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { Request } from '../resp/index.js';
import { fenceOf, type RingDocument, RingTable, slotOfRange, slotOfText } from '../ring/index.js';
import { Settled } from './settled.js';

/** Keys live in several groups: a transaction. */
export const SEVERAL = -1;
/** A key may still live in an older group of its chain: a walk, or a transaction that moves it. */
export const UNSETTLED = -2;

/** Whether the command needs keys that only its elements name. */
export function named(row: CommandRow, request: Request): boolean {
  return row.patterns !== undefined && row.patterns(request).length > 0;
}

/** A version of the ring with its owners, chains and settled facts. */
export class Route {
  /** Groups that may hold keys; those that own slots come first. */
  readonly groups: readonly string[];
  readonly table: RingTable;
  readonly settled: Settled;
  /** What requests that are planned with it say (R2). */
  readonly fence: number;
  private readonly owners: Uint16Array;

  /** @param table of the same version, if there is one */
  constructor(
    readonly document: RingDocument,
    table = new RingTable(document),
  ) {
    this.table = table;
    this.fence = fenceOf(document);
    this.groups = this.table.groups;
    this.owners = this.table.owners;
    this.settled = new Settled(this.table);
  }

  /** Whether keys may be elsewhere than at the owners of their slots. */
  get moving(): boolean {
    return this.table.moving;
  }
  /** No group has joined yet: nothing can be asked. */
  get empty(): boolean {
    return this.owners.length === 0;
  }

  /** Index of the group that owns the key in argument `at`. */
  ownerOf(request: Request, at: number): number {
    return this.owners[slotOf(request, at)]!;
  }
  /** Index of the group that owns a key given as latin1 text. */
  ownerOfKey(key: string): number {
    return this.owners[slotOfText(key)]!;
  }
  /** Older groups that may still hold a key, given as latin1 text, of database `db`; oldest first. */
  olderOf(db: number, key: string): readonly number[] {
    return this.settled.unsettled(slotOfText(key), db, key);
  }

  /** An older group gave a key away: it is settled, unless another one may hold it. */
  gave(source: string, db: number, key: string): void {
    if (this.settled.onlyIn(slotOfText(key), this.groups.indexOf(source))) this.settled.addKey(db, key);
  }

  /**
   * Index of the one group that holds every key of the request, for a client in database `db`; SEVERAL; UNSETTLED.
   * No key (a command that will be refused for its arguments): group 0 says what is wrong with it. One key, or all
   * keys in one group: that group, and the command goes there as it came.
   */
  single(row: CommandRow, request: Request, db: number): number {
    if (row.patterns !== undefined && named(row, request)) return SEVERAL;
    if (this.table.moving) return this.singleSettled(row, request, db);
    const { keys } = row;
    if (row.findKeys === undefined && keys.first === keys.last) return this.ownerOf(request, keys.first);
    let owner = -1;
    for (const at of keysOf(row, request)) {
      const group = this.ownerOf(request, at);
      if (owner < 0) owner = group;
      else if (owner !== group) return SEVERAL;
    }
    return Math.max(owner, 0);
  }

  private singleSettled(row: CommandRow, request: Request, db: number): number {
    let owner = -1;
    let several = false;
    const databases = row.otherDatabase === undefined ? null : databasesOf(row, request, db);
    for (const at of keysOf(row, request)) {
      const slot = slotOf(request, at);
      if (!this.settled.slotSettled(slot)) {
        const key = request.text(at);
        for (const each of databases ?? [db]) {
          if (this.settled.unsettled(slot, each, key).length > 0) return UNSETTLED;
        }
      }
      const group = this.owners[slot]!;
      if (owner < 0) owner = group;
      else if (owner !== group) several = true;
    }
    return several ? SEVERAL : Math.max(owner, 0);
  }
}

function slotOf({ buffer, start, from, to }: Request, at: number): number {
  return slotOfRange(buffer, start + from[at]!, start + to[at]!);
}
