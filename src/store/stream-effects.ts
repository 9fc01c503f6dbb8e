// Effects of reading for a consumer group, as absolute facts: how far the group is, which entries are whose, since when
// and how often delivered. A copy reads no entry for them and looks at no clock.
import { STREAM_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { STREAM, type TypedEntry } from './entry.js';
import type { Consumer, ConsumerGroup } from './stream-groups.js';
import { idText, parseId } from './stream-id.js';
import type { Stream } from './stream-value.js';
import { VERB_GROUP } from './verbs.js';

/** A live stream and one of its groups. */
export interface Grouped {
  readonly key: string;
  readonly entry: TypedEntry<Stream>;
  readonly group: ConsumerGroup;
}

/** The consumer of a group, heard of now; if it is made, that is announced. */
export function consumerOf(ctx: Context, { key, group }: Grouped, name: string): Consumer {
  if (!group.consumers.has(name)) ctx.notify(STREAM_EVENT, 'xgroup-createconsumer', key);
  return group.consumer(name, ctx.now);
}

/** Entries that a consumer was given, by how often each of them was delivered. */
export class Deliveries {
  private readonly byCount = new Map<bigint, string[]>();

  add(id: bigint, count: bigint): void {
    const ids = this.byCount.get(count);
    if (ids === undefined) this.byCount.set(count, [idText(id)]);
    else ids.push(idText(id));
  }
  get all(): Iterable<[bigint, string[]]> {
    return this.byCount;
  }
  get size(): number {
    return this.byCount.size;
  }
}

/**
 * Says what a group is now, and, of a consumer that was heard of, what it was given at `time`.
 * `VERB_GROUP key group last read seen|-1 consumer time count id...`
 */
export function groupEffect(
  store: Access,
  ctx: Context,
  { key, group }: Grouped,
  consumer: string | null,
  time = 0,
  given = new Deliveries(),
): void {
  const seen = consumer === null ? -1 : group.consumers.get(consumer)!.seen;
  const head = [VERB_GROUP, key, group.name, idText(group.last), String(group.read)];
  const say = (count: bigint, ids: readonly string[]) =>
    store.effect(ctx, ...head, String(seen), consumer ?? '', String(time), String(count), ...ids);
  if (given.size === 0) say(0n, []);
  for (const [count, ids] of given.all) say(count, ids);
}

/** Applies such an effect. Anything that does not fit is a broken assertion. */
export function applyGroup(store: Access, request: Request, ctx: Context): void {
  const key = request.text(1);
  const entry = store.findTyped<Stream>(ctx, key, STREAM);
  const group = entry?.value.groups.get(request.text(2));
  if (entry === undefined || group === undefined) throw new Error('an effect on a group that is not there');
  const { value } = entry;
  const { held } = value;
  group.last = idOfWord(request, 3);
  group.read = BigInt(request.text(4));
  const seen = Number(request.text(5));
  if (seen >= 0) {
    const [time, count] = [Number(request.text(7)), BigInt(request.text(8))];
    value.change(group, () => {
      const consumer = group.consumer(request.text(6), seen);
      for (let i = 9; i < request.argc; i++) group.assign(idOfWord(request, i), consumer, time, count);
    });
  }
  store.changed(ctx, key, entry, held);
}

function idOfWord(request: Request, i: number): bigint {
  const id = parseId(request.text(i));
  if (id === null) throw new Error('an effect with a bad ID');
  return id;
}
