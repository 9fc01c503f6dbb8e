// What one group's log holds, and who holds it, as far as messages show: which entries its primary wrote, which of
// them reached every backup without a hole, and what values keys had in that prefix. The ground for R4, R8 and R10.
import { findRequest, keysOf } from '../../src/command/index.js';
import type { TxnEntry } from '../../src/commit/index.js';
import { decodeTxnEntry } from '../../src/net/wire.js';
import { encodeCommand, type Request, RequestParser } from '../../src/resp/index.js';
import { Context, Store, VERB_DB, VERB_PUT } from '../../src/store/index.js';
import type { EntryMessage } from './streams.js';
import { hashBytes, Violation } from './world.js';

/** Bytes of an exported value before the value itself. */
const PAYLOAD_HEAD = 9;

interface Entry {
  hash: number;
  effects: Buffer;
  txn: TxnEntry | null;
}

/** What a log says of one transaction. */
export interface TxnLog {
  prepare?: { seq: number; entry: TxnEntry & { kind: 'prepare' } };
  outcome?: { seq: number; commit: boolean };
  never?: { seq: number };
  /** After its outcome. */
  forgotten?: boolean;
}

export class GroupWatch {
  private readonly entries = new Map<number, Entry>();
  /** `router:counter` -> seq of the entry that executed it. */
  private readonly executed = new Map<string, number>();
  readonly txns = new Map<string, TxnLog>();
  /** Per backup: the contiguous prefix that reached it. */
  private readonly prefix = new Map<string, number>();
  private readonly beyond = new Map<string, Set<number>>();
  /** The prefix that all have, executed. */
  private readonly shadow = new Store();
  private readonly ctx = new Context();
  private applied = 0;
  /** `db:key` -> every value that it had in the prefix. */
  private readonly seen = new Map<string, Set<string>>();

  constructor(
    readonly group: string,
    backups: readonly string[],
  ) {
    for (const backup of backups) {
      this.prefix.set(backup, 0);
      this.beyond.set(backup, new Set());
    }
  }

  /** Last seq that every backup holds: what is committed (R4). */
  get committed(): number {
    return Math.min(...this.prefix.values());
  }
  /** What the backup holds without a hole. */
  heldBy(backup: string): number {
    return this.prefix.get(backup)!;
  }
  /** Seq of the entry that a router's command became; undefined: none. */
  executedAt(router: string, counter: number): number | undefined {
    return this.executed.get(`${router}:${counter}`);
  }
  /** Whether the key ever had this value in the part of the log that every member holds. */
  hadValue(db: number, key: string, value: string): boolean {
    return this.seen.get(`${db}:${key}`)?.has(value) === true;
  }
  txn(name: string): TxnLog {
    let log = this.txns.get(name);
    if (log === undefined) this.txns.set(name, (log = {}));
    return log;
  }

  /** The primary sends an entry. @returns its transaction, if it is the first time and it is one's. */
  written({ seq, kind, request }: EntryMessage): TxnEntry | null {
    // The commit index and the clock in it are of the moment it was made: the same entry is the same bytes.
    const hash = hashBytes(request.raw());
    const known = this.entries.get(seq);
    if (known !== undefined) {
      if (known.hash !== hash)
        throw new Violation(`${this.group}: entry ${seq} was changed after it was sent`);
      return null;
    }
    if (kind === 'txn') return this.txnWritten(seq, hash, request);
    this.entries.set(seq, { hash, effects: Buffer.from(request.bytes(7)), txn: null });
    const router = request.text(6);
    const index = request.bytes(8);
    for (let at = 0; at < index.length; at += 12) {
      const counter = index.readUInt32LE(at) + index.readUInt32LE(at + 4) * 2 ** 32;
      const name = `${router}:${counter}`;
      const before = this.executed.get(name);
      if (before !== undefined)
        throw new Violation(`R10: ${this.group} executed ${name} in entries ${before} and ${seq}`);
      this.executed.set(name, seq);
    }
    return null;
  }

  /** An entry reached a backup. */
  delivered(backup: string, { seq }: EntryMessage): void {
    const beyond = this.beyond.get(backup)!;
    beyond.add(seq);
    let held = this.prefix.get(backup)!;
    while (beyond.delete(held + 1)) held++;
    this.prefix.set(backup, held);
    while (this.applied < this.committed) this.apply(++this.applied);
  }

  private txnWritten(seq: number, hash: number, request: Request): TxnEntry {
    const parser = new RequestParser();
    parser.feed(Buffer.from(request.bytes(6)));
    parser.next();
    const entry = decodeTxnEntry(parser.request);
    const log = this.txn(entry.txn);
    const twice = (what: string) => new Violation(`R11: ${this.group} logged ${what} of ${entry.txn} twice`);
    if (entry.kind === 'prepare') {
      if (log.prepare !== undefined) throw twice('PREPARE');
      if (log.never !== undefined)
        throw new Violation(`R11: ${this.group} prepared ${entry.txn} after NEVER`);
      log.prepare = { seq, entry };
    } else if (entry.kind === 'outcome') {
      if (log.outcome !== undefined) throw twice('an outcome');
      log.outcome = { seq, commit: entry.commit };
    } else if (entry.kind === 'never') {
      // Of what is over and forgotten it means nothing: whoever asked has learned the outcome by then.
      if (log.prepare !== undefined && !log.forgotten)
        throw new Violation(`R11: ${this.group} said NEVER to ${entry.txn}, prepared`);
      log.never ??= { seq };
    } else if (log.outcome !== undefined) log.forgotten = true;
    let effects = Buffer.alloc(0);
    if (entry.kind === 'outcome' && entry.commit && log.prepare !== undefined)
      effects = Buffer.from(log.prepare.entry.effects);
    this.entries.set(seq, { hash, effects, txn: entry });
    return entry;
  }

  private apply(seq: number): void {
    const { effects } = this.entries.get(seq)!;
    this.ctx.seq = seq;
    const parser = new RequestParser();
    parser.feed(effects);
    let db = 0;
    while (parser.next()) {
      const { request } = parser;
      if (request.text(0) === VERB_DB) {
        db = Number(request.text(1));
        continue;
      }
      this.shadow.apply(Buffer.concat([encodeCommand([VERB_DB, db]), request.raw()]), this.ctx);
      const row = findRequest(request);
      const keys =
        request.text(0) === VERB_PUT
          ? [request.text(1)]
          : row === undefined
            ? []
            : keysOf(row, request).map((i) => request.text(i));
      for (const key of keys) {
        const payload = this.shadow.exportKey(db, key);
        if (payload === null) continue;
        const name = `${db}:${key}`;
        const values = this.seen.get(name) ?? new Set();
        this.seen.set(name, values.add(payload.latin1Slice(PAYLOAD_HEAD)));
      }
    }
  }
}
