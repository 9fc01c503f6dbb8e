// Blocking pops at a primary: a router's attempt to pop, which becomes a registration where there is nothing to pop,
// and what tells that router when there is. Registrations are in no log: they go with their lane, a newer ring, or
// this primary, and the router registers again. Must never remove an element but by the attempt that is answered.
import { type Awaited, awaitedKeys, awaitedType, narrowed } from '../command/index.js';
import { encodeCommand, type ReplyWriter, type Request } from '../resp/index.js';
import type { RingDocument } from '../ring/index.js';
import type { Context } from '../store/context.js';
import { LIST, STREAM, type Store, ZSET } from '../store/index.js';
import { BlockingLines } from './blocking-lines.js';
import type { Lane } from './lane.js';
import { MISROUTED, misrouted } from './older.js';
import type { PrimaryRing } from './primary-ring.js';
import { numberOf, type TryMessage, tryOf } from './vet.js';

const TYPES: Readonly<Record<Awaited, number>> = { list: LIST, zset: ZSET, stream: STREAM, group: STREAM };
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
      ready: (name) => this.entryIs(name),
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
   * Pops, leaving out keys for which others have waited longer; nil: the client is registered from now on, or still.
   * The look and the registration are one step: nothing can come in between.
   */
  private attempt(lane: Lane, { id, waited, row, request }: TryMessage): void {
    const { lines } = this;
    const { store, ring, writer } = this.owner;
    const { ctx } = writer;
    const { reply } = ctx;
    if (ring.moving && misrouted({ store, ring }, row, request)) return reply.error(MISROUTED);
    const known = lines.sinceOf(lane, id);
    const since = known ?? this.owner.now() - waited;
    const keys = awaitedKeys(row, request);
    const names = keys.map((at) => nameOf(awaitedType(row), ctx.db, request.text(at)));
    const free = keys.filter((_, i) => {
      const name = names[i]!;
      return !lines.ahead(name, lane, id, since) || !this.entryIs(name);
    });
    const mark = reply.length;
    if (free.length === 0 && keys.length > 0) reply.nilArray();
    else store.execute(row, free.length === keys.length ? request : narrowed(row, request, free), ctx);
    if (!isNil(reply, mark)) return lines.remove(lane, id);
    if (known !== undefined) lines.missed(lane, id);
    else if (!lines.add(lane, id, since, names)) {
      reply.truncate(mark);
      reply.error(FULL);
    }
  }

  /**
   * `TOWLINE.BLOCK id waited type key...`: registers, unless the id is 0, and looks. For each key: 1: something is there
   * that the client may pop, or of another type; 2: others have waited longer for what is there; 0: nothing.
   */
  private register(lane: Lane, message: Request): void {
    const { lines } = this;
    const { store, writer } = this.owner;
    const { ctx } = writer;
    const id = numberOf(message, 1);
    const since = this.owner.now() - numberOf(message, 2);
    const type = message.text(3) as Awaited;
    const keys: string[] = [];
    for (let at = 4; at < message.argc; at++) keys.push(message.text(at));
    const names = keys.map((key) => nameOf(type, ctx.db, key));
    if (id > 0 && !lines.add(lane, id, since, names)) return ctx.reply.error(FULL);
    const { hits, misses } = ctx;
    ctx.reply.array(keys.length);
    keys.forEach((key, i) => {
      const entry = store.findQuiet(ctx, key);
      const others = entry?.type === TYPES[type] && lines.ahead(names[i]!, lane, id, since);
      ctx.reply.integer(entry === undefined ? 0 : others ? 2 : 1);
    });
    ctx.hits = hits;
    ctx.misses = misses;
  }

  private entryIs(name: string): boolean {
    const { type, db, key } = partsOf(name);
    const entry = this.owner.store.peek(db, key);
    if (entry === undefined || entry.type !== TYPES[type]) return false;
    return entry.expireAt === -1 || this.owner.now() <= entry.expireAt;
  }

  /** The store says when a key is made, as long as anybody waits. */
  private watch(): void {
    const { lines } = this;
    this.owner.store.onPut =
      lines.size === 0
        ? null
        : (db, key, type) => {
            if (type === LIST) lines.filled(nameOf('list', db, key));
            else if (type === ZSET) lines.filled(nameOf('zset', db, key));
          };
  }

  /** The lane has ended. */
  lost(lane: Lane): void {
    this.lines.drop(lane);
    this.watch();
  }

  /** A newer ring is known: every registration ends, and its router hears so (R2). */
  ringChanged(document: RingDocument): void {
    const lanes = this.lines.clear();
    this.watch();
    const words = encodeCommand(['TOWLINE.RENEW', document.version, JSON.stringify(document)]);
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

const nameOf = (type: Awaited, db: number, key: string): string => `${type}${db}:${key}`;

function partsOf(name: string): { type: Awaited; db: number; key: string } {
  const colon = name.indexOf(':');
  return { type: name.slice(0, 4) as Awaited, db: Number(name.slice(4, colon)), key: name.slice(colon + 1) };
}

/** Whether the reply from `mark` on is nil, as a value or as an array. */
function isNil(reply: ReplyWriter, mark: number): boolean {
  const bytes = reply.view(mark);
  return bytes[0] === 95 || (bytes[1] === 45 && (bytes[0] === 42 || bytes[0] === 36));
}
