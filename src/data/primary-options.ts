// What a primary is told about itself and the world when it begins to lead.
import type { GroupConfig } from '../commit/index.js';
import type { Address } from '../net/host.js';
import type { RingDocument } from '../ring/index.js';
import type { PieceSize } from '../store/index.js';
import type { Held } from './applier.js';
import type { CompareAndSet, GroupTimes } from './insync.js';

/** When a value is large: it moves, and goes to a candidate, in pieces. */
export interface LargeLimits {
  /** Bytes that it holds, more than these. */
  readonly bytes: number;
  readonly piece: PieceSize;
}

/** What a primary is told about itself and the world. */
export interface PrimaryOptions {
  group: string;
  /** Member id. */
  id: string;
  /** The configuration that makes this member the primary. */
  config: GroupConfig;
  /** Seq up to which the store already is: every other member in sync holds at least that. */
  start: number;
  /** Entries after `start` that this member holds: they are its log now (R9). */
  inherited: readonly Held[];
  times: GroupTimes;
  /** Absent: the configuration never changes. */
  cas: CompareAndSet | null;
  /** Whether ZooKeeper answers at present. Absent: it does. */
  connected?: (() => boolean) | undefined;
  minInSync: number;
  /** How long a prepared transaction waits for its coordinator's return before it is finished without it, ms. */
  orphanMs: number;
  /** Absent: 1 MiB for a move, 256 KiB for a candidate. */
  large?: LargeLimits | undefined;
  /** Where a member of this group listens. */
  member(id: string): Address | null;
  /** The newest configuration of another group that is known here; undefined: none. */
  configOf(group: string): GroupConfig | undefined;
  /** This member's term is over. */
  deposed(): void;
  /** A command could not be executed, by a mistake of this program's own. @param command its name */
  broke(error: unknown, command: string): void;
  /** The configuration is not what was thought: it must be read. */
  conflict(): void;
  /** A router knows this ring. */
  heardRing(document: RingDocument): void;
  /** This primary changed the configuration. */
  changed(config: GroupConfig): void;
  /** Every member holds the inherited log and nothing else: this primary serves from now on. */
  active(): void;
}
