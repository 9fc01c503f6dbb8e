// Executes commands on a few keys that were fetched from several groups, aside from any real store, and says
// which of them changed (design, "Transactions over several groups"). A command may touch only what was fetched.
import { findRequest } from '../command/index.js';
import { ReplyWriter, type Request } from '../resp/index.js';
import type { Context, KeyEvent } from './context.js';
import { DATABASES } from './keyspace.js';
import { Store } from './store.js';

/** A key's state: its payload as exportKey() gives it, null: absent. */
export interface KeyState {
  readonly db: number;
  readonly key: string;
  readonly payload: Buffer | null;
}

/** A command that resolve() accepted, and its database. */
export interface AsideCommand {
  readonly db: number;
  readonly request: Request;
}

/** Seqs on the scratch store: of what was imported, and of what the commands wrote. */
const BEFORE = 0;
const CHANGED = 1;

class Scratch {
  // Not a kind of Store of its own: V8 would look, at every access to any store, which of the two it is.
  readonly store = new Store();
  private known = new Set<string>();

  constructor() {
    this.store.onAbsent = (db, key) => {
      if (!this.known.has(`${db} ${key}`)) throw new Error(`aside: a key that was not fetched: ${db} ${key}`);
    };
  }

  fill(imports: readonly KeyState[]): void {
    for (const { db, key, payload } of imports) {
      this.known.add(`${db} ${key}`);
      if (payload !== null) this.store.importKey(db, key, payload, BEFORE);
    }
  }

  changes(imports: readonly KeyState[]): KeyState[] {
    const changed: KeyState[] = [];
    for (const { db, key, payload } of imports) {
      const entry = this.store.peek(db, key);
      if (entry === undefined ? payload !== null : entry.seq === CHANGED) {
        changed.push({ db, key, payload: this.store.exportKey(db, key) });
      }
    }
    return changed;
  }

  /** Key by key: a command cannot have touched any other, and clear() would walk through every slot. */
  empty(imports: readonly KeyState[]): void {
    this.known = new Set();
    for (const { db, key } of imports) this.store.remove(db, key);
    this.store.deadlines.clear();
  }
}

/**
 * Behind a SWAPDB commands run in the databases that had the keys before it (router/exec-plan.ts): their events are told
 * of those that have them now.
 */
class Shown {
  /** By database as it was: what it is now. */
  private now: number[] | null = null;

  swap([a, b]: readonly [number, number]): void {
    this.now ??= Array.from({ length: DATABASES }, (_, db) => db);
    this.now = this.now.map((db) => (db === a ? b : db === b ? a : db));
  }
  /** Of these events, from this one on. */
  rename(events: KeyEvent[], from: number): void {
    if (this.now === null) return;
    for (let i = from; i < events.length; i++) events[i] = { ...events[i]!, db: this.now[events[i]!.db]! };
  }
}

/** Effects of what runs aside: they mean nothing. */
const nowhere = new ReplyWriter();

// One store for every call: an empty one is cheap to keep and dear to make.
let scratch: Scratch | null = null;

/**
 * Executes `commands` in order on a store that holds just `imports`, as a primary at ctx.now: keys that have
 * expired are deleted. Replies are appended to ctx.reply. ctx.db, seq, need and effects are left as they were.
 * @returns the imported keys that are different afterwards, in the order of `imports`.
 * @throws Error (a broken assertion) when a command touches a key that is not among them.
 */
export function runAside(
  imports: readonly KeyState[],
  commands: readonly AsideCommand[],
  ctx: Context,
): { changes: KeyState[] } {
  const { db, seq, need, replica, effects } = ctx;
  scratch ??= new Scratch();
  try {
    scratch.fill(imports);
    ctx.effects = nowhere;
    ctx.seq = CHANGED;
    ctx.replica = false;
    ctx.aside = true;
    const shown = new Shown();
    for (const command of commands) {
      const row = findRequest(command.request);
      if (row === undefined) throw new Error(`aside: no such command: ${command.request.text(0)}`);
      ctx.db = command.db;
      const events = ctx.events.length;
      scratch.store.execute(row, command.request, ctx);
      shown.rename(ctx.events, events);
      const databases = row.swaps?.(command.request);
      if (databases !== undefined && typeof databases !== 'string') shown.swap(databases);
    }
    return { changes: scratch.changes(imports) };
  } catch (error) {
    // What is left in it is anybody's guess.
    scratch = null;
    throw error;
  } finally {
    ctx.aside = false;
    ctx.db = db;
    ctx.seq = seq;
    ctx.need = need;
    ctx.replica = replica;
    ctx.effects = effects;
    nowhere.clear();
    scratch?.empty(imports);
  }
}
