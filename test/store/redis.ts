// A live redis-server for comparisons: on a socket file of its own, gone when the test ends.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Argument, encodeCommand, ReplySplitter } from '../../src/resp/index.js';

/** Asks one command after the other, and returns the reply's bytes as latin1 text. */
export class Connection {
  private readonly splitter = new ReplySplitter();
  private readonly waiting: ((reply: string) => void)[] = [];
  /** Told of messages that nobody has asked for. */
  unasked: (message: string) => void = () => {};

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.splitter.feed(chunk);
      while (this.splitter.next()) {
        const { buffer, start, end } = this.splitter;
        (this.waiting.shift() ?? this.unasked)(buffer.latin1Slice(start, end));
      }
    });
    socket.on('error', () => {});
    // No reply looks like this.
    socket.on('close', () => {
      for (const take of this.waiting.splice(0)) take('(connection closed)');
    });
  }

  /** All commands in one write; their replies in order. */
  askAll(commands: readonly (readonly Argument[])[]): Promise<string[]> {
    const replies = commands.map(() => new Promise<string>((resolve) => this.waiting.push(resolve)));
    this.socket.write(Buffer.concat(commands.map(encodeCommand)));
    return Promise.all(replies);
  }

  async ask(...args: Argument[]): Promise<string> {
    return (await this.askAll([args]))[0]!;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Where a server listens: a socket file, or a port of this machine. */
export function open(at: string | number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof at === 'string' ? connect(at) : connect({ port: at, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Starts redis-server; what `t.after` is given stops it. @returns a function that opens connections. */
export async function startRedis(t: {
  after(end: () => Promise<void>): void;
}): Promise<() => Promise<Connection>> {
  const dir = mkdtempSync(join(tmpdir(), 'towline-redis-'));
  const path = join(dir, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', dir];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  });
  return async () => {
    for (let tries = 0; ; tries++) {
      try {
        const socket = await open(path);
        sockets.push(socket);
        return new Connection(socket);
      } catch (error) {
        if (tries > 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
}
