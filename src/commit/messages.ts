// What coordinator and participants say to each other about transactions over several groups, and what the group's
// log holds. Plain data; net/ turns it into RESP and back. Every message that starts something names its txn, so
// that saying it twice is the same as saying it once.

/** Name of a transaction: `<coordinator's incarnation>:<counter>`; never used twice (R10). */
export type Txn = string;

/** A key as transactions name it. `key` is latin1 text. */
export interface TxnKey {
  db: number;
  key: string;
  exclusive: boolean;
}

/** Bytes of the largest value that a transaction takes along when a key moves. */
export const LARGE_VALUE = 1024 * 1024;
/** A number that no database has: keys in it are names that are locked and hold nothing. */
export const LOCKS_DB = 16;
/** Locked, in LOCKS_DB, shared by whoever moves a key away from a group; exclusively by who must see nothing move. */
export const MOVES = 'moves';

/** A key with its exported value; null: it does not exist. */
export interface KeyValue {
  db: number;
  key: string;
  payload: Buffer | null;
}

/** A command to be executed for somebody: database, protocol version of the reply, RESP bytes. */
export interface Run {
  db: number;
  proto: 2 | 3;
  command: Buffer;
}

/** Commands, and values of their keys as far as they are known. */
export interface Aside {
  values: KeyValue[];
  runs: Run[];
  /** Classes of keyspace events that the coordinator wants to be told. */
  notify?: number | undefined;
  moment?: Moment | undefined;
}

/** What commands that run several times decide by: they come to the same each time. */
export interface Moment {
  /** Of what is chosen by chance: 32 bits. */
  seed: number;
  /** The group's clock, ms; 0: as it is, which the answer says. */
  at: number;
}

/** Keys that are to leave a group, whichever they are: the drain's. */
export interface Take {
  slots: number[];
  /** Keys, and bytes of memory that they hold, at most. */
  keys: number;
  bytes: number;
}

/** What a group has locked of what it was asked to give. */
export interface Taken {
  keys: number;
  bytes: number;
  /** Whether there is more in these slots: more than was asked for, too large, or locked by somebody else. */
  rest: boolean;
  /** Where there is nothing else: a key that is larger than what was asked for. */
  large: { db: number; key: string; size: number } | null;
  /** Commands that make the keys what they are, at their owner. */
  effects: Buffer;
}

/** Coordinator (or another participant) -> primary of a participating group. */
export type Ask =
  | {
      kind: 'lock';
      txn: Txn;
      /** Version of the ring that the transaction was planned with (R2). */
      ring: number;
      keys: TxnKey[];
      /** The whole keyspace, exclusively, instead of keys. */
      everything: boolean;
      /** Return the values of the keys. */
      fetch: boolean;
      /** A reading command to execute once the keys are locked. */
      read: Run | null;
      /** More of them: the replies follow each other. */
      also?: readonly Run[];
      /** Refused, instead of waiting, when it cannot be granted at once: this coordinator holds other groups' locks. */
      atOnce?: boolean;
      /** Executed aside once the keys are locked, on these values and, where one is absent, on those found here. */
      aside?: Aside | undefined;
      /** The group chooses keys by itself, beside `keys`: of those that nobody has locked. */
      take?: Take | undefined;
    }
  | { kind: 'release'; txn: Txn }
  | ({ kind: 'aside'; txn: Txn } & Aside)
  | {
      kind: 'prepare';
      txn: Txn;
      token: string;
      participants: string[];
      effects: Buffer;
      /**
       * Of keys that one group has chosen: that one `gives` them (no effects are said: it deletes what it has locked), and
       * the other `takes` them: the keys of the effects are locked with this message, or NEVER.
       */
      part?: 'gives' | 'takes' | undefined;
      /** Keys to be locked now, or NEVER; made of `part` where the message arrives. */
      more?: TxnKey[];
    }
  | { kind: 'outcome'; txn: Txn; commit: boolean }
  | { kind: 'forget'; txn: Txn }
  | { kind: 'inquire'; txn: Txn };

/**
 * What a participant may say of a transaction when it is asked (R11). `yielded`: it is prepared, knows that another
 * participant was abandoned, and takes the outcome from participants only, no longer from the coordinator.
 */
export type TxnState = 'prepared' | 'yielded' | 'committed' | 'aborted' | 'never';

/** Primary of a participating group -> whoever asked. */
export type Answer =
  /**
   * `firm`: keys that are absent stay so under this version of the ring, unless this transaction creates them.
   * `changes`: what an `aside` changed; then `reply` is its reply, and `events` its keyspace events, if there are any.
   */
  | {
      kind: 'locked';
      txn: Txn;
      token: string;
      firm: boolean;
      values: KeyValue[];
      reply: Buffer;
      changes?: KeyValue[] | undefined;
      events?: Buffer | undefined;
      taken?: Taken | undefined;
    }
  /**
   * Nothing is locked and nothing was executed. `stale`: the ring or the primary is another one; `busy`: somebody has
   * one of the keys.
   */
  | { kind: 'refused'; txn: Txn; why: 'stale' | 'full' | 'noreplicas' | 'busy' }
  /** The same: this key must be moved in pieces first. */
  | { kind: 'refused'; txn: Txn; why: 'large'; key: { db: number; key: string } }
  | {
      kind: 'ran';
      txn: Txn;
      reply: Buffer;
      changes: KeyValue[];
      events?: Buffer | undefined;
      at?: number | undefined;
    }
  | { kind: 'vote'; txn: Txn; vote: 'prepared' | 'never' | 'uncertain' }
  | { kind: 'done'; txn: Txn }
  | { kind: 'state'; txn: Txn; state: TxnState };

/** Entries of the group's log that concern transactions over several groups. */
export type TxnEntry =
  | {
      kind: 'prepare';
      txn: Txn;
      participants: string[];
      keys: TxnKey[];
      everything: boolean;
      effects: Buffer;
    }
  | { kind: 'outcome'; txn: Txn; commit: boolean }
  | { kind: 'never'; txn: Txn }
  /** `fence`: nothing of this coordinator is accepted from now on. */
  | { kind: 'forget'; txn: Txn; fence: boolean };

/** The coordinator's incarnation in a txn's name. */
export function coordinatorOf(txn: Txn): string {
  return txn.slice(0, txn.lastIndexOf(':'));
}
