// MULTI, EXEC, DISCARD, WATCH and UNWATCH of one session: which error Redis gives when, and what is handed on to be
// executed. A command between MULTI and EXEC is queued here and nowhere else.
import { Buffer } from 'node:buffer';
import { type CommandRow, keysOf } from '../command/index.js';
import type { Request } from '../resp/index.js';
import { type ExecOwner, exec, type LocalRun, watch } from './exec.js';
import type { ClientState } from './local/index.js';
import { MAX_WATCHED, Multi } from './multi.js';
import type { Observer } from './observe/observer.js';
import type { Tracking } from './tracking/tracking.js';

/** What Redis executes between MULTI and EXEC instead of queueing it. */
const AT_ONCE = new Set(['multi', 'exec', 'discard', 'watch', 'quit', 'reset']);

/** What is needed of the session. */
export interface TransactionsSession {
  readonly client: ClientState;
  readonly owner: ExecOwner & { readonly observer: Observer; readonly tracking: Tracking };
  say(seq: number, reply: Buffer): void;
  refuse(seq: number, text: string): void;
  /** Calls `begin` when every earlier command is answered; nothing later is begun before `done`. */
  alone(seq: number, begin: (done: (reply: Buffer) => void) => void): void;
  readonly local: LocalRun;
}

const OK = Buffer.from('+OK\r\n', 'latin1');
const QUEUED = Buffer.from('+QUEUED\r\n', 'latin1');

/** The transactions of one client. */
export class Transactions {
  private readonly multi = new Multi();

  constructor(private readonly session: TransactionsSession) {
    session.client.onReset = () => {
      this.multi.discard();
      this.show();
    };
  }

  /** A command was refused before it could be queued; an EXEC ends the transaction. @returns what its client hears */
  refused(row: CommandRow | undefined, error: string): string {
    if (this.multi.open) this.multi.spoil();
    if (row?.name !== 'exec') return error;
    this.multi.discard();
    this.show();
    return `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`;
  }

  /** Between MULTI and EXEC. @returns whether it was queued, or refused */
  queue(seq: number, row: CommandRow, request: Request): boolean {
    if (AT_ONCE.has(row.name)) return false;
    const refused = this.multi.add(row, request);
    if (refused !== null) this.session.refuse(seq, refused);
    else this.session.say(seq, QUEUED);
    this.show();
    return true;
  }

  /** One of the commands that transactions are made with. */
  command(seq: number, row: CommandRow, request: Request): void {
    const { session, multi } = this;
    switch (row.name) {
      case 'multi':
        if (multi.open) return session.refuse(seq, 'ERR MULTI calls can not be nested');
        multi.begin(session.client.db);
        break;
      case 'discard':
        if (!multi.open) return session.refuse(seq, 'ERR DISCARD without MULTI');
        multi.discard();
        break;
      case 'unwatch':
        multi.watched = [];
        break;
      case 'watch':
        if (multi.open) return session.refuse(seq, 'ERR WATCH inside MULTI is not allowed');
        return this.watch(seq, row, request);
      default:
        if (!multi.open) return session.refuse(seq, 'ERR EXEC without MULTI');
        return this.exec(seq);
    }
    this.show();
    session.say(seq, OK);
  }

  private watch(seq: number, row: CommandRow, request: Request): void {
    const { session, multi } = this;
    const { db } = session.client;
    const names = new Set(keysOf(row, request).map((at) => request.text(at)));
    for (const known of multi.watched) if (known.db === db) names.delete(known.key);
    if (multi.watched.length + names.size > MAX_WATCHED)
      return session.refuse(seq, 'ERR too many keys are watched');
    if (names.size === 0) return session.say(seq, OK);
    session.alone(seq, (done) => {
      const keys = [...names].map((key) => ({ db, key }));
      watch(session.owner, keys, (watched) => {
        if (Buffer.isBuffer(watched)) return done(watched);
        multi.watched.push(...watched);
        this.show();
        done(OK);
      });
    });
  }

  private exec(seq: number): void {
    const { session, multi } = this;
    const queue = multi.take();
    const { watched } = multi;
    multi.watched = [];
    this.show();
    if (queue === null)
      return session.refuse(seq, 'EXECABORT Transaction discarded because of previous errors.');
    const { observer, tracking } = session.owner;
    if (session.client.tracking !== null) {
      tracking.reads(session.client, seq, queue);
      session.client.tracking.caching = false;
    }
    if (observer.monitoring)
      for (const { row, request } of queue) observer.show(session.client, row, request);
    const { proto } = session.client;
    session.alone(seq, (done) => exec(session.owner, queue, watched, proto, session.local, done));
  }

  /** CLIENT LIST shows it. */
  private show(): void {
    this.session.client.multi = this.multi.length;
    this.session.client.multiWrites = this.multi.writes;
    this.session.client.watching = this.multi.watched.length;
  }
}
