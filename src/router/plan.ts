// How a command whose keys live in several groups becomes one transaction: which keys to lock where, what to read
// under the locks, and what is written. By the row's `split`, never by the command's name. Pure.
import { Buffer } from 'node:buffer';
import { databasesOf, idAt, keysOf, MISS_EVENT, streamsOnly } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import {
  type KeyValue,
  LOCKS_DB,
  type Locked,
  MOVES,
  type Next,
  type Plan,
  type Run,
  type Share,
  type TxnKey,
} from '../commit/index.js';
import { encodeCommand, type Proto, type Request, replyEnd } from '../resp/index.js';
import { errorReply } from './errors.js';
import { nilOf } from './exec-plan.js';
import { firstError } from './fanout.js';
import { Effects } from './homes.js';
import { type Route, SEVERAL, UNSETTLED } from './route.js';
import { mergeStreams } from './stream-merge.js';
import { towPlan } from './tow.js';

/** Who asks, and in which mode. */
export interface Asker {
  db: number;
  proto: Proto;
}

/** Key arguments of a request by the group that owns them; groups in ascending order of their ids. */
function byGroup(route: Route, row: CommandRow, request: Request): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const at of keysOf(row, request)) {
    const group = route.groups[route.ownerOf(request, at)]!;
    const list = found.get(group);
    if (list === undefined) found.set(group, [at]);
    else list.push(at);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The transaction that a `keys` command needs; null: none. The request must outlive it (clone() it).
 * @param events classes of keyspace events that are wanted
 */
export function planOf(
  route: Route,
  row: CommandRow,
  request: Request,
  asker: Asker,
  events = 0,
): Plan | null {
  const where = route.single(row, request, asker.db);
  if (where === UNSETTLED) return towPlan(route, row, request, asker);
  // Which keys there were, and so what there is to tell, is known only to who executes it on their values.
  const split = events === 0 || (!row.write && (events & MISS_EVENT) === 0) ? row.split : 'aside';
  if (where !== SEVERAL) return null;
  const plan = severalPlan(route, row, request, asker, split);
  // Which of several errors counts, streams say themselves.
  return split === 'streams' ? plan : unlessWrong(plan);
}

/** The plan; a group that answers its part with an error answers for the whole: nothing is changed. */
function unlessWrong(plan: Plan): Plan {
  return {
    ...plan,
    locked: (answers) => {
      const wrong = firstError([...answers.values()].map(({ reply }) => reply));
      return wrong === null ? plan.locked(answers) : done(wrong);
    },
  };
}

/** The transaction of a command whose keys are settled in several groups. */
function severalPlan(
  route: Route,
  row: CommandRow,
  request: Request,
  { db, proto }: Asker,
  split: CommandRow['split'],
): Plan {
  const groups = byGroup(route, row, request);
  const exclusive = row.write;
  const databases = databasesOf(row, request, db);
  const shares = (read: (at: number[]) => Buffer | null, fetch = false): Share[] =>
    [...groups].map(([group, at]) => {
      const keys: TxnKey[] = [];
      for (const each of databases)
        for (const i of at) keys.push({ db: each, key: request.text(i), exclusive });
      const command = read(at);
      return { group, keys, everything: false, fetch, read: command && { db, proto, command } };
    });
  const same = (at: number[]) => request.excerpt(at, 1);
  // Each key once: EXISTS counts a key as often as it is named, DEL and MSETNX do not.
  const exists = (at: number[]) => encodeCommand(['EXISTS', ...new Set(at.map((i) => request.text(i)))]);
  const effects = (command: (at: number[]) => Buffer) =>
    new Map([...groups].map(([group, at]) => [group, inDb(db, command(at))]));
  const pairs = (at: number[]) => request.excerpt(at, 2, 'MSET');
  const ring = route.fence;

  switch (split) {
    case 'array':
      return { ring, shares: shares(same), locked: (answers) => done(mergeArrays(groups, answers)) };
    case 'streams': {
      const own = (at: number[]) =>
        streamsOnly(request, at, (key) => request.bytes(idAt(request, key))).raw();
      return {
        ring,
        shares: shares(own),
        locked: (answers) => {
          const parts = [...groups].map(([group, keys]) => ({ keys, reply: answers.get(group)!.reply }));
          return done(mergeStreams(request, parts, nilOf(proto)));
        },
      };
    }
    case 'sum':
      return { ring, shares: shares(same), locked: (answers) => done(integer(sum(answers))) };
    case 'pairs':
      return {
        ring,
        shares: shares(() => null),
        locked: () =>
          lonely(request)
            ? done(wrongCount(row))
            : { kind: 'write', effects: effects(pairs), reply: Buffer.from('+OK\r\n') },
      };
    case 'pairs-if-none':
      return {
        ring,
        shares: shares(exists),
        locked: (answers) => {
          if (lonely(request)) return done(wrongCount(row));
          return sum(answers) > 0
            ? done(integer(0))
            : { kind: 'write', effects: effects(pairs), reply: integer(1) };
        },
      };
    case 'delete':
      return {
        ring,
        shares: shares(exists),
        locked: (answers) => {
          const total = sum(answers);
          if (total === 0) return done(integer(0));
          const all = effects((at) => request.excerpt(at, 1, 'DEL'));
          // Groups where no key exists have nothing to change.
          for (const [group, { reply }] of answers) if (integerOf(reply) === 0) all.delete(group);
          return { kind: 'write', effects: all, reply: integer(total) };
        },
      };
    default: {
      const home = new Map(
        [...groups].flatMap(([group, at]) => at.map((i) => [request.text(i), group] as const)),
      );
      return {
        ring,
        shares: shares(() => null, true),
        locked: (answers) => ({
          kind: 'aside',
          group: [...groups.keys()][0]!,
          values: [...answers.values()].flatMap(({ values }) => values),
          runs: [{ db, proto, command: request.raw() }],
        }),
        ran: (reply, changes) => ({ kind: 'write', effects: puts(home, changes), reply }),
      };
    }
  }
}

/** FLUSHALL and FLUSHDB: one transaction over every group, with the whole keyspace locked. */
export function planForAll(route: Route, command: Buffer, db: number, reply: Buffer): Plan {
  const groups = [...route.groups].sort();
  return {
    ring: route.fence,
    shares: groups.map((group) => ({ group, keys: [], everything: true, fetch: false, read: null })),
    locked: () => ({
      kind: 'write',
      effects: new Map(groups.map((group) => [group, inDb(db, command)])),
      reply,
    }),
  };
}

/** A read of every group while no key moves: its command, and what is made of the groups' replies. */
export function planStill(route: Route, read: Run, merged: (replies: Buffer[]) => Buffer): Plan {
  const keys = [{ db: LOCKS_DB, key: MOVES, exclusive: true }];
  return {
    ring: route.fence,
    shares: [...route.groups].sort().map((group) => ({ group, keys, everything: false, fetch: false, read })),
    locked: (answers) => done(merged([...answers.values()].map(({ reply }) => reply))),
  };
}

const done = (reply: Buffer): Next => ({ kind: 'answer', reply });
/** Whether the last key of pairs has no value; the table's arity does not say so. */
const lonely = ({ argc }: Request): boolean => argc % 2 === 0;
const wrongCount = ({ name }: CommandRow): Buffer =>
  errorReply(`ERR wrong number of arguments for '${name}' command`);
const integer = (value: number): Buffer => Buffer.from(`:${value}\r\n`, 'latin1');
const integerOf = (reply: Buffer): number =>
  reply[0] === 58 ? Number(reply.latin1Slice(1, reply.length - 2)) : 0;
const sum = (answers: Map<string, Locked>): number =>
  [...answers.values()].reduce((total, { reply }) => total + integerOf(reply), 0);

function inDb(db: number, command: Buffer): Buffer {
  return db === 0 ? command : Buffer.concat([encodeCommand(['TOWLINE.DB', db]), command]);
}

/** Changed keys as effects at the groups where they live. A key in another database lives where its name does. */
function puts(home: Map<string, string>, changes: KeyValue[]): Map<string, Buffer> {
  const effects = new Effects();
  for (const { db, key, payload } of changes) {
    const group = home.get(key);
    if (group === undefined) throw new Error(`changed a key that was not locked: ${key}`);
    effects.add(group, db, payload === null ? ['DEL', key] : ['TOWLINE.PUT', key, payload]);
  }
  return effects.take();
}

/** Elements of the groups' arrays, each put where its key stands in the request. */
function mergeArrays(groups: Map<string, number[]>, answers: Map<string, Locked>): Buffer {
  const elements: { at: number; bytes: Buffer }[] = [];
  for (const [group, at] of groups) {
    const { reply } = answers.get(group)!;
    let from = reply.indexOf(10) + 1;
    for (const index of at) {
      const to = replyEnd(reply, from, reply.length);
      elements.push({ at: index, bytes: reply.subarray(from, to) });
      from = to;
    }
  }
  elements.sort((a, b) => a.at - b.at);
  return Buffer.concat([Buffer.from(`*${elements.length}\r\n`), ...elements.map(({ bytes }) => bytes)]);
}
