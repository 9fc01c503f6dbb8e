// Commands on the consumer groups of a stream: XGROUP and its subcommands, XACK. Knows nothing of reading.
import { cut, STREAM_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { STREAM } from './entry.js';
import { reject } from './errors.js';
import type { Handlers } from './handler.js';
import { integerArgument } from './integers.js';
import { findStream } from './stream.js';
import { consumerOf, type Grouped, groupEffect } from './stream-effects.js';
import { UNKNOWN } from './stream-groups.js';
import { FIRST_ID, idArgument, looseIdArgument } from './stream-id.js';
import { Stream } from './stream-value.js';

const NO_STREAM =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM ' +
  'option to create an empty stream automatically.';

/** @throws ReplyError always: a subcommand with arguments that it does not take */
export function wrongArguments(request: Request): never {
  const shown = cut(request.text(1), 128);
  const name = request.text(0).toUpperCase();
  return reject(`ERR unknown subcommand or wrong number of arguments for '${shown}'. Try ${name} HELP.`);
}

/** @throws ReplyError always: a stream without this group */
export function noGroup(key: string, name: string): never {
  return reject(`NOGROUP No such consumer group '${cut(name)}' for key name '${cut(key)}'`);
}

/** Options of CREATE and SETID. @throws ReplyError */
function optionsOf(request: Request, creating: boolean): { make: boolean; read: bigint } {
  const options = { make: false, read: UNKNOWN };
  for (let i = 5; i < request.argc; i++) {
    if (creating && request.is(i, 'mkstream')) options.make = true;
    else if (request.is(i, 'entriesread') && i + 1 < request.argc) {
      options.read = BigInt(integerArgument(request, ++i));
      if (options.read < UNKNOWN) reject('ERR value for ENTRIESREAD must be positive or -1');
    } else wrongArguments(request);
  }
  return options;
}

function create(store: Access, request: Request, ctx: Context): void {
  const { make, read } = optionsOf(request, true);
  const key = request.text(2);
  const entry = findStream(store, ctx, key);
  if (entry === undefined && !make) reject(NO_STREAM);
  if (request.argc > 8) wrongArguments(request);
  const id = request.text(4) === '$' ? (entry?.value.last ?? FIRST_ID) : idArgument(request, 4);
  const name = request.text(3);
  const value = entry?.value ?? new Stream();
  const { held } = value;
  if (value.groups.has(name)) reject('BUSYGROUP Consumer Group name already exists');
  value.addGroup(name, id, read);
  if (entry === undefined) store.place(ctx, ctx.db, key, STREAM, value, -1);
  else store.changed(ctx, key, entry, held);
  store.same(ctx, request);
  ctx.notify(STREAM_EVENT, 'xgroup-create', key);
  ctx.reply.ok();
}

/** The group that a subcommand names. @throws ReplyError when there is none */
function existing(store: Access, request: Request, ctx: Context): Grouped {
  const [key, name] = [request.text(2), request.text(3)];
  const entry = findStream(store, ctx, key) ?? reject(NO_STREAM);
  const group = entry.value.groups.get(name);
  return { key, entry, group: group ?? noGroup(key, name) };
}

function setid(store: Access, request: Request, ctx: Context): void {
  const { read } = optionsOf(request, false);
  const { key, entry, group } = existing(store, request, ctx);
  if (request.argc !== 5 && request.argc !== 7) wrongArguments(request);
  const { value } = entry;
  group.last = request.text(4) === '$' ? value.last : looseIdArgument(request, 4);
  group.read = read;
  store.changed(ctx, key, entry, value.held);
  store.same(ctx, request);
  ctx.notify(STREAM_EVENT, 'xgroup-setid', key);
  ctx.reply.ok();
}

function destroy(store: Access, request: Request, ctx: Context): void {
  const key = request.text(2);
  const entry = findStream(store, ctx, key) ?? reject(NO_STREAM);
  const { held } = entry.value;
  const removed = entry.value.removeGroup(request.text(3));
  if (removed) {
    store.changed(ctx, key, entry, held);
    store.same(ctx, request);
    ctx.notify(STREAM_EVENT, 'xgroup-destroy', key);
  }
  ctx.reply.integer(removed ? 1 : 0);
}

function createconsumer(store: Access, request: Request, ctx: Context): void {
  const grouped = existing(store, request, ctx);
  const { key, entry, group } = grouped;
  const name = request.text(4);
  const made = !group.consumers.has(name);
  if (made) {
    const { held } = entry.value;
    entry.value.change(group, () => consumerOf(ctx, grouped, name));
    store.changed(ctx, key, entry, held);
    groupEffect(store, ctx, grouped, name);
  }
  ctx.reply.integer(made ? 1 : 0);
}

function delconsumer(store: Access, request: Request, ctx: Context): void {
  const { key, entry, group } = existing(store, request, ctx);
  const { held } = entry.value;
  const pending = entry.value.change(group, () => group.remove(request.text(4)));
  if (pending >= 0) {
    store.changed(ctx, key, entry, held);
    store.same(ctx, request);
    ctx.notify(STREAM_EVENT, 'xgroup-delconsumer', key);
  }
  ctx.reply.integer(Math.max(0, pending));
}

function xack(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  ctx.reads = true;
  const entry = findStream(store, ctx, key);
  const group = entry?.value.groups.get(request.text(2));
  if (entry === undefined || group === undefined) {
    ctx.reply.integer(0);
    return;
  }
  const ids = Array.from({ length: request.argc - 3 }, (_, i) => idArgument(request, i + 3));
  const { held } = entry.value;
  const released = entry.value.change(group, () => ids.filter((id) => group.release(id)).length);
  if (released > 0) {
    store.changed(ctx, key, entry, held);
    store.same(ctx, request);
  }
  ctx.reply.integer(released);
}

export const STREAM_GROUPS: Handlers = {
  'xgroup|create': create,
  'xgroup|setid': setid,
  'xgroup|destroy': destroy,
  'xgroup|createconsumer': createconsumer,
  'xgroup|delconsumer': delconsumer,
  xack,
};
