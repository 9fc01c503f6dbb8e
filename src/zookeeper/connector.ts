// Keeps one session alive over many links: dials, resumes, starts anew after expiry, and says which state holds.
// `connected` only past a barrier (a check-only multi: it goes through the leader). Never gives up until closed.
import type { Clock } from './clock.js';
import { Link, type LinkListener } from './link.js';
import type { SessionKey } from './package.js';
import type { ServerAddress } from './servers.js';
import type { Log, ZooKeeperState } from './types.js';

/** What the connector tells the client. */
interface ConnectorListener {
  /** The state changed. For `connected`, requests may flow over `link`. */
  state(state: ZooKeeperState, link: Link | null): void;
  /** The link has gone, before or after it was `connected`. */
  linkDown(reason: string): void;
}

/** How long close() waits for the server to end the session, ms. */
const FAREWELL_MS = 1000;
/** Pause between rounds over all servers: doubles from the first to the last, halved at random, ms. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1000;

/** The connection's life. */
export class Connector implements LinkListener {
  readonly #servers: ServerAddress[];
  readonly #sessionTimeoutMs: number;
  readonly #handshakeMs: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listener: ConnectorListener;
  #state: ZooKeeperState = 'suspended';
  #link: Link | null = null;
  #session: SessionKey | null = null;
  #next = 0;
  #failures = 0;
  #cancelTimer = () => {};
  #farewell: (() => void) | null = null;

  constructor(
    servers: readonly ServerAddress[],
    sessionTimeoutMs: number,
    clock: Clock,
    log: Log,
    listener: ConnectorListener,
  ) {
    this.#servers = [...servers];
    this.#sessionTimeoutMs = sessionTimeoutMs;
    // All servers fit into half a session timeout, or nearly.
    this.#handshakeMs = Math.max(200, Math.floor(sessionTimeoutMs / (2 * servers.length)));
    this.#clock = clock;
    this.#log = log;
    this.#listener = listener;
    this.#next = Math.floor(clock.random() * servers.length);
  }

  get state(): ZooKeeperState {
    return this.#state;
  }
  /** The session's id; 0n while there is none. */
  get sessionId(): bigint {
    return this.#session?.id.readBigInt64BE() ?? 0n;
  }

  /** Starts dialling. */
  start(): void {
    this.#cancelTimer = this.#clock.after(0, () => this.#dial());
  }

  /** Ends the session if a server can be told, and stops for good. */
  close(): Promise<void> {
    this.#cancelTimer();
    this.#state = 'closed';
    queueMicrotask(() => this.#listener.state('closed', null));
    const link = this.#link;
    if (link === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#farewell = resolve;
      this.#cancelTimer = this.#clock.after(FAREWELL_MS, () => link.fail('closed'));
      link.endSession();
    });
  }

  up(link: Link, timeoutMs: number): void {
    this.#session = link.session;
    this.#log.info({ server: link.server, session: hex(this.sessionId), timeoutMs }, 'ZooKeeper session');
    this.#cancelTimer = this.#clock.after(Math.max(this.#handshakeMs, (timeoutMs * 2) / 3), () =>
      link.fail('no answer to the barrier'),
    );
    link.submit(
      (client, done) => client.transaction().check('/').commit(done),
      () => {
        // Any answer will do: it was ordered behind everything decided before.
        this.#cancelTimer();
        this.#failures = 0;
        if (this.#state !== 'closed') this.#become('connected');
      },
    );
  }

  expired(): void {
    this.#log.warn({ session: hex(this.sessionId) }, 'ZooKeeper session expired');
    this.#session = null;
    if (this.#state !== 'closed') this.#become('lost');
  }

  down(link: Link, reason: string): void {
    this.#cancelTimer();
    this.#link = null;
    if (this.#session !== null) this.#session = { ...this.#session, zxid: link.session.zxid };
    if (this.#state === 'connected') {
      this.#log.warn({ server: link.server, reason }, 'ZooKeeper connection lost');
      this.#become('suspended');
    }
    this.#listener.linkDown(reason);
    if (this.#state === 'closed') {
      this.#farewell?.();
      return;
    }
    const round = Math.floor(this.#failures++ / this.#servers.length);
    const pause = round === 0 ? 0 : Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (round - 1));
    this.#cancelTimer = this.#clock.after(pause * (0.5 + this.#clock.random() / 2), () => this.#dial());
  }

  #dial(): void {
    const server = this.#servers[this.#next++ % this.#servers.length]!;
    this.#link = new Link(
      server,
      this.#session,
      this.#sessionTimeoutMs,
      this.#handshakeMs,
      this.#clock,
      this,
    );
  }

  #become(state: ZooKeeperState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.state(state, state === 'connected' ? this.#link : null);
  }
}

function hex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}
