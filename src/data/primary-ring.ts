// The ring as one group's primary knows it (R2): its version fences requests, its owners say what this group may
// write and what it holds only until it is moved. Must never go back to an older version.
import { type RingDocument, RingTable } from '../ring/index.js';

/** Newest ring known to a primary. */
export class PrimaryRing {
  private table: RingTable;
  private self: number;

  constructor(
    private readonly group: string,
    document: RingDocument,
  ) {
    this.table = new RingTable(document);
    this.self = this.table.groups.indexOf(group);
  }

  get version(): number {
    return this.table.version;
  }
  get document(): RingDocument {
    return this.table.document;
  }
  /** Takes a newer version. @returns whether it was newer. */
  adopt(document: RingDocument): boolean {
    if (document.version <= this.version) return false;
    this.table = new RingTable(document);
    this.self = this.table.groups.indexOf(this.group);
    return true;
  }

  /** Whether the group may hold keys of slots that it does not own. */
  get moving(): boolean {
    return this.table.moving || (this.self < 0 && this.version > 0);
  }
  /** Whether the group owns the slot. */
  owns(slot: number): boolean {
    return this.self >= 0 && this.table.owners[slot] === this.self;
  }
  /** The group that owns the slot; undefined: none. */
  ownerOf(slot: number): string | undefined {
    return this.table.groups[this.table.owners[slot]!];
  }
}
