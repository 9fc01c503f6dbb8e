// Values that come to this group in pieces: taken into the log one by one, made keys by the transaction that deletes
// them where they were, dropped when nobody goes on with them. Must never drop what a prepared transaction will adopt.
import type { Participant } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import type { Store } from '../store/index.js';
import type { LanesOwner } from './lanes-owner.js';
import type { LogWriter } from './log-writer.js';
import { adoptedIn } from './vet.js';

/** A value of which no piece has come for so long is dropped, ms. */
const IDLE_MS = 30_000;

/** Executes `TOWLINE.STAGE name size at bytes`. */
export function stage({ store, staging, writer }: LanesOwner, request: Request): void {
  const { ctx } = writer;
  const refused = staging ? store.stage(request, ctx) : 'a candidate is being given everything';
  if (refused !== null) return ctx.reply.error(`STAGE ${refused}`);
  store.same(ctx, request);
  ctx.reply.ok();
}

/** What the care for staged values needs. */
export interface StagingOwner {
  readonly store: Store;
  readonly writer: LogWriter;
  readonly transactions: Participant<unknown>;
  now(): number;
}

/** Staged values that transactions will make keys of, if they commit. */
export function promised(transactions: Participant<unknown>): Set<string> {
  return new Set([...transactions.promisedEffects()].flatMap(adoptedIn));
}

/** Drops values that nobody goes on with. @param all whatever their age */
export function dropStages(owner: StagingOwner, all: boolean): void {
  const { store, writer, transactions } = owner;
  if (store.stages.size === 0) return;
  const names = all ? store.stages.names() : store.stages.idle(owner.now() - IDLE_MS);
  if (names.length === 0) return;
  const kept = promised(transactions);
  writer.aside(0, () => {
    for (const name of names) if (!kept.has(name)) store.unstage(name, writer.ctx);
  });
}
