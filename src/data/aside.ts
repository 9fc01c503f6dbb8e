// Commands that run aside at this primary for a transaction: on fetched values, not in place. Nothing here changes.
import type { Buffer } from 'node:buffer';
import type { Aside, KeyValue } from '../commit/index.js';
import { encodeEvents } from '../net/event-message.js';
import type { ReplyWriter } from '../resp/index.js';
import type { Context } from '../store/context.js';
import { runAside as runOnValues } from '../store/index.js';
import { BROKE } from './broken.js';
import { chanceOf } from './chance.js';
import { commandOf } from './vet.js';

/** What is needed of the primary. */
export interface AsideOwner {
  readonly ctx: Context;
  execute(db: number, work: () => void): void;
  broke(error: unknown, commands: string): void;
}

/** What they have changed, to be told and done by the coordinator. */
export interface Ran {
  changes: KeyValue[];
  /** Their keyspace events, which the coordinator tells when it has decided. */
  events: Buffer | undefined;
  /** The moment in which they ran, where they may run again. */
  at: number | undefined;
}

/** Executes them; `reply` takes their replies, behind what is in it. */
export function runAside(
  owner: AsideOwner,
  { values, runs, notify, moment }: Aside,
  reply: ReplyWriter,
): Ran {
  const { ctx } = owner;
  ctx.reply = reply;
  // One client's commands: one protocol version.
  reply.proto = runs[0]?.proto ?? 2;
  const commands = runs.map(({ db, command }) => ({ db, request: commandOf(command).request }));
  // Behind what a lock's own reads have answered.
  const before = reply.length;
  const ran: Ran = { changes: [], events: undefined, at: undefined };
  owner.execute(0, () => {
    ctx.notifying = notify ?? 0;
    const { random, now } = ctx;
    if (moment !== undefined) {
      ctx.random = chanceOf(moment.seed);
      ctx.now = ran.at = moment.at > 0 ? moment.at : Math.floor(now);
    }
    try {
      ran.changes = [...runOnValues(values, commands, ctx).changes];
      if (ctx.events.length > 0) ran.events = encodeEvents(ctx.events.splice(0));
    } catch (error) {
      // Nothing has changed anywhere: it is answered, rather than tried at one primary after the other.
      ctx.events = [];
      reply.truncate(before);
      for (const _ of runs) reply.error(BROKE);
      owner.broke(error, commands.map(({ request }) => request.text(0)).join(' '));
    } finally {
      ctx.random = random;
      ctx.now = now;
    }
  });
  return ran;
}

/** Values as they were fetched elsewhere, and, of keys that were found nowhere else, as they are here. */
export function withOwn(fetched: readonly KeyValue[], own: readonly KeyValue[]): KeyValue[] {
  return fetched.map(
    (value) =>
      (value.payload === null && own.find(({ db, key }) => db === value.db && key === value.key)) || value,
  );
}
