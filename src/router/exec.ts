// Carries out WATCH and EXEC: asks for states of watched keys; sends an EXEC whose keys are all in one group there, as
// one message, and makes a transaction of any other; puts the replies of the router's own commands in their places.
// Must never execute a part of an EXEC.
import { Buffer } from 'node:buffer';
import type { CommandRow } from '../command/index.js';
import { type Proto, type Request, replyEnd, requestOf } from '../resp/index.js';
import { askLane, push } from './ask.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane } from './data-lane.js';
import { errorReply, groupLost, NO_GROUPS, unlessLost } from './errors.js';
import { type ExecWork, execPlan, nilOf, outdated } from './exec-plan.js';
import { elementsOf } from './fanout.js';
import type { Queued, WatchedKey } from './multi.js';
import { type Route, SEVERAL } from './route.js';
import { Sorts } from './sorts.js';

/** What is needed of the router. */
export interface ExecOwner {
  readonly route: Route;
  readonly lanes: readonly DataLane[];
  readonly coordinators: Coordinators;
  lost(group: string): boolean;
  random(): number;
  replan(again: () => void): void;
}

/** Executes one of the router's own commands. @param done given its reply */
export type LocalRun = (row: CommandRow, request: Request, done: (reply: Buffer) => void) => void;

/** WATCH: tells the states of these keys, or an error. */
export function watch(
  owner: ExecOwner,
  keys: readonly { db: number; key: string }[],
  done: (watched: WatchedKey[] | Buffer) => void,
): void {
  const { route } = owner;
  if (route.empty) return done(NO_GROUPS);
  const states = keys.map(() => new Map<string, string>());
  const asked = new Map<number, number[]>();
  keys.forEach(({ db, key }, i) => {
    for (const group of [...route.olderOf(db, key), route.ownerOfKey(key)]) push(asked, group, i);
  });
  for (const group of asked.keys()) if (lostAt(owner, group)) return done(groupLost(route.groups[group]!));
  let missing = asked.size;
  let failed: Buffer | null = null;
  let stale = false;
  const finish = () => {
    if (--missing > 0) return;
    if (failed !== null) done(failed);
    // The ring changed under it: everything is asked again.
    else if (stale) owner.replan(() => watch(owner, keys, done));
    else done(keys.map(({ db, key }, i) => ({ db, key, states: states[i]!, ring: route.fence })));
  };
  for (const [group, indexes] of asked) {
    const words = indexes.flatMap((i) => [keys[i]!.db, keys[i]!.key]);
    ask(owner, group, requestOf(['TOWLINE.STATES', ...words]), 2, false, (reply) => {
      if (reply === null) stale = true;
      else if (reply[0] === 45) failed = reply;
      else {
        const found = elementsOf(reply);
        indexes.forEach((i, at) => {
          states[i]!.set(route.groups[group]!, found[at]!.latin1Slice());
        });
      }
      finish();
    });
  }
}

/** EXEC. @param done given the whole reply */
export function exec(
  owner: ExecOwner,
  queue: readonly Queued[],
  watched: readonly WatchedKey[],
  proto: Proto,
  local: LocalRun,
  done: (reply: Buffer) => void,
): void {
  const { route } = owner;
  const commands = queue.filter(({ row }) => row.where !== 'router');
  if (route.empty && commands.length > 0) return done(NO_GROUPS);
  const work = { commands, watched, proto, random: () => owner.random() };
  const finish = (reply: Buffer) => {
    if (reply[0] !== 42 || reply[1] === 45 || commands.length === queue.length) return done(reply);
    interleave(queue, new Set(commands), reply, local, done);
  };
  if (commands.length === 0 && watched.length === 0) return finish(NOTHING);
  run(owner, work, finish, () => exec(owner, queue, watched, proto, local, done));
}

