// The log entry that is being written in this turn: effects of one router's commands, and what they were answered.
// One entry holds all that one router wrote in a turn, so that the log costs a batch, not a command.
import { INDEX_SIZE } from '../commit/index.js';
import { ByteWriter, encodeCommand, ReplyWriter } from '../resp/index.js';
import type { Tell } from './unlogged.js';

/** What an entry of the group's log holds, as it travels: `TOWLINE.ENTRY term seq commit clock kind ...`. */
export const ENTRY = 'TOWLINE.ENTRY';

/** Collects one entry; the primary closes it before anything else is logged. */
export class OpenEntry {
  /** Commands that make the same changes anywhere; each entry starts in database 0. */
  readonly effects = new ReplyWriter();
  private readonly index = new ByteWriter();
  private readonly replies = new ByteWriter();
  private db = 0;
  private mark = 0;
  private bare = 0;
  private readonly pair = Buffer.alloc(INDEX_SIZE);
  /** Router whose commands these are; '' for the group's own doings (expiry). */
  router = '';

  get empty(): boolean {
    return this.effects.length === 0;
  }

  /** Before a command that acts on `db` executes. */
  begin(db: number): void {
    this.bare = this.effects.length;
    if (db !== this.db) this.effects.bytes(encodeCommand(['TOWLINE.DB', db]));
    this.mark = this.effects.length;
  }
  /** After it has executed. @returns whether it had effects. */
  end(db: number): boolean {
    if (this.effects.length === this.mark) {
      this.effects.truncate(this.bare);
      return false;
    }
    this.db = db;
    return true;
  }
  /** Remembers what command `counter` of the router was answered (R10). */
  answered(counter: number, source: Buffer, from: number, to: number): void {
    this.pair.writeUInt32LE(counter >>> 0, 0);
    this.pair.writeUInt32LE(Math.floor(counter / 0x100000000), 4);
    this.pair.writeUInt32LE(to - from, 8);
    this.index.bytes(this.pair);
    this.replies.range(source, from, to);
  }
  /** The same, of a command that changed nothing, and whose reply its router may not have heard (unlogged.ts). */
  readonly keep: Tell = (counter, source, from, to) => this.answered(counter, source, from, to);
  /** Gives the parts away and starts anew. */
  take(): { router: string; effects: Buffer; index: Buffer; replies: Buffer } {
    this.db = 0;
    const parts = {
      router: this.router,
      effects: this.effects.take(),
      index: this.index.take(),
      replies: this.replies.take(),
    };
    this.router = '';
    return parts;
  }
}

/** The frame of a batch of commands. */
export function batchFrame(
  head: { term: number; seq: number; commit: number; clock: number },
  parts: { router: string; effects: Buffer; index: Buffer; replies: Buffer },
): Buffer {
  const { term, seq, commit, clock } = head;
  return encodeCommand([
    ENTRY,
    term,
    seq,
    commit,
    clock,
    'batch',
    parts.router,
    parts.effects,
    parts.index,
    parts.replies,
  ]);
}

/** The frame of a transaction's entry. */
export function txnFrame(
  head: { term: number; seq: number; commit: number; clock: number },
  entry: Buffer,
): Buffer {
  return encodeCommand([ENTRY, head.term, head.seq, head.commit, head.clock, 'txn', entry]);
}
