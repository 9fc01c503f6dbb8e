// Consumer groups of one stream: how far each has read, which entries were delivered and not acknowledged, to whom, when
// and how often. Knows no entry's content and no command; entries are named by their IDs.
import { IdMap } from './id-map.js';

/** Rough bytes of a group, of a consumer, and of a pending entry in both of their lists. */
const GROUP = 300;
const CONSUMER = 200;
const PENDING = 160;

/** An entry that was delivered and not acknowledged. */
export interface Pending {
  consumer: Consumer;
  /** ms since 1970 of the last delivery. */
  time: number;
  /** Deliveries. */
  count: bigint;
}

/** One that reads for a group. */
export class Consumer {
  readonly pending = new IdMap<Pending>();

  constructor(
    readonly name: string,
    /** ms since 1970 when it was last heard of. */
    public seen: number,
  ) {}
}

/** A number of read entries that is not known. */
export const UNKNOWN = -1n;

/** One group. Names are latin1 text, one character a byte. */
export class ConsumerGroup {
  readonly pending = new IdMap<Pending>();
  readonly consumers = new Map<string, Consumer>();
  /** Bytes of the consumers' names. */
  private names = 0;

  constructor(
    readonly name: string,
    /** ID of the last entry that was delivered. */
    public last: bigint,
    /** How many entries of all that were ever added come up to that ID; UNKNOWN. */
    public read: bigint,
  ) {}

  /** Bytes of memory that it holds, approximately. */
  get held(): number {
    return (
      GROUP + this.name.length + this.names + CONSUMER * this.consumers.size + PENDING * this.pending.size
    );
  }

  /** The consumer of this name, made if there is none. @param now when it is heard of, ms since 1970 */
  consumer(name: string, now: number): Consumer {
    const known = this.consumers.get(name);
    if (known !== undefined) {
      known.seen = now;
      return known;
    }
    const consumer = new Consumer(name, now);
    this.consumers.set(name, consumer);
    this.names += name.length;
    return consumer;
  }

  /** An entry is this consumer's now, whoever's it was. */
  assign(id: bigint, consumer: Consumer, time: number, count: bigint): void {
    const known = this.pending.get(id);
    if (known === undefined) {
      const pending = { consumer, time, count };
      this.pending.set(id, pending);
      consumer.pending.set(id, pending);
      return;
    }
    if (known.consumer !== consumer) {
      known.consumer.pending.delete(id);
      consumer.pending.set(id, known);
      known.consumer = consumer;
    }
    known.time = time;
    known.count = count;
  }

  /** An entry is pending no more. @returns whether it was */
  release(id: bigint): boolean {
    const known = this.pending.get(id);
    if (known === undefined) return false;
    this.pending.delete(id);
    known.consumer.pending.delete(id);
    return true;
  }

  /** A consumer goes, and with it what is pending for it. @returns how much that was; -1: there is no such consumer */
  remove(name: string): number {
    const consumer = this.consumers.get(name);
    if (consumer === undefined) return -1;
    for (const [id] of consumer.pending.from(0n)) this.pending.delete(id);
    this.consumers.delete(name);
    this.names -= name.length;
    return consumer.pending.size;
  }
}

/** Values by name in the order of the names' bytes, as Redis shows them. */
export function byName<T>(all: ReadonlyMap<string, T>): [string, T][] {
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
}
