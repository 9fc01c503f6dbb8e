// Keys of a transaction and where each may be: in unsettled older groups of its chain, or at its owner. Says what is
// locked where, who holds what, and what a change of a key means for each group: it is left at its owner and nowhere
// else (R1). Pure but for the facts that it adds to its own route.
import { type CommandRow, databasesOf, keysOf } from '../command/index.js';
import { type KeyValue, LOCKS_DB, type Locked, MOVES, type Share, type TxnKey } from '../commit/index.js';
import { CommandWriter, type Request } from '../resp/index.js';
import { push } from './ask.js';
import type { Route } from './route.js';

/** A key: where it must end up, where it may be, where it was found. */
interface Home {
  readonly db: number;
  readonly key: string;
  readonly owner: string;
  /** Unsettled older groups, oldest first. */
  readonly older: readonly string[];
  /** Whether it may be written. */
  exclusive: boolean;
  /** Groups that hold it: one at most (R1). */
  found: { group: string; value: KeyValue }[];
  /** Older groups that say ABSENT, for good. */
  absent: number;
}

const nameOf = (db: number, key: string): string => `${db}:${key}`;

/** The keys of one transaction. */
export class Homes {
  private readonly all = new Map<string, Home>();

  constructor(private readonly route: Route) {}

  get size(): number {
    return this.all.size;
  }
  /** Whether every key has settled. */
  get settled(): boolean {
    return [...this.all.values()].every(({ db, key }) => this.route.olderOf(db, key).length === 0);
  }
  /** Owner of the first key: where commands run aside. */
  get first(): string {
    return this.all.values().next().value!.owner;
  }
  has({ db, key }: { db: number; key: string }): boolean {
    return this.all.has(nameOf(db, key));
  }
  /** Names of the keys in this database. */
  namesIn(db: number): string[] {
    return [...this.all.values()].filter((home) => home.db === db).map(({ key }) => key);
  }
  /** Groups where a key may be, the owner last. */
  groupsOf(db: number, key: string): string[] {
    const { older, owner } = this.all.get(nameOf(db, key))!;
    return [...older, owner];
  }

  /** Keys of a command of a client in database `db`. */
  addCommand(row: CommandRow, request: Request, db: number): void {
    const databases = databasesOf(row, request, db);
    for (const at of keysOf(row, request)) {
      const key = request.text(at);
      for (const each of databases) this.add(each, key, row.write);
    }
  }

  add(db: number, key: string, exclusive: boolean): void {
    const { route } = this;
    const known = this.all.get(nameOf(db, key));
    if (known !== undefined) {
      known.exclusive ||= exclusive;
      return;
    }
    const older = route.olderOf(db, key).map((group) => route.groups[group]!);
    const owner = route.groups[route.ownerOfKey(key)]!;
    this.all.set(nameOf(db, key), { db, key, owner, older, exclusive, found: [], absent: 0 });
  }

  /**
   * What is locked where, with the values fetched. The lowest group first: every transaction locks in the same order.
   * Where something may move from or to, a lock is shared that DBSIZE holds while it counts: it counts one group after
   * the other, and a key that has left the second one must be in the first one when that was counted.
   */
  shares(): Share[] {
    const keys = new Map<string, TxnKey[]>();
    const ends = new Set<string>();
    for (const { db, key, owner, older, exclusive } of this.all.values()) {
      for (const group of [...older, owner]) {
        push(keys, group, { db, key, exclusive });
        if (exclusive && older.length > 0) ends.add(group);
      }
    }
    for (const group of ends) push(keys, group, { db: LOCKS_DB, key: MOVES, exclusive: false });
    return [...keys]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, list]) => ({ group, keys: list, everything: false, fetch: true, read: null }));
  }

  /** Notes who holds what. A key of which every older group says ABSENT is settled from now on. */
  note(answers: Map<string, Locked>): void {
    for (const home of this.all.values()) {
      home.found = [];
      home.absent = 0;
    }
    for (const [group, { values, firm }] of answers) {
      for (const value of values) {
        const home = this.all.get(nameOf(value.db, value.key))!;
        if (value.payload !== null) home.found.push({ group, value });
        else if (firm && home.older.includes(group)) home.absent++;
      }
    }
    for (const { db, key, older, absent } of this.all.values()) {
      if (older.length > 0 && absent === older.length) this.route.settled.addKey(db, key);
    }
  }

  /** The value of each key, wherever it is. */
  values(): KeyValue[] {
    return [...this.all.values()].map(({ db, key, found }) => found[0]?.value ?? { db, key, payload: null });
  }

  /** Adds what these changes mean for each group. */
  change(changes: readonly KeyValue[], effects: Effects): void {
    for (const { db, key, payload } of changes) {
      const home = this.all.get(nameOf(db, key));
      if (home === undefined) throw new Error(`changed a key that was not locked: ${key}`);
      for (const { group } of home.found) {
        if (group !== home.owner || payload === null) effects.add(group, db, ['DEL', key]);
      }
      if (payload !== null) effects.add(home.owner, db, ['TOWLINE.PUT', key, payload]);
    }
  }

  /** Every group has voted: older groups gave these keys away, or said ABSENT under locks that are held until then. */
  moved(changes: readonly KeyValue[]): void {
    for (const { db, key } of changes) {
      const { found, owner, older, absent } = this.all.get(nameOf(db, key))!;
      const gave = found.filter(({ group }) => group !== owner).length;
      if (older.length > 0 && absent + gave === older.length) this.route.settled.addKey(db, key);
    }
  }
}

/** Effects by group. Those of one database lie together: a group is told of it where it changes. */
export class Effects {
  private readonly of = new Map<string, { db: number; writer: CommandWriter }>();

  add(group: string, db: number, words: readonly (string | Buffer)[]): void {
    let own = this.of.get(group);
    if (own === undefined) this.of.set(group, (own = { db: 0, writer: new CommandWriter() }));
    if (own.db !== db) own.writer.command(['TOWLINE.DB', db]);
    own.db = db;
    own.writer.command(words);
  }
  take(): Map<string, Buffer> {
    return new Map([...this.of].map(([group, { writer }]) => [group, writer.end()]));
  }
}
