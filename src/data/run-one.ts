// One message of a data lane is executed: a client's command as it came, or one that a router wrapped.
import type { CommandRow } from '../command/index.js';
import type { Request } from '../resp/index.js';
import { sayStates } from './exec.js';
import { internalRead } from './internal.js';
import type { Lane, Wrap } from './lane.js';
import type { LanesOwner } from './lanes-owner.js';
import { askOlder, MISROUTED, misrouted } from './older.js';
import { stage } from './staging.js';

/** What is executed. */
interface Message {
  lane: Lane;
  counter: number;
  /** Undefined: a message of routers. */
  row: CommandRow | undefined;
  request: Request;
  wrap: Wrap;
}

/** Executes it; the reply is appended to ctx.reply. */
export function runOne(owner: LanesOwner, { lane, counter, row, request, wrap }: Message): void {
  const { store, ring, transactions, writer, term } = owner;
  const { ctx } = writer;
  if (wrap === 'none' && row !== undefined && row.where !== 'router') {
    if (row.write && ring.moving && misrouted(owner, row, request)) ctx.reply.error(MISROUTED);
    else store.execute(row, request, ctx);
    return;
  }
  switch (wrap) {
    case 'asked':
      return askOlder(owner, lane, counter, row!, request);
    case 'piece':
      return owner.giving.piece(owner, request);
    case 'stage':
      return stage(owner, request);
    case 'try':
    case 'block':
      return owner.blocking.run(lane, request);
    case 'states':
      return sayStates({ store, ctx, term }, request);
    default:
      ctx.slots = wrap === 'none' ? null : (slot) => ring.owns(slot) === (wrap === 'owned');
      internalRead({ store, locks: transactions.locks }, row, request, ctx);
      ctx.slots = null;
  }
}
