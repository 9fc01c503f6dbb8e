// One message of the router's own on a group's data lane, beside what clients send.
import type { Request } from '../resp/index.js';
import type { DataLane } from './data-lane.js';
import type { Asker } from './plan.js';

/** Sends it. @param done given the reply, errors included; null: STALE, nothing was executed */
export function askLane(
  lane: DataLane,
  request: Request,
  { db, proto }: Asker,
  write: boolean,
  done: (reply: Buffer | null) => void,
): void {
  const sink = {
    reply: (_seq: number, buffer: Buffer, start: number, end: number) => done(buffer.subarray(start, end)),
    stale: () => done(null),
  };
  lane.send(sink, 0, request, db, proto, 0, 0, write);
}

/** The bytes of a bulk string; null: the reply is none. */
export function bulkOf(reply: Buffer): Buffer | null {
  return reply[0] === 36 ? reply.subarray(reply.indexOf(10) + 1, reply.length - 2) : null;
}

/** Adds to a list by its key. */
export function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
