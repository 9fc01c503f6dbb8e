// The transaction that moves keys which nobody writes: the same as a transfer on write, without a command (R1). Many
// keys of one group at a time, to one owner; the group that has them chooses them. Pure.
import { Buffer } from 'node:buffer';
import { LOCKS_DB, MOVES, type Next, type Plan, type Share, type Take } from '../commit/index.js';
import type { Route } from './route.js';

/** A key that is to be moved. */
export interface Movable {
  readonly db: number;
  /** Latin1 text. */
  readonly key: string;
  /** Bytes of memory that it holds. */
  readonly size: number;
}

/** What one transaction moved. */
export interface Moved {
  keys: number;
  bytes: number;
}

/** What one transaction of the drain came to. */
export interface Step extends Moved {
  /** Whether the slots held more. */
  rest: boolean;
  /** Only keys too large for a message are left, or in the way: one of them. */
  large: Movable | null;
}

/**
 * Takes keys from `source`, which does not own these slots, to their owner: whatever is there and not locked.
 * @param took told what it came to, when that is certain
 */
export function movePlan(
  route: Route,
  source: string,
  owner: string,
  take: Take,
  took: (step: Step) => void,
): Plan {
  // At both ends, as in tow.ts: DBSIZE counts one group after the other.
  const moves = [{ db: LOCKS_DB, key: MOVES, exclusive: false }];
  const share = { everything: false, fetch: false, read: null };
  const from: Share = { ...share, group: source, keys: [], take };
  const to: Share = { ...share, group: owner, keys: moves };
  return {
    ring: route.fence,
    shares: source < owner ? [from, to] : [to, from],
    locked: (answers): Next => {
      const taken = answers.get(source)!.taken!;
      if (taken.keys === 0) {
        took(taken);
        return { kind: 'answer', reply: DONE };
      }
      return {
        kind: 'write',
        effects: new Map([
          [source, NOTHING],
          [owner, taken.effects],
        ]),
        parts: { gives: source, takes: owner },
        reply: DONE,
        decided: () => took(taken),
      };
    },
  };
}

const DONE = Buffer.from('+OK\r\n', 'latin1');
const NOTHING = Buffer.alloc(0);
