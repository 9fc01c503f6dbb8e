// Entries that were delivered and not acknowledged: XPENDING shows them, XCLAIM and XAUTOCLAIM give them to another
// consumer. One whose entry is gone from the stream is pending no more once it is met here.
import { cut } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument, integerArgument } from './integers.js';
import { findStream, replyEntry } from './stream.js';
import { consumerOf, Deliveries, type Grouped, groupEffect } from './stream-effects.js';
import { byName, type ConsumerGroup, type Pending } from './stream-groups.js';
import { FIRST_ID, idArgument, idText, parseId, rangeEnd, rangeStart } from './stream-id.js';

/** The group in arguments 1 and 2; who looks says whether a miss is announced. @throws ReplyError when it is not there */
function groupOf(store: Access, request: Request, ctx: Context): Grouped {
  const [key, name] = [request.text(1), request.text(2)];
  const entry = findStream(store, ctx, key);
  const group = entry?.value.groups.get(name);
  if (entry === undefined || group === undefined)
    return reject(`NOGROUP No such key '${cut(key)}' or consumer group '${cut(name)}'`);
  return { key, entry, group };
}

// ---- XPENDING

function xpending(store: Access, request: Request, ctx: Context): void {
  const { argc } = request;
  if (argc === 3) return summary(ctx, groupOf(store, request, ctx).group);
  if (argc < 6 || argc > 9) reject(SYNTAX);
  let at = 3;
  let idle = 0;
  if (request.is(3, 'idle')) {
    idle = clampedArgument(request, 4);
    if (argc < 8) reject(SYNTAX);
    at = 5;
  }
  let count = clampedArgument(request, at + 2);
  const from = rangeStart(request, at);
  const to = rangeEnd(request, at + 1);
  const { group } = groupOf(store, request, ctx);
  const named = at + 3 < argc ? request.text(at + 3) : null;
  const list = named === null ? group.pending : group.consumers.get(named)?.pending;
  const found: (readonly [bigint, Pending])[] = [];
  for (const each of list?.from(from) ?? []) {
    if (count <= 0 || each[0] > to) break;
    if (idle !== 0 && ctx.now - each[1].time < idle) continue;
    found.push(each);
    count--;
  }
  const { reply } = ctx;
  reply.array(found.length);
  for (const [id, { consumer, time, count: deliveries }] of found) {
    reply.array(4);
    reply.bulk(idText(id));
    reply.bulk(consumer.name);
    reply.integer(Math.max(0, ctx.now - time));
    reply.integer(deliveries);
  }
}

function summary({ reply }: Context, { pending, consumers }: ConsumerGroup): void {
  reply.array(4);
  reply.integer(pending.size);
  if (pending.size === 0) {
    reply.nil();
    reply.nil();
    return reply.nilArray();
  }
  reply.bulk(idText(pending.first));
  reply.bulk(idText(pending.last));
  const owners = byName(consumers).filter(([, consumer]) => consumer.pending.size > 0);
  reply.array(owners.length);
  for (const [name, consumer] of owners) {
    reply.array(2);
    reply.bulk(name);
    reply.bulk(String(consumer.pending.size));
  }
}

// ---- claiming

/** One command that claims entries for a consumer. */
class Claim {
  private readonly given = new Deliveries();
  private readonly released: string[] = [];
  /** What is answered, in order. */
  readonly claimed: bigint[] = [];
  private readonly before: number;

  constructor(
    private readonly store: Access,
    private readonly ctx: Context,
    private readonly grouped: Grouped,
    private readonly name: string,
    /** When the entries count as delivered, ms since 1970. */
    private readonly time: number,
  ) {
    this.before = grouped.entry.value.held;
  }

  /** An entry is gone from the stream: it is pending no more. */
  release(id: bigint): void {
    const { entry, group } = this.grouped;
    if (entry.value.change(group, () => group.release(id))) this.released.push(idText(id));
  }

  take(id: bigint, count: bigint): void {
    const { entry, group } = this.grouped;
    entry.value.change(group, () => {
      group.assign(id, consumerOf(this.ctx, this.grouped, this.name), this.time, count);
    });
    this.given.add(id, count);
    this.claimed.push(id);
  }

  /** Answers what was claimed. @param ids only the IDs */
  answer(ids: boolean): void {
    const { reply } = this.ctx;
    reply.array(this.claimed.length);
    for (const id of this.claimed) {
      if (ids) reply.bulk(idText(id));
      else replyEntry(this.ctx, this.grouped.entry.value.find(id)!);
    }
  }

  /** Says what has changed. @param moved the group's last ID too */
  end(moved: boolean): void {
    const { store, ctx, grouped, name, released, given } = this;
    const { key, entry, group } = grouped;
    const took = given.size > 0;
    if (!took && !moved && released.length === 0) return;
    store.changed(ctx, key, entry, this.before);
    if (released.length > 0) store.effect(ctx, 'XACK', key, group.name, ...released);
    if (took || moved) groupEffect(store, ctx, grouped, took ? name : null, this.time, given);
  }
}

