// Two-phase commit as the router sees it: one transaction over several groups, from the first lock to the last
// confirmation. Must never send PREPARE before every lock is held, never decide to abort after a PREPARE was sent
// unless a group said NEVER (R11), never answer the client before the decision, and never wait for a lock in one group
// while it holds one in a later group: then two could wait for each other.
import { Buffer } from 'node:buffer';
import type { Answer, Aside, Ask, KeyValue, Moment, Run, Take, Taken, Txn, TxnKey } from './messages.js';

/** What the transaction needs of one group. */
export interface Share {
  group: string;
  keys: TxnKey[];
  everything: boolean;
  /** Fetch the values of the keys. */
  fetch: boolean;
  /** Execute this under the locks. */
  read: Run | null;
  /** And these behind it: their replies follow. */
  also?: readonly Run[];
  /** Keys that the group is to choose. */
  take?: Take;
}

/** What a group gave when its keys were locked. */
export interface Locked {
  values: KeyValue[];
  reply: Buffer;
  /** Whether keys that are absent stay so: nothing waits to be deleted (R2). */
  firm: boolean;
  taken?: Taken | undefined;
}

/** How a transaction goes on once values are known. */
export type Next =
  /** Nothing is to be written: release and answer. */
  | { kind: 'answer'; reply: Buffer }
  /** Write these effects (per group; groups without any only release their locks), then answer. */
  | {
      kind: 'write';
      effects: Map<string, Buffer>;
      reply: Buffer;
      /** Called when it is certain that the effects are, or will be, there: every group has voted. */
      decided?(): void;
      /** One group has chosen the keys, the other one is to lock them with its PREPARE. */
      parts?: { gives: string; takes: string };
    }
  /** Nothing needs to move: release, and plan again at once. */
  | { kind: 'settled' }
  /** Execute aside at one group, on these values. */
  | { kind: 'aside'; group: string; values: KeyValue[]; runs: Run[]; moment?: Moment | undefined };

/** A planned transaction: shares in ascending order of group ids, and what is made of the answers. Pure. */
export interface Plan {
  /** Version of the ring it was planned with (R2). */
  ring: number;
  shares: Share[];
  locked(answers: Map<string, Locked>): Next;
  /** @param at the moment in which it ran, where one was asked for */
  ran?(reply: Buffer, changes: KeyValue[], at?: number): Next;
  /**
   * Every lock but the last one is held: what is to run aside as soon as that one is, too, which saves a round trip.
   * `settled`: nothing needs to move, as the groups asked so far say. Then `ran` is told instead of asked for.
   */
  beforeLast?(answers: Map<string, Locked>): Aside | 'settled';
}

/** What the owner must do, in order. */
export type CoordinatorAction =
  | { do: 'send'; group: string; ask: Ask }
  /** The outcome is known: the client gets this, and subscribers hear of these keyspace events before. */
  | { do: 'answer'; reply: Buffer; events: Buffer | undefined }
  /** Nothing was executed; everything is released: plan again, with a new txn, after `why` has been dealt with. */
  | { do: 'retry'; why: 'stale' | 'full' | 'busy' | 'lost' | 'never' | 'settled' }
  /** The same, after this key has been moved from this group in pieces. */
  | { do: 'large'; group: string; db: number; key: string }
  /** Nothing was executed, and will not be: the client gets this error. */
  | { do: 'fail'; error: string }
  /** A PREPARE may have been executed, and nobody can say: the client must be told so. */
  | { do: 'uncertain' }
  /** Every participant has confirmed: the transaction can be forgotten here. */
  | { do: 'end' };

type State = 'locking' | 'aside' | 'preparing' | 'deciding' | 'ended';

/** One transaction at its coordinator. */
export class Coordinator {
  private state: State = 'locking';
  /** Index of the last share whose locks were asked for. */
  private at = 0;
  /** All groups are asked for their locks at once, and none of them lets this transaction wait. */
  private readonly together: boolean;
  /** What ran aside while the last lock was taken. */
  private early: { reply: Buffer; changes: KeyValue[] } | null = null;
  /** Keyspace events of what ran aside, as they came. */
  private events: Buffer | undefined;
  private readonly tokens = new Map<string, string>();
  private readonly answers = new Map<string, Locked>();
  private asideAt = '';
  private asideAsk: Ask | null = null;
  private reply: Buffer = Buffer.alloc(0);
  private decided: () => void = () => {};
  private prepares = new Map<string, Ask>();
  /** Groups that have voted `prepared`; then groups that have confirmed the outcome. */
  private readonly voted = new Set<string>();
  private readonly confirmed = new Set<string>();
  private commit = false;

