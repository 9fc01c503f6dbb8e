// Transactions in doubt that an abandoned group took part in: nobody can say what that group promised, so the other
// participants agree among themselves (R11), and whoever has said so takes the outcome from participants only. Must
// never forget one that is still in doubt.
import { addressOf, type Participant, type PreparedTxn } from '../commit/index.js';
import type { Parked } from './lane.js';
import type { PrimaryRing } from './primary-ring.js';

/** What the primary gives. */
interface YieldedOwner {
  readonly transactions: Participant<Parked>;
  readonly ring: PrimaryRing;
}

/** Those of one primary. */
export class Yielded {
  private readonly txns = new Set<string>();

  constructor(private readonly owner: YieldedOwner) {}

  /**
   * Another participant asks about a transaction that is prepared here.
   * @returns whether nothing that its coordinator still says counts, from now on
   */
  asked(txn: string): boolean {
    if (this.txns.has(txn)) return true;
    if (this.found(txn) === undefined) return false;
    const { transactions } = this.owner;
    for (const known of this.txns) if (!transactions.inDoubt(known)) this.txns.delete(known);
    this.txns.add(txn);
    return true;
  }

  /**
   * Whether this sender's word about the outcome counts: a member's does, a router's name is no address. What an earlier
   * primary of the group prepared it may have yielded, before it died.
   */
  takes(txn: string, from: string | undefined): boolean {
    if (from !== undefined && addressOf(from) !== null) return true;
    return !this.txns.has(txn) && this.found(txn)?.inherited !== true;
  }

  /** The transaction, if it is in doubt and a group that took part in it was abandoned. */
  private found(txn: string): PreparedTxn | undefined {
    const { transactions, ring } = this.owner;
    const { abandoned } = ring.document;
    if (abandoned.length === 0 || !transactions.inDoubt(txn)) return undefined;
    return transactions
      .undecided()
      .find((each) => each.txn === txn && each.participants.some((group) => abandoned.includes(group)));
  }
}
