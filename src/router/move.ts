// The transaction that moves keys which nobody writes: the same as a transfer on write, without a command (R1). Many
// keys of one group at a time, to one owner. Pure but for the facts that it adds to its own route.
import { type KeyValue, LOCKS_DB, MOVES, type Next, type Plan, type Share } from '../commit/index.js';
import { moveEffects } from './homes.js';
import type { Route } from './route.js';

/** A key as a group lists it, to be moved. */
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

/**
 * Takes these keys from `source`, which does not own their slots, to their owner. Keys that are gone by then are left
 * out: who wrote or deleted them has moved them.
 * @param moved told when it is certain that they are moved
 */
export function movePlan(
  route: Route,
  source: string,
  owner: string,
  keys: readonly Movable[],
  moved: (what: Moved) => void,
): Plan {
  // At both ends, as in tow.ts: DBSIZE counts one group after the other.
  const locked = [
    ...keys.map(({ db, key }) => ({ db, key, exclusive: true })),
    { db: LOCKS_DB, key: MOVES, exclusive: false },
  ];
  const from: Share = { group: source, keys: locked, everything: false, fetch: true, read: null };
  const to: Share = { group: owner, keys: locked, everything: false, fetch: false, read: null };
  return {
    ring: route.version,
    shares: source < owner ? [from, to] : [to, from],
    locked: (answers): Next => {
      const found = answers.get(source)!.values.filter(({ payload }) => payload !== null);
      if (found.length === 0) return { kind: 'answer', reply: DONE };
      const moves = found.map((value) => ({ ...value, from: source, to: owner }));
      return { kind: 'write', effects: moveEffects(moves), reply: DONE, decided: () => told(found) };
    },
  };
  function told(found: readonly KeyValue[]): void {
    for (const { db, key } of found) route.gave(source, db, key);
    moved({ keys: found.length, bytes: found.reduce((sum, { payload }) => sum + payload!.length, 0) });
  }
}

const DONE = Buffer.from('+OK\r\n', 'latin1');
