// Runs cases one after the other, each on an empty database, and says which failed and how.
import { connect, type Socket } from 'node:net';
import RedisParser from 'redis-parser';
import { encodeCommand } from '../../src/resp/index.js';
import { type Case, type Reply, same, wordsOf } from './cases.js';

/** Longest wait for one reply, ms. */
const PATIENCE_MS = 10_000;

/** Asks one command after the other. */
class Asker {
  private heard: ((reply: Reply) => void) | null = null;

  constructor(private readonly socket: Socket) {
    const parser = new RedisParser({
      returnReply: (reply) => this.heard?.(reply as Reply),
      returnError: (error) => this.heard?.(`-${error.message}`),
      returnFatalError: (error) => socket.destroy(error),
    });
    socket.on('data', (chunk: Buffer) => parser.execute(chunk));
  }

  ask(words: readonly (string | Buffer)[]): Promise<Reply> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => resolve('-no reply'), PATIENCE_MS);
      this.heard = (reply) => {
        clearTimeout(limit);
        resolve(reply);
      };
      this.socket.write(encodeCommand([...words]));
    });
  }
}

/** A case that failed: at which line, with which reply. */
export interface Failure {
  readonly wanting: Case;
  readonly line: string;
  readonly got: Reply;
}

/** Runs one case on a connection of its own: some end theirs. */
async function runCase(port: number, each: Case): Promise<Failure | null> {
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const asker = new Asker(socket);
  try {
    await asker.ask(['FLUSHALL']);
    for (const [i, line] of each.command.entries()) {
      const got = await asker.ask(wordsOf(each, line));
      if (!same(each, each.result[i], got)) return { wanting: each, line, got };
    }
    return null;
  } finally {
    socket.destroy();
  }
}

/** Runs the cases, one after the other. @returns those that failed */
export async function runCases(port: number, cases: readonly Case[]): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const each of cases) {
    const failure = await runCase(port, each);
    if (failure !== null) failures.push(failure);
  }
  return failures;
}
