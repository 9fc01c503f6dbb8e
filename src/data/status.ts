// What a data node says of itself: TOWLINE.STATUS, for `towline status` and for people who ask.
import type { GroupConfig } from '../commit/index.js';
import { DATABASES, type Store } from '../store/index.js';
import type { Backup } from './backup.js';
import { Primary } from './primary.js';

/** What it is made of. */
interface Facts {
  role: Primary | Backup | null;
  options: { group: string; id: string; pid: number; minInSync: number };
  store: Store;
  config: GroupConfig | null;
  roleName: string;
  serving: boolean;
  /** What an operator must know. */
  trouble: string | null;
}

/** The status as JSON. */
export function statusOf({ role, options, store, config, roleName, serving, trouble }: Facts): string {
  const { group, id, pid, minInSync } = options;
  const leads = role instanceof Primary;
  const transactions = role?.transactions;
  const keys = Array.from({ length: DATABASES }, (_, db) => store.dbSize(db)).reduce((a, b) => a + b);
  return JSON.stringify({
    id,
    group,
    pid,
    address: id.slice(0, id.indexOf('@')),
    role: roleName,
    state: serving ? 'serving' : leads ? 'recovering' : 'waiting',
    epoch: config?.epoch ?? 0,
    term: config?.term ?? 0,
    keys,
    bytes: store.bytes,
    seq: leads ? role.log.head : (role?.log.held ?? 0),
    commit: leads ? role.log.committed : (role?.log.applied ?? 0),
    minInSync,
    sync: leads ? role.syncing : null,
    error: trouble,
    // Requests for locks, granted or waiting, and transactions over several groups that are not forgotten yet.
    locks: transactions?.locks.size ?? 0,
    transactions: transactions?.size ?? 0,
  });
}
