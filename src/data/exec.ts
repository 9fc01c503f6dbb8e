// MULTI/EXEC whose keys are all in this group: `TOWLINE.EXEC` executes its commands one after the other, in place, in
// one entry of the log. Also `TOWLINE.STATES`: what the states of watched keys are called, so that EXEC can tell
// whether one has changed. Must never execute half of it.
import type { CommandRow } from '../command/index.js';
import { ProtocolError, type Request } from '../resp/index.js';
import type { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import type { LanesOwner } from './lanes-owner.js';
import { MISROUTED, misrouted } from './older.js';
import { commandOf, databaseOf, numberOf } from './vet.js';

/** A command of an EXEC. */
interface Run {
  row: CommandRow;
  request: Request;
  db: number;
}

/** A `TOWLINE.EXEC` message, taken apart. */
export interface ExecMessage {
  /** State of each watched key when it was watched. */
  watched: { db: number; key: string; state: string }[];
  runs: Run[];
  write: boolean;
}

/** `TOWLINE.EXEC watched (db key state)* (db command)*`. @throws ProtocolError */
export function execOf(request: Request): ExecMessage {
  const count = numberOf(request, 1);
  const watched: ExecMessage['watched'] = [];
  let at = 2;
  if (at + 3 * count > request.argc) throw new ProtocolError('message with a missing field');
  for (let i = 0; i < count; i++, at += 3) {
    watched.push({ db: databaseOf(request, at), key: request.text(at + 1), state: request.text(at + 2) });
  }
  if ((request.argc - at) % 2 !== 0) throw new ProtocolError('message with a missing field');
  const runs: Run[] = [];
  for (; at < request.argc; at += 2) {
    runs.push({ db: databaseOf(request, at), ...commandOf(request.bytes(at + 1)) });
  }
  return { watched, runs, write: runs.some(({ row }) => row.write) };
}

/** Executes all of it, or answers nil because a watched key has changed. @returns whether it had effects */
export function runExec({ watched, runs }: ExecMessage, { store, writer, term, ring }: LanesOwner): boolean {
  const { ctx, open } = writer;
  let changed = false;
  const within = (db: number, work: () => void) => {
    ctx.db = db;
    open.begin(db);
    work();
    if (open.end(db)) changed = true;
  };
  let dirty = false;
  for (const { db, key, state } of watched) {
    within(db, () => {
      if (stateOf(store, ctx, term, db, key) !== state) dirty = true;
    });
  }
  if (dirty) {
    ctx.reply.nilArray();
    return changed;
  }
  const away =
    ring.moving && runs.some(({ row, request }) => row.write && misrouted({ store, ring }, row, request));
  if (away) {
    ctx.reply.error(MISROUTED);
    return changed;
  }
  ctx.reply.array(runs.length);
  for (const { row, request, db } of runs) within(db, () => store.execute(row, request, ctx));
  return changed;
}

/**
 * What the key's state is called now: an expired one is deleted first; where it cannot be (ctx.frozen) its state is
 * another one than before it expired. A later term's is another one.
 */
function stateOf(store: Store, ctx: Context, term: number, db: number, key: string): string {
  const { hits, misses } = ctx;
  const found = store.findQuiet(ctx, key, db) !== undefined;
  ctx.hits = hits;
  ctx.misses = misses;
  const state = store.stateOf(db, key);
  return `${term}.${!found && state[0] === 'p' ? 'x' : ''}${state}`;
}

/** Answers `TOWLINE.STATES (db key)*`. */
export function sayStates(
  { store, ctx, term }: { store: Store; ctx: Context; term: number },
  request: Request,
): void {
  const states = statesOf(request).map(({ db, key }) => stateOf(store, ctx, term, db, key));
  ctx.reply.array(states.length);
  for (const state of states) ctx.reply.bulk(state);
}

/** Keys of `TOWLINE.STATES (db key)*`. @throws ProtocolError */
export function statesOf(request: Request): { db: number; key: string }[] {
  if (request.argc % 2 === 0) throw new ProtocolError('message with a missing field');
  const keys: { db: number; key: string }[] = [];
  for (let at = 1; at < request.argc; at += 2)
    keys.push({ db: databaseOf(request, at), key: request.text(at + 1) });
  return keys;
}
