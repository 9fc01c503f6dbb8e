// What a command's execution is given and what it leaves behind. One context is reused for many commands:
// the caller sets the inputs, calls `execute`, and reads the outputs.
import type { Proto } from '../resp/index.js';
import { ReplyWriter } from '../resp/index.js';

/** One keyspace event: its class, its name, and the key it is about. */
export interface KeyEvent {
  readonly kind: number;
  readonly event: string;
  readonly db: number;
  readonly key: string;
}

/** Inputs and outputs of one execution. Everything that is not in the store itself comes from here. */
export class Context {
  // ---- inputs, set by the caller
  /** The group's clock, ms since 1970, integer. Expiry is judged by it and by nothing else. */
  now = 0;
  /** Database, 0-15. */
  db = 0;
  /** Seq that a change made now will carry: keys changed remember it (R8). */
  seq = 0;
  /**
   * False on a primary. True where effects are applied (backups, snapshots): keys never expire on their own
   * (they are there until a DEL says otherwise), and nothing is written to `effects`.
   */
  replica = false;
  /**
   * Nothing can be committed at present (R4): a key that has expired is absent to who looks, and stays until its
   * deletion can be logged. Its absence may be served, never settled.
   */
  frozen = false;
  /** Runs aside: every key that the commands may look up was fetched, those included that SORT's patterns name. */
  aside = false;
  /** Slots that commands on all keys look at; null: all of them. */
  slots: ((slot: number) => boolean) | null = null;
  /** Classes of keyspace events that somebody wants (command/key-events.ts); 0: none is announced. */
  notifying = 0;
  /** Uniform in [0, 1): for RANDOMKEY, SPOP and the like, and for sampling. */
  random: () => number = () => 0.5;

  // ---- outputs, added to by the command
  /** The reply is appended here, in the protocol version of `reply.proto`. */
  reply: ReplyWriter;
  /**
   * Deterministic commands that make the same change anywhere: RESP arrays, absolute expiry times, in order.
   * Nothing appended means: nothing changed (no log entry). All of them act on database `db`
   * unless they are preceded by a `TOWLINE.DB n` command.
   */
  effects: ReplyWriter;
  /** Greatest seq of what this command could see (R8): the reply leaves when that is committed. */
  need = 0;
  /** Number of changes made: Redis's `dirty`. */
  dirty = 0;
  /** Look-ups by reading commands that found a live key, and that did not: INFO's keyspace_hits, keyspace_misses. */
  hits = 0;
  misses = 0;
  /** Keyspace events of what was executed, in order: the caller takes them, and tells them when it is committed. */
  events: KeyEvent[] = [];
  /**
   * A look-up that finds nothing is a miss that may be announced: of reading commands, and of the look-ups of writing
   * ones that Redis makes as a reader. Set by execute() for the command as a whole.
   */
  reads = false;

  constructor(reply = new ReplyWriter(), effects = new ReplyWriter()) {
    this.reply = reply;
    this.effects = effects;
  }

  /** Protocol version of the reply. */
  get proto(): Proto {
    return this.reply.proto;
  }
  /**
   * Announces a keyspace event, as Redis's notifyKeyspaceEvent: the one call that every command makes for each of its
   * events, in Redis's order, with the names Redis gives them. Costs a look at a flag when nobody wants the class;
   * says nothing where effects are applied, so that no copy and no move of a key announces anything.
   */
  notify(kind: number, event: string, key: string, db = this.db): void {
    if ((this.notifying & kind) !== 0 && !this.replica) this.events.push({ kind, event, db, key });
  }

  /** Remembers that the outcome depends on what was written at `seq`. */
  saw(seq: number): void {
    if (seq > this.need) this.need = seq;
  }
}
