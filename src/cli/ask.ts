// Asks a port one thing: connects, sends a command, takes the reply, closes. For status, `up` and tests, which must
// not hang on a process that is frozen: every question has a deadline. Must not be used for load.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import RedisParser from 'redis-parser';
import { Failure } from './failure.js';

/** What a Redis port may answer; an Error is an error reply. */
export type Reply = string | number | null | Error | Reply[];

/** Whom to ask, and how. */
export interface Question {
  host: string;
  port: number;
  command: string[];
  password?: string | undefined;
  /** ms from now until the answer must be there. */
  timeoutMs: number;
}

function encode(parts: string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

/**
 * The reply to one command.
 * @throws Failure when there is none in time; an error reply is thrown as a Failure with its text, a port that cannot be
 *   reached as one whose cause is the system's error
 */
export function ask({ host, port, command, password, timeoutMs }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Failure(`${host}:${port} ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
    let waitFor = password === undefined ? 1 : 2;
    const take = (reply: unknown) => {
      if (reply instanceof Error) return fail(`answered ${reply.message}`);
      if (--waitFor > 0) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(reply as Reply);
    };
    const parser = new RedisParser({
      returnReply: take,
      returnError: take,
      returnFatalError: () => fail('answered what is not the Redis protocol'),
    });
    socket.on('data', (chunk: Buffer) => parser.execute(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be reached (${error.code})`, error));
    socket.on('close', () => fail('closed the connection'));
    socket.write(`${password === undefined ? '' : encode(['AUTH', password])}${encode(command)}`);
  });
}

/**
 * The JSON that a router or data node answers to TOWLINE.STATUS.
 * @throws Failure as `ask` does, and when the answer is not a JSON object
 */
export async function askStatus(question: Omit<Question, 'command'>): Promise<Record<string, unknown>> {
  const reply = await ask({ ...question, command: ['TOWLINE.STATUS'] });
  try {
    const tree: unknown = JSON.parse(String(reply));
    if (typeof tree === 'object' && tree !== null) return tree as Record<string, unknown>;
  } catch {}
  throw new Failure(`${question.host}:${question.port} is not a Towline process`);
}
