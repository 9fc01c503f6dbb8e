// What the machine provides: clocks, chance, timers, connections. Everything that decides takes a Host, so that
// the simulator can be one. Must never hold logic of its own.

/** Where a process listens. */
export interface Address {
  host: string;
  port: number;
}

/** One end of a connection. Bytes arrive in order or the connection closes; a write after close is dropped. */
export interface Conn {
  /** `host:port` of the other end. */
  readonly remote: string;
  /** `host:port` of this end. */
  readonly local: string;
  /** Queues bytes; they must not be changed afterwards. Call it once per connection and turn. */
  write(bytes: Uint8Array): void;
  /** Bytes written that the kernel has not taken yet. */
  readonly queued: number;
  /** Stops and restarts reading: back-pressure towards the peer. */
  pause(): void;
  resume(): void;
  /** Closes after what was written has left; reads nothing more. */
  end(): void;
  /** Closes at once. `closed` is still called, once, in a later turn. */
  destroy(): void;
}

/** What a connection tells its owner; never called from within a call of the owner's. */
export interface ConnHandler {
  /** An outgoing connection stands. Not called for accepted ones. */
  opened?(): void;
  /** Bytes arrived; the buffer is the handler's to keep. */
  data(chunk: Buffer): void;
  /** The peer of an accepted connection sends no more, and may still read. Absent: the connection ends. */
  finished?(): void;
  /** `queued` fell to 0 after a write did not leave at once. */
  drained?(): void;
  /** The connection is gone, or never came to be. Called exactly once, last. */
  closed(): void;
}

/** The machine, real or simulated. */
export interface Host {
  /** Monotonic clock, ms, fractions allowed. */
  now(): number;
  /** Wall clock, ms since 1970. */
  wall(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `fn` once after `ms`; the result cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Runs `fn` once when all input that has arrived by now has been handled. */
  endOfTurn(fn: () => void): void;
  /** Much that was made just now will stay: the collector of garbage may look at it now, rather than at more later. */
  madeToStay?(): void;
  /** Opens a connection; success and failure come through the handler. */
  connect(to: Address, handler: ConnHandler): Conn;
}
