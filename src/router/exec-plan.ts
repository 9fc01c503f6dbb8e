// MULTI/EXEC over several groups, as one transaction: every key locked in one pass, watched ones compared under the
// locks, all commands run aside in order on the fetched values, what they changed left at its owner. Pure.
import { Buffer } from 'node:buffer';
import { type CommandRow, otherDatabase } from '../command/index.js';
import type { Locked, Next, Plan, Run, Share } from '../commit/index.js';
import { encodeCommand, type Proto, type Request, requestOf } from '../resp/index.js';
import { push } from './ask.js';
import { MANY_SWAPS_IN_EXEC } from './errors.js';
import { elementsOf, swappedIn, wholeCommand } from './fanout.js';
import { Effects, Homes } from './homes.js';
import type { Queued, WatchedKey } from './multi.js';
import type { Route } from './route.js';
import { BUSY, type Sorts } from './sorts.js';
import { apart, WholeReads } from './whole-reads.js';

/** What is executed: commands on keys, and those that write the whole keyspace (FLUSHALL) or count or name its keys. */
export interface ExecWork {
  readonly commands: readonly Queued[];
  readonly watched: readonly WatchedKey[];
  readonly proto: Proto;
  /** Of all attempts. */
  readonly sorts: Sorts;
  /** A number from 0 to below 1, by chance. */
  random(): number;
}

/** The reply of an EXEC that executed nothing because a watched key has changed. */
export const nilOf = (proto: Proto): Buffer => Buffer.from(proto === 3 ? '_\r\n' : '*-1\r\n', 'latin1');

/** The transaction, or why there is none. The reply is an array of the commands' replies, nil, or an error. */
export function execPlan(
  route: Route,
  { commands: queued, watched, proto, sorts, random }: ExecWork,
): Plan | Buffer {
  const homes = new Homes(route);
  const { commands, swaps } = beforeSwaps(queued);
  const swapped = swaps.length > 0 ? swappedIn(route) : [];
  if (swapped === null) return MANY_SWAPS_IN_EXEC;
  for (const { row, request, db } of commands) if (row.where === 'keys') homes.addCommand(row, request, db);
  const { named } = sorts;
  if (named === null) return BUSY;
  for (const { db, key } of [...watched, ...named]) homes.add(db, key, false);
  const whole = commands.filter(({ row }) => row.where === 'all');
  const watching = statesAsked(homes, watched);
  const reads = new WholeReads(commands, proto, (db) => homes.namesIn(db), random);
  const runs: Run[] = commands.map(({ request, db }) => ({ db, proto, command: request.raw() }));
  const sorting = sorts.among(commands, runs);
  const aside = (): Next => {
    const group = homes.size > 0 ? homes.first : [...route.groups].sort()[0]!;
    return { kind: 'aside', group, values: homes.values(), runs: sorting.next, moment: sorting.moment };
  };
  /** What each group said to the reads. */
  let said: Buffer[][] = [];
  return {
    ring: route.fence,
    shares: shares(route, homes, watching, whole.length > 0, reads),
    locked: (answers): Next => {
      if (changed(route, watched, watching, answers)) return { kind: 'answer', reply: nilOf(proto) };
      homes.note(answers);
      // Behind the states of watched keys, where there are any.
      if (reads.size > 0)
        said = [...answers].map(([group, { reply }]) => apart(reply).slice(watching.has(group) ? 1 : 0));
      if (runs.length === 0) return { kind: 'answer', reply: Buffer.from('*0\r\n', 'latin1') };
      return aside();
    },
    ran: (reply, changes, at): Next => {
      if (!sorting.all)
        return sorting.heard(reply, at, (key) => homes.has(key)) ? aside() : { kind: 'settled' };
      const effects = new Effects();
      const everywhere = (words: string[] | string, db: number) => {
        // One with a bad argument was answered with an error, and changes nothing.
        if (typeof words !== 'string') for (const group of route.groups) effects.add(group, db, words);
      };
      for (const { row, request, db } of whole)
        if (row.write && row.swaps === undefined) everywhere(wholeCommand(row, request), db);
      homes.change(changes, effects);
      for (const words of swapped) everywhere(words, 0);
      for (const { row, request } of swaps) everywhere(wholeCommand(row, request), 0);
      const replies = reads.size > 0 ? reads.merge(reply, said, homes.values()) : reply;
      const all = Buffer.concat([Buffer.from(`*${commands.length}\r\n`, 'latin1'), replies]);
      return { kind: 'write', effects: effects.take(), reply: all, decided: () => homes.moved(changes) };
    },
  };
}

