// The locks of a participant's transactions. A member that only follows has nobody who could meet a lock: it makes its
// table when somebody first looks at it, as the next primary (R9). Must never lock what has been given up meanwhile.
import { type LockKey, type LockRequest, LockTable } from './locks.js';
import { LOCKS_DB, MOVES, type TxnKey } from './messages.js';
import { TxnMap } from './txn-map.js';
import { type LockOwner, lockKeys, promisedKeys, type TxnRecord } from './txn-record.js';

/** Locks of transactions and of plain commands that wait for them. `P` is a parked plain command. */
export class TxnLocks<P> {
  private readonly table = new LockTable<LockOwner<P>>();
  /** To be locked as soon as somebody looks, in order of the log. */
  private later = new TxnMap<TxnRecord<P>>();

  constructor(private readonly records: TxnMap<TxnRecord<P>>) {}

  /** Every lock that there is. */
  get all(): LockTable<LockOwner<P>> {
    this.make();
    return this.table;
  }
  private make(): void {
    if (this.later.size === 0) return;
    const records = this.later.values();
    this.later = new TxnMap();
    for (const record of records) this.request(record);
  }

  /** Keys that transactions write which are prepared, or about to be. */
  promised(): LockKey[] {
    return promisedKeys(this.all.granted(), this.records);
  }

  /** Asks for the keys of a transaction, behind all that was restored; its `lock` says whether they are granted. */
  lock(record: TxnRecord<P>): void {
    this.make();
    this.request(record);
  }

  private request(record: TxnRecord<P>): void {
    const keys = lockKeys(record.keys);
    // It counts all keys.
    if (record.keys.some(({ db, key, exclusive }) => db === LOCKS_DB && key === MOVES && exclusive))
      keys.push(...this.promised());
    record.lock = this.table.request({ txn: record.txn }, keys, record.everything);
  }

  /** The log says that it is prepared: it has its keys. */
  restore(record: TxnRecord<P>): void {
    if (record.lock === null) this.later.set(record.txn, record);
  }

  /** Locks more keys, at once or not at all. */
  extend(record: TxnRecord<P>, more: readonly TxnKey[] = []): boolean {
    if (!this.all.extend(record.lock!, lockKeys(more))) return false;
    if (more.length > 0) record.keys = [...record.keys, ...more];
    return true;
  }

  /** Gives the keys up. @returns what is granted by this */
  unlock(record: TxnRecord<P>): LockRequest<LockOwner<P>>[] {
    this.later.delete(record.txn);
    const { lock } = record;
    record.lock = null;
    return lock === null ? [] : this.table.release(lock);
  }
}
