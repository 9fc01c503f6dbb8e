// KEYS, DBSIZE, SCAN, RANDOMKEY and PFSELFTEST inside an EXEC over several groups. Every group, locked as a whole, says
// what it has; of the keys that the transaction itself holds, the store where it runs aside says so in its turn, since
// commands before may have made or deleted them. Pure.
import { Buffer } from 'node:buffer';
import type { CommandRow } from '../command/index.js';
import type { Run } from '../commit/index.js';
import { encodeCommand, type Proto, replyEnd } from '../resp/index.js';
import { positionOf, slotOfText } from '../ring/index.js';
import { elementsOf, FANS, type Fan, firstError, type Replies, wholeCommand } from './fanout.js';
import type { Queued } from './multi.js';

/** Keys of one database that a transaction holds. */
interface Held {
  readonly db: number;
  /** Latin1 names. */
  readonly names: Set<string>;
  /** How many of them there were when they were locked. */
  present: number;
}

/** How one of the commands is executed. Arrays of bulk strings are made by encodeCommand: a command is one. */
interface Way {
  /** What groups are asked, if it is not what they are asked outside of a transaction: `names` are of keys that it holds. */
  ask?(names: string[]): Buffer;
  /** What groups say, as if they did not have the keys that it holds. */
  others(replies: Replies, held: Held): Replies;
  /** What the store aside answered its client's command, as a group would have said it. */
  own?(reply: Buffer, held: Held): Buffer;
}

/** By row name. */
const WAYS: Readonly<Record<string, Way>> = {
  keys: {
    others: (replies, { names }) =>
      replies.map((reply) => encodeCommand(elementsOf(reply).filter((key) => !names.has(key.latin1Slice())))),
  },
  dbsize: {
    others: (replies, { present }) => [...replies, Buffer.from(`:${-present}\r\n`, 'latin1')],
  },
  randomkey: {
    ask: (names) => encodeCommand(['TOWLINE.RANDOM', ...names]),
    others: (replies) => replies,
  },
  scan: {
    others: (replies, { names }) =>
      replies.map((reply) => {
        const [next, ...places] = elementsOf(reply);
        const kept = places.filter((_, i) => !names.has(places[i - (i % 2)]!.latin1Slice()));
        return encodeCommand([next!, ...kept]);
      }),
    own: (reply, { db }) => {
      const [cursor, keys] = cursorAndKeys(reply);
      const places = keys.flatMap((key) => {
        const name = key.latin1Slice();
        return [key, positionOf(db, slotOfText(name), name)];
      });
      return encodeCommand([cursor === '0' ? '-1' : cursor, ...places]);
    },
  },
  pfselftest: { others: (replies) => replies },
};

/** The parts of a reply to SCAN. */
function cursorAndKeys(reply: Buffer): [string, Buffer[]] {
  const from = reply.indexOf(10) + 1;
  const to = replyEnd(reply, from, reply.length);
  return [reply.latin1Slice(reply.indexOf(10, from) + 1, to - 2), elementsOf(reply.subarray(to))];
}

/** Whether a command reads the whole keyspace. */
const readsWhole = (row: CommandRow): boolean => row.where === 'all' && WAYS[row.name] !== undefined;

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
  /** What each group is asked. */
  readonly ask: Buffer;
  /** A flush stands before it: groups have nothing more to say. */
  readonly flushed: boolean;
}

/** The commands of one EXEC that read the whole keyspace. */
export class WholeReads {
  private readonly reads: Read[] = [];

  /**
   * @param namesIn names of the keys that the transaction holds in a database
   * @param random a number from 0 to below 1
   */
  constructor(
    commands: readonly Queued[],
    private readonly proto: Proto,
    namesIn: (db: number) => string[],
    random: () => number,
  ) {
    const empty = new Set<number>();
    let allEmpty = false;
    for (const [at, { row, request, db }] of commands.entries()) {
      if (readsWhole(row)) {
        const { name } = row;
        const fan = FANS[name]!(request, proto, random);
        // One with a bad argument is answered with the error where it runs aside.
        if (Buffer.isBuffer(fan)) continue;
        const ask = WAYS[name]!.ask?.(namesIn(db)) ?? fan.ask.raw();
        this.reads.push({ at, name, db, fan, ask, flushed: allEmpty || empty.has(db) });
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
    return this.reads.map(({ db, ask }) => ({ db, proto: this.proto, command: ask }));
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
      const here: Held = { db, names: new Set(), present: 0 };
      for (const { key, payload } of held.filter((each) => each.db === db)) {
        here.names.add(key);
        if (payload !== null) here.present++;
      }
      const { others, own } = WAYS[name]!;
      const mine = own === undefined ? all[at]! : own(all[at]!, here);
      all[at] = firstError(said) ?? fan.merge([...others(said, here), mine]);
    }
    return Buffer.concat(all);
  }
}

const ERROR = 45;
