// The real machine: Node's clocks, timers and TCP sockets. The only place that touches them.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type OnReadOpts, type Server, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Address, Conn, ConnHandler, Host } from './host.js';

/**
 * Where the bytes of every connection arrive, 64 KiB of them at most: they are handled, and what is to be kept of them
 * is copied, before any other are read.
 */
const ARRIVING = Buffer.allocUnsafeSlow(64 * 1024);

/** Into one buffer, and `callback` is told how many bytes have come. */
type Reading = OnReadOpts & { buffer: Uint8Array };

class SocketConn implements Conn {
  readonly remote: string;
  readonly local: string;
  private readonly socket: Socket;
  private handler: ConnHandler | null = null;
  /** end() was called: what still arrives is nobody's. */
  private ended = false;
  /** `open` gives the socket, which reads as it is told. */
  constructor(open: (onread: Reading) => Socket) {
    this.socket = open({ buffer: ARRIVING, callback: (length) => this.arrived(length) });
    const { remoteAddress, remotePort, localAddress, localPort } = this.socket;
    this.remote = `${remoteAddress ?? '?'}:${remotePort ?? 0}`;
    this.local = `${localAddress ?? '?'}:${localPort ?? 0}`;
  }
  /** From now on `handler` is told of everything. */
  attach(handler: ConnHandler): void {
    const { socket } = this;
    this.handler = handler;
    socket.setNoDelay(true);
    if (handler.drained) socket.on('drain', () => handler.drained?.());
    // Of accepted ones alone: an outgoing connection is ended by Node when the peer ends it.
    socket.on('end', () => {
      if (this.ended || !socket.allowHalfOpen) return;
      if (handler.finished) handler.finished();
      else this.end();
    });
    // 'close' follows every error: the reason decides nothing.
    socket.on('error', () => {});
    socket.on('close', () => handler.closed());
  }
  /** Small chunks share a block of memory. */
  private arrived(length: number): boolean {
    if (this.ended || this.handler === null) return true;
    const chunk = Buffer.allocUnsafe(length);
    ARRIVING.copy(chunk, 0, 0, length);
    this.handler.data(chunk);
    return true;
  }
  write(bytes: Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }
  get queued(): number {
    return this.socket.writableLength;
  }
  pause(): void {
    this.socket.pause();
  }
  resume(): void {
    this.socket.resume();
  }
  end(): void {
    this.ended = true;
    this.socket.destroySoon();
  }
  destroy(): void {
    this.socket.destroy();
  }
}

/**
 * The socket of an accepted connection, reading as `onread` says. net.Server makes its sockets without `onread`, and so
 * allocates 64 KiB for each read. A second socket takes the first one's handle over, as net.Server gives it one:
 * neither name is documented. A Node that has them no more lets the first one read, and copies once more.
 */
export function readingInto(onread: Reading, first: Socket): Socket {
  const handle: unknown = Reflect.get(first, '_handle');
  if (typeof handle !== 'object' || handle === null) {
    first.on('data', (chunk: Buffer) => {
      const { buffer, callback } = onread;
      for (let at = 0; at < chunk.length; at += buffer.length) callback(chunk.copy(buffer, 0, at), buffer);
    });
    return first;
  }
  Reflect.set(first, '_handle', null);
  const options = { handle, onread, allowHalfOpen: true };
  const socket = new Socket(options);
  // The server counts the first one as its connection.
  socket.once('close', () => first.destroy());
  return socket;
}

/**
 * V8's collection of what is young, which it offers to programs that ask for it: it copies what is alive, some 2 ms a
 * megabyte. Of 16 MiB of which all is alive, the most that V8 waits for, that is 30 to 45 ms at a time.
 * @returns null: this V8 does not offer it
 */
function youngCollector(): (() => void) | null {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as ((how: { type: 'minor' }) => void) | undefined;
  return collect === undefined ? null : () => collect({ type: 'minor' });
}

/** A Host on this machine. */
export class NodeHost implements Host {
  private ending: (() => void)[] = [];
  /** Undefined: not looked for yet. */
  private collect: (() => void) | null | undefined;
  private readonly runEnding = () => {
    // Work queued by the work itself belongs to the same turn; bounded by what there is to flush.
    for (let i = 0; i < this.ending.length; i++) this.ending[i]!();
    // A new one: V8 has no fast way to make an array shorter.
    this.ending = [];
  };

  now(): number {
    return performance.now();
  }
  /** Date.now() leaves out the part of a millisecond: a group's clock that began with it would stay behind by that. */
  wall(): number {
    const whole = Date.now();
    const precise = performance.timeOrigin + performance.now();
    return precise >= whole && precise < whole + 1 ? precise : whole;
  }
  random(): number {
    return Math.random();
  }
  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  }
  endOfTurn(fn: () => void): void {
    if (this.ending.push(fn) === 1) setImmediate(this.runEnding);
  }
  madeToStay(): void {
    if (this.collect === undefined) this.collect = youngCollector();
    this.collect?.();
  }
  connect(to: Address, handler: ConnHandler): Conn {
    const conn = new SocketConn((onread) => {
      const socket = connect({ host: to.host, port: to.port, noDelay: true, onread });
      if (handler.opened) socket.once('connect', () => handler.opened?.());
      return socket;
    });
    conn.attach(handler);
    return conn;
  }
}

const NOBODY: ConnHandler = { data: () => {}, closed: () => {} };

/** A listening port. */
export interface Listener {
  readonly port: number;
  /** Stops accepting and destroys the connections that were accepted. */
  close(): Promise<void>;
}

/**
 * Listens on host:port (0: any free port) and asks `accept` for a handler of each connection.
 * @throws Error with `code` EADDRINUSE and the like when the port cannot be had.
 */
export function listen(
  host: string,
  port: number,
  accept: (conn: Conn) => ConnHandler | null,
  keepAliveSeconds = 300,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({
    noDelay: true,
    allowHalfOpen: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveSeconds * 1000,
  });
  server.on('connection', (first) => {
    const conn = new SocketConn((onread) => {
      const socket = readingInto(onread, first);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    });
    const handler = accept(conn);
    conn.attach(handler ?? NOBODY);
    if (handler === null) conn.end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.removeListener('error', reject);
      server.on('error', () => {});
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

/** A name unique to this start of this process (R3). */
export function incarnation(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
