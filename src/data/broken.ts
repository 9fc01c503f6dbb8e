// A command that breaks an assertion of this program's own while it is executed. It would do so at every member that its
// router sends it to, one primary after the other: so it is answered, once and for all. Must never let a half of it be
// logged.
import type { Context } from '../store/context.js';
import type { OpenEntry } from './entry.js';

/** What a client is told of what changes nothing, and of a write: the only copy of a group may hold the half of it. */
export const BROKE = 'ERR internal error: nothing was changed; the log of the data node says more';
const WRITE_BROKE =
  'UNCERTAIN internal error: the command may or may not have been executed; the log of the data node says more';

/** What stood before the command. */
export interface Before {
  /** Where its reply begins. */
  reply: number;
  /** Bytes of effects, and the database in which the next one acts. */
  size: number;
  db: number;
}

/**
 * Answers it with an error in the place of whatever it had answered. A write leaves the answer as its only trace in the
 * log; what a read deleted because it had expired stays deleted, and is announced.
 * @returns whether there are effects
 */
export function answerBroken(ctx: Context, open: OpenEntry, write: boolean, before: Before): boolean {
  ctx.slots = null;
  ctx.reply.truncate(before.reply);
  ctx.reply.error(write ? WRITE_BROKE : BROKE);
  if (write) {
    ctx.events = [];
    open.undo(before.size, before.db);
  } else open.end(ctx.db);
  return open.effects.size > before.size;
}
