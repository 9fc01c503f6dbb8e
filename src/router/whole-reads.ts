// KEYS and DBSIZE inside an EXEC over several groups. Every group, locked as a whole, says what it has; of the keys that
// the transaction itself holds, the store where it runs aside says so in its turn, since commands before may have made
// or deleted them. Pure.
import { Buffer } from 'node:buffer';
import type { CommandRow } from '../command/index.js';
import type { Run } from '../commit/index.js';
import { type Proto, ReplyWriter, replyEnd } from '../resp/index.js';
import { elementsOf, FANS, type Fan, firstError, type Replies, wholeCommand } from './fanout.js';
import type { Queued } from './multi.js';

/** Keys of one database that a transaction holds. */
interface Held {
  /** Latin1 names. */
  readonly names: Set<string>;
  /** How many of them there were when they were locked. */
  present: number;
}

/** By row name: what groups say, as if they did not have these keys. */
const WITHOUT: Readonly<Record<string, (replies: Replies, held: Held) => Replies>> = {
  keys: (replies, { names }) =>
    replies.map((reply) => {
      const out = new ReplyWriter();
      const others = elementsOf(reply).filter((key) => !names.has(key.latin1Slice()));
      out.array(others.length);
      for (const key of others) out.bulk(key);
      return out.take();
    }),
  dbsize: (replies, { present }) => [...replies, Buffer.from(`:${-present}\r\n`, 'latin1')],
};

/** Whether a command that reads the whole keyspace can be executed so. */
export const readsWhole = (row: CommandRow): boolean =>
  row.where === 'all' && WITHOUT[row.name] !== undefined;

/** Replies that follow each other, each by itself. */
export function apart(replies: Buffer): Buffer[] {
  const all: Buffer[] = [];
  let from = 0;
  while (from < replies.length) {
    const to = replyEnd(replies, from, replies.length);
    all.push(replies.subarray(from, to));
    from = to;
  }
  return all;
}

interface Read {
  /** Which of the commands. */
  readonly at: number;
  readonly name: string;
  readonly db: number;
  readonly fan: Fan;
  /** A flush stands before it: groups have nothing more to say. */
  readonly flushed: boolean;
}

/** The commands of one EXEC that read the whole keyspace. */
export class WholeReads {
  private readonly reads: Read[] = [];

  constructor(
    commands: readonly Queued[],
    private readonly proto: Proto,
  ) {
    const empty = new Set<number>();
    let allEmpty = false;
    for (const [at, { row, request, db }] of commands.entries()) {
      if (readsWhole(row)) {
        const fan = FANS[row.name]!(request, proto, () => 0);
        // One with a bad argument is answered with the error where it runs aside.
        if (!Buffer.isBuffer(fan))
          this.reads.push({ at, name: row.name, db, fan, flushed: allEmpty || empty.has(db) });
      } else if (row.where === 'all' && row.write && row.swaps === undefined) {
        const words = wholeCommand(row, request);
        if (words[0] === 'FLUSHDB') empty.add(db);
        else if (typeof words !== 'string') allEmpty = true;
      }
    }
  }

  get size(): number {
    return this.reads.length;
  }

  /** What each group is asked. */
  runs(): Run[] {
    return this.reads.map(({ db, fan }) => ({ db, proto: this.proto, command: fan.ask.raw() }));
  }

  /**
   * The replies of all commands, as they ran aside, with those of the whole keyspace in their places.
   * @param groups what each group said to runs()
   * @param held the values of the keys that were locked
   */
  merge(
    replies: Buffer,
    groups: readonly Replies[],
    held: readonly { db: number; key: string; payload: Buffer | null }[],
  ): Buffer {
    const all = apart(replies);
    for (const [n, { at, name, db, fan, flushed }] of this.reads.entries()) {
      if (flushed || all[at]![0] === ERROR) continue;
      const said = groups.map((each) => each[n]!);
      const here: Held = { names: new Set(), present: 0 };
      for (const { key, payload } of held.filter((each) => each.db === db)) {
        here.names.add(key);
        if (payload !== null) here.present++;
      }
      all[at] = firstError(said) ?? fan.merge([...WITHOUT[name]!(said, here), all[at]!]);
    }
    return Buffer.concat(all);
  }
}

const ERROR = 45;
