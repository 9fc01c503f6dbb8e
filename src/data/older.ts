// What a primary answers as an older group of a key's chain, and what it refuses because the slot is not its own.
import { type CommandRow, keysOf } from '../command/index.js';
import { ABSENT_KEY, ABSENT_NOW, ABSENT_SLOT } from '../net/absent.js';
import type { Request } from '../resp/index.js';
import type { Lane } from './lane.js';
import type { LanesOwner } from './lanes-owner.js';

/** R1: a read of one key, asked of this group as an older one of the key's chain. The reply, or ABSENT. */
export function askOlder(
  { store, writer, log, transactions }: LanesOwner,
  lane: Lane,
  counter: number,
  row: CommandRow,
  request: Request,
): void {
  const { ctx } = writer;
  const key = request.text(keysOf(row, request)[0]!);
  const { hits, misses } = ctx;
  const found = store.findQuiet(ctx, key) !== undefined;
  ctx.hits = hits;
  ctx.misses = misses;
  if (found) return store.execute(row, request, ctx);
  const empty = transactions.locks.size === 0 && store.slotEmpty(store.slotOf(key));
  lane.absent(ctx.reply, counter, !log.writable ? ABSENT_NOW : empty ? ABSENT_SLOT : ABSENT_KEY);
}

/** What such a write is answered. */
export const MISROUTED = 'MISROUTED this group does not own the slot; nothing was executed';

/** R2: only its owner writes a slot. No router that knows the ring sends such a command. */
export function misrouted(
  { store, ring }: Pick<LanesOwner, 'store' | 'ring'>,
  row: CommandRow,
  request: Request,
): boolean {
  return keysOf(row, request).some((at) => !ring.owns(store.slotOf(request.text(at))));
}
