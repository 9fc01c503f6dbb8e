// Finishing a transaction whose coordinator is gone: any participant's primary asks the others and does what R11 says.
// Must never decide to abort unless a group says NEVER or that it has aborted, nor to commit unless every
// participant is prepared or one has committed. Where a participant was abandoned, nobody can say what it promised: the
// others commit if one of them has, else abort, once none of them takes the coordinator's word any more.
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
  private readonly all: string[];

  /**
   * @param commit the outcome, if it is known here already and only has to be spread
   * @param abandoned whether a group was given up with its data
   * @param renewed whether a group lost its data and began anew: its NEVER is no promise of before
   */
  constructor(
    readonly txn: Txn,
    self: string,
    participants: readonly string[],
    private commit: boolean | null,
    private readonly abandoned: (group: string) => boolean = () => false,
    private readonly renewed: (group: string) => boolean = () => false,
  ) {
    this.all = participants.filter((group) => group !== self);
  }

  /** Those that can be asked. */
  private get others(): string[] {
    return this.all.filter((group) => !this.abandoned(group));
  }

  /** Whether the outcome is known to it. */
  get decided(): boolean {
    return this.commit !== null;
  }

  /** Asks, or asks again, everybody whose answer is missing. Call it at first and after each pause. */
  step(): ResolverAction[] {
    const { commit, txn } = this;
    if (commit === null) {
      // It wrote in this group alone, and is prepared here: that is every participant; or the others were abandoned.
      if (this.others.length === 0) return this.decide(this.all.length === 0);
      // Where one was abandoned, who is prepared is asked until it takes nobody else's word.
      const good = (group: string) =>
        this.states.has(group) && (this.whole || this.states.get(group) === 'yielded');
      const missing = this.others.filter((group) => !good(group));
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
      return this.others.every((each) => this.confirmed.has(each)) ? [{ do: 'settled' }] : [];
    }
    if (answer.kind !== 'state' || this.commit !== null) return [];
    this.states.set(group, answer.state);
    const said = this.others.flatMap((each) => this.states.get(each) ?? []);
    if (said.includes('committed')) return this.decide(true);
    const never = this.others.some((each) => this.states.get(each) === 'never' && !this.renewed(each));
    if (never || said.includes('aborted')) return this.decide(false);
    if (said.length < this.others.length) return [];
    // Nobody knows better than a group that cannot know.
    if (said.includes('never')) return this.decide(false);
    if (this.whole) return this.decide(true);
    return said.every((state) => state === 'yielded') ? this.decide(false) : [];
  }

  private get whole(): boolean {
    return this.others.length === this.all.length;
  }

  private decide(commit: boolean): ResolverAction[] {
    this.commit = commit;
    return [{ do: 'decide', commit }, ...this.step()];
  }
}
