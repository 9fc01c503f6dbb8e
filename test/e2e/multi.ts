// Transfers between accounts of several groups by MULTI/EXEC, through several routers: nothing may be made or lost,
// whoever reads all accounts at once must see the whole sum, and what a client was told must be in the end.
import { connect, type Socket } from 'node:net';
import { type Argument, encodeCommand, ReplySplitter } from '../../src/resp/index.js';

/** What the load saw. */
export interface Seen {
  transfers: number;
  watched: number;
  /** Watched EXECs that executed nothing. */
  nils: number;
  /** Reads of all accounts. */
  reads: number;
  /** Outcomes that stayed unknown, and errors. */
  unknown: number;
  errors: string[];
  /** Reads that did not see the whole sum. */
  wrong: string[];
  /** Longest time that one transaction took, ms. */
  slowest: number;
}

/** A connection that asks one pipeline after the other. */
export class Asker {
  private readonly socket: Socket;
  private splitter = new ReplySplitter();
  private replies: string[] = [];
  private wake: () => void = () => {};
  private failed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => {
      this.splitter.feed(chunk);
      while (this.splitter.next()) {
        const { buffer, start, end } = this.splitter;
        this.replies.push(buffer.latin1Slice(start, end));
      }
      this.wake();
    });
    const fail = () => {
      this.failed = true;
      this.wake();
    };
    this.socket.on('error', fail);
    this.socket.on('close', fail);
  }
  /** Replies to these commands, in one write. @throws Error when the connection ends before them */
  async ask(...commands: (readonly Argument[])[]): Promise<string[]> {
    this.socket.write(Buffer.concat(commands.map(encodeCommand)));
    while (this.replies.length < commands.length) {
      if (this.failed) throw new Error('the connection is gone');
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.replies.splice(0, commands.length);
  }
  close(): void {
    this.socket.destroy();
  }
}

/** Values in an array of bulk strings. */
export const numbersIn = (reply: string): number[] =>
  [...reply.matchAll(/\$\d+\r\n(-?\d+)\r\n/g)].map(([, digits]) => Number(digits));

/** Runs the load until `over`; each client at one of the ports. */
export async function transfers(
  ports: readonly number[],
  accounts: readonly string[],
  { clients, sum, over, random }: { clients: number; sum: number; over: () => boolean; random: () => number },
): Promise<Seen> {
  const seen: Seen = {
    transfers: 0,
    watched: 0,
    nils: 0,
    reads: 0,
    unknown: 0,
    errors: [],
    wrong: [],
    slowest: 0,
  };
  const pick = () => accounts[Math.floor(random() * accounts.length)]!;
  const look = (reply: string): boolean => {
    if (reply.startsWith('-UNCERTAIN')) seen.unknown++;
    else if (reply[0] === '-') seen.errors.push(reply);
    return reply[0] === '*';
  };
  const one = async (asker: Asker): Promise<void> => {
    const a = pick();
    let b = pick();
    while (b === a) b = pick();
    const by = 1 + Math.floor(random() * 20);
    const what = random();
    if (what < 0.4) {
      const said = await asker.ask(['MULTI'], ['DECRBY', a, by], ['INCRBY', b, by], ['EXEC']);
      if (look(said[3]!)) seen.transfers++;
    } else if (what < 0.8) {
      const [, values] = await asker.ask(['WATCH', a, b], ['MGET', a, b]);
      if (!look(values!)) return void (await asker.ask(['UNWATCH']));
      const [x, y] = numbersIn(values!);
      const said = await asker.ask(['MULTI'], ['SET', a, x! - by], ['SET', b, y! + by], ['EXEC']);
      if (said[3] === '*-1\r\n') seen.nils++;
      else if (look(said[3]!)) seen.watched++;
    } else {
      const said = await asker.ask(['MULTI'], ...accounts.map((each) => ['GET', each]), ['EXEC']);
      const reply = said.at(-1)!;
      if (!look(reply)) return;
      seen.reads++;
      if (numbersIn(reply).reduce((all, each) => all + each, 0) !== sum) seen.wrong.push(reply);
    }
  };
  const client = async (port: number): Promise<void> => {
    const asker = new Asker(port);
    try {
      while (!over()) {
        const began = performance.now();
        await one(asker);
        seen.slowest = Math.max(seen.slowest, performance.now() - began);
      }
    } finally {
      asker.close();
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, i) => client(ports[i % ports.length]!)));
  return seen;
}
