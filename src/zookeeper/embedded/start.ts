// The socket edge of the embedded server: listens on loopback only, feeds frames to the core, runs the tick.
// For development and tests: one process, nothing on disk, no ensemble.
import { Buffer } from 'node:buffer';
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, realClock } from '../clock.js';
import { FrameError } from '../frames.js';
import { Connection } from './connection.js';
import { Core, type Instant } from './core.js';
import { type Faults, LossList } from './faults.js';
import { WireError } from './jute.js';

/** Settings of an embedded server; every one has a default. */
export interface EmbeddedOptions {
  /** A loopback address; anything else is refused. Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free port. */
  port?: number;
  /** Unit of session expiry, ms. Default 2000, as zoo.cfg's tickTime. */
  tickMs?: number;
  /** Shortest session timeout granted, ms. Default 2 ticks. */
  minSessionTimeoutMs?: number;
  /** Longest session timeout granted, ms. Default 20 ticks. */
  maxSessionTimeoutMs?: number;
  /** Most connections at a time. Default 1024. */
  maxConnections?: number;
  /** Most bytes the tree may take, roughly. Default 256 MiB. */
  maxTreeBytes?: number;
  /** Default: the machine's. */
  clock?: Clock;
}

/** A running embedded server. */
export interface Embedded {
  readonly port: number;
  /** `host:port`, what a client's `servers` wants. */
  readonly address: string;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
  readonly faults: Faults;
}

/** A connection that does not greet within this time is cut, ms. */
const GREETING_MS = 10_000;
/** Four-letter words, as they look where a frame's length should be. */
const RUOK = Buffer.from('ruok');
const SRVR = Buffer.from('srvr');

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Starts a single in-memory ZooKeeper.
 * @throws RangeError for a host outside loopback; the listen error (code EADDRINUSE) for a taken port
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host)) throw new RangeError(`the embedded ZooKeeper serves loopback only, not ${host}`);
  const edge = new Edge(options);
  await edge.listen(host, options.port ?? 0);
  const { port } = edge;
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return { port, address, close: () => edge.close(), faults: edge };
}

class Edge implements Faults {
  readonly #clock: Clock;
  readonly #core: Core;
  readonly #server: Server;
  readonly #tickMs: number;
  readonly #connections = new Set<Connection>();
  readonly #losses = new LossList();
  #stopTick = () => {};
  #frozen = false;
  #delayMs = 0;
  #flushPlanned = false;

  constructor(options: EmbeddedOptions) {
    this.#clock = options.clock ?? realClock;
    this.#tickMs = options.tickMs ?? 2000;
    if (!(this.#tickMs >= 1)) throw new RangeError(`tickMs must be at least 1, not ${options.tickMs}`);
    const limits = {
      tickMs: this.#tickMs,
      minTimeoutMs: options.minSessionTimeoutMs ?? 2 * this.#tickMs,
      maxTimeoutMs: options.maxSessionTimeoutMs ?? 20 * this.#tickMs,
      maxSessions: 4096,
      maxTreeBytes: options.maxTreeBytes ?? 256 * 1024 * 1024,
      maxWatches: 65_536,
    };
    this.#core = new Core(limits, this.#instant(), () => this.#clock.bytes(16));
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxConnections ?? 1024;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {}); // a failed accept concerns that client alone
        this.#tick();
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#stopTick();
    this.cut();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  loseReply(which = {}): void {
    this.#losses.add(which);
  }
  expireSession(id: bigint): boolean {
    const found = this.#core.expire(id, this.#instant());
    this.#flushAll();
    return found;
  }
  freeze(): void {
    this.#frozen = true;
    for (const connection of this.#connections) connection.freeze(true);
  }
  unfreeze(): void {
    this.#frozen = false;
    for (const connection of [...this.#connections]) connection.freeze(false);
    this.#flushAll();
  }
  delay(ms: number): void {
    this.#delayMs = ms;
  }
  cut(): void {
    for (const connection of [...this.#connections]) connection.cut();
  }
  sessions(): bigint[] {
    return this.#core.sessionIds();
  }

  #instant(): Instant {
    return { now: this.#clock.now(), wall: Math.trunc(this.#clock.wall()) };
  }

  #tick(): void {
    this.#stopTick = this.#clock.after(this.#tickMs, () => {
      if (!this.#frozen) {
        this.#core.tick(this.#instant());
        this.#flushAll();
      }
      this.#tick();
    });
  }

  /** Once a turn: a request's events may concern any connection. */
  #flushSoon(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.#flushAll();
    });
  }

  #flushAll(): void {
    for (const connection of this.#connections) connection.flush();
  }

  #accept(socket: Socket): void {
    const connection: Connection = new Connection(
      socket,
      this.#clock,
      () => this.#delayMs,
      (frame) => this.#guard(connection, () => this.#frame(connection, frame)),
    );
    this.#connections.add(connection);
    if (this.#frozen) connection.freeze(true);
    const stopWaiting = this.#clock.after(GREETING_MS, () => {
      if (!connection.greeted) connection.cut();
    });
    socket.on('data', (chunk: Buffer) => this.#data(connection, socket, chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      stopWaiting();
      this.#connections.delete(connection);
      this.#core.disconnected(connection);
    });
  }

  #data(connection: Connection, socket: Socket, chunk: Buffer): void {
    if (!connection.greeted && chunk.length >= 4) {
      const word = chunk.subarray(0, 4);
      if (word.equals(RUOK)) return void socket.end('imok');
      if (word.equals(SRVR)) return void socket.end(this.#core.describe());
    }
    this.#guard(connection, () => connection.read(chunk));
  }

  /** What a client sent can end its own connection only. */
  #guard(connection: Connection, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof WireError)) throw error;
      connection.cut();
    }
  }

  #frame(connection: Connection, frame: Buffer): void {
    this.#flushSoon();
    const at = this.#instant();
    if (!connection.greeted) {
      connection.greeted = true;
      this.#core.connect(connection, frame, at);
      return;
    }
    const handled = this.#core.request(connection, frame, at);
    if (handled !== undefined && this.#losses.meets(handled)) connection.cut();
  }
}
