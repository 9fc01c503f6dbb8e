// What a committed log entry does to a member that did not execute it: the store changes, replies are remembered,
// transactions take their next state (R8-R10). The same for a backup, and for a new primary's inherited entries.
import { Buffer } from 'node:buffer';
import { type Answers, EMPTY, type Participant, type Remembered, type TxnEntry } from '../commit/index.js';
import { Context } from '../store/context.js';
import type { Imported, Store } from '../store/index.js';
import type { Parked } from './lane.js';

/**
 * A log entry as a member keeps it until it is committed: a transaction's, or what plain commands did. Both have the same
 * properties: code that V8 has compiled for one of them is good for the other.
 */
export class Held {
  constructor(
    readonly seq: number,
    /** Null: plain commands'. */
    readonly entry: TxnEntry | null,
    readonly router = '',
    readonly effects = EMPTY,
    readonly index = EMPTY,
    readonly replies = EMPTY,
  ) {}
}

/** Applies entries, in order, each once. */
export class Applier {
  private readonly ctx = new Context();

  constructor(
    private readonly store: Store,
    readonly remembered: Remembered,
    readonly transactions: Participant<Parked>,
  ) {
    this.ctx.replica = true;
  }

  apply(held: Held): void {
    this.ctx.seq = held.seq;
    const { entry } = held;
    if (entry === null) {
      this.run(held.effects);
      if (held.router !== '') this.remember(held.router, held);
      return;
    }
    if (entry.kind === 'outcome' && entry.commit) {
      const effects = this.transactions.effectsOf(entry.txn);
      if (effects !== null) this.run(effects);
    }
    this.transactions.restore(entry);
  }

  /** Executes effects as a copy does. */
  run(effects: Buffer): void {
    this.ctx.db = 0;
    this.store.apply(effects, this.ctx);
  }

  /** Remembers what a router was answered; never the network's chunk that it came in, which holds much more. */
  remember(router: string, { seq, index, replies }: Answers): void {
    this.remembered.add(router, { seq, index: alone(index), replies: alone(replies) });
  }

  /** A candidate was given this key. */
  put(db: number, key: string, imported: Imported): void {
    this.store.importWhole(db, key, imported, this.ctx.seq);
  }
}

/** The bytes, copied when they are a small part of what they are a view of. */
function alone(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength > 2 * bytes.length + POOL ? Buffer.from(bytes) : bytes;
}

/** Size of the blocks that Node makes small buffers from. */
const POOL = 8192;
