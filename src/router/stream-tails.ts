// What `$` stands for in an XREAD that waits for streams of several groups, or for some that may be on their way: the
// last ID of each when the command begins. It is found out once, so that whatever is added while the reader registers,
// or registers again, is not missed. (Where one group has every key, its primary does it: data/blocking.ts.)
import { Buffer } from 'node:buffer';
import { awaitedKeys, type CommandRow, findRequest, idAt, streamsOnly, tailKeys } from '../command/index.js';
import { type Request, requestOf } from '../resp/index.js';
import type { BlockedOwner } from './blocking.js';
import { ask } from './blocking-asks.js';
import { groupLost, NO_GROUPS } from './errors.js';
import type { Asker } from './plan.js';

const ABSENT = '-ERR no such key';
const LAST = 'last-generated-id\r\n';

/**
 * Puts IDs in the place of `$`, of which there is one at least.
 * @param done given the request; or the error that its client is answered
 */
export function withTails(
  owner: BlockedOwner,
  row: CommandRow,
  request: Request,
  asker: Asker,
  done: (request: Request | Buffer) => void,
): void {
  const tails = tailKeys(row, request);
  const ids = new Map<number, string>();
  let missing = tails.length;
  let failed: Buffer | null = null;
  for (const at of tails) {
    tailOf(owner, request.text(at), asker, (id) => {
      if (Buffer.isBuffer(id)) failed ??= id;
      else ids.set(at, id);
      if (--missing > 0) return;
      if (failed !== null) return done(failed);
      done(
        streamsOnly(
          request,
          awaitedKeys(row, request),
          (key) => ids.get(key) ?? request.bytes(idAt(request, key)),
        ),
      );
    });
  }
}

/** The last ID of one stream, wherever it is; 0-0: there is none. */
function tailOf(owner: BlockedOwner, key: string, asker: Asker, done: (id: string | Buffer) => void): void {
  const again = () => tailOf(owner, key, asker, done);
  // A ring is about to change: by the next one (R2).
  if (owner.holding()) return owner.replan(again);
  const { route } = owner;
  if (route.empty) return done(NO_GROUPS);
  const request = requestOf(['XINFO', 'STREAM', Buffer.from(key, 'latin1')]);
  const row = findRequest(request)!;
  const heard = (reply: Buffer) => {
    const text = reply.latin1Slice(0, Math.min(reply.length, 512));
    if (text.startsWith(ABSENT)) return done('0-0');
    if (text[0] === '-') return done(Buffer.from(reply));
    // Its length stands before the ID.
    const head = text.indexOf(LAST) + LAST.length;
    const from = text.indexOf('\n', head) + 1;
    done(text.slice(from, text.indexOf('\r', from)));
  };
  const group = route.single(row, request, asker.db);
  if (group < 0) {
    return owner.transaction(row, request, asker, (reply) => {
      if (reply !== null) heard(reply);
      else again();
    });
  }
  const name = route.groups[group]!;
  if (!owner.lanes[group]!.connected && owner.lost(name)) return done(groupLost(name));
  ask(owner, group, request, asker, false, (reply) => {
    if (reply === null) owner.replan(again);
    else heard(reply);
  });
}
