// What the simulator must know from inside the data nodes, all in one place: the role taken, and what a primary
// appended to its log, since one that is alone sends its entries to nobody. Reads only.
import { GroupLog, LockTable, lockName, type Participant } from '../../src/commit/index.js';
import { Backup } from '../../src/data/backup.js';
import { Controls } from '../../src/data/controls.js';
import type { Lane, Parked } from '../../src/data/lane.js';
import { Lanes } from '../../src/data/lanes.js';
import type { DataNode } from '../../src/data/node.js';
import { Primary } from '../../src/data/primary.js';
import type { Router } from '../../src/router/router.js';
import type { SimHost } from './host.js';
import type { World } from './world.js';

/** What has been appended to one primary's log. */
export interface Appended {
  /** Seq before the first. */
  start: number;
  bytes: Buffer[];
}

const appended = new WeakMap<GroupLog, Appended>();
const append = GroupLog.prototype.append;
GroupLog.prototype.append = function (bytes) {
  let known = appended.get(this);
  if (known === undefined) appended.set(this, (known = { start: this.head, bytes: [] }));
  known.bytes.push(bytes);
  changes++;
  return append.call(this, bytes);
};

// ---- what executes, and when something may have changed (homes.ts)

/** Grows whenever a primary's store or locks may have changed. */
let changes = 0;
export const changesSoFar = (): number => changes;

const release = LockTable.prototype.release;
LockTable.prototype.release = function (request) {
  changes++;
  return release.call(this, request);
};
const gathered = Primary.prototype['gathered'];
Primary.prototype['gathered'] = function () {
  const before = this['gathering'];
  gathered.call(this);
  if (before !== this['gathering']) changes++;
};

/** Hears what primaries execute, at the moment that they do. */
export interface Watcher {
  executes(primary: Primary, router: string, counter: number): void;
  /** A transaction was given its locks, and what it asked for is read. */
  grants(primary: Primary, txn: string): void;
}
const watchers = new WeakMap<World, Watcher>();
export const watch = (world: World, watcher: Watcher): void => {
  watchers.set(world, watcher);
};
const watcherOf = (primary: unknown): Watcher | undefined =>
  primary instanceof Primary ? watchers.get((primary['host'] as SimHost).world) : undefined;

const execute = Lanes.prototype['run'];
Lanes.prototype['run'] = function (lane, counter, ...rest) {
  const primary: unknown = this['owner'];
  watcherOf(primary)?.executes(primary as Primary, lane.router, counter);
  execute.call(this, lane, counter, ...rest);
};
/** The primaries by what their control lanes are given. */
const primaryOfControls = new WeakMap<Controls, Primary>();
const acceptControl = Primary.prototype.acceptControl;
Primary.prototype.acceptControl = function (conn, from, parser) {
  primaryOfControls.set(this['controls'], this);
  return acceptControl.call(this, conn, from, parser);
};
const fetch = Controls.prototype.fetch;
Controls.prototype.fetch = function (lane, ask, token) {
  const waiting = this['pending'].length;
  fetch.call(this, lane, ask, token);
  const primary = primaryOfControls.get(this);
  // One that is refused gives its locks up, and others are granted within this call.
  const said = this['pending'].slice(waiting).some(({ bytes }) => bytes.includes(`\r\n${ask.txn}\r\n`));
  if (said && primary !== undefined) watcherOf(primary)?.grants(primary, ask.txn);
};

/** Whether it has not begun to serve. */
export const isGathering = (primary: Primary): boolean => primary['gathering'];
/** Whether a transaction holds the key, to write it. */
export const writeLocked = ({ transactions }: Primary, db: number, key: string): boolean => {
  // Not by way of `locks`: that makes those of what was restored, which is the program's to do.
  const locks = transactions['held'];
  const table = locks['table'];
  const later = locks['later'];
  if (table.size === 0 && later.size === 0) return false;
  const name = lockName(db, key);
  for (const { owner, granted, everything, keys } of table['all']) {
    if (!granted || !('txn' in owner)) continue;
    if (everything || keys.some((held) => held.exclusive && held.key === name)) return true;
  }
  for (const { everything, keys } of later.values()) {
    if (everything || keys.some((held) => held.exclusive && lockName(held.db, held.key) === name))
      return true;
  }
  return false;
};
/** Transactions that are prepared, and not decided. */
export const preparedIn = ({ transactions }: Primary): { txn: string; effects: Buffer }[] =>
  [...transactions['records'].values()].filter(({ state }) => state === 'preparing' || state === 'prepared');

export const roleOf = (node: DataNode): Primary | Backup | null => node['role'];
export const primaryIn = (node: DataNode): Primary | null => {
  const role = roleOf(node);
  return role instanceof Primary ? role : null;
};
export const backupIn = (node: DataNode): Backup | null => {
  const role = roleOf(node);
  return role instanceof Backup ? role : null;
};
/** The term that a backup follows; undefined: it is none. */
export const followedBy = (node: DataNode): number | undefined => backupIn(node)?.['log'].term;
/** The log of a primary from where it began. */
export const appendedBy = ({ log }: Primary): Appended => appended.get(log) ?? { start: log.head, bytes: [] };
export const lanesOf = (primary: Primary): Iterable<Lane> => primary['lanes']['all'];

/** Transactions that a member remembers, and their states. */
export const recordsOf = (transactions: Participant<Parked>): string[] =>
  [...transactions['records'].values()].map(({ txn, state }) => `${txn} ${state}`);
/** Who has locks, or waits for them. */
export const lockersOf = (transactions: Participant<Parked>): string[] =>
  [...transactions.locks['all']].map(({ owner, granted }) => {
    const who =
      'txn' in owner
        ? owner.txn
        : `parked ${owner.parked.lane.router}:${owner.parked.counter}${owner.parked.lane.gone ? ' (gone)' : ''}`;
    return granted ? who : `${who} (waiting)`;
  });

/** What a router has under way. */
export const underWay = (
  router: Router,
): { transactions: number; lanes: { group: string; pending: number }[] } => ({
  transactions: router['coordinators'].size,
  lanes: [...router['laneOf'].values()],
});
