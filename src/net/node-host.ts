// The real machine: Node's clocks, timers and TCP sockets. The only place that touches them.
import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Address, Conn, ConnHandler, Host } from './host.js';

class SocketConn implements Conn {
  readonly remote: string;
  readonly local: string;
  /** end() was called: what still arrives is nobody's. */
  ended = false;
  constructor(readonly socket: Socket) {
    this.remote = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.local = `${socket.localAddress ?? '?'}:${socket.localPort ?? 0}`;
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

function attach(conn: SocketConn, handler: ConnHandler): void {
  const { socket } = conn;
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    if (!conn.ended) handler.data(chunk as Buffer);
  });
  if (handler.drained) socket.on('drain', () => handler.drained?.());
  // Of accepted ones alone: an outgoing connection is ended by Node when the peer ends it.
  socket.on('end', () => {
    if (conn.ended || !socket.allowHalfOpen) return;
    if (handler.finished) handler.finished();
    else conn.end();
  });
  // 'close' follows every error: the reason decides nothing.
  socket.on('error', () => {});
  socket.on('close', () => handler.closed());
}

/** Most bytes that are read at once from a connection that was opened here. */
const READ = 64 * 1024;

/** What was read, for its handler to keep: small ones share a block of memory. */
function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  bytes.copy(copy, 0, 0, length);
  return copy;
}

/** A Host on this machine. */
export class NodeHost implements Host {
  private ending: (() => void)[] = [];
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
  connect(to: Address, handler: ConnHandler): Conn {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ),
      callback: (length: number, into: Uint8Array) => {
        if (!conn.ended) handler.data(copyOf(into as Buffer, length));
        return true;
      },
    };
    const socket = connect({ host: to.host, port: to.port, noDelay: true, onread });
    const conn = new SocketConn(socket);
    attach(conn, handler);
    if (handler.opened) socket.once('connect', () => handler.opened?.());
    return conn;
  }
}

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
  server.on('connection', (socket) => {
    const conn = new SocketConn(socket);
    const handler = accept(conn);
    if (handler === null) {
      socket.on('error', () => {});
      socket.destroySoon();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    attach(conn, handler);
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
