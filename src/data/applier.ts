// What a committed log entry does to a member that did not execute it: the store changes, replies are remembered,
// transactions take their next state (R8-R10). The same for a backup, and for a new primary's inherited entries.
import type { Participant, Remembered, TxnEntry } from '../commit/index.js';
import { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import type { Parked } from './lane.js';

/** A log entry as a member keeps it until it is committed. */
export type Held =
  | { kind: 'batch'; seq: number; router: string; effects: Buffer; index: Buffer; replies: Buffer }
  | { kind: 'txn'; seq: number; entry: TxnEntry };

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
    if (held.kind === 'batch') {
      this.run(held.effects);
      if (held.router !== '') this.remembered.add(held.router, held);
      return;
    }
    const { entry } = held;
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
}
