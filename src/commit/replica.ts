// The backup's half of the log: holds a contiguous prefix, acknowledges it cumulatively, applies up to the commit
// index. Must never accept an entry over a hole, nor one of an older term (R7), nor apply what is undecided (R8).

/** What accept() found. */
export type Accepted = 'held' | 'known' | 'gap' | 'old-term';

/** A backup's copy of its group's log. `E` is the entry as the owner wants it back when it is to be applied. */
export class ReplicaLog<E> {
  private waiting: E[] = [];
  private heldSeq: number;
  private appliedSeq: number;

  /** @param term term of the primary followed; @param start seq up to which the store already is. */
  constructor(
    private currentTerm: number,
    start: number,
  ) {
    this.heldSeq = start;
    this.appliedSeq = start;
  }

  get term(): number {
    return this.currentTerm;
  }
  /** Last seq of the contiguous prefix held: what is acknowledged. */
  get held(): number {
    return this.heldSeq;
  }
  /** Last seq that was handed out to be applied. */
  get applied(): number {
    return this.appliedSeq;
  }

  /** A primary of this term leads now. @returns false when it is older than the one followed (R7). */
  follow(term: number): boolean {
    if (term < this.currentTerm) return false;
    this.currentTerm = term;
    return true;
  }

  /**
   * The primary followed holds nothing after `head`: neither may this member (R9).
   * @throws Error when it has applied more than that: the rule that only committed entries are applied was broken
   */
  truncate(head: number): void {
    if (head >= this.heldSeq) return;
    if (head < this.appliedSeq) throw new Error(`applied ${this.appliedSeq}, but the log ends at ${head}`);
    this.waiting.length = head - this.appliedSeq;
    this.heldSeq = head;
  }

  /** Entries held that have not been handed out, in order. */
  get undecided(): readonly E[] {
    return this.waiting;
  }

  /** Takes the entry `seq` of `term`. Only `held` and `known` may be acknowledged. */
  accept(term: number, seq: number, entry: E): Accepted {
    if (term < this.currentTerm) return 'old-term';
    if (seq <= this.heldSeq) return 'known';
    if (seq !== this.heldSeq + 1) return 'gap';
    this.waiting.push(entry);
    this.heldSeq = seq;
    return 'held';
  }

  /** The commit index is at least `commit`. @returns the entries to apply now, in order. */
  advance(commit: number): E[] {
    const upTo = Math.min(commit, this.heldSeq);
    if (upTo <= this.appliedSeq) return [];
    const ready = this.waiting.splice(0, upTo - this.appliedSeq);
    this.appliedSeq = upTo;
    return ready;
  }
}
