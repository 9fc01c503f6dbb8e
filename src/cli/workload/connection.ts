// One client's connection to its router, on ioredis. A command in flight when the connection is lost fails at once
// and is never sent again by itself: the ledger must know that its outcome is unknown. Connects anew until stopped.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { codeOf } from '../failure.js';
import type { HostPort } from '../values.js';
import type { Tally } from './tally.js';

/** Above the routers' own deadline (10 s), so that their answer comes first. */
const COMMAND_MS = 15_000;
const CONNECT_MS = 5000;
const RETRY_MS = 200;

/** How a command ended that did not succeed. */
export type Failed = 'reply' | 'connection';

/** A connection that is made anew whenever it is lost. */
export class Connection {
  #redis: Redis | null = null;
  #lastCode = '';
  readonly #name: string;

  constructor(
    private readonly router: HostPort,
    private readonly password: string | undefined,
    private readonly tally: Tally,
  ) {
    this.#name = `${router.host}:${router.port}`;
  }

  /** The connected client, or `null` when `stop` was aborted before there was one. */
  async ready(stop: AbortSignal): Promise<Redis | null> {
    while (!stop.aborted) {
      if (this.#redis?.status === 'ready') return this.#redis;
      this.close();
      const redis = this.#open();
      try {
        await redis.connect();
        this.#redis = redis;
        return redis;
      } catch (error) {
        redis.disconnect();
        this.tally.connectionError(this.#name, this.#lastCode || codeOf(error) || 'closed');
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
    } else {
      this.tally.connectionError(this.#name, this.#lastCode || codeOf(error) || 'closed');
    }
    this.close();
    return 'connection';
  }

  close(): void {
    this.#redis?.disconnect();
    this.#redis = null;
  }

  #open(): Redis {
    this.#lastCode = '';
    const redis = new Redis({
      host: this.router.host,
      port: this.router.port,
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
