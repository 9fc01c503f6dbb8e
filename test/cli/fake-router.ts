// A router that is not one: answers what `towline workload` sends from a Map, and misbehaves on request, so that the
// observing client itself can be tested on clusters that lose, mix up and forget.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import RedisParser from 'redis-parser';

/** How it misbehaves; each is asked for every command. */
export interface Mischief {
  /** Acknowledge this SET without doing it. */
  forget?: (key: string, value: string) => boolean;
  /** Replace what a GET returns. */
  lie?: (key: string, value: string | undefined) => string | undefined;
  /** Answer with this error. */
  refuse?: (name: string) => string | undefined;
  /** Close the connection: before doing it, or after doing it without an answer. */
  cut?: (name: string) => 'before' | 'after' | undefined;
}

/** A running fake. */
export interface FakeRouter {
  port: number;
  /** What it holds; may be shared. */
  data: Map<string, string>;
  /** SETs that were answered OK. */
  acknowledged: number;
  close(): Promise<void>;
}

const bulk = (value: string | undefined) =>
  value === undefined ? '$-1\r\n' : `$${Buffer.byteLength(value)}\r\n${value}\r\n`;

/** Starts a fake on 127.0.0.1. */
export async function startFakeRouter(
  mischief: Mischief = {},
  { port = 0, data = new Map<string, string>(), id = 'fake' } = {},
): Promise<FakeRouter> {
  const sockets = new Set<Socket>();
  const counts = { reads: 0, writes: 0 };
  const fake: FakeRouter = { port, data, acknowledged: 0, close: () => Promise.resolve() };

  function reply([command = '', key = '', value = '']: string[]): string {
    const name = command.toUpperCase();
    switch (name) {
      case 'HELLO':
        return '-ERR unknown command HELLO\r\n';
      case 'INFO':
        return bulk('redis_version:7.0.0\r\nloading:0\r\n');
      case 'TOWLINE.STATUS':
        return bulk(JSON.stringify({ id, groups: { g1: counts } }));
      case 'GET':
        counts.reads++;
        return bulk(mischief.lie ? mischief.lie(key, data.get(key)) : data.get(key));
      case 'SET':
        counts.writes++;
        if (!mischief.forget?.(key, value)) data.set(key, value);
        fake.acknowledged++;
        return '+OK\r\n';
      case 'UNLINK':
        return data.delete(key) ? ':1\r\n' : ':0\r\n';
      default:
        return '+OK\r\n';
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const parser = new RedisParser({
      returnReply: (command: string[]) => {
        const name = (command[0] ?? '').toUpperCase();
        const cut = mischief.cut?.(name);
        const refusal = mischief.refuse?.(name);
        if (cut === 'before') return socket.destroy();
        const text = refusal === undefined ? reply(command) : `-${refusal}\r\n`;
        if (cut === 'after') return socket.destroy();
        socket.write(text);
      },
      returnError: () => {},
    });
    socket.on('data', (chunk: Buffer) => parser.execute(chunk));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  fake.port = (server.address() as AddressInfo).port;
  fake.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return fake;
}