/**
 * Commands behind a SWAPDB act on the databases that had these keys before it; what they change is written there, and
 * then the databases are swapped.
 */
function beforeSwaps(queued: readonly Queued[]): { commands: Queued[]; swaps: Queued[] } {
  const swaps: Queued[] = [];
  /** By database: which one it was at first; none is named before the first swap. */
  const was = new Map<number, number>();
  const commands: Queued[] = [];
  for (const each of queued) {
    const { row, request, db } = each;
    commands.push({ row, request: inDatabasesOf(was, row, request), db: was.get(db) ?? db });
    const databases = row.swaps?.(request);
    if (databases === undefined || typeof databases === 'string') continue;
    swaps.push(each);
    const [a, b] = databases;
    const [from, to] = [was.get(a) ?? a, was.get(b) ?? b];
    was.set(a, to).set(b, from);
  }
  return { commands, swaps };
}

/** The request, with the database that it names itself called what it was. */
function inDatabasesOf(was: ReadonlyMap<number, number>, row: CommandRow, request: Request): Request {
  const other = otherDatabase(row, request);
  const first = other === null ? undefined : was.get(other.db);
  if (other === null || first === undefined) return request;
  const words = Array.from({ length: request.argc }, (_, i) => (i === other.at ? first : request.bytes(i)));
  return requestOf(words);
}

type Asked = Map<string, { db: number; key: string }[]>;

/** By group, the watched keys whose states are asked for there. */
function statesAsked(homes: Homes, watched: readonly WatchedKey[]): Asked {
  const asked: Asked = new Map();
  for (const { db, key } of watched) {
    for (const group of homes.groupsOf(db, key)) push(asked, group, { db, key });
  }
  return asked;
}

function shares(
  route: Route,
  homes: Homes,
  watching: Asked,
  everything: boolean,
  reads: WholeReads,
): Share[] {
  const plain = homes.shares().map((share) => {
    const keys = watching.get(share.group);
    if (keys === undefined) return share;
    const command = encodeCommand(['TOWLINE.STATES', ...keys.flatMap(({ db, key }) => [db, key])]);
    return { ...share, read: { db: 0, proto: 2 as const, command } };
  });
  if (!everything) return plain;
  const of = new Map(plain.map((share) => [share.group, share]));
  return [...route.groups].sort().map((group) => {
    const share = of.get(group) ?? { group, keys: [], fetch: false, read: null };
    const [read = null, ...also] = [...(share.read === null ? [] : [share.read]), ...reads.runs()];
    return { ...share, everything, read, also };
  });
}

/** Whether any watched key may have changed. What is no more asked for must have been absent there: it has settled. */
function changed(
  route: Route,
  watched: readonly WatchedKey[],
  asked: Asked,
  answers: Map<string, Locked>,
): boolean {
  const now = new Map<string, string>();
  for (const [group, keys] of asked) {
    const states = elementsOf(answers.get(group)!.reply);
    keys.forEach(({ db, key }, i) => {
      now.set(`${group} ${db}:${key}`, states[i]!.latin1Slice());
    });
  }
  let seen = 0;
  let expected = 0;
  for (const { db, key, states, ring } of watched) {
    if (outdated(states, ring, route)) return true;
    for (const [group, state] of states) {
      const found = now.get(`${group} ${db}:${key}`);
      if (found === undefined ? isPresent(state) : found !== state) return true;
      if (found !== undefined) expected++;
    }
  }
  for (const keys of asked.values()) seen += keys.length;
  // Asked in a group where it was not watched: the ring is another one.
  return seen !== expected;
}

/** `term.aSeq`: absent; anything else: present, or expired and not deleted yet (data/exec.ts). */
const isPresent = (state: string): boolean => state[state.indexOf('.') + 1] !== 'a';

/**
 * Whether a key that was absent under ring version `ring` may have come and gone, meanwhile, in a group that owned its
 * slot for a while and is not asked. One that was present, and is in the same state, has not been anywhere.
 */
export function outdated(states: ReadonlyMap<string, string>, ring: number, route: Route): boolean {
  return ring !== route.fence && ![...states.values()].some(isPresent);
}
