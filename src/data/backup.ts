// A member that follows: holds the primary's log, acknowledges it, applies what is committed, and remembers replies
// and transactions so that it could lead (R8-R10). Must never answer a router and never expire a key on its own.
import { Grace, INDEX_SIZE, type Participant, type Remembered, ReplicaLog } from '../commit/index.js';
import type { Conn, ConnHandler, Host } from '../net/host.js';
import { decodeTxnEntry } from '../net/wire.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { type Applier, Held } from './applier.js';
import type { GroupClock } from './clock.js';
import { ENTRY } from './entry.js';
import type { Parked } from './lane.js';
import { numberOf } from './vet.js';

/** The backup's role of a data node. */
export class Backup {
  readonly log: ReplicaLog<Held>;
  readonly grace: Grace;
  private current: Conn | null = null;
  private beacons: Conn | null = null;
  private suspended = false;
  /** Term in which this member holds that primary's log and nothing else. */
  private settled: number;

  constructor(
    private readonly host: Host,
    private readonly clock: GroupClock,
    readonly applier: Applier,
    term: number,
    start: number,
    graceMs: number,
    /** A primary of a newer epoch speaks: the configuration should be read again. */
    private readonly newer: (epoch: number) => void,
  ) {
    this.log = new ReplicaLog(term, start);
    this.settled = term;
    this.grace = new Grace(graceMs, host.now());
  }

  get remembered(): Remembered {
    return this.applier.remembered;
  }
  get transactions(): Participant<Parked> {
    return this.applier.transactions;
  }

  /**
   * Stops or goes on acknowledging. While this member's own attempt to lead has an unknown outcome it may be the
   * primary already: it must grant the old one neither votes nor leases (R6).
   */
  suspend(suspended: boolean): void {
    this.suspended = suspended;
    if (!suspended) return;
    this.current?.destroy();
    this.beacons?.destroy();
    this.current = null;
    this.beacons = null;
  }

  /**
   * A primary of this term, whose log ends at `head`, wants to replicate over `conn`.
   * @returns what handles the connection from now on, or null when it is refused (R7); then it has been told.
   */
  follow(conn: Conn, term: number, head: number, parser: RequestParser): ConnHandler | null {
    if (!this.takes(conn, term)) return null;
    if (term === this.settled && head < this.log.held) {
      // An older connection of the same primary, heard of late: what was acknowledged since is not given up (R4).
      conn.end();
      return null;
    }
    // A new primary keeps exactly its own prefix, and so does everybody (R9).
    this.log.truncate(head);
    this.settled = term;
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

  /** A primary of this term sends its beacons over `conn` (R6). */
  listen(conn: Conn, term: number, parser: RequestParser): ConnHandler | null {
    if (!this.takes(conn, term)) return null;
    this.beacons?.destroy();
    this.beacons = conn;
    const read = () => {
      while (this.beacons === conn && parser.next()) {
        const { request } = parser;
        if (!request.is(0, 'towline.beacon') || request.argc !== 5) throw new ProtocolError('not a beacon');
        if (numberOf(request, 1) !== this.log.term) return conn.destroy();
        this.grace.heard(this.host.now());
        this.clock.heard(numberOf(request, 4));
        this.newer(numberOf(request, 2));
        conn.write(encodeCommand(['TOWLINE.BEAT', request.text(3)]));
      }
    };
    read();
    return {
      data: (chunk) => {
        if (this.beacons !== conn) return;
        try {
          parser.feed(chunk);
          read();
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
      },
      closed: () => {
        if (this.beacons === conn) this.beacons = null;
      },
    };
  }

  stop(): void {
    this.current?.destroy();
    this.beacons?.destroy();
    this.current = null;
    this.beacons = null;
  }

  /** R7: an older term is refused, with the one that is followed; a newer one is followed from now on. */
  private takes(conn: Conn, term: number): boolean {
    if (this.suspended || !this.log.follow(term)) {
      conn.write(encodeCommand(['TOWLINE.REFUSED', this.suspended ? 0 : this.log.term, this.log.held]));
      conn.end();
      return false;
    }
    this.grace.heard(this.host.now());
    return true;
  }

  /** Takes one message of the primary. @returns whether something new is held. */
  private message(followed: number, request: Request): boolean {
    const term = numberOf(request, 1);
    if (term !== followed || followed !== this.log.term) throw new ProtocolError('message of another term');
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
      return new Held(seq, decodeTxnEntry(parser.request));
    }
    if (request.argc < 10) throw new ProtocolError('log entry cut short');
    if (request.length(8) % INDEX_SIZE !== 0) throw new ProtocolError('log entry with a bad index');
    return new Held(seq, null, request.text(6), request.bytes(7), request.bytes(8), request.bytes(9));
  }

  private apply(commit: number): void {
    for (const held of this.log.advance(commit)) this.applier.apply(held);
  }
}
