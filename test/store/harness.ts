// Runs commands on a Store as a data node would, for tests.
import { refusal, resolve } from '../../src/command/index.js';
import {
  type Argument,
  encodeCommand,
  type Proto,
  type Request,
  RequestParser,
} from '../../src/resp/index.js';
import { Context, Store } from '../../src/store/index.js';

/** Parses one command. */
export function requestOf(...args: Argument[]): Request {
  const parser = new RequestParser();
  parser.feed(encodeCommand(args));
  if (!parser.next()) throw new Error('not a whole command');
  return parser.request;
}

/** A primary's store with a clock that the test sets. */
export class Primary {
  readonly store = new Store();
  readonly ctx = new Context();

  constructor(now = 1_000_000_000_000, proto: Proto = 2) {
    this.ctx.now = now;
    this.ctx.reply.proto = proto;
  }

  /** Executes a command under the next seq; gives the reply's bytes as latin1 text. */
  run(...args: Argument[]): string {
    return this.execute(requestOf(...args));
  }

  execute(request: Request): string {
    const { ctx } = this;
    ctx.seq++;
    ctx.need = 0;
    const row = resolve(request);
    if (row === null) ctx.reply.error(refusal(request));
    else this.store.execute(row, request, ctx);
    const reply = ctx.reply.take();
    return reply.latin1Slice(0, reply.length);
  }

  /** Words separated by spaces. */
  line(text: string): string {
    return this.run(...text.split(' '));
  }

  /** Effects since the last call, each command as its words joined by spaces. */
  effects(): string[] {
    const parser = new RequestParser();
    parser.feed(this.ctx.effects.take());
    const found: string[] = [];
    while (parser.next()) found.push(parser.request.texts().join(' '));
    return found;
  }
}

/** Everything a store holds, by `db:key`. */
export function contents(store: Store): Map<string, string> {
  const all = new Map<string, string>();
  for (const { db, key } of store.snapshot()) {
    const payload = store.exportKey(db, key);
    if (payload !== null) all.set(`${db}:${key}`, payload.latin1Slice(0, payload.length));
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}
