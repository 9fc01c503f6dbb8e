// What the simulator must know from inside the data nodes, all in one place: the role taken, and what a primary
// appended to its log, since one that is alone sends its entries to nobody. Reads only.
import { GroupLog, type Participant } from '../../src/commit/index.js';
import { Backup } from '../../src/data/backup.js';
import type { Lane, Parked } from '../../src/data/lane.js';
import type { DataNode } from '../../src/data/node.js';
import { Primary } from '../../src/data/primary.js';
import type { Router } from '../../src/router/router.js';

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
  return append.call(this, bytes);
};

export const roleOf = (node: DataNode): Primary | Backup | null => node['role'];
export const primaryIn = (node: DataNode): Primary | null => {
  const role = roleOf(node);
  return role instanceof Primary ? role : null;
};
export const backupIn = (node: DataNode): Backup | null => {
  const role = roleOf(node);
  return role instanceof Backup ? role : null;
};
/** The log of a primary from where it began. */
export const appendedBy = ({ log }: Primary): Appended => appended.get(log) ?? { start: log.head, bytes: [] };
export const lanesOf = (primary: Primary): Iterable<Lane> => primary['lanes']['all'];

/** Transactions that a member remembers, and their states. */
export const recordsOf = (transactions: Participant<Parked>): string[] =>
  [...transactions['records']].map(([txn, { state }]) => `${txn} ${state}`);
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
