// The primary's log: which entries exist, who holds them, and so which are committed.
// R4: an entry is committed when every member of the in-sync set holds it, and at least minInSync of them.
// Must never let the commit index pass an entry that some member of the current set lacks, nor go back.

/** One entry as the members get it. */
export interface LogEntry {
  readonly seq: number;
  /** Commit index when it was appended: what its bytes say. */
  readonly commit: number;
  /** The entry's bytes, ready to be sent one after the other, and how many there are. */
  readonly parts: readonly Buffer[];
  readonly size: number;
}

interface Follower {
  /** Last seq that it acknowledged, cumulatively. */
  held: number;
  /** Last seq given to its connection; entries after it are still to be sent. */
  sent: number;
  /** In every configuration that stands or may stand: only then does it count towards minInSync (R4). */
  listed: boolean;
}

/** Log of one group at its primary, for one term. Seqs count from 1 without a hole. */
export class GroupLog {
  private readonly followers = new Map<string, Follower>();
  private entries: LogEntry[] = [];
  /** Seq of entries[0]. */
  private first: number;
  private last: number;
  private committedSeq: number;
  private heldBytes = 0;

  /**
   * @param start seq up to which every member already holds everything
   * @param minInSync fewest members, primary counted, that must hold an entry (R4)
   * @param capacity bytes of entries kept before `full` asks for back-pressure
   */
  constructor(
    start: number,
    private readonly minInSync: number,
    private readonly capacity: number,
  ) {
    this.first = start + 1;
    this.last = start;
    this.committedSeq = start;
  }

  /** Seq of the newest entry. */
  get head(): number {
    return this.last;
  }
  /** R4's commit index: every entry up to it is held by all. */
  get committed(): number {
    return this.committedSeq;
  }
  /** Members that are surely in sync, the primary counted: a candidate, or who is about to be removed, is not. */
  get members(): number {
    let members = 1;
    for (const { listed } of this.followers.values()) if (listed) members++;
    return members;
  }
  /** Last seq that every follower holds, however few they are. */
  get everywhere(): number {
    let all = this.last;
    for (const { held } of this.followers.values()) if (held < all) all = held;
    return all;
  }
  /** Whether writes may be executed at all (else NOREPLICAS). */
  get writable(): boolean {
    return this.members >= this.minInSync;
  }
  /** Bytes of entries that some member has not acknowledged. */
  get bytes(): number {
    return this.heldBytes;
  }
  /** Last seq that this backup acknowledged; -1 for a member that is not in the set. */
  heldBy(member: string): number {
    return this.followers.get(member)?.held ?? -1;
  }
  /** Last seq given to this backup's connection; -1 for a member that is not in the set. */
  sentTo(member: string): number {
    return this.followers.get(member)?.sent ?? -1;
  }
  /** Whether so much is unacknowledged that no new request should be read. */
  get full(): boolean {
    return this.heldBytes > this.capacity;
  }

  /**
   * Puts a backup into the set, holding everything up to `held`: from now on every entry needs it too (R4).
   * @param listed whether the configuration names it, so that it counts towards minInSync
   * @returns whether the commit index moved
   */
  join(member: string, held: number, listed = true): boolean {
    if (held > this.last || held < this.first - 1)
      throw new Error(`member ${member} cannot follow from ${held}`);
    this.followers.set(member, { held, sent: held, listed });
    return this.advance();
  }
  /** R4: whether every configuration that stands or may stand names this backup. @returns whether the commit index moved */
  list(member: string, listed: boolean): boolean {
    const follower = this.followers.get(member);
    if (follower === undefined) return false;
    follower.listed = listed;
    return this.advance();
  }
  /** Takes a backup out, after the configuration without it stands (R4). @returns whether the commit index moved. */
  leave(member: string): boolean {
    this.followers.delete(member);
    return this.advance();
  }
  /**
   * The backup's connection begins anew: everything that it does not hold is to be sent again. One that holds less
   * than it acknowledged is never taken back: it has failed, and whoever calls this must have seen to that.
   * @returns whether the commit index moved: the acknowledgement may have been lost with the old connection.
   */
  rewind(member: string, held: number): boolean {
    const follower = this.followers.get(member);
    if (follower === undefined) return false;
    if (held < follower.held) throw new Error(`member ${member} lost entries: ${held} < ${follower.held}`);
    // R9: it holds this log's prefix and nothing else.
    if (held > this.last) throw new Error(`member ${member} holds ${held}, beyond the head ${this.last}`);
    follower.held = held;
    follower.sent = held;
    return this.advance();
  }

  /** Appends an entry with the next seq. @returns whether the commit index moved (no backup in the set). */
  append(...parts: Buffer[]): boolean {
    this.last++;
    // Alone below minInSync nothing is committed: whoever joins next may need it.
    if (this.followers.size > 0 || !this.writable) {
      const size = parts.reduce((sum, { length }) => sum + length, 0);
      this.entries.push({ seq: this.last, commit: this.committedSeq, parts, size });
      this.heldBytes += size;
    } else this.first = this.last + 1;
    return this.advance();
  }

  /** Entries to be sent to this backup now, in order; they count as sent. */
  unsent(member: string): LogEntry[] {
    const follower = this.followers.get(member);
    if (follower === undefined || follower.sent === this.last) return [];
    const from = follower.sent;
    follower.sent = this.last;
    return this.entries.slice(from + 1 - this.first);
  }

  /** A backup holds everything up to `seq`. Old and double news are harmless. @returns whether the commit index moved. */
  acknowledge(member: string, seq: number): boolean {
    const follower = this.followers.get(member);
    if (follower === undefined || seq <= follower.held) return false;
    if (seq > follower.sent)
      throw new Error(`member ${member} acknowledged ${seq}, was sent ${follower.sent}`);
    follower.held = seq;
    return this.advance();
  }

  private advance(): boolean {
    const all = this.everywhere;
    // Below minInSync nothing new commits, whoever holds it (R4).
    if (!this.writable || all <= this.committedSeq) return false;
    this.committedSeq = all;
    let drop = 0;
    while (drop < this.entries.length && this.entries[drop]!.seq <= all)
      this.heldBytes -= this.entries[drop++]!.size;
    if (drop > 0) this.entries.splice(0, drop);
    this.first = all + 1;
    return true;
  }
}
