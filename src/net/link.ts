// One outgoing connection that is opened again whenever it is lost: the skeleton of every lane and link between
// processes. Decides when to connect and in how many writes things leave; must never look into what is said, and never
// keep anything of a lost connection for the next one.
import { Buffer } from 'node:buffer';
import { inOne, ProtocolError } from '../resp/index.js';
import type { Address, Conn, Host } from './host.js';

/** Pauses between attempts, ms: they double from the first to the last. */
export interface Pauses {
  first: number;
  last: number;
}

/** A connection that lasted this long was a good one: the pauses begin with the first again, ms. */
const GOOD_MS = 1000;
/** Messages that wait for a connection to open; more are dropped, and whoever sends them must be able to bear it. */
const MAX_WAITING = 4096;

/** Who uses a link. Nothing here is called from within a call to the link. */
export interface LinkOwner {
  /** Where to connect now; null: not known yet. */
  address(): Address | null;
  /** A connection stands: what is to be said first, by someone who has forgotten the one before. */
  hello(): Buffer;
  /** The hello was written: what follows it. */
  opened?(): void;
  /** Bytes arrived. @throws ProtocolError: the connection is given up */
  data(chunk: Buffer): void;
  /** The connection is gone. @param was whether it had opened */
  closed?(was: boolean): void;
}

/** One connection, again and again. */
export class Link {
  private conn: Conn | null = null;
  private standing = false;
  private stopped = false;
  /** The next attempt is wanted at once. */
  private hurry = false;
  private pause: number;
  private openedAt = 0;
  private out: Buffer[] = [];
  private flushing = false;
  private cancelLate: (() => void) | null = null;
  private cancelPause: (() => void) | null = null;

  /** Connects. @param pauses null: only once; a lost connection stays lost */
  constructor(
    private readonly host: Host,
    private readonly owner: LinkOwner,
    private readonly pauses: Pauses | null,
  ) {
    this.pause = pauses?.first ?? 0;
    this.connect();
  }

  /** Whether the connection stands, so that what is written now follows its hello. */
  get open(): boolean {
    return this.standing;
  }

  /** Writes now; dropped while there is no connection. Once a turn, or it costs a system call more. */
  write(bytes: Buffer): void {
    if (this.standing) this.conn!.write(bytes);
  }

  /**
   * Writes at the end of this turn, together with all else; while the connection is being made, after the hello.
   * @param withinMs it may wait so long for something to leave with
   */
  push(bytes: Buffer, withinMs = 0): void {
    if (this.stopped || (!this.standing && this.out.length >= MAX_WAITING)) return;
    this.out.push(bytes);
    if (withinMs > 0) {
      this.cancelLate ??= this.host.after(withinMs, () => this.flush());
      return;
    }
    if (this.flushing) return;
    this.flushing = true;
    this.host.endOfTurn(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /** Gives the connection up: the other end is to be found elsewhere, or begun with anew. The next is made at once. */
  again(): void {
    if (this.stopped) return;
    this.pause = this.pauses?.first ?? 0;
    this.hurry = true;
    if (this.conn !== null) this.conn.destroy();
    else if (this.cancelPause !== null) {
      this.cancelPause();
      this.connect();
    }
  }

  /** Gives the connection up; the next is made after a pause. */
  drop(): void {
    this.conn?.destroy();
  }

  /** For good. `closed` is not told. */
  stop(): void {
    this.stopped = true;
    this.cancelPause?.();
    this.cancelLate?.();
    this.out = [];
    this.standing = false;
    const { conn } = this;
    this.conn = null;
    conn?.destroy();
  }

  private flush(): void {
    this.cancelLate?.();
    this.cancelLate = null;
    if (!this.standing || this.out.length === 0) return;
    const { out } = this;
    this.out = [];
    this.conn!.write(inOne(out));
  }

  private connect(): void {
    this.cancelPause = null;
    if (this.stopped) return;
    const address = this.owner.address();
    if (address === null) return this.retry();
    this.hurry = false;
    const conn = this.host.connect(address, {
      opened: () => {
        if (this.conn === conn) this.begin(conn);
      },
      data: (chunk) => {
        if (this.conn !== conn) return;
        try {
          this.owner.data(chunk);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
      },
      closed: () => {
        if (this.conn === conn) this.lost();
      },
    });
    this.conn = conn;
  }

  private begin(conn: Conn): void {
    this.openedAt = this.host.now();
    const hello = this.owner.hello();
    const waiting = this.out;
    this.out = [];
    conn.write(waiting.length === 0 ? hello : Buffer.concat([hello, ...waiting]));
    this.standing = true;
    this.owner.opened?.();
  }

  private lost(): void {
    const was = this.standing;
    this.conn = null;
    this.standing = false;
    this.out = [];
    if (was && this.host.now() - this.openedAt >= GOOD_MS) this.pause = this.pauses?.first ?? 0;
    this.owner.closed?.(was);
    this.retry();
  }

  private retry(): void {
    if (this.stopped || this.pauses === null || this.conn !== null || this.cancelPause !== null) return;
    if (this.hurry && this.owner.address() !== null) return this.connect();
    this.cancelPause = this.host.after(this.pause, () => this.connect());
    this.pause = Math.min(this.pause * 2, this.pauses.last);
  }
}
