// The ring as one group's primary knows it (R2): its fence, the version and the swaps of databases since, is compared
// with that of requests; its owners say what this group may write and what it holds only until it is moved. Must never
// go back to an older one.
import { fenceOf, type RingDocument, RingTable } from '../ring/index.js';
import type { Swapped } from '../store/index.js';

/** Newest ring known to a primary. */
export class PrimaryRing {
  private table: RingTable;
  private self: number;
  /** With the swaps since its version. */
  document: RingDocument;
  fence: number;

  /** @param store says which swap it has executed last */
  constructor(
    private readonly group: string,
    private readonly store: { readonly swapped: Swapped },
    document: RingDocument,
  ) {
    this.table = new RingTable(document);
    this.self = this.table.groups.indexOf(group);
    this.document = this.swappedSince(document);
    this.fence = fenceOf(this.document);
  }

  /** Takes a newer one. @returns whether it was newer. */
  adopt(newer: RingDocument): boolean {
    const document = this.swappedSince(newer);
    const fence = fenceOf(document);
    if (fence <= this.fence) return false;
    if (document.version !== this.document.version) {
      this.table = new RingTable(document);
      this.self = this.table.groups.indexOf(this.group);
    }
    this.document = document;
    this.fence = fence;
    return true;
  }
  /** The store has executed a swap. @returns whether the fence has grown */
  swapped(): boolean {
    return this.adopt(this.document);
  }

  private swappedSince(document: RingDocument): RingDocument {
    const { version, swaps } = this.store.swapped;
    return version === document.version && swaps > (document.swaps ?? 0) ? { ...document, swaps } : document;
  }

  /** Whether the group may hold keys of slots that it does not own. */
  get moving(): boolean {
    return this.table.moving || (this.self < 0 && this.document.version > 0);
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
