// MULTI as one client's session sees it: what is queued, what is watched, and whether EXEC may still succeed. Decides
// nothing about where commands are executed.
import { type CommandRow, keysOf } from '../command/index.js';
import type { Request } from '../resp/index.js';
import { mayReplicate } from './local/pause.js';

/** A command that waits for EXEC. */
export interface Queued {
  readonly row: CommandRow;
  readonly request: Request;
  /** Database that it acts on: SELECT may be queued before it. */
  readonly db: number;
}

/** A key that WATCH was given, and what its state was called in each group where it may be. */
export interface WatchedKey {
  readonly db: number;
  /** Latin1 text. */
  readonly key: string;
  readonly states: ReadonlyMap<string, string>;
  /** Version of the ring that says so. */
  readonly ring: number;
}

/**
 * What one client may queue: bytes, and words of the messages that carry it out, of which one has MAX_ARGUMENTS
 * (resp/limits.ts) at most. A message above that would end its connection, and be said again on the next one.
 */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_WORDS = 600_000;
/** Words of such a message (net/wire.ts): of a command, and of each key that it may touch. */
const WORDS = { command: 3, key: 4 };
/** Keys that one client may watch: their words have room beside those. */
export const MAX_WATCHED = 100_000;

/** The transaction that one client is putting together. */
export class Multi {
  private queue: Queued[] | null = null;
  private bytes = 0;
  private words = 0;
  private spoilt = false;
  /** Whether one of them may change what others see. */
  writes = false;
  private db = 0;
  watched: WatchedKey[] = [];

  /** Whether commands are queued. */
  get open(): boolean {
    return this.queue !== null;
  }
  get length(): number {
    return this.queue?.length ?? -1;
  }

  begin(db: number): void {
    this.queue = [];
    this.bytes = 0;
    this.words = 0;
    this.spoilt = false;
    this.writes = false;
    this.db = db;
  }

  /** A command was refused: EXEC will execute nothing. */
  spoil(): void {
    this.spoilt = true;
  }

  /** @returns an error; null: queued */
  add(row: CommandRow, request: Request): string | null {
    if (row.flags.includes('no_multi')) {
      this.spoil();
      return 'ERR Command not allowed inside a transaction';
    }
    this.bytes += request.end - request.start;
    // COPY ... DB names a key of two databases.
    const each = row.otherDatabase === undefined ? WORDS.key : 2 * WORDS.key;
    this.words += WORDS.command + each * keysOf(row, request).length;
    if (this.words > MAX_WORDS || this.bytes > MAX_BYTES) {
      this.spoil();
      return 'ERR too much is queued in this transaction';
    }
    if (mayReplicate(row)) this.writes = true;
    this.queue!.push({ row, request: request.clone(), db: this.db });
    if (row.name === 'select' && request.argc === 2) {
      // As its handler reads it: what that refuses selects nothing.
      if (/^([0-9]|1[0-5])$/.test(request.text(1))) this.db = Number(request.text(1));
    }
    return null;
  }

  /** Ends it. @returns what was queued; null: something was refused, nothing may be executed */
  take(): Queued[] | null {
    const { queue, spoilt } = this;
    this.queue = null;
    return spoilt ? null : queue;
  }

  /** DISCARD, RESET. */
  discard(): void {
    this.queue = null;
    this.watched = [];
  }
}
