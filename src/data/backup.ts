// A member that follows: holds the primary's log, acknowledges it, applies what is committed, and remembers replies
// and transactions so that it could lead (R8-R10). Must never answer a router and never expire a key on its own.
import { INDEX_SIZE, Participant, Remembered, ReplicaLog, type TxnEntry } from '../commit/index.js';
import type { Conn, ConnHandler, Host } from '../net/host.js';
import { decodeTxnEntry } from '../net/wire.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { Context } from '../store/context.js';
import type { Store } from '../store/index.js';
import type { GroupClock } from './clock.js';
import { ENTRY } from './entry.js';
import type { Parked } from './lane.js';
import { numberOf } from './vet.js';

type Held =
  | { kind: 'batch'; seq: number; router: string; effects: Buffer; index: Buffer; replies: Buffer }
  | { kind: 'txn'; seq: number; entry: TxnEntry };

/** The backup's role of a data node. */
export class Backup {
  readonly log: ReplicaLog<Held>;
  readonly remembered = new Remembered();
  readonly transactions: Participant<Parked>;
  /** Effects of prepared transactions, applied when their outcome is. */
  private readonly prepared = new Map<string, Buffer>();
  private readonly ctx = new Context();
  private current: Conn | null = null;

  constructor(
    private readonly host: Host,
    private readonly store: Store,
    private readonly clock: GroupClock,
    term: number,
    start = 0,
  ) {
    this.log = new ReplicaLog(term, start);
    this.transactions = new Participant(term);
    this.ctx.replica = true;
  }

  /**
   * A primary of this term wants to replicate over `conn`.
   * @returns what handles the connection from now on, or null when it is refused (R7); then it has been told.
   */
  follow(conn: Conn, term: number, parser: RequestParser): ConnHandler | null {
    if (!this.log.follow(term)) {
      conn.write(encodeCommand(['TOWLINE.REFUSED', this.log.term, this.log.held]));
      conn.end();
      return null;
    }
    this.current?.destroy();
    this.current = conn;
    let scheduled = false;
    const acknowledge = () => {
      scheduled = false;
      if (this.current === conn) conn.write(encodeCommand(['TOWLINE.HELD', term, this.log.held]));
    };
    acknowledge();
    return {
      data: (chunk) => {
        if (this.current !== conn) return;
        let held = false;
        try {
          parser.feed(chunk);
          while (parser.next()) held = this.message(term, parser.request) || held;
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
        // One cumulative acknowledgement a turn.
        if (held && !scheduled) {
          scheduled = true;
          this.host.endOfTurn(acknowledge);
        }
      },
      closed: () => {
        if (this.current === conn) this.current = null;
      },
    };
  }

  stop(): void {
    this.current?.destroy();
    this.current = null;
  }

  /** Takes one message of the primary. @returns whether something new is held. */
  private message(followed: number, request: Request): boolean {
    const term = numberOf(request, 1);
    if (term !== followed) throw new ProtocolError('message of another term');
    if (request.text(0) === 'TOWLINE.COMMIT') {
      const commit = numberOf(request, 2);
      this.clock.heard(numberOf(request, 3));
      this.apply(commit);
      return false;
    }
    if (request.text(0) === 'TOWLINE.ACK') {
      const counter = numberOf(request, 3);
      this.remembered.acknowledge(request.text(2), counter);
      return false;
    }
    if (request.text(0) !== ENTRY || request.argc < 7)
      throw new ProtocolError('unexpected message from a primary');
    const seq = numberOf(request, 2);
    const commit = numberOf(request, 3);
    this.clock.heard(numberOf(request, 4));
    const accepted = this.log.accept(term, seq, this.entry(seq, request));
    if (accepted === 'gap' || accepted === 'old-term')
      throw new ProtocolError(`entry ${seq} does not follow`);
    this.apply(commit);
    return accepted === 'held';
  }

  private entry(seq: number, request: Request): Held {
    if (request.text(5) === 'txn') {
      const parser = new RequestParser();
      parser.feed(request.bytes(6));
      if (!parser.next()) throw new ProtocolError('log entry cut short');
      return { kind: 'txn', seq, entry: decodeTxnEntry(parser.request) };
    }
    if (request.argc < 10) throw new ProtocolError('log entry cut short');
    if (request.length(8) % INDEX_SIZE !== 0) throw new ProtocolError('log entry with a bad index');
    return {
      kind: 'batch',
      seq,
      router: request.text(6),
      effects: request.bytes(7),
      index: request.bytes(8),
      replies: request.bytes(9),
    };
  }

  private apply(commit: number): void {
    for (const held of this.log.advance(commit)) {
      this.ctx.seq = held.seq;
      if (held.kind === 'batch') {
        this.run(held.effects);
        if (held.router !== '') this.remembered.add(held.router, held);
        continue;
      }
      const { entry } = held;
      if (entry.kind === 'prepare') this.prepared.set(entry.txn, entry.effects);
      if (entry.kind === 'outcome') {
        const effects = this.prepared.get(entry.txn);
        if (entry.commit && effects !== undefined) this.run(effects);
        this.prepared.delete(entry.txn);
      }
      this.transactions.restore(entry);
    }
  }

  private run(effects: Buffer): void {
    this.ctx.db = 0;
    this.store.apply(effects, this.ctx);
  }
}
