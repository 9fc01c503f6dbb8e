// What a data node is given: by src/data/start.ts in a process of its own, by the simulator in a simulated one.
import type { RingDocument } from '../ring/index.js';
import type { ElectionOptions } from './election.js';
import type { CompareAndSet, GroupTimes } from './insync.js';
import type { LargeLimits } from './primary-options.js';

/** What a data node is given. */
export interface NodeOptions extends ElectionOptions {
  group: string;
  /** Member id: memberId(). */
  id: string;
  pid: number;
  minInSync: number;
  orphanMs: number;
  /** When values go in pieces. Absent: as PrimaryOptions says. */
  large?: LargeLimits;
  /** hotfix: 0 registers a spare. */
  hotfix: boolean;
  times?: GroupTimes;
  /** Changes the own group's configuration. Absent: it never changes, and nobody takes over. */
  cas?: CompareAndSet;
  /** Reads the ring behind a barrier: what is told is not older than the call (R2). Absent: what was set is it. */
  readRing?(done: (ring: RingDocument) => void): void;
  /** The configuration may have changed: read it again. */
  refresh?(): void;
  /** A command could not be executed, by a mistake of this program's own: it was answered so. @param command its name */
  broke(error: unknown, command: string): void;
  /** This member's data is worth nothing any more: it must begin anew, empty, under a new id (R3). Told once. */
  failed(reason: string): void;
}
