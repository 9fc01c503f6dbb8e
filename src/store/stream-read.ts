// XREAD and XREADGROUP as a store executes them: as if nothing could be waited for, which is also what they do between
// MULTI and EXEC. Nil says that no stream has anything new; whoever waits then is not a store's affair.
import { Buffer } from 'node:buffer';
import { cut, type StreamRead, streamRead } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { type Entry, STREAM, type TypedEntry, type Value } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { findStream, replyEntry, replyRange } from './stream.js';
import { consumerOf, Deliveries, type Grouped, groupEffect } from './stream-effects.js';
import { FIRST_ID, idArgument, idText, LAST_ID, parseId } from './stream-id.js';
import type { NodeEntry } from './stream-node.js';
import type { Stream } from './stream-value.js';

/** One stream of the command: what is read of it. */
interface Part {
  readonly at: number;
  readonly entry: TypedEntry<Stream> | undefined;
  /** Entries behind this ID; null: those that the group was not given (`>`). */
  readonly after: bigint | null;
  readonly grouped: Grouped | null;
}

const MEANINGLESS =
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by ' +
  'specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.';
const ONLY_GROUPS =
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.';

/** @throws ReplyError, of the first stream that something is wrong with */
function partOf(store: Access, request: Request, ctx: Context, read: StreamRead, at: number): Part {
  const key = request.text(at);
  const entry = findStream(store, ctx, key);
  let grouped: Grouped | null = null;
  if (read.group > 0) {
    const name = request.text(read.group);
    const group = entry?.value.groups.get(name);
    if (entry === undefined || group === undefined) {
      return reject(
        `NOGROUP No such key '${cut(key)}' or consumer group '${cut(name)}' in XREADGROUP with GROUP option`,
      );
    }
    grouped = { key, entry, group };
  }
  const id = at + read.keys;
  const text = request.text(id);
  if (text === '$') {
    if (grouped !== null) reject(MEANINGLESS);
    return { at, entry, after: entry?.value.last ?? FIRST_ID, grouped };
  }
  if (text === '>') {
    if (grouped === null) reject(ONLY_GROUPS);
    return { at, entry, after: null, grouped };
  }
  const after = idArgument(request, id);
  // To Redis the greatest ID is what `>` stands for.
  return { at, entry, after: grouped !== null && after === LAST_ID ? null : after, grouped };
}

/** Whether something is answered of this stream. */
function serves({ entry, after, grouped }: Part): boolean {
  if (entry === undefined) return false;
  // What a consumer was given before is answered at once, even if it is nothing.
  if (grouped !== null && after !== null) return true;
  return entry.value.length > 0 && entry.value.top > (after ?? grouped!.group.last);
}

function execute(store: Access, request: Request, ctx: Context): void {
  const read = streamRead(request);
  if (typeof read === 'string') return reject(read);
  // Also for a consumer Redis looks as a reader.
  ctx.reads = true;
  const parts = Array.from({ length: read.keys }, (_, i) =>
    partOf(store, request, ctx, read, read.first + i),
  );
  const there: Part[] = [];
  const { reply } = ctx;
  // A stream that is named twice is read twice: the second time there may be nothing left.
  const mark = reply.length;
  const write = (part: Part) => {
    there.push(part);
    if (reply.proto === 2) reply.array(2);
    reply.bulk(request.bytes(part.at));
    if (part.grouped === null) replyRange(ctx, part.entry!.value, part.after! + 1n, LAST_ID, read.count);
    else deliver(store, request, ctx, read, part.grouped, part.after);
  };
  for (const part of parts) {
    // Redis looks again, when it knows that nothing is wrong with any: what is absent is a miss once more.
    if (part.entry === undefined) store.findQuiet(ctx, request.text(part.at));
    if (serves(part)) write(part);
  }
  if (there.length === 0) return reply.nilArray();
  const body = Buffer.from(reply.view(mark));
  reply.truncate(mark);
  if (reply.proto === 2) reply.array(there.length);
  else reply.map(there.length);
  reply.bytes(body);
}

/** Answers what a consumer is given of one stream, and notes it. */
function deliver(
  store: Access,
  request: Request,
  ctx: Context,
  read: StreamRead,
  grouped: Grouped,
  after: bigint | null,
): void {
  const { key, entry, group } = grouped;
  const { value } = entry;
  const { held } = value;
  const name = request.text(read.group + 1);
  const given = new Deliveries();
  value.change(group, () => {
    const consumer = consumerOf(ctx, grouped, name);
    if (after !== null) {
      const history = [];
      for (const found of consumer.pending.from(after + 1n)) {
        history.push(found);
        if (read.count > 0n && BigInt(history.length) >= read.count) break;
      }
      ctx.reply.array(history.length);
      for (const [id, pending] of history) {
        const found = value.find(id);
        if (found === undefined) {
          ctx.reply.array(2);
          ctx.reply.bulk(idText(id));
          ctx.reply.nilArray();
          continue;
        }
        replyEntry(ctx, found);
        pending.time = ctx.now;
        pending.count = BigInt.asIntN(64, pending.count + 1n);
        given.add(id, pending.count);
      }
      return;
    }
    const entries: NodeEntry[] = [];
    for (const each of value.range(group.last + 1n, LAST_ID)) {
      entries.push(each);
      if (read.count > 0n && BigInt(entries.length) >= read.count) break;
    }
    ctx.reply.array(entries.length);
    for (const each of entries) {
      value.delivered(group, each.id);
      replyEntry(ctx, each);
      if (read.noack) continue;
      group.assign(each.id, consumer, ctx.now, 1n);
      given.add(each.id, 1n);
    }
  });
  store.changed(ctx, key, entry, held);
  groupEffect(store, ctx, grouped, name, ctx.now, given);
}

/** What `$` stands for where a key holds this; of another type: itself, which the command will refuse. */
export function lastIdText(entry: Entry | undefined): string {
  if (entry === undefined) return idText(FIRST_ID);
  return entry.type === STREAM ? idText((entry.value as Stream).last) : '$';
}

/**
 * Whether a stream has something for one that waits: entries behind an ID (nonsense: no), or entries that a group was
 * not given; also if there is no such group, which it must be told.
 */
export function awaitsEntries(value: Value, of: 'stream' | 'group', detail: string): boolean {
  const stream = value as Stream;
  const after = of === 'stream' ? parseId(detail) : stream.groups.get(detail)?.last;
  if (after === undefined || after === null) return of === 'group';
  return stream.length > 0 && stream.top > after;
}

export const STREAM_READS: Handlers = { xread: execute, xreadgroup: execute };
