// Writes the group's log at its primary: collects what one router's commands changed in a turn, and what the group
// does by itself, and appends entries with the next seq. Must never mix two routers in one entry.
import type { GroupLog, Remembered, TxnEntry } from '../commit/index.js';
import { encodeTxnEntry } from '../net/wire.js';
import { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import { Announcements } from './announcements.js';
import type { Held } from './applier.js';
import { batchFrame, OpenEntry, txnFrame } from './entry.js';

/** What the writer needs of the primary. */
export interface WriterOwner {
  readonly term: number;
  readonly log: GroupLog;
  readonly store: Store;
  readonly remembered: Remembered;
  /** The group's clock, ms. */
  now(): number;
  /** These effects are in the store and in the log now: a candidate under way is told. */
  wrote(effects: readonly Buffer[]): void;
}

/** The log's writing end. */
export class LogWriter {
  /** Context of whatever executes at this primary. */
  readonly ctx = new Context();
  /** The entry under way. */
  readonly open = new OpenEntry();
  /** Keyspace events of what the group does by itself. */
  readonly announcements = new Announcements();

  constructor(
    private readonly owner: WriterOwner,
    random: () => number,
  ) {
    this.ctx.effects = this.open.effects;
    this.ctx.random = random;
  }

  /** Executes work that is no router's plain command (locks' reads, expiry) in an entry of the group's own. */
  aside(db: number, work: () => void): void {
    const { open, ctx, owner } = this;
    if (open.router !== '') this.close();
    ctx.now = owner.now();
    ctx.frozen = !owner.log.writable;
    ctx.db = db;
    ctx.need = 0;
    ctx.notifying = this.announcements.wanted;
    ctx.seq = owner.log.head + 1;
    open.begin(db);
    work();
    if (open.end(db)) ctx.need = ctx.seq;
    if (ctx.events.length > 0) this.announcements.add(ctx.events.splice(0), ctx.need);
  }

  /** Appends the entry under way, if it has any effects. */
  close(): void {
    if (this.open.empty) return;
    const { log, remembered } = this.owner;
    const head = this.head();
    const parts = this.open.take();
    log.append(...batchFrame(head, parts));
    this.owner.wrote(parts.effects);
    const { router, index, replies } = parts;
    if (router !== '') remembered.add(router, { seq: head.seq, index, replies });
  }

  /** Appends a transaction's entry. @returns its seq */
  txn(entry: TxnEntry): number {
    this.close();
    const head = this.head();
    this.owner.log.append(txnFrame(head, encodeTxnEntry(entry)));
    return head.seq;
  }

  /** An outcome's own entry carries the change to the backups; here it is executed, under that entry's seq. */
  apply(effects: Buffer): void {
    const { ctx, owner } = this;
    ctx.db = 0;
    ctx.seq = owner.log.head;
    ctx.replica = true;
    owner.store.apply(effects, ctx);
    ctx.replica = false;
    owner.wrote([effects]);
  }

  /** Appends what a new primary held when it was a backup, in its own term (R9). */
  inherit(held: Held): void {
    const head = this.head();
    const { log } = this.owner;
    if (held.entry === null) log.append(...batchFrame(head, { ...held, effects: [held.effects] }));
    else log.append(txnFrame(head, encodeTxnEntry(held.entry)));
  }

  private head() {
    const { term, log } = this.owner;
    return { term, seq: log.head + 1, commit: log.committed, clock: this.owner.now() };
  }
}
