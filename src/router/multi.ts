// MULTI as one client's session sees it: what is queued, what is watched, and whether EXEC may still succeed. Decides
// nothing about where commands are executed.
import type { CommandRow } from '../command/index.js';
import type { Request } from '../resp/index.js';

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
}

/** Commands, and their bytes, queued by one client at most. */
const MAX_COMMANDS = 1_000_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** The transaction that one client is putting together. */
export class Multi {
  private queue: Queued[] | null = null;
  private bytes = 0;
  private spoilt = false;
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
    this.spoilt = false;
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
    if (this.queue!.length >= MAX_COMMANDS || this.bytes > MAX_BYTES) {
      this.spoil();
      return 'ERR too much is queued in this transaction';
    }
    this.queue!.push({ row, request: request.clone(), db: this.db });
    if (row.name === 'select' && request.argc === 2) {
      const db = /^[0-9]{1,2}$/.test(request.text(1)) ? Number(request.text(1)) : 16;
      if (db < 16) this.db = db;
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
