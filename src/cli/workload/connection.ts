// One client's connection to its router, on ioredis. A command in flight when the connection is lost fails at once
// and is never sent again by itself: the ledger must know that its outcome is unknown. Connects anew until stopped; a
// client that was given several routers goes on at another one.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { codeOf } from '../failure.js';
import type { HostPort } from '../values.js';
import type { Tally } from './tally.js';

/** Above the routers' own deadline (10 s), so that their answer comes first. */
const COMMAND_MS = 15_000;
const CONNECT_MS = 5000;
const RETRY_MS = 200;

/** How a command ended that did not succeed; `elsewhere`: its router is gone, and there is another to ask. */
export type Failed = 'reply' | 'connection' | 'elsewhere';

/** A connection that is made anew whenever it is lost. */
export class Connection {
  #redis: Redis | null = null;
  #lastCode = '';
  /** Which of the routers. */
  #at = 0;
  /** Which of them it was connected to last. */
  #was = 0;

  /** @param routers the first is used while it can be */
  constructor(
    private readonly routers: readonly HostPort[],
    private readonly password: string | undefined,
    private readonly tally: Tally,
  ) {}

  /** The connected client, or `null` when `stop` was aborted before there was one. */
  async ready(stop: AbortSignal): Promise<Redis | null> {
    for (let tries = 1; !stop.aborted; tries++) {
      if (this.#redis?.status === 'ready') return this.#redis;
      this.close();
      const redis = this.#open();
      try {
        await redis.connect();
        this.#redis = redis;
        if (this.#at !== this.#was) this.tally.moves++;
        this.#was = this.#at;
        return redis;
      } catch (error) {
        redis.disconnect();
        // One of several may be gone; that all are is an error.
        if (tries % this.routers.length === 0) this.#lost(error);
        this.#at = (this.#at + 1) % this.routers.length;
        if (tries % this.routers.length !== 0) continue;
        await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => {});
      }
    }
    return null;
  }

  /** Counts a failed command; after `connection` the next `ready` connects anew. */
  failed(error: unknown): Failed {
    const { name, message } = error as Error;
    if (name === 'ReplyError') {
      this.tally.replyError(message.split(' ', 1)[0]!);
      return 'reply';
    }
    if (message === 'Command timed out') {
      // Its answer may still come: never take it for that of a later command.
      this.tally.replyError('timeout');
    } else if (this.routers.length === 1) this.#lost(error);
    this.close();
    return this.routers.length === 1 ? 'connection' : 'elsewhere';
  }

  #lost(error: unknown): void {
    const { host, port } = this.routers[this.#at]!;
    this.tally.connectionError(`${host}:${port}`, this.#lastCode || codeOf(error) || 'closed');
  }

  close(): void {
    this.#redis?.disconnect();
    this.#redis = null;
  }

  #open(): Redis {
    this.#lastCode = '';
    const redis = new Redis({
      ...this.routers[this.#at]!,
      ...(this.password === undefined ? {} : { password: this.password }),
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on('error', (error) => {
      this.#lastCode = codeOf(error);
    });
    return redis;
  }
}
