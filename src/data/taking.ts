// Keys that this group gives away by the score, for the drain: it chooses them itself, since nobody else knows what is in
// its slots and not locked. Must never choose a key that somebody has or wants.
import {
  LOCKS_DB,
  type LockTable,
  lockName,
  MOVES,
  type Take,
  type Taken,
  type TxnKey,
} from '../commit/index.js';
import { CommandWriter } from '../resp/index.js';
import type { Context } from '../store/context.js';
import { DATABASES, type Store, VERB_DB } from '../store/index.js';

/** What is chosen from. */
interface Stock {
  readonly store: Store;
  readonly locks: LockTable<unknown>;
}

/** Keys of these slots that may be locked at once, and the lock that every move shares (router/move.ts). */
export function chosenFrom({ store, locks }: Stock, take: Take): TxnKey[] {
  const keys: TxnKey[] = [];
  let bytes = 0;
  showSlots(store, take.slots, (db, key, size) => {
    if (keys.length >= take.keys || bytes >= take.bytes) return false;
    if (size > take.bytes || locks.blocks(lockName(db, key), true)) return true;
    keys.push({ db, key, exclusive: true });
    bytes += size;
    return true;
  });
  keys.push({ db: LOCKS_DB, key: MOVES, exclusive: false });
  return keys;
}

/**
 * What was chosen, now that it is locked, as commands for its owner.
 * @param within executes work on a database, in the group's log: what has expired meanwhile is deleted, and not given
 */
export function takenFrom(
  store: Store,
  ctx: Context,
  keys: readonly TxnKey[],
  take: Take,
  within: (db: number, work: () => void) => void,
): Taken {
  const effects = new CommandWriter();
  let count = 0;
  let bytes = 0;
  let told = 0;
  for (let at = 0; at < keys.length; ) {
    const { db } = keys[at]!;
    if (db === LOCKS_DB) {
      at++;
      continue;
    }
    within(db, () => {
      for (; at < keys.length && keys[at]!.db === db; at++) {
        const { key } = keys[at]!;
        if (store.findQuiet(ctx, key, db) === undefined) continue;
        if (db !== told) effects.command([VERB_DB, db]);
        told = db;
        count++;
        bytes += store.writePut(effects, db, key);
      }
    });
  }
  let held = 0;
  for (const slot of take.slots) for (let db = 0; db < DATABASES; db++) held += store.keyCount(db, slot);
  const large = count === 0 && held > 0 ? largeIn(store, take) : null;
  return { keys: count, bytes, rest: held > count, large, effects: effects.end() };
}

/** Deletes what was given. */
export function deletionOf(keys: readonly TxnKey[]): Buffer {
  const names = new Map<number, string[]>();
  for (const { db, key, exclusive } of keys) {
    if (!exclusive || db === LOCKS_DB) continue;
    const own = names.get(db);
    if (own === undefined) names.set(db, [key]);
    else own.push(key);
  }
  const effects = new CommandWriter();
  for (const [db, own] of names) {
    effects.command([VERB_DB, db]);
    effects.command(['DEL', ...own]);
  }
  return effects.end();
}

function largeIn(store: Store, { slots, bytes }: Take): Taken['large'] {
  let large: Taken['large'] = null;
  showSlots(store, slots, (db, key, size) => {
    if (size > bytes) large = { db, key, size };
    return large === null;
  });
  return large;
}

/** Shows keys of these slots, of all databases, while `see` says true. */
function showSlots(
  store: Store,
  slots: readonly number[],
  see: (db: number, key: string, size: number) => boolean,
): void {
  const databases = Array.from({ length: DATABASES }, (_, db) => db).filter((db) => store.dbSize(db) > 0);
  for (const slot of slots) {
    for (const db of databases) {
      if (!store.showKeys(db, slot, (key, size) => see(db, key, size))) return;
    }
  }
}
