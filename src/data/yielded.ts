// Transactions in doubt that an abandoned group took part in: nobody can say what that group promised, so the other
// participants agree among themselves (R11), and whoever has said so takes the outcome from participants only. Must
// never forget one that is still in doubt.
import { addressOf, type Participant } from '../commit/index.js';
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
    const { transactions, ring } = this.owner;
    const { abandoned } = ring.document;
    if (abandoned.length === 0) return false;
    const found = transactions.undecided().find((each) => each.txn === txn);
    if (!found?.participants.some((group) => abandoned.includes(group))) return false;
    for (const known of this.txns) if (!transactions.inDoubt(known)) this.txns.delete(known);
    this.txns.add(txn);
    return true;
  }

  /** Whether this sender's word about the outcome counts: a member's does, a router's name is no address. */
  takes(txn: string, from: string | undefined): boolean {
    return !this.txns.has(txn) || (from !== undefined && addressOf(from) !== null);
  }
}
