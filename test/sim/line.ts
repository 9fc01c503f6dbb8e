// The log of one group as one primary has it, from the very first entry, inherited ones included: which command
// became which entry, what it says of transactions, and what values keys had at each length of it.
import { findRequest, keysOf } from '../../src/command/index.js';
import type { TxnEntry } from '../../src/commit/index.js';
import { decodeTxnEntry } from '../../src/net/wire.js';
import { encodeCommand, type Request, RequestParser } from '../../src/resp/index.js';
import { Context, Store, VERB_ADOPT, VERB_DB, VERB_PUT } from '../../src/store/index.js';
import { hashBytes, Violation } from './world.js';

/** Bytes of an exported value before the value itself. */
const PAYLOAD_HEAD = 9;

/** One entry, without what differs between terms. */
export interface Entry {
  hash: number;
  router: string;
  effects: Buffer;
  index: Buffer;
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

/** `TOWLINE.ENTRY term seq commit clock kind ...` as an Entry. */
export function entryFrom(request: Request): Entry {
  let hash = 0x811c9dc5;
  for (let i = 5; i < request.argc; i++) {
    const bytes = request.bytes(i);
    hash = hashBytes(bytes, hashBytes(Buffer.from(`${bytes.length} `), hash));
  }
  if (request.text(5) === 'txn') {
    const parser = new RequestParser();
    parser.feed(Buffer.from(request.bytes(6)));
    parser.next();
    const none = Buffer.alloc(0);
    return { hash, router: '', effects: none, index: none, txn: decodeTxnEntry(parser.request) };
  }
  return {
    hash,
    router: request.text(6),
    effects: Buffer.from(request.bytes(7)),
    index: Buffer.from(request.bytes(8)),
    txn: null,
  };
}

/** The same from a log's own bytes. */
export function entryOfBytes(bytes: Buffer): Entry {
  const parser = new RequestParser();
  parser.feed(Buffer.from(bytes));
  parser.next();
  return entryFrom(parser.request);
}

export class Line {
  readonly entries: Entry[] = [];
  /** `router:counter` -> seq of the entry that executed it. */
  private readonly executed = new Map<string, number>();
  readonly txns = new Map<string, TxnLog>();
  /** Appended bytes of its primary's log that have been read. */
  taken = 0;
  /** Its beginning has been compared with what its primary held. */
  checked = false;
  /** The beginning of it, executed. */
  private readonly shadow = new Store();
  private readonly ctx = new Context();
  private applied = 0;
  /** `db:key` -> every value that it had in what is applied. */
  private readonly seen = new Map<string, Set<string>>();

  constructor(
    readonly group: string,
    readonly term: number,
    /** Id of its primary. */
    readonly member: string,
  ) {}

  executedAt(router: string, counter: number): number | undefined {
    return this.executed.get(`${router}:${counter}`);
  }
  txn(name: string): TxnLog {
    let log = this.txns.get(name);
    if (log === undefined) this.txns.set(name, (log = {}));
    return log;
  }
  /** Whether the key ever had this value in the first `upTo` entries, or in what was asked for before. */
  hadValue(upTo: number, db: number, key: string, value: string): boolean {
    while (this.applied < upTo) this.apply(++this.applied);
    return this.seen.get(`${db}:${key}`)?.has(value) === true;
  }

  /** The next entry. Must not repeat a command (R10) nor contradict what was logged of a transaction (R11). */
  push(entry: Entry): void {
    const seq = this.entries.push(entry);
    if (entry.txn !== null) return this.pushTxn(seq, entry, entry.txn);
    const { index, router } = entry;
    for (let at = 0; at < index.length; at += 12) {
      const counter = index.readUInt32LE(at) + index.readUInt32LE(at + 4) * 2 ** 32;
      const name = `${router}:${counter}`;
      const before = this.executed.get(name);
      if (before !== undefined)
        throw new Violation(`R10: ${this.group} executed ${name} in entries ${before} and ${seq}`);
      this.executed.set(name, seq);
    }
  }

  private pushTxn(seq: number, line: Entry, entry: TxnEntry): void {
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
    if (entry.kind === 'outcome' && entry.commit && log.prepare !== undefined)
      line.effects = Buffer.from(log.prepare.entry.effects);
  }

  private apply(seq: number): void {
    const { effects } = this.entries[seq - 1]!;
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
        request.text(0) === VERB_PUT || request.text(0) === VERB_ADOPT
          ? [request.text(1)]
          : row === undefined
            ? []
            : keysOf(row, request).map((i) => request.text(i));
      for (const key of keys) this.note(db, key);
      // SWAPDB: every key may have another value now.
      if (row?.swaps !== undefined) for (const each of this.shadow.snapshot()) this.note(each.db, each.key);
    }
  }

  private note(db: number, key: string): void {
    const payload = this.shadow.exportKey(db, key);
    if (payload === null) return;
    const name = `${db}:${key}`;
    const values = this.seen.get(name) ?? new Set();
    this.seen.set(name, values.add(payload.latin1Slice(PAYLOAD_HEAD)));
  }
}
