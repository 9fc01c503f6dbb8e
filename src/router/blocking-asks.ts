// What the router says to primaries about blocked clients, and what comes back. Decides nothing about who waits.
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
  done: (reply: Buffer | null) => void,
): void {
  const lane = owner.lanes[group]!;
  if (lane.full) return done(NO_ROOM);
  askLane(lane, message, { db, proto }, message.is(0, 'towline.try'), done);
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
  keys: readonly string[],
  asker: Asker,
  done: (seen: Seen | Buffer | null) => void,
): Map<string, readonly string[]> {
  const { route } = owner;
  const owners = new Map<number, string[]>();
  const older = new Map<number, string[]>();
  for (const key of keys) {
    push(owners, route.ownerOfKey(key), key);
    for (const group of route.olderOf(asker.db, key)) push(older, group, key);
  }
  const seen: Seen = { there: new Set(), others: new Set() };
  let missing = owners.size + older.size;
  let failed: Buffer | null = null;
  let stale = false;
  const say = (group: number, registered: number, names: readonly string[]) => {
    const words = ['TOWLINE.BLOCK', registered, waited, type];
    const message = requestOf([...words, ...names.map((key) => Buffer.from(key, 'latin1'))]);
    ask(owner, group, message, asker, (reply) => {
      if (reply === null) stale = true;
      else if (reply[0] === 45) failed = reply;
      else {
        elementsOf(reply).forEach((mark, i) => {
          if (mark[0] === 49) seen.there.add(names[i]!);
          else if (mark[0] === 50) seen.others.add(names[i]!);
        });
      }
      if (--missing === 0) done(stale ? null : (failed ?? seen));
    });
  };
  const places = new Map([...owners].map(([group, names]) => [route.groups[group]!, names] as const));
  for (const [group, names] of owners) say(group, id, names);
  for (const [group, names] of older) say(group, 0, names);
  return places;
}
