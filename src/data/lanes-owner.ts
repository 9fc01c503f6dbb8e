// What the data lanes, and those who execute what they carry, need of the primary.
import type { GroupLog, Participant, ParticipantAction, Remembered } from '../commit/index.js';
import type { RingDocument } from '../ring/index.js';
import type { Store } from '../store/index.js';
import type { Blocking } from './blocking.js';
import type { Giving } from './giving.js';
import type { Parked } from './lane.js';
import type { LogWriter } from './log-writer.js';
import type { PrimaryRing } from './primary-ring.js';

/** What the lanes need of the primary. */
export interface LanesOwner {
  readonly group: string;
  readonly term: number;
  readonly epoch: number;
  readonly store: Store;
  readonly log: GroupLog;
  readonly writer: LogWriter;
  readonly transactions: Participant<Parked>;
  readonly remembered: Remembered;
  readonly ring: PrimaryRing;
  readonly blocking: Blocking;
  /** Nothing more is executed: stopped, or handing over. */
  readonly halted: boolean;
  /** The group's clock, ms. */
  now(): number;
  perform(actions: ParticipantAction<Parked>[]): void;
  touch(): void;
  /**
   * A command broke an assertion. It has been answered with an error, and is logged with that answer alone.
   * @param halfDone this store may hold the half of it, which no other member does: another one leads from here on
   */
  broke(error: unknown, command: string, halfDone: boolean): void;
  /** Keys that leave in pieces. */
  readonly giving: Giving;
  /** A router knows this ring. */
  heardRing(document: RingDocument): void;
}
