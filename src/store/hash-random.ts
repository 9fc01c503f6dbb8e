// HRANDFIELD. A small hash is listed for each call; of a large one a list of its fields is kept from the first call
// on, so that a choice costs O(1). Only reads: what is chosen never becomes an effect.
import { MAX_ARGUMENTS, MAX_BULK, type Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { HASH } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import type { Hash } from './hash-value.js';
import { integerArgument } from './integers.js';

const LONG_MAX = 2n ** 63n - 1n;

/** Argument 2 as the number of fields wanted. @throws ReplyError */
function countArgument(request: Request): { count: number; withValues: boolean } {
  const value = BigInt(integerArgument(request, 2));
  if (value < -LONG_MAX) reject(`ERR value is out of range, value must between -${LONG_MAX} and ${LONG_MAX}`);
  const withValues = request.argc === 4 && request.is(3, 'withvalues');
  if (request.argc > 3 && !withValues) reject(SYNTAX);
  const most = LONG_MAX / 2n;
  if (withValues && (value < -most || value > most)) reject('ERR value is out of range');
  return { count: Number(value), withValues };
}

/** `count` different numbers below `size`, which is larger; each such set is as likely. Draws `count` times only. */
function* distinct(count: number, size: number, random: () => number): Generator<number> {
  const seen = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const drawn = Math.floor(random() * (last + 1));
    const chosen = seen.has(drawn) ? last : drawn;
    seen.add(chosen);
    yield chosen;
  }
}

/** With repetitions. */
function* draws(count: number, size: number, random: () => number): Generator<number> {
  for (let i = 0; i < count; i++) yield Math.floor(random() * size);
}

function hrandfield(store: Access, request: Request, ctx: Context): void {
  const { reply, random } = ctx;
  const { count, withValues } = request.argc > 2 ? countArgument(request) : { count: 1, withValues: false };
  const hash = store.findTyped<Hash>(ctx, request.text(1), HASH)?.value;
  if (request.argc === 2) {
    if (hash === undefined) reply.nil();
    else reply.bulk(hash.lookUp()(Math.floor(random() * hash.size)));
    return;
  }
  if (hash === undefined || count === 0) {
    reply.array(0);
    return;
  }
  const { size } = hash;
  // Redis would go on until its memory is full.
  if (count < -MAX_ARGUMENTS) reject('ERR value is out of range');
  const answers = count < 0 ? -count : Math.min(count, size);
  const begin = reply.length;
  const nested = withValues && ctx.proto === 3;
  reply.array(withValues && !nested ? 2 * answers : answers);
  const say = (field: string) => {
    if (nested) reply.array(2);
    reply.bulk(field);
    if (withValues) reply.bulk(hash.get(field)!);
    if (reply.length - begin > MAX_BULK) reject('ERR value is out of range');
  };
  if (count >= size) for (const field of hash.names()) say(field);
  else {
    const fieldAt = hash.lookUp();
    const chosen = count < 0 ? draws(answers, size, random) : distinct(answers, size, random);
    for (const i of chosen) say(fieldAt(i));
  }
}

export const HASH_RANDOM: Handlers = { hrandfield };
