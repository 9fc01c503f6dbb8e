// A bare client for comparisons: speaks the protocol message by message and shows every reply as plain data,
// events included, in the order of arrival. Understands what any server sends; hides nothing and repairs nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Op } from '../../src/zookeeper/embedded/codes.js';
import { JuteReader, JuteWriter } from '../../src/zookeeper/embedded/jute.js';
import { FrameSplitter } from '../../src/zookeeper/frames.js';

export interface RawSession {
  timeoutMs: number;
  id: bigint;
  password: Buffer;
}
interface Answer {
  frame: Buffer;
  eventsBefore: number;
}
export interface RawReply {
  xid: number;
  zxid: bigint;
  err: number;
  body: JuteReader;
  /** Events waiting when this reply arrived: those that came before it. */
  eventsBefore: number;
}

export const OPEN_ACL = [{ perms: 31, scheme: 'world', id: 'anyone' }];

/** One connection. */
export class RawClient {
  readonly events: { type: number; path: string }[] = [];
  session: RawSession = { timeoutMs: 0, id: 0n, password: Buffer.alloc(16) };
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter(16 * 1024 * 1024);
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly closed: Promise<unknown>;
  #xid = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#frames.push(chunk)) this.#take(frame);
    });
  }

  static async open(
    port: number,
    timeoutMs: number,
    resume?: { id: bigint; password: Buffer; zxid?: bigint },
  ): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawClient(socket);
    const hello = new JuteWriter()
      .int(0)
      .long(resume?.zxid ?? 0n)
      .int(timeoutMs)
      .long(resume?.id ?? 0n)
      .buffer(resume?.password ?? Buffer.alloc(16))
      .bool(false);
    const answer = client.#next();
    socket.write(hello.frame());
    const input = new JuteReader((await answer).frame, 4);
    input.int();
    client.session = {
      timeoutMs: input.int(),
      id: input.long(),
      password: input.buffer() ?? Buffer.alloc(0),
    };
    return client;
  }

  /** Sends a request and gives its reply. */
  async ask(op: number, body: (out: JuteWriter) => void = () => {}, xid = ++this.#xid): Promise<RawReply> {
    const out = new JuteWriter().int(xid).int(op);
    body(out);
    const answer = this.#next();
    this.#socket.write(out.frame());
    const { frame, eventsBefore } = await answer;
    const input = new JuteReader(frame, 4);
    return { xid: input.int(), zxid: input.long(), err: input.int(), body: input, eventsBefore };
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Events so far, and forgets them. A ping first: whatever was sent before its answer has arrived. */
  async takeEvents(): Promise<{ type: number; path: string }[]> {
    await this.ask(Op.ping, () => {}, -2);
    return this.events.splice(0);
  }

  cut(): void {
    this.#socket.destroy();
  }

  #next(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      this.closed.then(() => reject(new Error('closed by the server')));
    });
  }

  #take(frame: Buffer): void {
    if (frame.length >= 8 && frame.readInt32BE(4) === -1) {
      const input = new JuteReader(frame, 20);
      const type = input.int();
      input.int();
      this.events.push({ type, path: input.string() });
      return;
    }
    this.#waiting.shift()?.({ frame, eventsBefore: this.events.length });
  }
}

/** A stat with its zxids relative to `base`, and whether its times are set, so that two servers can be compared. */
export function readStat(input: JuteReader, base: bigint, owners: Map<bigint, string>): object {
  const relative = (zxid: bigint) => (zxid === 0n ? 'none' : Number(zxid - base));
  return {
    czxid: relative(input.long()),
    mzxid: relative(input.long()),
    ctime: input.long() > 0n,
    mtime: input.long() > 0n,
    version: input.int(),
    cversion: input.int(),
    aversion: input.int(),
    owner: ((owner) => (owner === 0n ? 'none' : (owners.get(owner) ?? 'unknown')))(input.long()),
    dataLength: input.int(),
    numChildren: input.int(),
    pzxid: relative(input.long()),
  };
}
