// What the router says to primaries about blocked clients, and what comes back. Decides nothing about who waits.
import { Buffer } from 'node:buffer';
import type { Awaited } from '../command/index.js';
import { type Request, requestOf } from '../resp/index.js';
import { askLane, push } from './ask.js';
import { NO_ROOM } from './errors.js';
import type { ExecOwner } from './exec.js';
import { elementsOf } from './fanout.js';
import type { Asker } from './plan.js';

/** What is needed of the router. */
export type BlockingAsker = ExecOwner;

/** Whether a reply is nil, as a value or as an array. */
export function isNil(reply: Buffer): boolean {
  return reply[0] === 95 || (reply[1] === 45 && (reply[0] === 42 || reply[0] === 36));
}

/** One message on a group's data lane. @param done given the reply; null: STALE, nothing was executed */
export function ask(
  owner: BlockingAsker,
  group: number,
  message: Request,
  { db, proto }: Asker,
  write: boolean,
  done: (reply: Buffer | null) => void,
): void {
  const lane = owner.lanes[group]!;
  if (lane.full) return done(NO_ROOM);
  askLane(lane, message, { db, proto }, write, done);
}

/** What is waited for: a key, and of a stream the ID or the group (command/blocking.ts). */
export interface Wanted {
  readonly key: string;
  readonly detail: string;
}

/** What was seen: keys with something that may be popped; keys whose values others have waited longer for. */
export interface Seen {
  there: Set<string>;
  others: Set<string>;
}

/** Who registers. */
interface Head {
  id: number;
  waited: number;
  type: Awaited;
}

/**
 * Registers at the owner of each key; looks there and in the unsettled older groups of its chain (R1).
 * @param done given what was seen; an error; null: STALE, everything is to be asked again
 * @returns by group, the keys registered there
 */
export function lookEverywhere(
  owner: BlockingAsker,
  { id, waited, type }: Head,
  keys: readonly Wanted[],
  asker: Asker,
  done: (seen: Seen | Buffer | null) => void,
): Map<string, readonly string[]> {
  const { route } = owner;
  const owners = new Map<number, Wanted[]>();
  const older = new Map<number, Wanted[]>();
  for (const each of keys) {
    push(owners, route.ownerOfKey(each.key), each);
    for (const group of route.olderOf(asker.db, each.key)) push(older, group, each);
  }
  const seen: Seen = { there: new Set(), others: new Set() };
  let missing = owners.size + older.size;
  let failed: Buffer | null = null;
  let stale = false;
  const say = (group: number, registered: number, all: readonly Wanted[]) => {
    const words = ['TOWLINE.BLOCK', registered, waited, type];
    const pairs = all.flatMap(({ key, detail }) => [
      Buffer.from(key, 'latin1'),
      Buffer.from(detail, 'latin1'),
    ]);
    ask(owner, group, requestOf([...words, ...pairs]), asker, false, (reply) => {
      if (reply === null) stale = true;
      else if (reply[0] === 45) failed = reply;
      else {
        elementsOf(reply).forEach((mark, i) => {
          if (mark[0] === 49) seen.there.add(all[i]!.key);
          else if (mark[0] === 50) seen.others.add(all[i]!.key);
        });
      }
      if (--missing === 0) done(stale ? null : (failed ?? seen));
    });
  };
  for (const [group, all] of owners) say(group, id, all);
  for (const [group, all] of older) say(group, 0, all);
  return new Map([...owners].map(([group, all]) => [route.groups[group]!, all.map(({ key }) => key)]));
}
