// Blocking commands at a primary: a router's attempt to pop or read, which becomes a registration where there is nothing,
// and what tells that router when there is. Registrations are in no log: they go with their lane, a newer ring, or
// this primary, and the router registers again. Must never remove an element but by the attempt that is answered.
import { Buffer } from 'node:buffer';
import {
  awaitedDetail,
  awaitedKeys,
  awaitedType,
  type CommandRow,
  narrowed,
  streamsOnly,
  tailKeys,
} from '../command/index.js';
import { encodeCommand, type ReplyWriter, type Request } from '../resp/index.js';
import type { Context } from '../store/context.js';
import { lastIdText, STREAM, type Store } from '../store/index.js';
import { awaitedIn, isThere, keyName, LineName } from './awaited.js';
import { BlockingLines } from './blocking-lines.js';
import type { Lane } from './lane.js';
import { MISROUTED, misrouted } from './older.js';
import type { PrimaryRing } from './primary-ring.js';
import { numberOf, type TryMessage, tryOf } from './vet.js';

const NO_GROUP = 'NOGROUP the consumer group this client was blocked on no longer exists';
const NO_STREAM = 'UNBLOCKED the stream key no longer exists';
const FULL = 'ERR too many clients wait for keys of this group';

/** What is needed of the primary. */
export interface BlockingOwner {
  readonly store: Store;
  readonly ring: PrimaryRing;
  readonly writer: { readonly ctx: Context };
  /** The group's clock, ms. */
  now(): number;
}

/** Those that wait at one primary. */
export class Blocking {
  private readonly lines: BlockingLines<Lane>;

  constructor(private readonly owner: BlockingOwner) {
    this.lines = new BlockingLines<Lane>({
      ready: (name) => this.ready(name),
      keyOf: (name) => LineName.parse(name).keyName,
      tell: ({ conn }, id, position) =>
        conn.write(Buffer.from(`>3\r\n$13\r\nTOWLINE.READY\r\n:${id}\r\n:${position}\r\n`, 'latin1')),
    });
  }

  /** Executes one of their messages; the reply is appended to ctx.reply. */
  run(lane: Lane, message: Request): void {
    if (message.is(0, 'towline.try')) this.attempt(lane, tryOf(message));
    else if (message.is(0, 'towline.block')) this.register(lane, message);
    else {
      this.lines.remove(lane, numberOf(message, 1));
      this.owner.writer.ctx.reply.ok();
    }
    this.watch();
  }

  /**
   * Pops or reads, leaving out keys for which others have waited longer; nil: the client is registered from now on, or
   * still.
   * The look and the registration are one step: nothing can come in between.
   */
  private attempt(lane: Lane, { id, waited, row, request: asked }: TryMessage): void {
    const { lines } = this;
    const { store, ring, writer } = this.owner;
    const { ctx } = writer;
    const { reply } = ctx;
    if (ring.moving && misrouted({ store, ring }, row, asked)) return reply.error(MISROUTED);
    const known = lines.sinceOf(lane, id);
    const since = known ?? this.owner.now() - waited;
    const request = this.withTails(lane, id, row, asked);
    const keys = awaitedKeys(row, request);
    const type = awaitedType(row);
    const names = keys.map((at) =>
      new LineName(type, ctx.db, request.text(at), awaitedDetail(row, request, at)).text(lane.router, id),
    );
    const free = keys.filter((_, i) => {
      const name = names[i]!;
      return !lines.ahead(name, lane, id, since) || !this.ready(name);
    });
    const mark = reply.length;
    if (free.length === 0 && keys.length > 0) reply.nilArray();
    else store.execute(row, free.length === keys.length ? request : narrowed(row, request, free), ctx);
    if (known !== undefined && reply.view(mark)[0] === MINUS) {
      if (type === 'group') this.sayGone(request.text(keys[0]!), reply, mark);
      // A reader waits on, whatever the key has become, until it is a stream again.
      else if (type === 'stream') {
        reply.truncate(mark);
        reply.nilArray();
      }
    }
    if (!isNil(reply, mark)) return lines.remove(lane, id);
    if (known !== undefined) lines.missed(lane, id);
    else if (!lines.add(lane, id, since, names)) {
      reply.truncate(mark);
      reply.error(FULL);
    }
  }

