// Values that come to this group in pieces: taken into the log one by one, made keys by the transaction that deletes
// them where they were, dropped when nobody goes on with them. Must never drop what a prepared transaction will adopt.
import type { Participant } from '../commit/index.js';
import { encodeCommand, type Request } from '../resp/index.js';
import { type Store, VERB_STAGE } from '../store/index.js';
import type { LanesOwner } from './lanes-owner.js';
import type { LogWriter } from './log-writer.js';
import { adoptedIn } from './vet.js';

/** A value of which no piece has come for so long is dropped, ms. */
const IDLE_MS = 30_000;

/**
 * Executes `TOWLINE.STAGE name n last bytes`, and `TOWLINE.UNSTAGE name`: who moved it has given it up. A stage whose
 * piece is refused is dropped: nothing that follows it could be taken.
 */
export function stage({ store, transactions, writer }: LanesOwner, request: Request): void {
  const { ctx } = writer;
  const name = request.text(1);
  if (request.is(0, 'towline.unstage')) {
    if (!promised(transactions).has(name)) store.unstage(name, ctx);
    return ctx.reply.ok();
  }
  if (store.stages.whole(name)) return ctx.reply.error('STAGE it is whole');
  const refused = store.stage(request, ctx);
  if (refused !== null) {
    store.unstage(name, ctx);
    return ctx.reply.error(`STAGE ${refused}`);
  }
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
function promised(transactions: Participant<unknown>): Set<string> {
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

/**
 * What a candidate must be told of what was staged before it came: only that which is promised; the rest is dropped.
 * In one turn, unlike everything else: without it the group may lack the members to settle what is promised.
 */
export function promisedStages(owner: StagingOwner): Buffer[] {
  const { store, writer, transactions } = owner;
  dropStages(owner, true);
  writer.close();
  const commands: Buffer[] = [];
  for (const name of promised(transactions)) {
    let n = 0;
    for (const { bytes, last } of store.stages.pieces(name))
      commands.push(encodeCommand([VERB_STAGE, name, n++, last ? 1 : 0, bytes]));
  }
  return commands;
}
