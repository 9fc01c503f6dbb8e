// Finishing a transaction whose coordinator is gone: any participant's primary asks the others and does what R11 says.
// Must never decide to abort unless a group says NEVER or that it has aborted, nor to commit unless every
// participant is prepared or one has committed.
import type { Answer, Ask, Txn, TxnState } from './messages.js';

/** What the owner must do. */
export type ResolverAction =
  | { do: 'send'; group: string; ask: Ask }
  /** The outcome is found: the own group takes it as if the coordinator had said it. */
  | { do: 'decide'; commit: boolean }
  /** Every other participant has confirmed the outcome: it may be forgotten here. */
  | { do: 'settled' };

/** One orphan at one of its participants. */
export class Resolver {
  private readonly states = new Map<string, TxnState>();
  private readonly confirmed = new Set<string>();
  private readonly others: string[];

  /**
   * @param commit the outcome, if it is known here already and only has to be spread
   */
  constructor(
    readonly txn: Txn,
    self: string,
    participants: readonly string[],
    private commit: boolean | null,
  ) {
    this.others = participants.filter((group) => group !== self);
  }

  /** Whether the outcome is known to it. */
  get decided(): boolean {
    return this.commit !== null;
  }

  /** Asks, or asks again, everybody whose answer is missing. Call it at first and after each pause. */
  step(): ResolverAction[] {
    const { commit, txn } = this;
    if (commit === null) {
      // It wrote in this group alone, and is prepared here: that is every participant.
      if (this.others.length === 0) return this.decide(true);
      const missing = this.others.filter((group) => !this.states.has(group));
      return missing.map((group) => ({ do: 'send', group, ask: { kind: 'inquire', txn } }));
    }
    const missing = this.others.filter((group) => !this.confirmed.has(group));
    if (missing.length === 0) return [{ do: 'settled' }];
    return missing.map((group) => ({ do: 'send', group, ask: { kind: 'outcome', txn, commit } }));
  }

  /** Another participant answered. */
  answered(group: string, answer: Answer): ResolverAction[] {
    if (!this.others.includes(group)) return [];
    if (answer.kind === 'done' && this.commit !== null) {
      this.confirmed.add(group);
      return this.confirmed.size === this.others.length ? [{ do: 'settled' }] : [];
    }
    if (answer.kind !== 'state' || this.commit !== null) return [];
    this.states.set(group, answer.state);
    const said = [...this.states.values()];
    if (said.includes('committed')) return this.decide(true);
    if (said.includes('never') || said.includes('aborted')) return this.decide(false);
    return said.length === this.others.length ? this.decide(true) : [];
  }

  private decide(commit: boolean): ResolverAction[] {
    this.commit = commit;
    return [{ do: 'decide', commit }, ...this.step()];
  }
}