interface ClaimOptions {
  force: boolean;
  justId: boolean;
  /** When the entries count as delivered, ms since 1970. */
  time: number;
  /** Deliveries; null: one more than before. */
  count: bigint | null;
  last: bigint;
}

/** @param from index of the first option @throws ReplyError */
function claimOptions(request: Request, from: number, now: number): ClaimOptions {
  const options: ClaimOptions = { force: false, justId: false, time: -1, count: null, last: FIRST_ID };
  const invalid = (name: string) => `ERR Invalid ${name} option argument for XCLAIM`;
  for (let i = from; i < request.argc; i++) {
    const more = i + 1 < request.argc;
    if (request.is(i, 'force')) options.force = true;
    else if (request.is(i, 'justid')) options.justId = true;
    else if (request.is(i, 'idle') && more)
      options.time = now - clampedArgument(request, ++i, invalid('IDLE'));
    else if (request.is(i, 'time') && more) options.time = clampedArgument(request, ++i, invalid('TIME'));
    else if (request.is(i, 'retrycount') && more) {
      const count = BigInt(integerArgument(request, ++i, invalid('RETRYCOUNT')));
      options.count = count < 0n ? null : count;
    } else if (request.is(i, 'lastid') && more) options.last = idArgument(request, ++i);
    else reject(`ERR Unrecognized XCLAIM option '${cut(request.text(i))}'`);
  }
  // A time that makes no sense is now: clients compute it with clocks of their own.
  if (options.time < 0 || options.time > now) options.time = now;
  return options;
}

function xclaim(store: Access, request: Request, ctx: Context): void {
  // Redis looks as a reader.
  ctx.reads = true;
  const grouped = groupOf(store, request, ctx);
  const { entry, group } = grouped;
  const idle = clampedArgument(request, 4, 'ERR Invalid min-idle-time argument for XCLAIM');
  const ids: bigint[] = [];
  let at = 5;
  for (; at < request.argc; at++) {
    const id = parseId(request.text(at));
    if (id === null) break;
    ids.push(id);
  }
  const { force, justId, time, count, last } = claimOptions(request, at, ctx.now);
  const claim = new Claim(store, ctx, grouped, request.text(3), time);
  const moved = last > group.last;
  if (moved) group.last = last;
  for (const id of ids) {
    const pending = group.pending.get(id);
    if (entry.value.find(id) === undefined) {
      claim.release(id);
      continue;
    }
    if (pending === undefined && !force) continue;
    if (pending !== undefined && idle > 0 && ctx.now - pending.time < idle) continue;
    // One that FORCE makes pending has been delivered once.
    claim.take(id, count ?? (pending?.count ?? 1n) + (justId ? 0n : 1n));
  }
  claim.answer(justId);
  claim.end(moved);
}

/** Entries that XAUTOCLAIM looks at for each one that it may answer. */
const ATTEMPTS = 10;
/** The greatest COUNT that Redis takes. */
const MAX_COUNT = 576460752303423487n;
const TOO_FEW = 'ERR COUNT must be > 0';

function xautoclaim(store: Access, request: Request, ctx: Context): void {
  // Redis looks before it reads its arguments, whatever they are.
  ctx.reads = true;
  store.find(ctx, request.text(1));
  ctx.reads = false;
  const idle = clampedArgument(request, 4, 'ERR Invalid min-idle-time argument for XAUTOCLAIM');
  const start = rangeStart(request, 5);
  let [count, justId] = [100, false];
  for (let i = 6; i < request.argc; i++) {
    if (request.is(i, 'count') && i + 1 < request.argc) {
      const value = BigInt(integerArgument(request, ++i, TOO_FEW));
      if (value < 1n || value > MAX_COUNT) reject(TOO_FEW);
      count = Math.min(Number(value), Number.MAX_SAFE_INTEGER / ATTEMPTS);
    } else if (request.is(i, 'justid')) justId = true;
    else reject(SYNTAX);
  }
  const grouped = groupOf(store, request, ctx);
  const { entry, group } = grouped;
  const claim = new Claim(store, ctx, grouped, request.text(3), ctx.now);
  const gone: bigint[] = [];
  const taken: (readonly [bigint, bigint])[] = [];
  let attempts = count * ATTEMPTS;
  let next = FIRST_ID;
  for (const [id, pending] of group.pending.from(start)) {
    if (attempts-- <= 0 || gone.length + taken.length >= count) {
      next = id;
      break;
    }
    if (entry.value.find(id) === undefined) gone.push(id);
    else if (idle <= 0 || ctx.now - pending.time >= idle)
      taken.push([id, justId ? pending.count : pending.count + 1n]);
  }
  for (const id of gone) claim.release(id);
  for (const [id, deliveries] of taken) claim.take(id, deliveries);
  ctx.reply.array(3);
  ctx.reply.bulk(idText(next));
  claim.answer(justId);
  ctx.reply.array(gone.length);
  for (const id of gone) ctx.reply.bulk(idText(id));
  claim.end(false);
}

export const STREAM_CLAIMS: Handlers = { xpending, xclaim, xautoclaim };
