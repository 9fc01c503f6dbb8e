// DUMP and RESTORE: values as payloads of Redis 7.0, so that they can come from and go to a real one. A payload is a value
// as an RDB file has it, the version of that format, and a checksum. A corrupt one is an error, never a crash.
import { Buffer } from 'node:buffer';
import { GENERIC_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { type Entry, usedAt } from './entry.js';
import { NOT_INTEGER, reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { crc64 } from './rdb-crc.js';
import { BadPayload, RdbReader } from './rdb-reader.js';
import { type ReadValue, readValue, writeValue } from './rdb-values.js';

/** Version of the RDB format that Redis 7.0 writes; newer ones are refused, older ones are read. */
const VERSION = 10;
/** Version and checksum, behind the value. */
const FOOTER = 10;

/** A value as DUMP answers it. @returns null for a type that has no such form */
function payloadOf({ type, value }: Entry): Buffer | null {
  const parts = writeValue(type, value);
  if (parts === null) return null;
  parts.push(Buffer.from([VERSION, 0]));
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, crc64(bytes)]);
}

/** Reads what DUMP answered. @throws ReplyError when it is not that */
function valueIn(payload: Buffer): ReadValue {
  const end = payload.length - FOOTER;
  const sound =
    end >= 0 &&
    payload.readUInt16LE(end) <= VERSION &&
    crc64(payload, end + 2).equals(payload.subarray(end + 2));
  if (!sound) reject('ERR DUMP payload version or checksum are wrong');
  try {
    return readValue(new RdbReader(payload, end));
  } catch (error) {
    if (error instanceof BadPayload) reject('ERR Bad data format');
    throw error;
  }
}

function dump(store: Access, request: Request, ctx: Context): void {
  const entry = store.find(ctx, request.text(1));
  if (entry === undefined) ctx.reply.nil();
  else ctx.reply.bulk(payloadOf(entry) ?? reject('ERR this type has no payload yet'));
}

interface Options {
  replace: boolean;
  absolute: boolean;
  /** Seconds since the last access; -1: not given. */
  idle: number;
}

function optionsOf(request: Request): Options {
  const options: Options = { replace: false, absolute: false, idle: -1 };
  let frequency = -1;
  for (let i = 4; i < request.argc; i++) {
    const more = i + 1 < request.argc;
    if (request.is(i, 'replace')) options.replace = true;
    else if (request.is(i, 'absttl')) options.absolute = true;
    else if (request.is(i, 'idletime') && more && frequency === -1) {
      options.idle = clampedArgument(request, ++i);
      if (options.idle < 0) reject('ERR Invalid IDLETIME value, must be >= 0');
    } else if (request.is(i, 'freq') && more && options.idle === -1) {
      // Nothing counts accesses here; Redis takes the value and forgets it too, unless it evicts by it.
      frequency = clampedArgument(request, ++i);
      if (frequency < 0 || frequency > 255) reject('ERR Invalid FREQ value, must be >= 0 and <= 255');
    } else reject(SYNTAX);
  }
  return options;
}

function restore(store: Access, request: Request, ctx: Context): void {
  const { replace, absolute, idle } = optionsOf(request);
  const key = request.text(1);
  const present = store.findQuiet(ctx, key) !== undefined;
  if (present && !replace) reject('BUSYKEY Target key name already exists.');
  const ttl = clampedArgument(request, 2, NOT_INTEGER);
  if (ttl < 0) reject('ERR Invalid TTL value, must be >= 0');
  const { type, value } = valueIn(request.bytes(3));
  let expireAt = -1;
  if (ttl > 0) expireAt = Math.min(absolute ? ttl : ttl + ctx.now, Number.MAX_SAFE_INTEGER);
  ctx.reply.ok();
  if (expireAt !== -1 && expireAt <= ctx.now && !ctx.replica) {
    if (!present) return;
    store.delete(ctx, key);
    store.effect(ctx, 'DEL', key);
    ctx.notify(GENERIC_EVENT, 'del', key);
    return;
  }
  store.place(ctx, ctx.db, key, type, value, expireAt, true);
  ctx.notify(GENERIC_EVENT, 'restore', key);
  const entry = store.peek(ctx.db, key);
  if (idle > 0 && entry !== undefined) entry.used = usedAt(ctx.now - Math.min(idle, ctx.now / 1000) * 1000);
  const extra = idle > 0 ? ['IDLETIME', String(idle)] : [];
  const at = String(Math.max(expireAt, 0));
  store.effect(ctx, 'RESTORE', key, at, request.bytes(3), 'REPLACE', 'ABSTTL', ...extra);
}

export const PAYLOADS: Handlers = { dump, restore };
