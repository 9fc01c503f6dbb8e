// Dynamic SYNC, the primary's side (design, section 4): gives one candidate every key, in the order of SCAN, while
// serving, and in the same stream what is written meanwhile to keys that were given already. Holds no copy of
// anything: memory is bounded by one connection's queue.
import { Buffer } from 'node:buffer';
import type { Participant, Remembered, Told } from '../commit/index.js';
import type { Address, Conn, Host } from '../net/host.js';
import { encodeTxnEntry } from '../net/wire.js';
import { writeParts } from '../net/write-parts.js';
import { encodeCommand, inOne, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { positionOf, slotOfText } from '../ring/index.js';
import { Context } from '../store/context.js';
import { DATABASES, type Store, VERB_DB, VERB_PUT, VERB_SWAPPED } from '../store/index.js';
import { forwarded, type Telling } from './forward.js';
import type { Parked } from './lane.js';
import { LARGE, type LargeOwner, LargeValues } from './pieces.js';
import type { LargeLimits } from './primary-options.js';
import { promisedStages, type StagingOwner } from './staging.js';
import { numberOf } from './vet.js';

/** Keys examined, and bytes written, in one turn at most: clients are served in between. */
const KEYS_A_TURN = 128;
const BYTES_A_TURN = 256 * 1024;
/** After each turn it rests so many times as long as that took: what clients lose is bounded, on any machine. */
const REST = 4;
/** It rests so long at least, ms: what a turn costs the candidate and the network is not seen here. */
const MIN_REST_MS = 5;
/** No rest is longer, ms: a process that was held up itself goes on soon. */
const MAX_REST_MS = 20;
/** Bytes of answers after which the rest of them waits for the last turn: they come in faster than they are said. */
const MAX_TOLD = 1024 * 1024 * 1024;
/** Bytes that the connection may hold before the snapshot waits. */
const MAX_QUEUED = 1024 * 1024;
/** Bytes written to keys meanwhile that it may be behind by; with more it is given up. */
const MAX_BEHIND = 64 * 1024 * 1024;
/** A candidate that takes nothing, or does not say what is awaited, for this long is given up, ms. */
const STALL_MS = 10_000;
/** The same before it has said anything: another one may be waiting. */
const OPENING_MS = 2000;

const END = Buffer.from('\r\n', 'latin1');

/** What is needed of the primary. */
export interface SyncOwner extends LargeOwner, StagingOwner {
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly epoch: number;
  readonly transactions: Participant<Parked>;
  readonly remembered: Remembered;
  /** When values are large; absent: the defaults. */
  readonly large: LargeLimits | undefined;
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
export class SyncSource implements Telling {
  /** Keys and bytes given so far. */
  keys = 0;
  bytes = 0;
  private readonly conn: Conn;
  private db = 0;
  private position = 0;
  private stage: 'opening' | 'copying' | 'telling' | 'marking' | 'over' = 'opening';
  /** Large values that were met, and are given before anything else. */
  private readonly large: LargeValues;
  private readonly largeBytes: number;
  /** What the candidate knows of what is remembered (R10), and the bytes of it that were said. */
  private readonly told = new Map<string, Told>();
  private toldBytes = 0;
  /** When it last took something, or said what was awaited. */
  private progressAt: number;
  /** Bytes said of keys written meanwhile since everything had left. */
  private behind = 0;
  /** Bytes that waited for the connection when that was looked at last. */
  private queued = 0;
  private readonly ctx = new Context();
  private scheduled = false;
  private cancelLast: () => void = () => {};
  private parts: Buffer[] = [];

  constructor(
    private readonly host: Host,
    private readonly owner: SyncOwner,
    readonly member: string,
    address: Address,
  ) {
    this.ctx.replica = true;
    this.large = new LargeValues(owner, owner.large?.piece);
    this.largeBytes = owner.large?.bytes ?? LARGE;
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
      closed: () => {
        this.cancelLast();
        this.end(false);
      },
    });
  }

  /** What the primary has just logged: effects that the store holds already. */
  entry(effects: readonly Buffer[]): void {
    if (this.stage === 'opening' || this.stage === 'over') return;
    const wanted = forwarded(inOne(effects), this);
    // SWAPDB: what was given would be in the wrong places. It begins anew.
    if (wanted === null) return this.conn.destroy();
    if (wanted.length === 0) return;
    if (this.behind > MAX_BEHIND) return this.conn.destroy();
    this.behind += this.copy(wanted);
  }

  /** Called now and then: a candidate that takes or says nothing harms nobody for long. */
  check(): void {
    const { queued } = this.conn;
    if (queued === 0) this.behind = 0;
    // Only while there is something to be taken: an answer is awaited at the beginning and at the end.
    const giving = this.stage === 'copying' || this.stage === 'telling';
    if (queued < this.queued || (queued === 0 && giving)) this.progressAt = this.host.now();
    this.queued = queued;
    const patience = this.stage === 'opening' || this.large.urgent ? OPENING_MS : STALL_MS;
    if (this.host.now() - this.progressAt > patience) this.conn.destroy();
  }

  /** What has been given is not to be gone on with: another sync begins anew. */
  breakOff(): void {
    this.conn.destroy();
  }

  stop(): void {
    this.stage = 'over';
    this.large.stop();
    this.cancelLast();
    this.conn.destroy();
  }

  private message(request: Request): void {
    const name = request.text(0);
    this.progressAt = this.host.now();
    if (name === 'TOWLINE.REFUSED' && numberOf(request, 1) > this.owner.term) return this.owner.deposed();
    if (name === 'TOWLINE.READY' && this.stage === 'opening') {
      // It is told of every piece from here on, and of those before that a transaction will make keys of; of swaps, too.
      const given = promisedStages(this.owner);
      const { version, swaps } = this.store.swapped;
      if (swaps > 0) given.push(encodeCommand([VERB_SWAPPED, version, swaps]));
      this.stage = 'copying';
      if (given.length > 0) this.copy(given);
      this.pumpLater();
    } else if (name === 'TOWLINE.MARK' && this.stage === 'marking') this.finish();
    else throw new ProtocolError('unexpected message from a candidate');
  }

  private get giving(): boolean {
    return this.stage === 'copying' || this.stage === 'telling';
  }

  private pumpLater(rest = 0): void {
    if (this.scheduled || !this.giving || this.conn.queued > MAX_QUEUED) return;
    this.scheduled = true;
    // A timer, not the end of this turn: clients' input comes first.
    this.host.after(rest, () => {
      this.scheduled = false;
      if (!this.giving) return;
      const began = this.host.now();
      if (this.stage === 'copying' || this.large.count > 0) this.pump();
      else this.tell(BYTES_A_TURN);
      const took = this.host.now() - began;
      // While clients wait for a value it rests for as long as it works.
      if (this.large.urgent) this.pumpLater(Math.min(MAX_REST_MS, Math.max(1, took)));
      else this.pumpLater(Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, REST * took)));
    });
  }

  /** One turn's keys, or a piece of a large value. */
  private pump(): void {
    const { store } = this.owner;
    // What is in the store but not in the log yet would be said twice.
    this.owner.settle();
    if (this.large.count > 0) {
      return this.large.next((piece) => this.sayBytes(piece));
    }
    const out: Buffer[] = [];
    let size = 0;
    while (this.db < DATABASES && size < BYTES_A_TURN) {
      const step = store.scanRange(this.ctx, this.db, this.position, KEYS_A_TURN);
      if (step.keys.length > 0) out.push(encodeCommand([VERB_DB, this.db]));
      for (const { key } of step.keys) {
        this.keys++;
        if (this.tooLarge(this.db, key)) continue;
        const payload = store.exportKey(this.db, key);
        if (payload === null) continue;
        const put = encodeCommand([VERB_PUT, key, payload]);
        out.push(put);
        size += put.length;
      }
      if (step.next >= 0) {
        this.position = step.next;
        if (step.keys.length > 0) break;
      } else {
        this.db++;
        this.position = 0;
      }
    }
    if (out.length > 0) this.copy(out);
    if (this.db >= DATABASES && this.large.count === 0) this.stage = 'telling';
  }

  /** Says what is remembered, and not told yet. When that is little, or without an end, the mark follows. */
  private tell(limit: number): void {
    const said = this.owner.remembered.tell(this.told, limit, {
      floor: (router, floor) => this.say(['TOWLINE.FLOOR', router, floor]),
      answers: (router, { seq, index, replies }) =>
        this.say(['TOWLINE.ANSWERS', router, seq, index, replies]),
    });
    this.toldBytes += said;
    if (this.stage !== 'telling' || (said >= limit && this.toldBytes < MAX_TOLD)) return;
    // Everything is on its way: when the candidate has read up to here, the rest is short.
    this.stage = 'marking';
    this.say(['TOWLINE.MARK']);
  }

  /** The last turn: what is remembered since, what is undecided, and from which seq on the candidate counts. */
  private finish(): void {
    const { owner } = this;
    const seq = owner.settle();
    if (this.large.count > 0) {
      // Met meanwhile: it is given first, and then there is another last turn.
      this.stage = 'telling';
      return this.pumpLater();
    }
    this.tell(Number.POSITIVE_INFINITY);
    for (const entry of owner.transactions.snapshot()) this.say(['TOWLINE.TXN', encodeTxnEntry(entry)]);
    this.say(['TOWLINE.SYNCED', owner.term, seq, owner.now()]);
    this.flush();
    this.stage = 'over';
    owner.admit(this.member, seq);
    owner.ended(this.member, true);
    // The candidate closes it when it has read everything. One that stands still never would.
    this.cancelLast = this.host.after(STALL_MS, () => this.conn.destroy());
  }

  private end(done: boolean): void {
    if (this.stage === 'over') return;
    this.stage = 'over';
    this.large.stop();
    this.owner.ended(this.member, done);
  }

  /** Says commands that the candidate executes. @returns their bytes */
  private copy(commands: Buffer[]): number {
    let size = 0;
    for (const { length } of commands) size += length;
    // Encoded by hand: the commands are not copied once more.
    this.sayBytes(Buffer.from(`*2\r\n$12\r\nTOWLINE.COPY\r\n$${size}\r\n`, 'latin1'));
    for (const each of commands) this.sayBytes(each);
    this.sayBytes(END);
    return size;
  }
  private say(words: (string | number | Buffer)[]): void {
    this.sayBytes(encodeCommand(words));
  }
  private sayBytes(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (this.parts.push(bytes) === 1) this.host.endOfTurn(() => this.flush());
  }
  private flush(): void {
    const { parts } = this;
    if (parts.length === 0) return;
    this.parts = [];
    writeParts(parts, (bytes) => this.conn.write(bytes));
  }

  get all(): boolean {
    return this.stage !== 'copying' && this.large.count === 0;
  }
  /** Whether the candidate has been given this key's place already. */
  given(db: number, key: string): boolean {
    if (this.large.has(db, key)) return false;
    return db < this.db || (db === this.db && positionOf(db, slotOfText(key), key) < this.position);
  }

  /** Whether the key is too large to be said in one turn; then it is given in pieces from now on. */
  tooLarge(db: number, key: string): boolean {
    const large = this.store.sizeOf(db, key) > this.largeBytes;
    if (large) this.large.add(db, key);
    return large;
  }

  get store(): Store {
    return this.owner.store;
  }
}
