// XREAD over several groups: what each group has of its own streams, as one reply in the order of the request. Pure.
import { Buffer } from 'node:buffer';
import { type Request, replyEnd } from '../resp/index.js';

/** One stream of a group's reply: its name, and what stands in the whole reply for it. */
interface Part {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

const MAP = 37;
const MINUS = 45;

/** The streams in a group's reply: an array of pairs, a map, or nil. */
function partsOf(reply: Buffer): Part[] {
  const map = reply[0] === MAP;
  const count = reply[0] === 95 ? 0 : Math.max(0, Number(reply.latin1Slice(1, reply.indexOf(13))));
  const parts: Part[] = [];
  let from = reply.indexOf(10) + 1;
  for (let i = 0; i < count; i++) {
    // In an array the name stands behind the head of its pair.
    const name = map ? from : reply.indexOf(10, from) + 1;
    const afterName = replyEnd(reply, name, reply.length);
    const to = replyEnd(reply, map ? afterName : from, reply.length);
    parts.push({
      key: reply.subarray(reply.indexOf(10, name) + 1, afterName - 2),
      bytes: reply.subarray(from, to),
    });
    from = to;
  }
  return parts;
}

/**
 * The whole reply.
 * @param groups indexes of the keys by group, and what the group answered for them, in their order
 * @param nil what is answered when no stream has anything
 */
export function mergeStreams(
  request: Request,
  groups: readonly { keys: readonly number[]; reply: Buffer }[],
  nil: Buffer,
): Buffer {
  const failed = groups.filter(({ reply }) => reply[0] === MINUS);
  failed.sort((a, b) => a.keys[0]! - b.keys[0]!);
  if (failed.length > 0) return failed[0]!.reply;
  const own = groups.flatMap(({ keys, reply }) => {
    const parts = partsOf(reply);
    return keys.map((at) => ({ at, parts }));
  });
  const found: Buffer[] = [];
  // A group leaves out streams that have nothing, and keeps the order.
  for (const { at, parts } of own.sort((a, b) => a.at - b.at)) {
    if (parts[0]?.key.equals(request.bytes(at))) found.push(parts.shift()!.bytes);
  }
  if (found.length === 0) return nil;
  const mark = groups.some(({ reply }) => reply[0] === MAP) ? '%' : '*';
  return Buffer.concat([Buffer.from(`${mark}${found.length}\r\n`, 'latin1'), ...found]);
}
