// The log entry that is being written in this turn: effects of one router's commands, and what they were answered.
// One entry holds all that one router wrote in a turn, so that the log costs a batch, not a command.
import { Buffer } from 'node:buffer';
import { INDEX_SIZE } from '../commit/index.js';
import { ByteWriter, encodeCommand, PartsWriter } from '../resp/index.js';
import type { Tell } from './unlogged.js';

/** What an entry of the group's log holds, as it travels: `TOWLINE.ENTRY term seq commit clock kind ...`. */
export const ENTRY = 'TOWLINE.ENTRY';

/** What an entry of one router's commands holds. */
export interface EntryParts {
  readonly router: string;
  /** Their bytes one after the other. */
  readonly effects: readonly Buffer[];
  readonly index: Buffer;
  readonly replies: Buffer;
}

/** Bytes of effects that are not copied into a frame. */
const LONG = 1024 * 1024;
/** Bytes of `*7` and its line's end, or of any one digit. */
const HEAD = 4;

/** Collects one entry; the primary closes it before anything else is logged. */
export class OpenEntry {
  /** Commands that make the same changes anywhere; each entry starts in database 0. */
  readonly effects = new PartsWriter();
  private readonly index = new ByteWriter();
  private readonly replies = new ByteWriter();
  private db = 0;
  private mark = 0;
  private bare = 0;
  private readonly pair = Buffer.alloc(INDEX_SIZE);
  /** Router whose commands these are; '' for the group's own doings (expiry). */
  router = '';

  get empty(): boolean {
    return this.effects.size === 0;
  }

  /** Before a command that acts on `db` executes. */
  begin(db: number): void {
    this.bare = this.effects.size;
    if (db !== this.db) this.effects.bytes(encodeCommand(['TOWLINE.DB', db]));
    this.mark = this.effects.size;
  }
  /** After it has executed. @returns whether it had effects. */
  end(db: number): boolean {
    if (this.effects.size === this.mark) {
      this.effects.back(this.bare);
      return false;
    }
    this.db = db;
    return true;
  }
  /**
   * What was executed since `size` bytes of effects, and in database `db` then, is taken back; in its place stands an
   * effect that changes nothing, so that there is an entry to remember the reply by.
   * @throws Error when a part of it is gone for good
   */
  undo(size: number, db: number): void {
    this.effects.back(size);
    this.effects.bytes(encodeCommand(['TOWLINE.DB', db]));
    this.db = db;
  }
  /** Database in which the next effect acts. */
  get database(): number {
    return this.db;
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
  take(): EntryParts {
    this.db = 0;
    const parts = {
      router: this.router,
      effects: this.effects.takeParts(),
      index: this.index.take(),
      replies: this.replies.take(),
    };
    this.router = '';
    return parts;
  }
}

/** The frame of a batch of commands, in parts: what is long in its effects is not copied. */
export function batchFrame(
  head: { term: number; seq: number; commit: number; clock: number },
  { router, effects, index, replies }: EntryParts,
): Buffer[] {
  const { term, seq, commit, clock } = head;
  const words = [ENTRY, term, seq, commit, clock, 'batch', router];
  if (effects.length === 1 && effects[0]!.length < LONG)
    return [encodeCommand([...words, effects[0]!, index, replies])];
  const size = effects.reduce((sum, { length }) => sum + length, 0);
  // Seven words of ten, the length of the eighth; then its bytes, and the others.
  const front = encodeCommand(words).subarray(HEAD);
  const behind = encodeCommand([index, replies]).subarray(HEAD);
  return [
    Buffer.concat([Buffer.from('*10\r\n', 'latin1'), front, Buffer.from(`$${size}\r\n`, 'latin1')]),
    ...effects,
    Buffer.concat([Buffer.from('\r\n', 'latin1'), behind]),
  ];
}

/** The frame of a transaction's entry. */
export function txnFrame(
  head: { term: number; seq: number; commit: number; clock: number },
  entry: Buffer,
): Buffer {
  return encodeCommand([ENTRY, head.term, head.seq, head.commit, head.clock, 'txn', entry]);
}
