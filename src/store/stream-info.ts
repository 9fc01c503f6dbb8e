// XINFO: what is known about a stream, its groups and their consumers. Changes nothing.
import type { ReplyWriter, Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { NO_KEY, reject } from './errors.js';
import type { Handlers } from './handler.js';
import { integerArgument } from './integers.js';
import { findStream, replyEntry, replyRange } from './stream.js';
import { noGroup, wrongArguments } from './stream-group.js';
import { byName, type ConsumerGroup, type Pending, UNKNOWN } from './stream-groups.js';
import { FIRST_ID, idBytes, idText, LAST_ID } from './stream-id.js';
import type { Stream } from './stream-value.js';

/** The stream in argument 2. @throws ReplyError when there is none */
function streamOf(store: Access, request: Request, ctx: Context): Stream {
  return (findStream(store, ctx, request.text(2)) ?? reject(NO_KEY)).value;
}

/** Nodes of the tree that Redis keeps runs in, whose keys are the runs' first IDs. */
function treeNodes(stream: Stream): number {
  const keys = stream.runs.map((run) => idBytes(run.master));
  if (keys.length === 0) return 1;
  /** Bytes from `at` on that keys [from, to) begin with in common, as one node; then a node that forks, or the end. */
  const below = (from: number, to: number, at: number): number => {
    const [first, last] = [keys[from]!, keys[to - 1]!];
    let fork = at;
    while (fork < 16 && first[fork] === last[fork]) fork++;
    const chain = fork > at ? 1 : 0;
    if (fork === 16) return chain + 1;
    let count = chain + 1;
    for (let begin = from; begin < to; ) {
      let end = begin + 1;
      while (end < to && keys[end]![fork] === keys[begin]![fork]) end++;
      count += below(begin, end, fork + 1);
      begin = end;
    }
    return count;
  };
  return below(0, keys.length, 0);
}

function readAndLag(reply: ReplyWriter, stream: Stream, group: ConsumerGroup): void {
  reply.bulk('entries-read');
  if (group.read === UNKNOWN) reply.nil();
  else reply.integer(group.read);
  reply.bulk('lag');
  const lag = stream.lag(group);
  if (lag === null) reply.nil();
  else reply.integer(lag);
}

function groups(store: Access, request: Request, ctx: Context): void {
  const stream = streamOf(store, request, ctx);
  const { reply } = ctx;
  reply.array(stream.groups.size);
  for (const [name, group] of byName(stream.groups)) {
    reply.map(6);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('consumers');
    reply.integer(group.consumers.size);
    reply.bulk('pending');
    reply.integer(group.pending.size);
    reply.bulk('last-delivered-id');
    reply.bulk(idText(group.last));
    readAndLag(reply, stream, group);
  }
}

function consumers(store: Access, request: Request, ctx: Context): void {
  const stream = streamOf(store, request, ctx);
  const name = request.text(3);
  const group = stream.groups.get(name) ?? noGroup(request.text(2), name);
  const { reply } = ctx;
  reply.array(group.consumers.size);
  for (const [each, { pending, seen }] of byName(group.consumers)) {
    reply.map(3);
    reply.bulk('name');
    reply.bulk(each);
    reply.bulk('pending');
    reply.integer(pending.size);
    reply.bulk('idle');
    reply.integer(Math.max(0, ctx.now - seen));
  }
}

/** Entries of FULL at most; 0: all; -1: it was not asked for. @throws ReplyError */
function fullCount(request: Request): bigint {
  const { argc } = request;
  if (argc === 3) return -1n;
  if ((argc !== 4 && argc !== 6) || !request.is(3, 'full')) wrongArguments(request);
  if (argc === 4) return 10n;
  if (!request.is(4, 'count')) wrongArguments(request);
  const count = BigInt(integerArgument(request, 5));
  return count < 0n ? 10n : count;
}

function stream(store: Access, request: Request, ctx: Context): void {
  const value = streamOf(store, request, ctx);
  const count = fullCount(request);
  const { reply } = ctx;
  const id = (name: string, of: bigint) => {
    reply.bulk(name);
    reply.bulk(idText(of));
  };
  const number = (name: string, of: number | bigint) => {
    reply.bulk(name);
    reply.integer(of);
  };
  reply.map(count < 0n ? 10 : 9);
  number('length', value.length);
  number('radix-tree-keys', value.runs.length);
  number('radix-tree-nodes', treeNodes(value));
  id('last-generated-id', value.last);
  id('max-deleted-entry-id', value.maxDeleted);
  number('entries-added', value.added);
  id('recorded-first-entry-id', value.first);
  if (count >= 0n) return full(ctx, value, count);
  number('groups', value.groups.size);
  for (const [name, descending] of [
    ['first-entry', false],
    ['last-entry', true],
  ] as const) {
    reply.bulk(name);
    const [entry] = value.range(FIRST_ID, LAST_ID, descending);
    if (entry === undefined) reply.nil();
    else replyEntry(ctx, entry);
  }
}

/** The rest of FULL: entries, and all groups with all consumers. */
function full(ctx: Context, value: Stream, count: bigint): void {
  const { reply } = ctx;
  reply.bulk('entries');
  replyRange(ctx, value, FIRST_ID, LAST_ID, count);
  reply.bulk('groups');
  reply.array(value.groups.size);
  for (const [name, group] of byName(value.groups)) {
    reply.map(7);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('last-delivered-id');
    reply.bulk(idText(group.last));
    readAndLag(reply, value, group);
    pendingList(reply, group, count, true);
    reply.bulk('consumers');
    reply.array(group.consumers.size);
    for (const [each, consumer] of byName(group.consumers)) {
      reply.map(4);
      reply.bulk('name');
      reply.bulk(each);
      reply.bulk('seen-time');
      reply.integer(consumer.seen);
      pendingList(reply, consumer, count, false);
    }
  }
}

function pendingList(
  reply: ReplyWriter,
  { pending }: Pick<ConsumerGroup, 'pending'>,
  count: bigint,
  owners: boolean,
): void {
  reply.bulk('pel-count');
  reply.integer(pending.size);
  reply.bulk('pending');
  const shown: (readonly [bigint, Pending])[] = [];
  for (const each of pending.from(FIRST_ID)) {
    if (count > 0n && BigInt(shown.length) >= count) break;
    shown.push(each);
  }
  reply.array(shown.length);
  for (const [id, { consumer, time, count: deliveries }] of shown) {
    reply.array(owners ? 4 : 3);
    reply.bulk(idText(id));
    if (owners) reply.bulk(consumer.name);
    reply.integer(time);
    reply.integer(deliveries);
  }
}

export const STREAM_INFO: Handlers = {
  'xinfo|stream': stream,
  'xinfo|groups': groups,
  'xinfo|consumers': consumers,
};
