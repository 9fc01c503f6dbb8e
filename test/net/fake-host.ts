// A machine made of plain values: virtual time, turns that end when told, connections whose other end is the test.
import type { Address, Conn, ConnHandler, Host } from '../../src/net/host.js';
import { RequestParser } from '../../src/resp/index.js';

/** One end of a connection; the test is the other. */
export class FakeConn implements Conn {
  readonly remote: string;
  readonly local = '127.0.0.1:1';
  queued = 0;
  paused = false;
  /** end() or destroy() was called; `closed` of the handler follows in a later turn. */
  closing = false;
  handler: ConnHandler | null = null;
  private readonly out: Buffer[] = [];
  /** Writes since the last take(). */
  writes = 0;

  constructor(
    readonly to: Address,
    private readonly host: FakeHost,
  ) {
    this.remote = `${to.host}:${to.port}`;
  }

  write(bytes: Uint8Array): void {
    if (this.closing) return;
    this.writes++;
    // A copy: what was written must not change afterwards, and here it cannot hide.
    this.out.push(Buffer.from(bytes));
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  end(): void {
    this.lose();
  }
  destroy(): void {
    this.lose();
  }

  // ---- the test's side

  /** The connection stands. */
  open(): void {
    this.handler!.opened?.();
    this.host.turn();
  }
  /** Bytes arrive. */
  deliver(bytes: Buffer | string): void {
    this.handler!.data(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    this.host.turn();
  }
  /** The connection is lost; its owner is told in the next turn. */
  lose(): void {
    if (this.closing) return;
    this.closing = true;
    this.host.later(() => this.handler?.closed());
  }
  /** What was written since the last call. */
  take(): Buffer {
    this.writes = 0;
    return Buffer.concat(this.out.splice(0));
  }
  /** The same, as commands: words joined by blanks. */
  commands(): string[] {
    const parser = new RequestParser();
    parser.feed(this.take());
    const found: string[] = [];
    while (parser.next()) found.push(parser.request.texts().join(' '));
    if (parser.pending > 0) throw new Error(`half a command: ${parser.pending} bytes`);
    return found;
  }
}

/** A Host whose time passes when told. */
export class FakeHost implements Host {
  time = 1000;
  /** What wall() said at time 0. */
  wallBase = 1_700_000_000_000;
  /** What random() says next. */
  chance = 0;
  readonly conns: FakeConn[] = [];
  private readonly ends: (() => void)[] = [];
  private readonly timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return this.time;
  }
  wall(): number {
    return this.wallBase + this.time;
  }
  random(): number {
    return this.chance;
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.time + ms, fn };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }
  endOfTurn(fn: () => void): void {
    this.ends.push(fn);
  }
  connect(to: Address, handler: ConnHandler): FakeConn {
    const conn = new FakeConn(to, this);
    conn.handler = handler;
    this.conns.push(conn);
    return conn;
  }

  // ---- the test's side

  /** A connection that somebody opened to us; give it a handler. */
  accept(): FakeConn {
    return new FakeConn({ host: '127.0.0.1', port: 9 }, this);
  }
  /** The newest connection that was asked for. */
  get last(): FakeConn {
    return this.conns.at(-1)!;
  }
  /** Something happens in a later turn. */
  later(fn: () => void): void {
    this.ends.push(fn);
  }
  /** The turn ends, and those that follow from it. */
  turn(): void {
    for (let rounds = 0; this.ends.length > 0; rounds++) {
      if (rounds > 1000) throw new Error('turns without an end');
      for (const fn of this.ends.splice(0)) fn();
    }
  }
  /** Time passes; timers go off in order. */
  advance(ms: number): void {
    const until = this.time + ms;
    this.turn();
    for (;;) {
      const next = [...this.timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.fn();
      this.turn();
    }
    this.time = until;
  }
  /** Timers that have not gone off. */
  get waiting(): number {
    return this.timers.size;
  }
}
