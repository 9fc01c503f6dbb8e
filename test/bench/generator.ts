// The bench's own load generator: a fixed number of connections that each keep `depth` commands in flight. Used where
// redis-benchmark is absent, and for what it cannot send: a WAIT after each write.
import { connect, type Socket } from 'node:net';

/** What to send. */
export interface Load {
  port: number;
  clients: number;
  /** Commands in flight on a connection. */
  depth: number;
  /** Commands in all. */
  requests: number;
  /** The command's arguments; `__rand__` is replaced in each by one of `keys` numbers. */
  command: string[];
  keys: number;
  /** Follow each command with `WAIT 1 0`, and count both as one. */
  wait: boolean;
}

const encode = (parts: string[]) =>
  `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;

/** Counts replies of a connection: simple ones, and bulk strings whose bytes are passed over. */
class ReplyCounter {
  #skip = 0;
  #line = '';

  /** How many replies ended in this chunk. @throws Error for an error reply */
  count(chunk: Buffer): number {
    let replies = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        if (this.#skip === 0) replies++;
        continue;
      }
      const end = chunk.indexOf(10, at);
      this.#line += chunk.latin1Slice(at, end < 0 ? chunk.length : end + 1);
      if (end < 0) break;
      at = end + 1;
      const line = this.#line;
      this.#line = '';
      if (line.startsWith('-')) throw new Error(`error reply ${line.trim()}`);
      const length = line.startsWith('$') ? Number(line.slice(1)) : -1;
      if (length >= 0) this.#skip = length + 2;
      else replies++;
    }
    return replies;
  }
}

function runConnection(load: Load, share: number): Promise<void> {
  const { port, depth, command, keys, wait } = load;
  return new Promise((resolve, reject) => {
    const counter = new ReplyCounter();
    let sent = 0;
    let done = 0;
    let replies = 0;
    const perCommand = wait ? 2 : 1;
    const batch = (count: number) => {
      let text = '';
      for (let i = 0; i < count; i++) {
        const number = String(Math.floor(Math.random() * keys));
        text += encode(command.map((part) => part.replace('__rand__', number)));
        if (wait) text += encode(['WAIT', '1', '0']);
      }
      sent += count;
      return text;
    };
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('connect', () => socket.write(batch(Math.min(depth, share))));
    socket.on('error', reject);
    socket.on('close', () => (done >= share ? resolve() : reject(new Error('connection closed'))));
    socket.on('data', (chunk: Buffer) => {
      try {
        replies += counter.count(chunk);
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
      done = Math.floor(replies / perCommand);
      if (done >= share) return void socket.destroy();
      // As redis-benchmark does: the next batch when the last one is answered.
      if (done === sent) socket.write(batch(Math.min(depth, share - sent)));
    });
  });
}

/** Sends the load; the result is commands a second. */
export async function generate(load: Load): Promise<number> {
  const share = Math.ceil(load.requests / load.clients);
  const from = performance.now();
  await Promise.all(Array.from({ length: load.clients }, () => runConnection(load, share)));
  return (share * load.clients * 1000) / (performance.now() - from);
}
