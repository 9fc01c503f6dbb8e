// Reads that only routers send, beside the commands of the table: what a group holds, for those who ask every group.
// Must never change a key.
import { keysOf } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { Request } from '../resp/index.js';
import type { Context } from '../store/context.js';
import type { Store } from '../store/index.js';

/**
 * `TOWLINE.SCAN from count [MATCH pattern] [TYPE type]`: [next position or -1, key, position, key, position, ...].
 * `TOWLINE.KEYSPACE`: JSON `{bytes, dbs: {n: {keys, expires}}}`.
 * Anything else: Redis's error for an unknown command.
 */
export function internalRead(store: Store, request: Request, ctx: Context): void {
  switch (request.text(0)) {
    case 'TOWLINE.SCAN': {
      const options: { match?: string; type?: string } = {};
      for (let i = 3; i + 1 < request.argc; i += 2) {
        if (request.is(i, 'match')) options.match = request.text(i + 1);
        else options.type = request.text(i + 1);
      }
      // What is being deleted without being decided might not be found, and must not be missed (R8).
      ctx.saw(store.deleteSeq);
      const found = store.scanRange(ctx.db, Number(request.text(1)), Number(request.text(2)), options, ctx);
      ctx.reply.array(1 + found.keys.length * 2);
      ctx.reply.integer(found.next);
      for (const { key, position } of found.keys) {
        ctx.reply.bulk(key);
        ctx.reply.integer(position);
      }
      return;
    }
    case 'TOWLINE.KEYSPACE':
      ctx.reply.bulk(JSON.stringify({ bytes: store.bytes, dbs: store.keyspace() }));
      return;
    default:
      ctx.reply.error(`ERR unknown command '${request.text(0).slice(0, 128)}'`);
  }
}

/** Names of the keys that a command touches; null: the whole keyspace rather than keys. */
export function lockedKeys(row: CommandRow | undefined, request: Request): string[] | null {
  if (row === undefined || row.where === 'all') return null;
  return keysOf(row, request).map((index) => request.text(index));
}
