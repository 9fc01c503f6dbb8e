// A plain Redis client over one connection that is made anew whenever it is lost. Commands are answered in order, so
// nothing but a queue is needed. Must never send a command twice: whether a lost one happened is for the caller.
import { connect, type Socket } from 'node:net';
import RedisParser from 'redis-parser';
import type { RedisOutput } from '../sim/linearizability/index.js';

/** Above the routers' own deadline (10 s), so that their answer comes first. */
const COMMAND_MS = 15_000;
const RETRY_MS = 20;

/** The connection was lost, or nothing came in time: the command may have happened. */
export class Lost extends Error {}

interface Waiting {
  resolve(reply: RedisOutput): void;
  reject(error: Error): void;
}

/** What a reply is to the checker. */
function output(reply: unknown): RedisOutput {
  if (reply instanceof Error) return { error: reply.message };
  if (Array.isArray(reply)) return reply.map(output);
  return reply as RedisOutput;
}

/** One client. */
export class Client {
  private socket: Socket | null = null;
  private waiting: Waiting[] = [];
  private closed = false;

  constructor(
    private port: number,
    private readonly host = '127.0.0.1',
  ) {}

  /** Resolves when there is a connection; false: closed for good. */
  async ready(): Promise<boolean> {
    while (!this.closed && this.socket === null) {
      if (!(await this.open())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return !this.closed;
  }

  /** The reply, an error reply as `{error}`. @throws Lost */
  async send(words: readonly string[]): Promise<RedisOutput> {
    const { socket } = this;
    if (socket === null) throw new Lost('not connected');
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<RedisOutput>((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        timer = setTimeout(() => {
          reject(new Lost('timeout'));
          // Its answer may still come: never take it for that of a later command.
          socket.destroy();
        }, COMMAND_MS);
        socket.write(
          `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Connects elsewhere from now on. */
  moveTo(port: number): void {
    this.port = port;
    this.socket?.destroy();
  }

  close(): void {
    this.closed = true;
    this.socket?.destroy();
  }

  private open(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.port, host: this.host, noDelay: true });
      const take = (reply: unknown) => this.waiting.shift()?.resolve(output(reply));
      const parser = new RedisParser({
        returnReply: take,
        returnError: take,
        returnFatalError: () => socket.destroy(),
      });
      socket.on('connect', () => {
        this.socket = socket;
        resolve(true);
      });
      socket.on('data', (chunk: Buffer) => parser.execute(chunk));
      socket.on('error', () => {});
      socket.on('close', () => {
        if (this.socket === socket) this.socket = null;
        for (const one of this.waiting.splice(0)) one.reject(new Lost('connection closed'));
        resolve(false);
      });
    });
  }
}
