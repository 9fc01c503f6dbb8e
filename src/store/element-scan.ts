// HSCAN, SSCAN, ZSCAN: the cursor, the options, and the step. A small collection is given whole, as Redis gives one
// that is a listpack. Every element that is there throughout a walk is given; no state is needed for that: what is
// remembered of a walk only makes its next step cheap, and is bounded.
import { cursorOf, globMatch } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Context } from './context.js';
import { ElementOrder } from './element-order.js';
import { reject, SYNTAX } from './errors.js';
import { clampedArgument } from './integers.js';

/** A collection that can be walked through. */
export interface Scanned {
  readonly size: number;
  /** Whether it is given whole. */
  readonly small: boolean;
  /** The order of a walk under way; the collection adds to it what it is given, and drops it when emptied at once. */
  order: ElementOrder | null;
  has(name: string): boolean;
  names(): Iterable<string>;
}

/** Most orders remembered; a walk whose order was forgotten goes on all the same. */
const MAX_ORDERS = 16;
let walked: WeakRef<Scanned>[] = [];

function orderOf(collection: Scanned): ElementOrder {
  const known = collection.order;
  if (known?.serves(collection.size)) return known;
  forget(collection);
  const order = new ElementOrder(collection.names(), collection.size);
  collection.order = order;
  walked.push(new WeakRef(collection));
  if (walked.length > MAX_ORDERS) {
    const oldest = walked.shift()?.deref();
    if (oldest !== undefined) oldest.order = null;
  }
  return order;
}

function forget(collection: Scanned): void {
  collection.order = null;
  walked = walked.filter((each) => each.deref() !== collection);
}

/** Argument i as a cursor: 0, or one more than a position. @throws ReplyError */
export function cursorArgument(request: Request, i: number): number {
  return cursorOf(request.text(i)) ?? reject('ERR invalid cursor');
}

/**
 * Answers a scan whose options begin at argument `at`; `write` writes the array of what was found.
 * An absent collection is answered without a look at the options, as Redis does.
 */
export function scanReply(
  request: Request,
  ctx: Context,
  at: number,
  cursor: number,
  collection: Scanned | undefined,
  write: (names: string[]) => void,
): void {
  const { reply } = ctx;
  if (collection === undefined) {
    reply.array(2);
    reply.bulk('0');
    reply.array(0);
    return;
  }
  let count = 10;
  let match: string | null = null;
  for (let i = at; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) reject(SYNTAX);
    if (request.is(i, 'count')) {
      count = clampedArgument(request, i + 1);
      if (count < 1) reject(SYNTAX);
    } else if (request.is(i, 'match')) match = request.text(i + 1);
    else reject(SYNTAX);
  }
  let names: string[];
  let next = -1;
  if (collection.small) names = [...collection.names()];
  else {
    const has = (name: string) => collection.has(name);
    ({ names, next } = orderOf(collection).step(Math.max(0, cursor - 1), count, has));
    if (next === -1) forget(collection);
  }
  if (match !== null && match !== '*') names = names.filter((name) => globMatch(match, name));
  reply.array(2);
  reply.bulk(String(next + 1));
  write(names);
}
