// Dynamic SYNC, the primary's side (design, section 4): gives one candidate every key, in the order of SCAN, while
// serving, and in the same stream what is written meanwhile to keys that were given already. Holds no copy of
// anything: memory is bounded by one connection's queue.
import { databasesOf, find, keysOf } from '../command/index.js';
import type { Participant, Remembered } from '../commit/index.js';
import type { Address, Conn, Host } from '../net/host.js';
import { encodeTxnEntry } from '../net/wire.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { slotOfText } from '../ring/index.js';
import { Context } from '../store/context.js';
import { DATABASES, positionOf, type Store, VERB_DB, VERB_PUT } from '../store/index.js';
import type { Parked } from './lane.js';
import { numberOf } from './vet.js';

/** Keys examined, and bytes written, in one turn at most: clients are served in between. */
const KEYS_A_TURN = 128;
const BYTES_A_TURN = 256 * 1024;
/** Bytes that the connection may hold before the snapshot waits. */
const MAX_QUEUED = 1024 * 1024;
/** Bytes written to keys meanwhile that it may be behind by; with more it is given up. */
const MAX_BEHIND = 64 * 1024 * 1024;
/** A candidate that takes nothing, or does not say what is awaited, for this long is given up, ms. */
const STALL_MS = 10_000;
/** The same before it has said anything: another one may be waiting. */
const OPENING_MS = 2000;

/** What is needed of the primary. */
export interface SyncOwner {
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly epoch: number;
  readonly store: Store;
  readonly transactions: Participant<Parked>;
  readonly remembered: Remembered;
  now(): number;
  /** Closes the entry under way. @returns the log's head. */
  settle(): number;
  /** A newer term exists (R7). */
  deposed(): void;
  /** The candidate holds everything up to `seq`: it counts from now on. */
  admit(member: string, seq: number): void;
  /** It is over, one way or the other. */
  ended(member: string, done: boolean): void;
}

/** One candidate's sync. */
export class SyncSource {
  /** Keys and bytes given so far. */
  keys = 0;
  bytes = 0;
  private readonly conn: Conn;
  private db = 0;
  private position = 0;
  private stage: 'opening' | 'copying' | 'marking' | 'over' = 'opening';
  /** When it last took something, or said what was awaited. */
  private progressAt: number;
  /** Bytes said of keys written meanwhile since everything had left. */
  private behind = 0;
  private readonly ctx = new Context();
  private scheduled = false;
  private parts: Buffer[] = [];

  constructor(
    private readonly host: Host,
    private readonly owner: SyncOwner,
    readonly member: string,
    address: Address,
  ) {
    this.ctx.replica = true;
    this.progressAt = host.now();
    const parser = new RequestParser();
    this.conn = host.connect(address, {
      opened: () => {
        const { group, term, epoch, id } = owner;
        this.conn.write(encodeCommand(['TOWLINE.SYNC', group, term, epoch, id, member]));
      },
      data: (chunk) => {
        try {
          parser.feed(chunk);
          while (this.stage !== 'over' && parser.next()) this.message(parser.request);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          this.conn.destroy();
        }
      },
      drained: () => {
        this.progressAt = host.now();
        this.behind = 0;
        this.pumpLater();
      },
      closed: () => this.end(false),
    });
  }

  /** What the primary has just logged: effects that the store holds already. */
  entry(effects: Buffer): void {
    if (this.stage !== 'copying' && this.stage !== 'marking') return;
    const forwarded = this.forward(effects);
    if (forwarded.length === 0) return;
    if (this.behind > MAX_BEHIND) return this.conn.destroy();
    this.behind += forwarded.length;
    this.say(['TOWLINE.COPY', forwarded]);
  }

  /** Called now and then: a candidate that takes or says nothing harms nobody for long. */
  check(): void {
    const taken = this.conn.queued === 0;
    if (taken) this.behind = 0;
    // Only while there is something to be taken: an answer is awaited at the beginning and at the end.
    if (taken && this.stage === 'copying') this.progressAt = this.host.now();
    const patience = this.stage === 'opening' ? OPENING_MS : STALL_MS;
    if (this.host.now() - this.progressAt > patience) this.conn.destroy();
  }

  stop(): void {
    this.stage = 'over';
    this.conn.destroy();
  }

  private message(request: Request): void {
    const name = request.text(0);
    this.progressAt = this.host.now();
    if (name === 'TOWLINE.REFUSED' && numberOf(request, 1) > this.owner.term) return this.owner.deposed();
    if (name === 'TOWLINE.READY' && this.stage === 'opening') {
      this.stage = 'copying';
      this.pumpLater();
    } else if (name === 'TOWLINE.MARK' && this.stage === 'marking') this.finish();
    else throw new ProtocolError('unexpected message from a candidate');
  }

