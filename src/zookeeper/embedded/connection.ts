// One client connection of the embedded server: its socket, its outbox, its bounds.
// Hands whole frames up in order; never lets unsent bytes grow without limit.
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { FrameSplitter } from '../frames.js';
import type { Peer } from './core.js';

/** jute.maxbuffer: the longest request. */
const MAX_REQUEST = 0xfffff;
/** Unsent bytes at which requests are no longer read, and at which a client that takes nothing is cut. */
const PAUSE_AT = 1024 * 1024;
const CUT_AT = 64 * 1024 * 1024;

/** A connection; the edge owns it. */
export class Connection implements Peer {
  /** Whether the first frame, the handshake, was read. */
  greeted = false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #frames = new FrameSplitter(MAX_REQUEST);
  readonly #delayMs: () => number;
  #outbox: { due: number; message: Buffer | null }[] = [];
  #held = 0;
  #frozen = false;
  #wake: (() => void) | null = null;
  /** Frames read and not handled yet: one chunk's, since the socket is paused meanwhile. */
  #pending: Buffer[] = [];
  #cut = false;
  readonly #onFrame: (frame: Buffer) => void;

  /** @param delayMs how long a message sent now is held back */
  constructor(socket: Socket, clock: Clock, delayMs: () => number, onFrame: (frame: Buffer) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onFrame = onFrame;
    socket.setNoDelay();
    socket.on('drain', () => this.#work());
  }

  /** Takes what the socket read. @throws FrameError */
  read(chunk: Buffer): void {
    this.#pending.push(...this.#frames.push(chunk));
    this.#work();
  }

  /** Stops or goes on reading and sending. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (frozen) {
      this.#socket.pause();
      return;
    }
    this.#work();
  }

  send(message: Buffer): void {
    if (this.#cut) return;
    this.#queue(message);
    this.#held += message.length;
    if (this.#unsent() > CUT_AT) this.cut();
  }

  end(): void {
    if (!this.#cut) this.#queue(null);
  }

  /** Closes at once; nothing more is sent. */
  cut(): void {
    this.#cut = true;
    this.#outbox = [];
    this.#pending = [];
    this.#wake?.();
    this.#socket.destroy();
  }

  #queue(message: Buffer | null): void {
    const delay = this.#delayMs();
    this.#outbox.push({ due: delay > 0 ? this.#clock.now() + delay : 0, message });
    if (delay > 0) this.#flush();
  }

  /** Handles what was read, but not while much is unsent: a client that does not read is not worked for. */
  #work(): void {
    const may = () => this.#pending.length > 0 && !this.#frozen && !this.#cut && this.#unsent() <= PAUSE_AT;
    do {
      while (may()) this.#onFrame(this.#pending.shift()!);
      this.#flush();
      // What the kernel took at once leaves room again, and no 'drain' will say so.
    } while (may());
  }

  #unsent(): number {
    return this.#held + this.#socket.writableLength;
  }

  /** Sends what is due. The edge calls it after events for other connections, too. */
  flush(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#frozen || this.#cut) return;
    const ready: Buffer[] = [];
    let ends = false;
    while (this.#outbox.length > 0 && !ends) {
      const { due, message } = this.#outbox[0]!;
      if (due > this.#clock.now()) break;
      this.#outbox.shift();
      if (message === null) ends = true;
      else ready.push(message);
    }
    for (const message of ready) this.#held -= message.length;
    if (ready.length > 0 && this.#socket.writable) this.#socket.write(Buffer.concat(ready));
    if (ends) {
      this.#cut = true;
      this.#socket.destroySoon();
      return;
    }
    this.#flow();
    const next = this.#outbox[0];
    if (next !== undefined && this.#wake === null) {
      const cancel = this.#clock.after(Math.max(1, next.due - this.#clock.now()), () => {
        this.#wake = null;
        this.#work();
      });
      this.#wake = () => {
        cancel();
        this.#wake = null;
      };
    }
  }

  #flow(): void {
    if (this.#cut || this.#frozen) return;
    if (this.#pending.length > 0 || this.#unsent() > PAUSE_AT) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }
}
