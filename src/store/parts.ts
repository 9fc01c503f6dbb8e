// Commands on a part of a string, or on its length.
import { STRING_EVENT } from '../command/index.js';
import { MAX_BULK, type Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, TOO_LONG } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { argumentValue, ownedBytes, writable } from './value.js';

function strlen(store: Access, request: Request, ctx: Context): void {
  ctx.reply.integer(store.findString(ctx, request.text(1))?.value.length ?? 0);
}

function append(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.findString(ctx, key);
  if (entry === undefined) {
    store.putString(ctx, key, argumentValue(request, 2), -1);
    ctx.reply.integer(request.length(2));
  } else {
    const old = entry.value.length;
    const length = old + request.length(2);
    if (length > MAX_BULK) reject(TOO_LONG);
    const bytes = writable(entry.value, length);
    request.bytes(2).copy(bytes, old);
    store.writeString(ctx, key, entry, ownedBytes(bytes));
    ctx.reply.integer(length);
  }
  store.same(ctx, request);
  ctx.notify(STRING_EVENT, 'append', key);
}

function setrange(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const offset = clampedArgument(request, 2);
  if (offset < 0) reject('ERR offset is out of range');
  const entry = store.findString(ctx, key);
  const size = request.length(3);
  if (size === 0) {
    ctx.reply.integer(entry?.value.length ?? 0);
    return;
  }
  if (offset + size > MAX_BULK) reject(TOO_LONG);
  const bytes = writable(entry?.value ?? '', offset + size);
  request.bytes(3).copy(bytes, offset);
  store.writeString(ctx, key, entry, ownedBytes(bytes));
  store.same(ctx, request);
  ctx.notify(STRING_EVENT, 'setrange', key);
  ctx.reply.integer(bytes.length);
}

function getrange(store: Access, request: Request, ctx: Context): void {
  let start = clampedArgument(request, 2);
  let end = clampedArgument(request, 3);
  const value = store.findString(ctx, request.text(1))?.value ?? '';
  const { length } = value;
  // Both before the beginning and crossed: empty, although clipping would make them meet.
  const crossed = start < 0 && end < 0 && start > end;
  if (start < 0) start = Math.max(0, start + length);
  if (end < 0) end = Math.max(0, end + length);
  end = Math.min(end, length - 1);
  if (crossed || start > end) ctx.reply.bulk('');
  else
    ctx.reply.bulk(typeof value === 'string' ? value.slice(start, end + 1) : value.subarray(start, end + 1));
}

export const PARTS: Handlers = { strlen, append, setrange, getrange, substr: getrange };
