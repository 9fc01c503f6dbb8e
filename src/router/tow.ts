// Transfer on write (R1): a command with keys that may still live in older groups of their chains becomes one
// transaction. It locks each key wherever it may be, takes it from where it is, runs aside, and leaves what was
// written at the owner and nowhere else. Pure but for the facts that it adds to its own route.
import { databasesOf, keysOf } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import {
  type KeyValue,
  LOCKS_DB,
  type Locked,
  MOVES,
  type Next,
  type Plan,
  type Share,
  type TxnKey,
} from '../commit/index.js';
import { encodeCommand, type Request } from '../resp/index.js';
import type { Asker } from './plan.js';
import type { Route } from './route.js';

/** A key of the command: where it must end up, where it may be, where it was found. */
interface Home {
  readonly db: number;
  readonly key: string;
  readonly owner: string;
  /** Unsettled older groups, oldest first. */
  readonly older: readonly string[];
  /** Groups that hold it: one at most (R1). */
  found: { group: string; value: KeyValue }[];
  /** Older groups that say ABSENT, for good. */
  absent: number;
}

const nameOf = (db: number, key: string): string => `${db}:${key}`;

/** Where each key of the request may be, duplicates joined. */
function homesOf(route: Route, row: CommandRow, request: Request, db: number): Map<string, Home> {
  const homes = new Map<string, Home>();
  const databases = databasesOf(row, request, db);
  for (const at of keysOf(row, request)) {
    const key = request.text(at);
    for (const each of databases) {
      if (homes.has(nameOf(each, key))) continue;
      const older = route.olderOf(each, key).map((group) => route.groups[group]!);
      const owner = route.groups[route.ownerOfKey(key)]!;
      homes.set(nameOf(each, key), { db: each, key, owner, older, found: [], absent: 0 });
    }
  }
  return homes;
}

/**
 * The lowest group first: every transaction locks in the same order. Where something may move from or to, a lock is
 * shared that DBSIZE holds while it counts: it counts one group after the other, and a key that has left the second one
 * must be in the first one when that was counted.
 */
function sharesOf(homes: Map<string, Home>, exclusive: boolean): Share[] {
  const keys = new Map<string, TxnKey[]>();
  const add = (group: string, key: TxnKey) => {
    const list = keys.get(group);
    if (list === undefined) keys.set(group, [key]);
    else list.push(key);
  };
  for (const { db, key, owner, older } of homes.values()) {
    for (const group of [...older, owner]) add(group, { db, key, exclusive });
  }
  if (exclusive) {
    const ends = [...homes.values()].flatMap(({ older, owner }) =>
      older.length > 0 ? [...older, owner] : [],
    );
    for (const group of new Set(ends)) add(group, { db: LOCKS_DB, key: MOVES, exclusive: false });
  }
  return [...keys]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, list]) => ({ group, keys: list, everything: false, fetch: true, read: null }));
}

/** Notes who holds what. A key of which every older group says ABSENT is settled from now on. */
function note(route: Route, homes: Map<string, Home>, answers: Map<string, Locked>): void {
  for (const home of homes.values()) {
    home.found = [];
    home.absent = 0;
  }
  for (const [group, { values, firm }] of answers) {
    for (const value of values) {
      const home = homes.get(nameOf(value.db, value.key))!;
      if (value.payload !== null) home.found.push({ group, value });
      else if (firm && home.older.includes(group)) home.absent++;
    }
  }
  for (const { db, key, older, absent } of homes.values()) {
    if (older.length > 0 && absent === older.length) route.settled.addKey(db, key);
  }
}

/**
 * The transaction of a command with unsettled keys. The request must outlive it (clone() it). When it turns out
 * that every key is settled, nothing was executed and it is to be planned again.
 */
export function towPlan(route: Route, row: CommandRow, request: Request, { db, proto }: Asker): Plan {
  const homes = homesOf(route, row, request, db);
  const all = [...homes.values()];
  const group = all[0]!.owner;
  return {
    ring: route.version,
    shares: sharesOf(homes, row.write),
    locked: (answers): Next => {
      note(route, homes, answers);
      if (all.every((home) => route.olderOf(home.db, home.key).length === 0)) return { kind: 'settled' };
      const values = all.map((home) => home.found[0]?.value ?? { db: home.db, key: home.key, payload: null });
      return { kind: 'aside', group, values, runs: [{ db, proto, command: request.raw() }] };
    },
    ran: (reply, changes): Next => {
      const effects = new Effects();
      const moved: Home[] = [];
      for (const { db: at, key, payload } of changes) {
        const home = homes.get(nameOf(at, key));
        if (home === undefined) throw new Error(`changed a key that was not locked: ${key}`);
        for (const { group: holder } of home.found) {
          if (holder !== home.owner || payload === null) effects.add(holder, at, ['DEL', key]);
        }
        if (payload !== null) effects.add(home.owner, at, ['TOWLINE.PUT', key, payload]);
        moved.push(home);
      }
      return {
        kind: 'write',
        effects: effects.take(),
        reply,
        // Every older group gave it away, or said ABSENT under the locks that are held until then.
        decided: () => {
          for (const home of moved) {
            const held = home.found.filter((each) => each.group !== home.owner).length;
            if (home.absent + held === home.older.length) route.settled.addKey(home.db, home.key);
          }
        },
      };
    },
  };
}

/** Effects by group. */
export class Effects {
  private readonly of = new Map<string, Buffer[]>();

  add(group: string, db: number, words: readonly (string | Buffer)[]): void {
    const list = this.of.get(group) ?? [];
    this.of.set(group, list);
    list.push(encodeCommand(['TOWLINE.DB', db]), encodeCommand(words));
  }
  take(): Map<string, Buffer> {
    return new Map([...this.of].map(([group, list]) => [group, Buffer.concat(list)]));
  }
}
