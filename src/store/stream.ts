// Commands on the entries of a stream: XADD, XLEN, XRANGE, XREVRANGE, XDEL, XTRIM, XSETID. An entry gets its ID from the
// group's clock or from its client, and its effect names it.
import { STREAM_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { STREAM, type TypedEntry } from './entry.js';
import { NO_KEY, reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { integerArgument } from './integers.js';
import { FIRST_ID, idArgument, idText, LAST_ID, msOf, rangeEnd, rangeStart } from './stream-id.js';
import type { NodeEntry } from './stream-node.js';
import { optionsOf, type StreamOptions, trimEffect } from './stream-trim.js';
import { Stream } from './stream-value.js';

/** Bytes of the fields and values of one entry, at most. */
const MAX_ENTRY = 1024 * 1024 * 1024;

const TOP = 'ERR The ID specified in XADD is equal or smaller than the target stream top item';

/** The live stream of a key. @throws ReplyError when the key holds another type */
export function findStream(store: Access, ctx: Context, key: string): TypedEntry<Stream> | undefined {
  return store.findTyped<Stream>(ctx, key, STREAM);
}

/** Answers an entry: its ID, and its fields and values. */
export function replyEntry(ctx: Context, entry: NodeEntry): void {
  const { reply } = ctx;
  reply.array(2);
  reply.bulk(idText(entry.id));
  reply.array(entry.node.count(entry));
  entry.node.texts(entry, (text) => reply.bulk(text));
}

// ---- XADD

/** The ID of the new entry. @throws ReplyError when there is none for it */
function newId(stream: Stream, { id }: StreamOptions, now: number): bigint {
  if (stream.last === LAST_ID)
    reject('ERR The stream has exhausted the last possible ID, unable to add more items');
  if (id === null) return stream.nextId(now) ?? reject(TOP);
  let wanted = id.id;
  if (!id.sequence && msOf(stream.last) === msOf(wanted)) {
    wanted = stream.last + 1n;
    if (msOf(wanted) !== msOf(id.id)) reject(TOP);
  }
  return wanted <= stream.last ? reject(TOP) : wanted;
}

function xadd(store: Access, request: Request, ctx: Context): void {
  const options = optionsOf(request, true);
  const { id, at, trim } = options;
  const count = request.argc - at - 1;
  if (count < 2 || count % 2 !== 0) reject("ERR wrong number of arguments for 'xadd' command");
  if (id?.sequence && id.id === FIRST_ID) reject('ERR The ID specified in XADD must be greater than 0-0');
  const key = request.text(1);
  const entry = findStream(store, ctx, key);
  if (entry === undefined && options.existing) {
    ctx.reply.nil();
    return;
  }
  const stream = entry?.value ?? new Stream();
  const given = newId(stream, options, ctx.now);
  const pairs = Array.from({ length: count }, (_, i) => request.bytes(at + 1 + i));
  if (pairs.reduce((sum, each) => sum + each.length, 0) > MAX_ENTRY)
    reject('ERR Elements are too large to be stored');
  const { held } = stream;
  stream.append(given, pairs);
  const trimmed = trim === null ? 0 : stream.trim(trim);
  if (entry === undefined) store.place(ctx, ctx.db, key, STREAM, stream, -1);
  else store.changed(ctx, key, entry, held);
  if (at === 2 && id?.sequence) store.same(ctx, request);
  else store.effect(ctx, 'XADD', request.bytes(1), idText(given), ...pairs);
  ctx.notify(STREAM_EVENT, 'xadd', key);
  if (trim !== null && trimmed > 0) {
    trimEffect(store, ctx, key, stream, trim);
    ctx.notify(STREAM_EVENT, 'xtrim', key);
  }
  ctx.reply.bulk(idText(given));
}

// ---- the others

function xlen(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(findStream(store, ctx, request.text(1))?.value.length ?? 0);
}

function range(store: Access, request: Request, ctx: Context, descending: boolean): void {
  const from = rangeStart(request, descending ? 3 : 2);
  const to = rangeEnd(request, descending ? 2 : 3);
  let count = -1n;
  for (let i = 4; i < request.argc; i += 2) {
    if (!request.is(i, 'count') || i + 1 >= request.argc) reject(SYNTAX);
    count = BigInt(integerArgument(request, i + 1));
    if (count < 0n) count = 0n;
  }
  const stream = findStream(store, ctx, request.text(1))?.value;
  if (stream === undefined) ctx.reply.array(0);
  else if (count === 0n) ctx.reply.nilArray();
  else replyRange(ctx, stream, from, to, count, descending);
}

/** Answers the entries from one ID to another. @param count most of them; 0 or less: all */
export function replyRange(
  ctx: Context,
  stream: Stream,
  from: bigint,
  to: bigint,
  count: bigint,
  descending = false,
): void {
  const entries: NodeEntry[] = [];
  for (const entry of stream.range(from, to, descending)) {
    entries.push(entry);
    if (count > 0n && BigInt(entries.length) >= count) break;
  }
  ctx.reply.array(entries.length);
  for (const entry of entries) replyEntry(ctx, entry);
}

function xdel(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = findStream(store, ctx, key);
  if (entry === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const ids = Array.from({ length: request.argc - 2 }, (_, i) => idArgument(request, i + 2));
  const { value } = entry;
  const { held } = value;
  let deleted = 0;
  for (const id of ids) if (value.delete(id)) deleted++;
  if (deleted > 0) {
    store.changed(ctx, key, entry, held);
    store.same(ctx, request);
    ctx.notify(STREAM_EVENT, 'xdel', key);
  }
  ctx.reply.integer(deleted);
}

function xtrim(store: Access, request: Request, ctx: Context): void {
  const { trim } = optionsOf(request, false);
  const key = request.text(1);
  const entry = findStream(store, ctx, key);
  if (entry === undefined || trim === null) {
    ctx.reply.integer(0);
    return;
  }
  const { value } = entry;
  const { held } = value;
  const deleted = value.trim(trim);
  if (deleted > 0) {
    store.changed(ctx, key, entry, held);
    trimEffect(store, ctx, key, value, trim);
    ctx.notify(STREAM_EVENT, 'xtrim', key);
  }
  ctx.reply.integer(deleted);
}

function xsetid(store: Access, request: Request, ctx: Context): void {
  const id = idArgument(request, 2);
  let added = -1n;
  let deleted = FIRST_ID;
  for (let i = 3; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) reject(SYNTAX);
    if (request.is(i, 'entriesadded')) {
      added = BigInt(integerArgument(request, i + 1));
      if (added < 0n) reject('ERR entries_added must be positive');
    } else if (request.is(i, 'maxdeletedid')) {
      deleted = idArgument(request, i + 1);
      if (id < deleted)
        reject('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id');
    } else reject(SYNTAX);
  }
  const key = request.text(1);
  const entry = findStream(store, ctx, key) ?? reject(NO_KEY);
  const { value } = entry;
  if (value.length > 0) {
    if (id < value.top) reject('ERR The ID specified in XSETID is smaller than the target stream top item');
    if (added !== -1n && BigInt(value.length) > added)
      reject('ERR The entries_added specified in XSETID is smaller than the target stream length');
  }
  value.last = id;
  if (added !== -1n) value.added = added;
  if (deleted !== FIRST_ID) value.maxDeleted = deleted;
  store.changed(ctx, key, entry, value.held);
  store.same(ctx, request);
  ctx.notify(STREAM_EVENT, 'xsetid', key);
  ctx.reply.ok();
}

export const STREAMS: Handlers = {
  xadd,
  xlen,
  xrange: (store, request, ctx) => range(store, request, ctx, false),
  xrevrange: (store, request, ctx) => range(store, request, ctx, true),
  xdel,
  xtrim,
  xsetid,
};
