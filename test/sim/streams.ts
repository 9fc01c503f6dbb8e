// What the processes say to each other, message by message, for observers: takes the bytes that pass over lanes,
// control lanes and replication apart. Reads only; who breaks the protocol's form is found by the receiver.
import type { Answer, Ask } from '../../src/commit/index.js';
import { decodeAnswer, decodeAsk } from '../../src/net/wire.js';
import { ReplySplitter, type Request, RequestParser } from '../../src/resp/index.js';
import type { RedisOutput } from './linearizability/index.js';
import type { End, Tap } from './network.js';
import { ReplyReader } from './replies.js';

/** A plain command on a lane. */
export interface LaneCommand {
  db: number;
  request: Request;
  /** Version of the ring that it was planned with. */
  ring: number;
}

/** One entry of a log as it travels. */
export interface EntryMessage {
  term: number;
  seq: number;
  kind: string;
  request: Request;
}

/** A connection that carries a log, as its first message says. */
export interface Replication {
  term: number;
  /** Where the primary's log ended. */
  head: number;
}

/** What an observer hears; `node` is the data node's name, `router` the incarnation. */
export interface Listener {
  laneCommand(node: string, router: string, counter: number, command: LaneCommand): void;
  laneReply(node: string, router: string, counter: number, reply: RedisOutput): void;
  /** In place of a reply: the group, asked as an older one, has not got the key. */
  laneAbsent(node: string, router: string, counter: number, mark: number): void;
  ask(node: string, from: string, ask: Ask): void;
  answer(node: string, answer: Answer): void;
  entryWritten(node: string, backup: string, entry: EntryMessage): void;
  entryDelivered(backup: string, lane: Replication, entry: EntryMessage): void;
  held(backup: string, lane: Replication, seq: number): void;
  /** The primary says anything to a backup or candidate. */
  spoke(node: string): void;
  /** A candidate is empty and takes what it is given. */
  syncBegan(candidate: string): void;
  /** It has been given everything up to `seq` of the log of `term`. */
  synced(candidate: string, term: number, seq: number): void;
}

type Stream = (bytes: Buffer) => void;
const NONE: Stream = () => {};
const MODIFIERS = ['towline.proto', 'towline.client', 'towline.ring', 'towline.ack'];

/** Applies `each` to every request of a stream. */
function requests(each: (request: Request) => void): Stream {
  const parser = new RequestParser();
  return (bytes) => {
    parser.feed(bytes);
    while (parser.next()) each(parser.request);
  };
}

const nameOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));

/** The tap: one pair of streams for each link. */
export class Streams implements Tap {
  private readonly written = new Map<End, Stream>();
  private readonly arriving = new Map<End, Stream>();

  constructor(private readonly listener: Listener) {}

  wrote(end: End, bytes: Uint8Array): void {
    let stream = this.written.get(end);
    if (stream === undefined) {
      // The first message of the connecting side says what the connection is for.
      if (!end.isClient) return;
      stream = this.begin(end, Buffer.from(bytes));
      this.written.set(end, stream);
    }
    stream(Buffer.from(bytes));
  }

  delivered(end: End, bytes: Buffer): void {
    this.arriving.get(end)?.(Buffer.from(bytes));
  }

  private begin(end: End, bytes: Buffer): Stream {
    const parser = new RequestParser();
    parser.feed(bytes);
    if (!parser.next()) return NONE;
    const hello = parser.request;
    const node = nameOf(end.remote);
    const { listener } = this;
    switch (hello.text(0)) {
      case 'TOWLINE.LANE':
        this.written.set(end.peer, this.laneReplies(node, hello.text(1), Number(hello.text(2))));
        return this.laneCommands(node, hello);
      case 'TOWLINE.CONTROL': {
        const from = hello.text(1);
        this.written.set(
          end.peer,
          requests((request) => {
            if (!request.is(0, 'towline.fenced')) listener.answer(node, decodeAnswer(request));
          }),
        );
        return afterHello((request) => listener.ask(node, from, decodeAsk(request)));
      }
      case 'TOWLINE.REPLICATE': {
        const primary = end.host!.name;
        const lane = { term: Number(hello.text(2)), head: Number(hello.text(5)) };
        this.arriving.set(
          end.peer,
          afterHello((request) => entryOf(request, (entry) => listener.entryDelivered(node, lane, entry))),
        );
        this.written.set(
          end.peer,
          requests((request) => {
            if (request.is(0, 'towline.held')) listener.held(node, lane, Number(request.text(2)));
          }),
        );
        listener.spoke(primary);
        return afterHello((request) =>
          entryOf(request, (entry) => listener.entryWritten(primary, node, entry)),
        );
      }
      case 'TOWLINE.SYNC': {
        const primary = end.host!.name;
        this.arriving.set(
          end.peer,
          afterHello((request) => {
            if (request.is(0, 'towline.synced'))
              listener.synced(node, Number(request.text(1)), Number(request.text(2)));
          }),
        );
        this.written.set(
          end.peer,
          requests((request) => {
            if (request.is(0, 'towline.ready')) listener.syncBegan(node);
          }),
        );
        return () => listener.spoke(primary);
      }
      default:
        return NONE;
    }
  }

  private laneCommands(node: string, hello: Request): Stream {
    const router = hello.text(1);
    let counter = Number(hello.text(2));
    let ring = Number(hello.text(4));
    let db = 0;
    return afterHello((request) => {
      if (request.is(0, 'towline.db')) db = Number(request.text(1));
      else if (request.is(0, 'towline.at')) counter = Number(request.text(1));
      else if (request.is(0, 'towline.ring')) ring = Number(request.text(1));
      else if (!MODIFIERS.some((name) => request.is(0, name)))
        this.listener.laneCommand(node, router, counter++, { db, request: bare(request), ring });
    });
  }

  private laneReplies(node: string, router: string, floor: number): Stream {
    const splitter = new ReplySplitter();
    let counter = floor;
    return (bytes) => {
      splitter.feed(bytes);
      while (splitter.next()) {
        const { buffer, start, end } = splitter;
        const reader = new ReplyReader();
        const push = buffer[start] === 62;
        reader.feed(Buffer.from(buffer.subarray(start, end)));
        const value = reader.next()!;
        if (!push) {
          this.listener.laneReply(node, router, counter++, value);
          continue;
        }
        const [name, first] = value as [string, number | string];
        if (name === 'TOWLINE.AT') counter = Number(first);
        if (name === 'TOWLINE.ABSENT')
          this.listener.laneAbsent(node, router, Number(first), Number((value as number[])[2]));
        if (name === 'TOWLINE.STALE' || name === 'TOWLINE.ABSENT') counter++;
      }
    };
  }
}

/** A command without what a router wraps around it. */
function bare(request: Request): Request {
  if (!request.is(0, 'towline.ask') && !request.is(0, 'towline.within')) return request.clone();
  const parser = new RequestParser();
  parser.feed(request.bytes(request.argc - 1));
  parser.next();
  return parser.request;
}

function afterHello(each: (request: Request) => void): Stream {
  let first = true;
  return requests((request) => {
    if (!first) each(request);
    first = false;
  });
}

function entryOf(request: Request, each: (entry: EntryMessage) => void): void {
  if (!request.is(0, 'towline.entry')) return;
  each({
    term: Number(request.text(1)),
    seq: Number(request.text(2)),
    kind: request.text(5),
    request: request.clone(),
  });
}