  /**
   * @param notify classes of keyspace events that are to be told
   * @param ordered one group after the other, in ascending order, waiting for locks: never refused as busy
   */
  constructor(
    readonly txn: Txn,
    private readonly plan: Plan,
    ordered = true,
    private readonly notify = 0,
  ) {
    this.together =
      !ordered && plan.beforeLast === undefined && !plan.shares.some(({ everything }) => everything);
  }

  /** Whether the coordinator may still give up freely: no PREPARE has been sent. */
  get free(): boolean {
    return this.state === 'locking' || this.state === 'aside';
  }
  /** Groups whose answers are still needed: their links must be kept up. */
  get ended(): boolean {
    return this.state === 'ended';
  }

  /** Whether anything is still expected of this group. */
  needs(group: string): boolean {
    if (this.free) return this.shareOf(group) >= 0;
    return this.state !== 'ended' && this.prepares.has(group) && !this.confirmed.has(group);
  }

  /** Begins with the lowest group, or with all. */
  start(): CoordinatorAction[] {
    if (!this.together) return [this.lock(this.plan.shares[0]!)];
    this.at = this.plan.shares.length - 1;
    return this.plan.shares.map((share) => this.lock(share));
  }

  /** A group answered. */
  answered(group: string, answer: Answer): CoordinatorAction[] {
    switch (answer.kind) {
      case 'locked':
        return this.onLocked(group, answer);
      case 'refused':
        // NOREPLICAS is the client's to know; anything else is dealt with behind its back.
        if (!this.awaits(group)) return [];
        if (answer.why === 'noreplicas') {
          const released = this.release();
          return [...released, { do: 'fail', error: 'NOREPLICAS Not enough good replicas to write.' }];
        }
        if (answer.why === 'large') {
          const { key } = answer;
          return [...this.release(), { do: 'large', group, ...key }];
        }
        return this.giveUp(answer.why);
      case 'ran': {
        if (this.state !== 'aside' || group !== this.asideAt) return [];
        this.events = answer.events;
        return this.go(this.plan.ran!(answer.reply, answer.changes, answer.at));
      }
      case 'vote':
        return this.onVote(group, answer.vote);
      case 'done':
        return this.onDone(group);
      case 'state':
        return [];
    }
  }

  /**
   * The connection to a group's primary was lost: the locks there went with it; anything else is said again later.
   * A group that is yet to be asked counts too: what is said while there is no connection is dropped, and the locks
   * held elsewhere would wait for its failover.
   */
  linkLost(group: string): CoordinatorAction[] {
    return this.free && this.shareOf(group) >= 0 ? this.giveUp('lost', group) : [];
  }

  /** A connection to a group's primary stands: what it has not answered is said again. */
  linkUp(group: string): CoordinatorAction[] {
    if (this.state === 'preparing' && this.prepares.has(group) && !this.voted.has(group)) {
      return [{ do: 'send', group, ask: this.prepares.get(group)! }];
    }
    if (this.state === 'deciding' && this.prepares.has(group) && !this.confirmed.has(group)) {
      return [{ do: 'send', group, ask: { kind: 'outcome', txn: this.txn, commit: this.commit } }];
    }
    return [];
  }

  /** The client's deadline has passed. */
  expired(): CoordinatorAction[] {
    if (this.free) {
      const released = this.release();
      return [
        ...released,
        { do: 'fail', error: 'TIMEOUT a group did not answer in time; nothing was executed' },
      ];
    }
    // In doubt: the transaction goes on until it is settled, but its client is told that nobody knows yet.
    return this.state === 'preparing' ? [{ do: 'uncertain' }] : [];
  }

  private lock(
    { group, keys, everything, fetch, read, also, take }: Share,
    aside?: Aside,
  ): CoordinatorAction {
    const { txn, together: atOnce, notify } = this;
    const { ring } = this.plan;
    if (aside !== undefined && notify > 0) aside = { ...aside, notify };
    return {
      do: 'send',
      group,
      ask: {
        kind: 'lock',
        txn,
        ring,
        keys,
        everything,
        fetch,
        read,
        ...(also && { also }),
        atOnce,
        aside,
        take,
      },
    };
  }

  /** Whether this group was asked for its locks and has not answered. */
  private awaits(group: string): boolean {
    const i = this.shareOf(group);
    return this.state === 'locking' && i >= 0 && i <= this.at && !this.tokens.has(group);
  }

  private onLocked(group: string, answer: Answer & { kind: 'locked' }): CoordinatorAction[] {
    if (!this.awaits(group)) return [];
    const { shares } = this.plan;
    this.tokens.set(group, answer.token);
    const { values, reply, firm, changes, taken } = answer;
    this.answers.set(group, { values, reply, firm, taken });
    if (changes !== undefined) {
      this.early = { reply, changes };
      this.events = answer.events;
    }
    if (this.tokens.size === shares.length) return this.go(this.plan.locked(this.ordered()));
    if (this.together) return [];
    const next = shares[++this.at]!;
    if (this.at < shares.length - 1 || this.plan.beforeLast === undefined) return [this.lock(next)];
    const aside = this.plan.beforeLast(this.answers);
    if (aside !== 'settled') return [this.lock(next, aside)];
    // That one was not asked.
    this.at--;
    return this.giveUp('settled');
  }