/** Whether a group has lost every member in sync (R5): nothing is sent there, to wait until the deadline. */
const lostAt = (owner: ExecOwner, group: number): boolean =>
  !owner.lanes[group]!.connected && owner.lost(owner.route.groups[group]!);

/** What is executed, before it is known whether one group can do it. */
type Asked = Omit<ExecWork, 'sorts'>;

/** @param again called instead of `done` when nothing was executed because the ring is another one now */
function run(owner: ExecOwner, work: Asked, done: (reply: Buffer) => void, again: () => void): void {
  const { route, coordinators } = owner;
  const group = groupOf(route, work);
  if (group >= 0) {
    if (lostAt(owner, group)) return done(groupLost(route.groups[group]!));
    const { commands, watched, proto } = work;
    const write = commands.some(({ row }) => row.write);
    const words = [
      watched.length,
      ...watched.flatMap(({ db, key, states }) => [db, key, states.get(route.groups[group]!)!]),
      ...commands.flatMap(({ db, request }) => [db, request.raw()]),
    ];
    const message = requestOf(['TOWLINE.EXEC', ...words]);
    return ask(owner, group, message, proto, write, (reply) => {
      if (reply === null) owner.replan(again);
      else done(reply);
    });
  }
  const planned: ExecWork = { ...work, sorts: new Sorts(work.random) };
  coordinators.start({
    plan: () => unlessLost(owner, execPlan(owner.route, planned)),
    answer: (reply) => done(reply ?? nilOf(work.proto)),
  });
}

/** The one group that has every key, settled, and where each watched key was watched; or SEVERAL. */
function groupOf(route: Route, { commands, watched }: Asked): number {
  if (commands.length === 0) return SEVERAL;
  let group = -1;
  for (const { row, request, db } of commands) {
    if (row.where === 'all' && (row.write || route.moving || route.groups.length > 1)) return SEVERAL;
    const one = row.where === 'all' ? 0 : route.single(row, request, db);
    if (one < 0 || (group >= 0 && one !== group)) return SEVERAL;
    group = one;
  }
  const name = route.groups[group];
  for (const { db, key, states, ring } of watched) {
    const same = states.size === 1 && states.has(name!) && route.olderOf(db, key).length === 0;
    if (!same || route.ownerOfKey(key) !== group || outdated(states, ring, route)) return SEVERAL;
  }
  return group;
}

const NOTHING = Buffer.from('*0\r\n', 'latin1');

/** The replies in the order of the queue: the groups', and one by one those of the router's own commands. */
function interleave(
  queue: readonly Queued[],
  executed: ReadonlySet<Queued>,
  replies: Buffer,
  local: LocalRun,
  done: (reply: Buffer) => void,
): void {
  const parts: Buffer[] = [Buffer.from(`*${queue.length}\r\n`, 'latin1')];
  let from = replies.indexOf(10) + 1;
  let at = 0;
  const next = (): void => {
    while (at < queue.length) {
      const each = queue[at++]!;
      if (executed.has(each)) {
        const to = replyEnd(replies, from, replies.length);
        parts.push(replies.subarray(from, to));
        from = to;
      } else {
        // Most answer at once: no deeper stack for each of them.
        let asking = true;
        let answered = false;
        local(each.row, each.request, (reply) => {
          parts.push(reply);
          answered = true;
          if (!asking) next();
        });
        asking = false;
        if (!answered) return;
      }
    }
    done(Buffer.concat(parts));
  };
  next();
}

/** One message on a group's data lane. @param done given the reply; null: STALE, nothing was executed */
function ask(
  owner: ExecOwner,
  group: number,
  request: Request,
  proto: Proto,
  write: boolean,
  done: (reply: Buffer | null) => void,
): void {
  const lane = owner.lanes[group]!;
  if (lane.full) done(FULL);
  else askLane(lane, request, { db: 0, proto }, write, done);
}

const FULL = errorReply('TIMEOUT a group takes nothing more; nothing was executed');