  /** Puts IDs in the place of `$`, for good: the router hears which, so that it names them when it tries again. */
  private withTails(lane: Lane, id: number, row: CommandRow, request: Request): Request {
    if (tailKeys(row, request).length === 0) return request;
    const { store, writer } = this.owner;
    const keys = awaitedKeys(row, request);
    const ids = keys.map((at) => {
      const text = awaitedDetail(row, request, at);
      return text === '$' ? lastIdText(store.findQuiet(writer.ctx, request.text(at))) : text;
    });
    const words = encodeCommand(['TOWLINE.TAILS', id, ...ids]);
    words[0] = PUSH;
    lane.conn.write(words);
    return streamsOnly(request, keys, (at) => ids[keys.indexOf(at)]!);
  }

  /** What Redis tells one that waited for a group which is there no more. */
  private sayGone(key: string, reply: ReplyWriter, mark: number): void {
    const { store, writer } = this.owner;
    const stream = store.peek(writer.ctx.db, key)?.type === STREAM;
    reply.truncate(mark);
    reply.error(stream ? NO_GROUP : NO_STREAM);
  }

  /**
   * `TOWLINE.BLOCK id waited type (key detail)...`: registers, unless the id is 0, and looks. For each key: 1: something
   * is there that the client may be given, or of another type; 2: others have waited longer for what is there; 0: nothing.
   */
  private register(lane: Lane, message: Request): void {
    const { lines } = this;
    const { store, writer } = this.owner;
    const { ctx } = writer;
    const id = numberOf(message, 1);
    const since = this.owner.now() - numberOf(message, 2);
    const all = awaitedIn(message, ctx.db);
    const names = all.map((each) => each.text(lane.router, id));
    if (id > 0 && !lines.add(lane, id, since, names)) return ctx.reply.error(FULL);
    const { hits, misses } = ctx;
    ctx.reply.array(all.length);
    all.forEach((each, i) => {
      const entry = store.findQuiet(ctx, each.key);
      const there = isThere(each, entry);
      // Of another type: what is wrong is to be said.
      const wrong = entry !== undefined && !each.isOf(entry);
      const others = there && !wrong && lines.ahead(names[i]!, lane, id, since);
      ctx.reply.integer(others ? 2 : there || wrong ? 1 : 0);
    });
    ctx.hits = hits;
    ctx.misses = misses;
  }

  private ready(name: string): boolean {
    const line = LineName.parse(name);
    const entry = this.owner.store.peek(line.db, line.key);
    if (entry !== undefined && entry.expireAt !== -1 && this.owner.now() > entry.expireAt) return false;
    return isThere(line, entry);
  }

  /** The store says what happens to keys, as long as anybody waits. */
  private watch(): void {
    const { store } = this.owner;
    const any = this.lines.size > 0;
    store.onPut = any ? this.filled : null;
    store.onGone = any ? this.gone : null;
  }

  private readonly filled = (db: number, key: string): void => this.lines.filled(keyName(db, key));

  private readonly gone = (db: number, key: string | null): void => {
    const { lines } = this;
    const ofGroup = (name: string) => LineName.parse(name).type === 'group';
    if (key !== null) return lines.lost(keyName(db, key), ofGroup);
    const all = keyName(db, '');
    for (const each of lines.keys()) if (each.startsWith(all)) lines.lost(each, ofGroup);
  };

  /** The lane has ended. */
  lost(lane: Lane): void {
    this.lines.drop(lane);
    this.watch();
  }

  /** A newer ring is known: every registration ends, and its router hears so (R2). */
  ringChanged(): void {
    const { fence, document } = this.owner.ring;
    const lanes = this.lines.clear();
    this.watch();
    const words = encodeCommand(['TOWLINE.RENEW', fence, JSON.stringify(document)]);
    // A message to a router is an array of another kind.
    words[0] = PUSH;
    for (const { conn } of lanes) conn.write(words);
  }

  /** End of the turn: tells those whose turn it is. */
  flush(): void {
    if (this.lines.size > 0) this.lines.look(this.owner.now());
  }

  /** Called now and then. */
  expire(): void {
    if (this.lines.size > 0) this.lines.expire(this.owner.now());
  }
}

const PUSH = 62;
const MINUS = 45;

/** Whether the reply from `mark` on is nil, as a value or as an array. */
function isNil(reply: ReplyWriter, mark: number): boolean {
  const bytes = reply.view(mark);
  return bytes[0] === 95 || (bytes[1] === 45 && (bytes[0] === 42 || bytes[0] === 36));
}
