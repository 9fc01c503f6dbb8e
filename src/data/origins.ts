// Whether what ZooKeeper says of the own group is about the group that this process belongs to (R3). ZooKeeper may have
// lost the configuration, and somebody may have created the group anew, empty: then the epochs say nothing. A node in
// ZooKeeper is told from another at the same place by the transaction that created it. Must never let a member that
// holds data act on a configuration of another origin, however new it looks.

/** What is needed of the process. */
export interface OriginsOwner {
  /** Whether the present member is, or was, in sync. */
  holding(): boolean;
  /** What an operator must know; null: all is well. */
  trouble(why: string | null): void;
  /** The present member holds nothing: it begins anew, under the configuration of the new origin. */
  anew(): void;
}

const GIVE_UP = 'to give up what it holds, stop this process';

/** The origin that one process goes by. */
export class Origins {
  private origin: bigint | null = null;
  private why: string | null = null;

  constructor(private readonly owner: OriginsOwner) {}

  /** A configuration was read from the node that the transaction `origin` created. @returns whether it is to be obeyed */
  takes(origin: bigint): boolean {
    const { owner } = this;
    const before = this.origin;
    if (before !== null && before !== origin && owner.holding()) {
      this.say(
        `ZooKeeper lost this group's configuration and has another one; this member refuses it; ${GIVE_UP}`,
      );
      return false;
    }
    this.origin = origin;
    this.say(null);
    if (before !== null && before !== origin) owner.anew();
    return true;
  }

  /** There is no configuration. */
  gone(): void {
    if (this.origin === null || !this.owner.holding()) return;
    this.say(
      `ZooKeeper has lost this group's configuration; this member serves by the last one, which cannot change; ${GIVE_UP}`,
    );
  }

  /** A member that holds data is registered, and there is no configuration: nobody creates the group anew. Null: none is. */
  held(member: string | null): void {
    if (this.origin !== null) return;
    const lost = "ZooKeeper has lost this group's configuration";
    this.say(member && `${lost}; it is not begun anew while ${member} runs, which holds data`);
  }

  /** A new member in this process hears what holds for it too. */
  repeat(): void {
    this.owner.trouble(this.why);
  }

  private say(why: string | null): void {
    this.why = why;
    this.owner.trouble(why);
  }
}
