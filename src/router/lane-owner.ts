// What a data lane needs of its router: no more than that.
import type { ChangedKey } from '../net/changed-message.js';
import type { Address } from '../net/host.js';
import type { RingDocument } from '../ring/index.js';
import type { DataLane } from './data-lane.js';
import type { InquiryOwner } from './inquiry.js';
import type { EventSink } from './key-events.js';

/** What the lane needs of the router. */
export interface LaneOwner extends InquiryOwner {
  /** Incarnation: with the counter it names a command for good (R10). */
  readonly id: string;
  ringFence(): number;
  /** Where the group's primary listens; null: not known. */
  primary(group: string): Address | null;
  /** Room was made after `full`. */
  relieved(): void;
  /** A data node speaks of a ring, and perhaps says what it is. */
  heard(ring: number, document: RingDocument | null): void;
  /** The ring that everything is planned with now. */
  ringDocument(): RingDocument;
  readonly keyEvents: EventSink;
  /** Flags of the events and changes that primaries are to tell (command/key-events.ts). */
  readonly wanted: number;
  readonly tracking: {
    /** Keys have changed; null: any. */
    changed(lane: DataLane, keys: readonly ChangedKey[] | null): void;
    /** Changes may not have been told. */
    missed(): void;
  };
  /** Nothing that anybody waits for is under way on this lane. */
  idle(): void;
  readonly blocking: {
    /** A primary has taken this lane's connection: it knows nothing of who waited at an earlier one. */
    opened(group: string): void;
    /** What its primary says to a blocked client: that there is something, or what `$` stands for. */
    said(group: string, words: readonly string[]): void;
  };
}
