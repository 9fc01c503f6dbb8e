// One message of the router's own on a group's data lane, beside what clients send.
import { type Request, requestOf } from '../resp/index.js';
import { SLOTS } from '../ring/index.js';
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

/** Asks a group in which slots it holds nothing. @param done given a bit for each slot; null: it did not say */
export function askEmpty(lane: DataLane, done: (bits: Buffer | null) => void): void {
  askLane(lane, requestOf(['TOWLINE.EMPTY']), { db: 0, proto: lane.proto }, false, (reply) => {
    const bits = reply && bulkOf(reply);
    done(bits !== null && bits.length === SLOTS / 8 ? bits : null);
  });
}

/** The bytes of a bulk string; null: the reply is none. */
function bulkOf(reply: Buffer): Buffer | null {
  return reply[0] === 36 ? reply.subarray(reply.indexOf(10) + 1, reply.length - 2) : null;
}

/** Adds to a list by its key. */
export function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