  /** Answers in the order of the shares. */
  private ordered(): Map<string, Locked> {
    return new Map(this.plan.shares.map(({ group }) => [group, this.answers.get(group)!]));
  }

  private go(next: Next): CoordinatorAction[] {
    switch (next.kind) {
      case 'answer':
        this.reply = next.reply;
        return [{ do: 'answer', reply: next.reply, events: this.events }, ...this.release(), { do: 'end' }];
      case 'settled':
        return this.giveUp('settled');
      case 'aside':
        if (this.early !== null) return this.go(this.plan.ran!(this.early.reply, this.early.changes));
        this.state = 'aside';
        this.asideAt = next.group;
        this.asideAsk = {
          kind: 'aside',
          txn: this.txn,
          values: next.values,
          runs: next.runs,
          moment: next.moment,
        };
        if (this.notify > 0) this.asideAsk = { ...this.asideAsk, notify: this.notify };
        return [{ do: 'send', group: next.group, ask: this.asideAsk }];
      case 'write': {
        this.reply = next.reply;
        this.decided = () => next.decided?.();
        const participants = this.plan.shares
          .map(({ group }) => group)
          .filter((group) => next.effects.has(group));
        if (participants.length === 0) return this.go({ kind: 'answer', reply: next.reply });
        this.state = 'preparing';
        const actions: CoordinatorAction[] = [];
        for (const group of participants) {
          const token = this.tokens.get(group)!;
          const effects = next.effects.get(group)!;
          const part = next.parts && (next.parts.gives === group ? 'gives' : 'takes');
          const ask: Ask = { kind: 'prepare', txn: this.txn, token, participants, effects, part };
          this.prepares.set(group, ask);
          actions.push({ do: 'send', group, ask });
        }
        return actions;
      }
    }
  }

  private onVote(group: string, said: 'prepared' | 'never' | 'uncertain'): CoordinatorAction[] {
    if (this.state !== 'preparing' || !this.prepares.has(group)) return [];
    if (said === 'uncertain') {
      // Others settled the transaction and have forgotten how: nothing is left to be done.
      this.state = 'ended';
      return [{ do: 'uncertain' }, ...this.releaseReads(), { do: 'end' }];
    }
    if (said === 'prepared') {
      this.voted.add(group);
      if (this.voted.size < this.prepares.size) return [];
      this.decided();
      return [{ do: 'answer', reply: this.reply, events: this.events }, ...this.decide(true)];
    }
    return [...this.decide(false), { do: 'retry', why: 'never' }];
  }

  private decide(commit: boolean): CoordinatorAction[] {
    this.state = 'deciding';
    this.commit = commit;
    const actions: CoordinatorAction[] = [];
    for (const group of this.prepares.keys()) {
      actions.push({ do: 'send', group, ask: { kind: 'outcome', txn: this.txn, commit } });
    }
    return [...actions, ...this.releaseReads()];
  }

  /** Groups that were only read from have nothing to decide: their locks are given up. */
  private releaseReads(): CoordinatorAction[] {
    return this.plan.shares
      .filter(({ group }) => !this.prepares.has(group))
      .map(({ group }) => ({ do: 'send', group, ask: { kind: 'release', txn: this.txn } }));
  }

  private onDone(group: string): CoordinatorAction[] {
    if (this.state !== 'deciding' || !this.prepares.has(group)) return [];
    this.confirmed.add(group);
    if (this.confirmed.size < this.prepares.size) return [];
    this.state = 'ended';
    const actions: CoordinatorAction[] = [];
    for (const each of this.prepares.keys()) {
      actions.push({ do: 'send', group: each, ask: { kind: 'forget', txn: this.txn } });
    }
    return [...actions, { do: 'end' }];
  }

  private giveUp(why: 'stale' | 'full' | 'busy' | 'lost' | 'settled', lost?: string): CoordinatorAction[] {
    return [...this.release(lost), { do: 'retry', why }];
  }

  /** Releases whatever may be locked: every group that was asked so far. */
  private release(lost?: string): CoordinatorAction[] {
    this.state = 'ended';
    const actions: CoordinatorAction[] = [];
    this.plan.shares.forEach(({ group }, i) => {
      if (i <= this.at && group !== lost)
        actions.push({ do: 'send', group, ask: { kind: 'release', txn: this.txn } });
    });
    return actions;
  }

  private shareOf(group: string): number {
    return this.plan.shares.findIndex((share) => share.group === group);
  }
}
