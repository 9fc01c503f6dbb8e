// Which keys does a message of a lane touch? As the lock table names them.
import { type CommandRow, databasesOf, keysOf } from '../command/index.js';
import { type Ask, lockName, type Participant, type TxnKey } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { type ExecMessage, execOf, statesOf } from './exec.js';
import { readOf, tryOf } from './vet.js';

/** Keys that a command touches; null: the whole keyspace rather than keys. */
export function lockedKeys(row: CommandRow | undefined, request: Request, db: number): string[] | null {
  if (row !== undefined) return rowKeys(row, request, db);
  if (request.is(0, 'towline.exec')) return execKeys(execOf(request));
  if (request.is(0, 'towline.try')) {
    const attempt = tryOf(request);
    return rowKeys(attempt.row, attempt.request, db);
  }
  if (request.is(0, 'towline.block') || request.is(0, 'towline.unblock')) return [];
  if (request.is(0, 'towline.states')) return statesOf(request).map((each) => lockName(each.db, each.key));
  return null;
}

function rowKeys(row: CommandRow, request: Request, db: number): string[] | null {
  if (row.where !== 'keys') return null;
  const names = keysOf(row, request).map((index) => request.text(index));
  return databasesOf(row, request, db).flatMap((each) => names.map((key) => lockName(each, key)));
}

function execKeys({ watched, runs }: ExecMessage): string[] | null {
  const names = watched.map(({ db, key }) => lockName(db, key));
  for (const { row, request, db } of runs) names.push(...(rowKeys(row, request, db) ?? []));
  return names.length === 0 ? null : names;
}

/**
 * Names in the lock table of keys that prepared transactions write: their clients may have been told already, while the
 * outcome is still on its way here.
 */
export function* promisedKeys<P>(transactions: Participant<P>): Generator<string> {
  for (const { owner, keys } of transactions.locks.holders()) {
    if (!('txn' in owner) || !transactions.inDoubt(owner.txn)) continue;
    for (const { key, exclusive } of keys) if (exclusive) yield key;
  }
}

/** The lock that a read of all keys takes: that of the keys promised here too. */
export function withPromised<P>(ask: Ask & { kind: 'lock' }, transactions: Participant<P>): Ask {
  if (ask.read === null || readOf(ask.read.command).row?.where !== 'all') return ask;
  const promised = [...promisedKeys(transactions)].map((name): TxnKey => {
    const colon = name.indexOf(':');
    return { db: Number(name.slice(0, colon)), key: name.slice(colon + 1), exclusive: false };
  });
  return { ...ask, keys: [...ask.keys, ...promised] };
}
