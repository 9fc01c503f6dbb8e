// What a command's execution is given and what it leaves behind. One context is reused for many commands:
// the caller sets the inputs, calls `execute`, and reads the outputs.
import type { Proto } from '../resp/index.js';
import { ReplyWriter } from '../resp/index.js';

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

  constructor(reply = new ReplyWriter(), effects = new ReplyWriter()) {
    this.reply = reply;
    this.effects = effects;
  }

  /** Protocol version of the reply. */
  get proto(): Proto {
    return this.reply.proto;
  }
  /** Remembers that the outcome depends on what was written at `seq`. */
  saw(seq: number): void {
    if (seq > this.need) this.need = seq;
  }
}
