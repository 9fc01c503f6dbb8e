// The client's own queue: bounded, every request with a deadline, every promise settled exactly once.
// Decides what a lost connection means for each request: an unanswered write is CONNECTION_LOSS, a read is asked again.
import type { Clock } from './clock.js';
import { hasCode, serverError, ZooKeeperError } from './errors.js';
import type { Done, Link } from './link.js';
import type { Client } from './package.js';

/** One request to be. */
export interface RequestSpec<T> {
  /** For messages only. */
  path: string;
  /** Reads have no effect, so they are repeated after a loss and survive the session. */
  read: boolean;
  /** Hands it to the package. */
  send(client: Client, done: Done): void;
  /** Turns the package's results into ours; runs before any later message is handled. */
  result(...results: unknown[]): T;
  /** Turns a refusal into a result; undefined when it is an error. Used where only the caller knows. */
  refused?(error: unknown, ...results: unknown[]): ZooKeeperError;
}

interface Pending {
  spec: RequestSpec<unknown>;
  sent: boolean;
  settled: boolean;
  resolve(value: unknown): void;
  reject(error: ZooKeeperError): void;
  cancelDeadline(): void;
}

/** Most requests on the wire. */
const WINDOW = 64;

/** The requests of one client. */
export class Requests {
  readonly #clock: Clock;
  readonly #limit: number;
  #queue: Pending[] = [];
  #flying = new Set<Pending>();
  #link: Link | null = null;
  #closed = false;

  /** @param limit most requests waiting or unanswered */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Queues a request. Rejects with a ZooKeeperError only. */
  run<T>(spec: RequestSpec<T>, timeoutMs: number): Promise<T> {
    const { path } = spec;
    if (this.#closed) return Promise.reject(new ZooKeeperError('CLOSED', 'the client is closed', path));
    const waiting = this.#queue.length + Math.max(this.#link?.unanswered ?? 0, this.#flying.size);
    if (waiting >= this.#limit) {
      return Promise.reject(new ZooKeeperError('QUEUE_FULL', `${this.#limit} requests are waiting`, path));
    }
    return new Promise<T>((resolve, reject) => {
      const pending: Pending = {
        spec,
        sent: false,
        settled: false,
        resolve: resolve as (value: unknown) => void,
        reject,
        cancelDeadline: this.#clock.after(timeoutMs, () => this.#overdue(pending, timeoutMs)),
      };
      this.#queue.push(pending);
      this.#pump();
    });
  }

  /** Requests may flow over `link`: it is past its barrier. */
  attach(link: Link): void {
    this.#link = link;
    this.#pump();
  }

  /** The link has gone. */
  detach(reason: string): void {
    this.#link = null;
    const flown = [...this.#flying];
    this.#flying.clear();
    const again: Pending[] = [];
    for (const pending of flown) {
      if (pending.spec.read && !this.#closed) again.push(pending);
      else this.#fail(pending, 'CONNECTION_LOSS', `sent, then ${reason}`);
    }
    for (const pending of again) pending.sent = false;
    this.#queue.unshift(...again.filter((pending) => !pending.settled));
  }

  /** The session has gone: writes meant for it must not happen in the next one. */
  sessionLost(): void {
    const queued = this.#queue;
    this.#queue = queued.filter((pending) => pending.spec.read);
    for (const pending of queued) {
      if (!pending.spec.read) this.#fail(pending, 'SESSION_EXPIRED', 'not sent: the session expired');
    }
  }

  /** Nothing more is taken or sent; what is on the wire may still be answered. */
  close(): void {
    this.#closed = true;
    const queued = this.#queue;
    this.#queue = [];
    for (const pending of queued) this.#fail(pending, 'CLOSED', 'not sent: the client was closed');
  }

  #pump(): void {
    while (this.#link !== null && this.#queue.length > 0 && this.#link.unanswered < WINDOW) {
      const pending = this.#queue.shift()!;
      this.#flying.add(pending);
      pending.sent = true;
      try {
        this.#link.submit(pending.spec.send, (error, ...results) => this.#answered(pending, error, results));
      } catch (error) {
        this.#flying.delete(pending);
        this.#fail(pending, 'BAD_ARGUMENTS', error instanceof Error ? error.message : String(error));
      }
    }
  }

  #answered(pending: Pending, error: unknown, results: unknown[]): void {
    this.#flying.delete(pending);
    if (!pending.settled) {
      if (error === null || error === undefined)
        this.#settle(pending, () => pending.resolve(pending.spec.result(...results)));
      else this.#settle(pending, () => pending.reject(this.#refusal(pending, error, results)));
    }
    this.#pump();
  }

  #refusal({ spec }: Pending, error: unknown, results: unknown[]): ZooKeeperError {
    if (hasCode(error, 'SERVER_ERROR')) return error;
    if (spec.refused !== undefined) return spec.refused(error, ...results);
    return serverError((error as { code?: number }).code ?? -1, spec.path);
  }

  #overdue(pending: Pending, timeoutMs: number): void {
    const at = this.#queue.indexOf(pending);
    if (at !== -1) this.#queue.splice(at, 1);
    if (pending.sent && !pending.spec.read) {
      this.#fail(pending, 'CONNECTION_LOSS', `no answer within ${timeoutMs} ms`);
    } else {
      this.#fail(pending, 'TIMEOUT', `not done within ${timeoutMs} ms`);
    }
  }

  #fail(
    pending: Pending,
    code: 'CONNECTION_LOSS' | 'TIMEOUT' | 'SESSION_EXPIRED' | 'CLOSED' | 'BAD_ARGUMENTS',
    message: string,
  ): void {
    this.#settle(pending, () => pending.reject(new ZooKeeperError(code, message, pending.spec.path)));
  }

  #settle(pending: Pending, how: () => void): void {
    if (pending.settled) return;
    pending.settled = true;
    pending.cancelDeadline();
    how();
  }
}
