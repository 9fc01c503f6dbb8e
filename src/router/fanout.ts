// Commands that ask every group: KEYS, SCAN, DBSIZE, RANDOMKEY, PFSELFTEST read and merge; FLUSHALL and FLUSHDB are one
// transaction. Each is one row of the table below.
import { Buffer } from 'node:buffer';
import { type CommandRow, cursorOf } from '../command/index.js';
import { type Proto, ReplyWriter, type Request, replyEnd, requestOf } from '../resp/index.js';
import { MAX_SWAPS } from '../ring/index.js';
import { errorReply } from './errors.js';
import type { Route } from './route.js';

/** Replies of all groups, in order of their ids, as bytes. */
export type Replies = Buffer[];

/** A fan-out read: what is asked of each group, and how the replies become one. */
export interface Fan {
  ask: Request;
  /** A key on its way from group to group may be in two of the replies. */
  merge(replies: Replies): Buffer;
  /** Nothing may move between the first reply and the last. */
  whileStill?: boolean;
}

/** Text of an error reply among the groups', if there is one: it stands for all. */
export function firstError(replies: Replies): Buffer | null {
  return replies.find((reply) => reply[0] === 45) ?? null;
}

/** Reads the elements of an array of bulk strings and integers. */
export function elementsOf(reply: Buffer): Buffer[] {
  const count = Number(reply.latin1Slice(1, reply.indexOf(13)));
  const elements: Buffer[] = [];
  let from = reply.indexOf(10) + 1;
  for (let i = 0; i < count; i++) {
    const to = replyEnd(reply, from, reply.length);
    const head = reply.indexOf(10, from) + 1;
    elements.push(reply[from] === 36 ? reply.subarray(head, to - 2) : reply.subarray(from + 1, to - 2));
    from = to;
  }
  return elements;
}

/** How many keys SCAN looks at when it is not told. */
const DEFAULT_COUNT = 10;

type Reader = (request: Request, proto: Proto, random: () => number) => Fan | Buffer;

/** KEYS: all arrays, one after the other, each key once. */
const keys: Reader = (request, proto) => ({
  ask: request,
  merge: (replies) => {
    const found = new Map<string, Buffer>();
    for (const reply of replies) for (const key of elementsOf(reply)) found.set(key.latin1Slice(), key);
    const out = new ReplyWriter();
    out.proto = proto;
    out.array(found.size);
    for (const key of found.values()) out.bulk(key);
    return out.take();
  },
});

/** DBSIZE: the sum. */
const dbsize: Reader = (request) => ({
  ask: request,
  whileStill: true,
  merge: (replies) => {
    const total = replies.reduce((sum, reply) => sum + Number(reply.latin1Slice(1, reply.length - 2)), 0);
    return Buffer.from(`:${total}\r\n`, 'latin1');
  },
});

/** RANDOMKEY: one group's, by chance among those that have any. */
const randomkey: Reader = (request, _proto, random) => ({
  ask: request,
  merge: (replies) => {
    const found = replies.filter((reply) => reply[0] === 36 && reply[1] !== 45);
    return found[Math.floor(random() * found.length)] ?? replies[0]!;
  },
});

/** SCAN: every group is asked from the same position; what all have passed is returned (design, SCAN). */
const scan: Reader = (request, proto) => {
  const cursor = cursorOf(request.text(1));
  if (cursor === null) return errorReply('ERR invalid cursor');
  const options: (string | Buffer)[] = [];
  let count = DEFAULT_COUNT;
  for (let i = 2; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) return errorReply('ERR syntax error');
    if (request.is(i, 'count')) {
      const text = request.text(i + 1);
      if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
        return errorReply('ERR value is not an integer or out of range');
      count = Number(text);
      if (count < 1) return errorReply('ERR syntax error');
    } else if (request.is(i, 'match') || request.is(i, 'type'))
      options.push(request.text(i), request.bytes(i + 1));
    else return errorReply('ERR syntax error');
  }
  return {
    ask: requestOf(['TOWLINE.SCAN', cursor, Math.min(count, 1_000_000), ...options]),
    merge: (replies) => mergeScan(replies, proto),
  };
};

function mergeScan(replies: Replies, proto: Proto): Buffer {
  const groups = replies.map(elementsOf);
  let next = Number.POSITIVE_INFINITY;
  for (const [head] of groups) {
    const position = Number(head!.latin1Slice());
    if (position >= 0) next = Math.min(next, position);
  }
  const found: { key: Buffer; position: number }[] = [];
  for (const elements of groups) {
    for (let i = 1; i + 1 < elements.length; i += 2) {
      const position = Number(elements[i + 1]!.latin1Slice());
      if (position < next) found.push({ key: elements[i]!, position });
    }
  }
  found.sort((a, b) => a.position - b.position);
  const out = new ReplyWriter();
  out.proto = proto;
  out.array(2);
  out.bulk(next === Number.POSITIVE_INFINITY ? '0' : String(next));
  const once = found.filter(({ key, position }, i) => {
    for (let before = i - 1; before >= 0 && found[before]!.position === position; before--) {
      if (found[before]!.key.equals(key)) return false;
    }
    return true;
  });
  out.array(once.length);
  for (const { key } of once) out.bulk(key);
  return out.take();
}

/** PFSELFTEST: each group's primary tries it; a failure stands for all. */
const pfselftest: Reader = (request) => ({ ask: request, merge: (replies) => replies[0]! });

/** Readers by row name. */
export const FANS: Readonly<Record<string, Reader>> = { keys, dbsize, randomkey, scan, pfselftest };

/**
 * What every group hears before databases are swapped. While keys move, what routers know of them is said of (database,
 * name), and wrong from then on: the fence of the ring grows with the swap (R2). Null: it was swapped too often already.
 */
export function swappedIn({ moving, document }: Pick<Route, 'moving' | 'document'>): string[][] | null {
  if (!moving) return [];
  const { version, swaps = 0 } = document;
  return swaps < MAX_SWAPS ? [['TOWLINE.SWAPPED', `${version}`, `${swaps + 1}`]] : null;
}

/**
 * FLUSHALL, FLUSHDB and SWAPDB: the command that each group applies, without what changes nothing about that.
 * @returns its words, or the text of an error when its arguments are wrong.
 */
export function wholeCommand(row: CommandRow, request: Request): string[] | string {
  const name = row.name.toUpperCase();
  if (row.swaps !== undefined) {
    const databases = row.swaps(request);
    return typeof databases === 'string' ? databases : [name, ...databases.map(String)];
  }
  if (request.argc > 2 || (request.argc === 2 && !request.is(1, 'async') && !request.is(1, 'sync')))
    return 'ERR syntax error';
  return [name];
}
