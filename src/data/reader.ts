// A plain client on a data node's own port: it may read what this member holds, so that copies can be compared, and
// ask for its status. Writes are refused: they go through a router.
import { Buffer } from 'node:buffer';
import { arityOk, find, findRequest, refusal } from '../command/index.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { ProtocolError, type Request, type RequestParser } from '../resp/index.js';
import { Context } from '../store/context.js';
import type { Store } from '../store/index.js';

/** Bytes of replies that a client may leave unread before nothing more is read from it. */
const MAX_UNREAD = 16 * 1024 * 1024;

/** What a reader may ask of the node. */
export interface ReaderOwner {
  readonly store: Store;
  /** JSON for `TOWLINE.STATUS`. */
  status(): string;
  /** An operator lets a spare into the in-sync set. @returns an error, or null */
  admit(member: string): string | null;
  now(): number;
}

/** One plain connection. */
export class Reader implements ConnHandler {
  private readonly ctx = new Context();
  private paused = false;
  /** Nothing more is read: QUIT, or a protocol error. */
  private over = false;

  constructor(
    private readonly owner: ReaderOwner,
    private readonly conn: Conn,
    private readonly parser: RequestParser,
  ) {
    this.ctx.replica = true;
  }

  data(chunk: Buffer): void {
    if (!this.over) this.readOn(chunk);
  }

  drained(): void {
    this.readOn();
  }

  /** Executes what is there, until too many replies wait to be read. */
  private readOn(chunk?: Buffer): void {
    const { conn, parser, ctx } = this;
    try {
      if (chunk !== undefined) parser.feed(chunk);
      while (!this.over && conn.queued <= MAX_UNREAD && parser.next()) {
        this.command(parser.request);
        if (ctx.reply.length > MAX_UNREAD) this.flush();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.over = true;
      ctx.reply.error(`ERR ${error.message}`);
      this.flush();
      conn.end();
    }
    if (this.over) return;
    this.flush();
    const full = conn.queued > MAX_UNREAD;
    if (full === this.paused) return;
    this.paused = full;
    if (full) conn.pause();
    else conn.resume();
  }

  closed(): void {}

  /** Executes the request that the parser found before this reader was made, and what follows it. */
  begin(): void {
    this.command(this.parser.request);
    this.readOn();
  }

  private flush(): void {
    if (this.ctx.reply.length > 0) this.conn.write(this.ctx.reply.take());
  }

  private command(request: Request): void {
    if (request.argc === 0) return;
    const { ctx, owner } = this;
    const { reply } = ctx;
    ctx.now = owner.now();
    let row = find(request.buffer, request.start + request.from[0]!, request.start + request.to[0]!);
    if (row?.subcommands !== undefined) row = findRequest(request);
    if (request.is(0, 'towline.status')) return reply.bulk(Buffer.from(owner.status(), 'utf8'));
    if (request.is(0, 'towline.admit') && request.argc === 2) {
      const error = owner.admit(request.text(1));
      return error === null ? reply.ok() : reply.error(error);
    }
    if (request.is(0, 'towline.export') && request.argc === 2) return this.export(request.text(1));
    if (row === undefined || !arityOk(row, request.argc)) return reply.error(refusal(request));
    if (row.write)
      return reply.error("READONLY You can't write against a data node: write through a router.");
    if (row.where !== 'router') return owner.store.execute(row, request, ctx);
    switch (row.name) {
      case 'ping':
        return request.argc > 1 ? reply.bulk(request.bytes(1)) : reply.simple('PONG');
      case 'echo':
        return reply.bulk(request.bytes(1));
      case 'select': {
        const db = Number(request.text(1));
        if (!(Number.isInteger(db) && db >= 0 && db < 16)) return reply.error('ERR DB index is out of range');
        ctx.db = db;
        return reply.ok();
      }
      case 'quit':
        reply.ok();
        this.over = true;
        this.flush();
        return this.conn.end();
      case 'command':
      case 'command|docs':
        // redis-cli asks for hints when it starts.
        return reply.array(0);
      default:
        return reply.error(`ERR '${row.name}' is answered by routers only`);
    }
  }

  /** The exported value of a key, as it travels between groups; nil: it is not here. */
  private export(key: string): void {
    const payload = this.owner.store.exportKey(this.ctx.db, key);
    if (payload === null) this.ctx.reply.nil();
    else this.ctx.reply.bulk(payload);
  }
}