  private pumpLater(): void {
    if (this.scheduled || this.stage !== 'copying' || this.conn.queued > MAX_QUEUED) return;
    this.scheduled = true;
    // A timer, not the end of this turn: clients' input comes first.
    this.host.after(0, () => {
      this.scheduled = false;
      if (this.stage === 'copying') this.pump();
    });
  }

  private pump(): void {
    const { store } = this.owner;
    // What is in the store but not in the log yet would be said twice.
    this.owner.settle();
    const out: Buffer[] = [];
    let size = 0;
    while (this.db < DATABASES && size < BYTES_A_TURN) {
      const step = store.scanRange(this.ctx, this.db, this.position, KEYS_A_TURN);
      if (step.keys.length > 0) out.push(encodeCommand([VERB_DB, this.db]));
      for (const { key } of step.keys) {
        const payload = store.exportKey(this.db, key);
        if (payload === null) continue;
        const put = encodeCommand([VERB_PUT, key, payload]);
        out.push(put);
        size += put.length;
        this.keys++;
      }
      if (step.next >= 0) {
        this.position = step.next;
        if (step.keys.length > 0) break;
      } else {
        this.db++;
        this.position = 0;
      }
    }
    this.bytes += size;
    if (out.length > 0) this.say(['TOWLINE.COPY', Buffer.concat(out)]);
    if (this.db < DATABASES) return this.pumpLater();
    // Everything is on its way: when the candidate has read up to here, the rest is short.
    this.stage = 'marking';
    this.say(['TOWLINE.MARK']);
  }

  /** The last turn: what is remembered, what is undecided, and from which seq on the candidate counts. */
  private finish(): void {
    const { owner } = this;
    const seq = owner.settle();
    for (const { router, floor, answers } of owner.remembered.snapshot()) {
      this.say(['TOWLINE.FLOOR', router, floor]);
      for (const { seq: at, index, replies } of answers)
        this.say(['TOWLINE.ANSWERS', router, at, index, replies]);
    }
    for (const entry of owner.transactions.snapshot()) this.say(['TOWLINE.TXN', encodeTxnEntry(entry)]);
    this.say(['TOWLINE.SYNCED', owner.term, seq, owner.now()]);
    this.flush();
    this.stage = 'over';
    owner.admit(this.member, seq);
    owner.ended(this.member, true);
    // The candidate closes it when it has read everything.
  }

  private end(done: boolean): void {
    if (this.stage === 'over') return;
    this.stage = 'over';
    this.owner.ended(this.member, done);
  }

  private say(words: (string | number | Buffer)[]): void {
    if (this.parts.push(encodeCommand(words)) === 1) this.host.endOfTurn(() => this.flush());
  }
  private flush(): void {
    if (this.parts.length === 0) return;
    this.conn.write(Buffer.concat(this.parts));
    this.parts = [];
  }

  /** Whether the candidate has been given this key's place already. */
  private given(db: number, key: string): boolean {
    return db < this.db || (db === this.db && positionOf(db, slotOfText(key), key) < this.position);
  }

  /**
   * Effects as the candidate can use them: those of keys that it has not been given are left out (their snapshot
   * will hold them); keys that a command over several keys touched are said as what they are now, once.
   */
  private forward(effects: Buffer): Buffer {
    const parser = new RequestParser();
    const commands: { db: number; keys: { db: number; key: string }[]; raw: Buffer; whole: boolean }[] = [];
    const restated = new Map<string, { db: number; key: string }>();
    let db = 0;
    parser.feed(effects);
    while (parser.next()) {
      const { request } = parser;
      if (request.text(0) === VERB_DB) {
        db = Number(request.text(1));
        continue;
      }
      const { start } = request;
      const row = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
      const names = row === undefined ? [request.text(1)] : keysOf(row, request).map((i) => request.text(i));
      const databases = row === undefined ? [db] : databasesOf(row, request, db);
      const keys = databases.flatMap((each) => names.map((key) => ({ db: each, key })));
      commands.push({ db, keys, raw: request.raw(), whole: row?.where === 'all' });
      if (keys.length > 1) for (const each of keys) restated.set(`${each.db}:${each.key}`, each);
    }
    const out: Buffer[] = [];
    for (const command of commands) {
      const key = command.keys[0];
      const single = command.keys.length === 1 && key !== undefined;
      const wanted =
        command.whole || (single && !restated.has(`${key.db}:${key.key}`) && this.given(key.db, key.key));
      if (wanted) out.push(encodeCommand([VERB_DB, command.db]), command.raw);
    }
    for (const { db: at, key } of restated.values()) {
      if (!this.given(at, key)) continue;
      const payload = this.owner.store.exportKey(at, key);
      out.push(encodeCommand([VERB_DB, at]));
      out.push(payload === null ? encodeCommand(['DEL', key]) : encodeCommand([VERB_PUT, key, payload]));
    }
    return Buffer.concat(out);
  }
}
