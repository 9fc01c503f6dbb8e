// One connection to one server through one throw-away package client. A link is used once: when it is down, it is down.
// Decides whether the connection lives: handshake timeout, pings, silence. Never lets the package reconnect by itself,
// throw out of a socket handler, or keep a caller waiting after the connection has gone.
import { Buffer } from 'node:buffer';
import type { Clock } from './clock.js';
import { ZooKeeperError } from './errors.js';
import { FrameSplitter } from './frames.js';
import {
  type Client,
  type Manager,
  newClient,
  type PackageState,
  type SessionKey,
  State,
} from './package.js';
import type { ServerAddress } from './servers.js';

/** Called once with the package's error, or null and its results. */
export type Done = (error: unknown, ...results: unknown[]) => void;

/** What a link tells its owner. After `down` it says nothing more. */
export interface LinkListener {
  /** The session is established; the timeout is the one granted, in ms. */
  up(link: Link, timeoutMs: number): void;
  /** The server does not know the session any more; `down` follows. */
  expired(link: Link): void;
  /** The connection has gone; requests without an answer have an unknown outcome. */
  down(link: Link, reason: string): void;
}

/** The longest message taken from a server. */
const MAX_REPLY = 16 * 1024 * 1024;
/** A ping: length 8, xid -2, type 11. */
const PING = Buffer.from([0, 0, 0, 8, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11]);

/** A connection, from dialling to its end. */
export class Link {
  readonly server: ServerAddress;
  readonly #client: Client;
  readonly #manager: Manager;
  readonly #listener: LinkListener;
  readonly #clock: Clock;
  readonly #frames = new FrameSplitter(MAX_REPLY);
  /** The requests without an answer, by the xid the package will have given them: it counts from 0 in order. */
  readonly #unanswered = new Map<number, Done>();
  #nextXid = 0;
  #isUp = false;
  #isDown = false;
  #heardAt = 0;
  #stopPings = () => {};
  #stopWatchdog = () => {};

  /** Dials at once; the listener is never called before the constructor has returned. */
  constructor(
    server: ServerAddress,
    session: SessionKey | null,
    sessionTimeoutMs: number,
    handshakeMs: number,
    clock: Clock,
    listener: LinkListener,
  ) {
    this.server = server;
    this.#clock = clock;
    this.#listener = listener;
    const { client, manager } = newClient(session, sessionTimeoutMs);
    this.#client = client;
    this.#manager = manager;
    this.#harden();
    client.on('state', (state) => this.#stateChanged(state));
    client.connect();
    if (manager.connectTimeoutHandler !== null) clearTimeout(manager.connectTimeoutHandler);
    this.#stopWatchdog = clock.after(handshakeMs, () => this.fail(`no handshake within ${handshakeMs} ms`));
  }

  /** Requests sent that have no answer yet. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** What another link needs to take the session up. */
  get session(): SessionKey {
    return {
      id: this.#client.getSessionId(),
      password: this.#client.getSessionPassword(),
      zxid: this.#manager.zxid,
    };
  }

  /**
   * Sends one request. `done` is not called any more once the link is down: the owner knows what it sent.
   * @throws what the package throws at bad arguments; nothing was sent then
   */
  submit(send: (client: Client, done: Done) => void, done: Done): void {
    const xid = this.#nextXid++;
    this.#unanswered.set(xid, done);
    try {
      send(this.#client, (error, ...results) => {
        if (!this.#isDown && this.#unanswered.delete(xid)) done(error, ...results);
      });
    } catch (error) {
      // How far the package came is not known, so its numbering cannot be trusted any more.
      this.#unanswered.delete(xid);
      this.#later(() => this.fail('a request could not be sent'));
      throw error;
    }
  }

  /** Asks the server to end the session; `down` follows when it has closed the connection. */
  endSession(): void {
    if (this.#isUp) this.#guard(() => this.#client.close());
    else this.fail('closed');
  }

  /** Ends the connection now. */
  fail(reason: string): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#stopPings();
    this.#stopWatchdog();
    this.#unanswered.clear();
    this.#manager.socket.destroy();
    this.#listener.down(this, reason);
  }

  /** Replaces the package's socket handlers by ones that cannot throw and never reconnect. */
  #harden(): void {
    const manager = this.#manager;
    const { onSocketConnected, onSocketData, onSocketDrain } = manager;
    manager.findNextServer = (use) => use(this.server);
    manager.onSocketConnected = () => this.#guard(() => onSocketConnected.call(manager));
    manager.onSocketDrain = () => this.#guard(() => onSocketDrain.call(manager));
    manager.onSocketTimeout = () => {}; // its ping is put off by anything received; ours is not
    manager.onSocketError = (error) => this.#later(() => this.fail(error.message));
    manager.onSocketClosed = () => this.#later(() => this.fail('closed by the server'));
    manager.onSocketData = (chunk) => {
      this.#heardAt = this.#clock.now();
      this.#guard(() => {
        // One whole frame a call: the package joins and recurses over anything else, and a half frame kept
        // from a cut connection would be read as an expired session.
        for (const frame of this.#frames.push(chunk)) {
          if (this.#isDown || manager.socket.destroyed) return;
          this.#receive(frame, () => onSocketData.call(manager, frame));
        }
      });
    };
  }

  #receive(frame: Buffer, handle: () => void): void {
    const xid = this.#isUp && frame.length >= 8 ? frame.readInt32BE(4) : undefined;
    try {
      handle();
    } catch (error) {
      // The package throws at numbers it does not know; the stream itself is in order, so only that message is lost.
      if (xid === undefined || !(error instanceof Error) || !error.message.startsWith('Unknown '))
        throw error;
      const done = this.#unanswered.get(xid);
      this.#unanswered.delete(xid);
      done?.(new ZooKeeperError('SERVER_ERROR', error.message));
    }
  }

  #stateChanged(state: PackageState): void {
    if (this.#isDown) return;
    if (state === State.SYNC_CONNECTED || state === State.CONNECTED_READ_ONLY) {
      this.#isUp = true;
      this.#stopWatchdog();
      const timeoutMs = this.#client.getSessionTimeout();
      this.#ping(Math.max(1, timeoutMs / 4));
      this.#watch(Math.max(1, (timeoutMs * 2) / 3));
      this.#listener.up(this, timeoutMs);
    } else if (state === State.EXPIRED) {
      this.#listener.expired(this);
      this.fail('session expired');
    } else if (state === State.AUTH_FAILED) {
      this.fail('authentication failed');
    }
  }

  #ping(everyMs: number): void {
    this.#stopPings = this.#clock.after(everyMs, () => {
      this.#manager.socket.write(PING);
      this.#ping(everyMs);
    });
  }

  #watch(silenceMs: number, waitMs = silenceMs): void {
    this.#stopWatchdog = this.#clock.after(waitMs, () => {
      const left = this.#heardAt + silenceMs - this.#clock.now();
      if (left > 0) this.#watch(silenceMs, left);
      else this.fail(`silent for ${Math.round(silenceMs)} ms`);
    });
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#later(() => this.fail(reason));
    }
  }

  #later(step: () => void): void {
    queueMicrotask(step);
  }
}
