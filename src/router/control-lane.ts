// The router's control lane to one group: transaction messages out, answers back. A lost connection is told to the
// coordinators, which know what to say again.
import type { Answer, Ask } from '../commit/index.js';
import type { Address, Conn, Host } from '../net/host.js';
import { decodeAnswer, encodeAsk } from '../net/wire.js';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';

const RETRY_MS = 25;
/** How long a FORGET waits for something to ride on, ms. */
const LAZY_MS = 10;
/** FORGETs that are said again over a new connection. */
const FORGETS = 2048;

/** What the lane needs of the router. */
export interface ControlOwner {
  /** Incarnation of the coordinator: the first part of its txns' names. */
  readonly coordinator: string;
  primary(group: string): Address | null;
  answered(group: string, answer: Answer): void;
  linkUp(group: string): void;
  linkLost(group: string): void;
  /** Orphans of this coordinator were settled without it: it must take a new name. */
  fenced(): void;
}

/** Control lane to one group. */
export class ControlLane {
  private conn: Conn | null = null;
  private ready = false;
  private stopped = false;
  private out: Buffer[] = [];
  private scheduled = false;
  private cancelRetry: () => void = () => {};
  /** The newest FORGETs: nobody confirms one, so a lost connection may have taken it along. Saying it twice is harmless. */
  private forgets: Ask[] = [];
  /** Transactions that read, and that wrote, here: for statistics. */
  reads = 0;
  writes = 0;

  constructor(
    private readonly host: Host,
    private readonly owner: ControlOwner,
    readonly group: string,
  ) {
    this.open();
  }

  get connected(): boolean {
    return this.ready;
  }

  /** Sends at the end of this turn; dropped while there is no connection (linkUp says when to say it again). */
  send(ask: Ask): void {
    if (ask.kind === 'forget' && this.forgets.push(ask) >= 2 * FORGETS) this.forgets.splice(0, FORGETS);
    if (!this.ready) return;
    if (ask.kind === 'lock' && (ask.read !== null || ask.fetch)) this.reads++;
    if (ask.kind === 'prepare') this.writes++;
    this.out.push(encodeAsk(ask));
    // Nobody waits for a FORGET: it rides on what follows it.
    if (ask.kind === 'forget') {
      if (this.out.length === 1) this.host.after(LAZY_MS, () => this.flush());
      return;
    }
    if (this.scheduled) return;
    this.scheduled = true;
    this.host.endOfTurn(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const { out } = this;
    this.out = [];
    if (this.ready && out.length > 0) this.conn!.write(out.length === 1 ? out[0]! : Buffer.concat(out));
  }

  primaryChanged(): void {
    this.conn?.destroy();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry();
    this.conn?.destroy();
  }

  private open(): void {
    if (this.stopped) return;
    const address = this.owner.primary(this.group);
    if (address === null) return this.retry();
    const parser = new RequestParser();
    const conn = this.host.connect(address, {
      opened: () => {
        if (this.conn !== conn) return;
        conn.write(encodeCommand(['TOWLINE.CONTROL', this.owner.coordinator]));
        this.ready = true;
        for (const ask of this.forgets.splice(0)) this.send(ask);
        this.owner.linkUp(this.group);
      },
      data: (chunk) => {
        if (this.conn !== conn) return;
        try {
          parser.feed(chunk);
          while (this.conn === conn && parser.next()) {
            if (parser.request.is(0, 'towline.fenced')) this.owner.fenced();
            else this.owner.answered(this.group, decodeAnswer(parser.request));
          }
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
      },
      closed: () => {
        if (this.conn !== conn) return;
        this.conn = null;
        this.out = [];
        const was = this.ready;
        this.ready = false;
        if (was) this.owner.linkLost(this.group);
        this.retry();
      },
    });
    this.conn = conn;
  }

  private retry(): void {
    if (this.stopped) return;
    this.cancelRetry = this.host.after(RETRY_MS, () => this.open());
  }
}
