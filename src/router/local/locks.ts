// TOWLINE.LOCK, UNLOCK and LOCKS: arguments in, replies out. What a lock is, and whose, is client-locks.ts.
// Must never answer a token for a lock that was not granted.
import { Buffer } from 'node:buffer';
import { ReplyWriter, type Request } from '../../resp/index.js';
import type { ClientState } from './client.js';
import { parseInteger } from './parse.js';
import type { LocalHandler } from './server.js';
import { SYNTAX } from './texts.js';

/** Longest name, bytes, and longest wait, ms: what a timer can hold. */
const MAX_NAME = 512;
const MAX_TIMEOUT = 2n ** 31n - 1n;

const NONE = 'ERR locks are not available here';
const AWAY = 'TRYAGAIN ZooKeeper is out of reach: the lock was not given to this connection';

/** Null: the name may be a lock's; else the error. */
function wrongName(request: Request): string | null {
  const length = request.length(1);
  return length >= 1 && length <= MAX_NAME ? null : `ERR the name of a lock has 1 to ${MAX_NAME} bytes`;
}

/** Tells a RESP3 client that a lock was lost; others hear it from UNLOCK and LOCKS. */
function pushLost(client: ClientState, name: Buffer): void {
  if (client.proto !== 3) return;
  const message = new ReplyWriter();
  message.proto = 3;
  message.push(2);
  message.bulk('towline.lock-lost');
  message.bulk(name);
  client.push(message.take());
}

const lock: LocalHandler = async (request, client, { locks }, reply) => {
  if (locks === null) return reply.error(NONE);
  const wrong = wrongName(request);
  if (wrong !== null) return reply.error(wrong);
  const mode = request.is(2, 'read') ? 'read' : request.is(2, 'write') ? 'write' : null;
  const timed = request.argc === 5 && request.is(3, 'timeout');
  if (mode === null || (request.argc !== 3 && !timed)) return reply.error(SYNTAX);
  let timeout: bigint | null | undefined;
  if (timed) {
    timeout = parseInteger(request.text(4));
    if (timeout === null || timeout > MAX_TIMEOUT) {
      return reply.error('ERR timeout is not an integer or out of range');
    }
    if (timeout < 0n) return reply.error('ERR timeout is negative');
  }
  const name = Buffer.from(request.bytes(1));
  const limit = timeout === undefined ? undefined : Number(timeout);
  const answer = await locks.lock(client, request.text(1), mode, limit, () => pushLost(client, name));
  if (answer.kind === 'granted') reply.integer(answer.token);
  else if (answer.kind === 'timeout') reply.nil();
  else if (answer.kind === 'away') reply.error(AWAY);
  else if (answer.kind === 'held-already') reply.error('LOCKHELD this connection holds the lock already');
  else reply.error(`ERR ${answer.message}`);
};

const unlock: LocalHandler = async (request, client, { locks }, reply) => {
  if (locks === null) return reply.error(NONE);
  const wrong = wrongName(request);
  if (wrong !== null) return reply.error(wrong);
  switch (await locks.unlock(client, request.text(1))) {
    case 'released':
      return reply.integer(1);
    case 'lost':
      return reply.error('LOCKLOST the lock was lost before it was given back: others may have held it');
    case 'not-held':
      return reply.error('NOTHELD this connection does not hold the lock');
    case 'unknown':
      return reply.error('UNCERTAIN the lock is given back, but whether it was held until now is not known');
  }
};

const list: LocalHandler = (_request, client, { locks }, reply) => {
  const entries = locks?.list(client) ?? [];
  reply.array(entries.length);
  for (const { name, mode, token, state } of entries) {
    reply.array(4);
    reply.bulk(Buffer.from(name, 'latin1'));
    reply.bulk(mode.toUpperCase());
    reply.integer(token);
    reply.bulk(state);
  }
};

/** TOWLINE.LOCK, TOWLINE.UNLOCK, TOWLINE.LOCKS. */
export const lockHandlers: Readonly<Record<string, LocalHandler>> = {
  'towline.lock': lock,
  'towline.unlock': unlock,
  'towline.locks': list,
};

/** Those of them that may return a promise. */
export const lockWaits: readonly string[] = ['towline.lock', 'towline.unlock'];
