// The rules as observers: they watch messages and logs (group-watch.ts), and where keys are (homes.ts: R1, R2). R4: what is answered is held by every member.
// R6: only the newest term's primary answers. R8: what is shown is held too. R10: nothing is executed twice. R11: all
// or nothing, and nobody aborts but on a NEVER. Must never change anything.
import type { Answer, Ask } from '../../src/commit/index.js';
import { ABSENT_KEY, ABSENT_SLOT } from '../../src/net/absent.js';
import { slotOfText } from '../../src/ring/index.js';
import { qualified } from './clients.js';
import type { Cluster, NodePlace } from './cluster.js';
import { GroupWatch } from './group-watch.js';
import { Homes, type Name } from './homes.js';
import { followedBy } from './insides.js';
import type { Line } from './line.js';
import type { RedisOutput } from './linearizability/index.js';
import { type EntryMessage, type LaneCommand, type Listener, type Replication, Streams } from './streams.js';
import { Violation, type World } from './world.js';

/** Whether this reply says that the command changed something. */
function changed(name: string, words: string[], reply: RedisOutput): boolean {
  switch (name) {
    case 'SET':
      if (words.some((word) => word.toUpperCase() === 'GET')) return typeof reply === 'string';
      return reply === 'OK';
    case 'APPEND':
    case 'INCR':
      return typeof reply === 'number';
    case 'MSET':
      return reply === 'OK';
    case 'RENAME':
      return reply === 'OK' && words[1] !== words[2];
    case 'GETDEL':
      return typeof reply === 'string';
    case 'DEL':
    case 'MSETNX':
    case 'COPY':
      return typeof reply === 'number' && reply > 0;
    default:
      return false;
  }
}

/** A message as a line. */
function textOf(message: Ask | Answer): string {
  return JSON.stringify(message, (_name, value: unknown) => {
    const bytes = value as { type?: string; data?: number[] } | null;
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data!).latin1Slice() : value;
  });
}

/** All rules over all groups of one run. */
export class Observers implements Listener {
  readonly groups = new Map<string, GroupWatch>();
  private readonly commands = new Map<string, LaneCommand>();
  /** Transactions given up because a participant had been lost, and the keys they had locked. */
  forsaken = 0;
  readonly forsakenKeys = new Set<string>();

  private readonly homes: Homes;

  /** @param names every key that clients use */
  constructor(
    private readonly cluster: Cluster,
    names: readonly Name[] = [],
  ) {
    this.homes = new Homes(
      cluster,
      names,
      (node, router, counter) => this.commands.get(`${node} ${router}:${counter}`)?.ring,
    );
    for (const group of cluster.shape.groups) {
      const decided = (line: Line, txn: string, commit: boolean) => this.decided(line, txn, commit);
      this.groups.set(group, new GroupWatch(cluster, group, decided));
    }
    cluster.directory.listeners.add((group, before, next) => this.groups.get(group)!.changed(before, next));
    cluster.network.taps.push(new Streams(this));
  }

  private get world(): World {
    return this.cluster.world;
  }
  private at(node: string): { place: NodePlace; watch: GroupWatch } {
    const place = this.cluster.place(node)!;
    return { place, watch: this.groups.get(place.group)! };
  }

  /** The end of a run: every transaction that was prepared anywhere has one outcome, everywhere (R11). */
  end(): void {
    for (const { group, current } of this.groups.values()) {
      if (this.cluster.abandoned(group)) continue;
      for (const [txn, log] of current.txns) {
        if (log.prepare === undefined) continue;
        if (log.outcome === undefined)
          throw new Violation(`R11: ${group} never learned the outcome of ${txn}`);
        for (const other of log.prepare.entry.participants) {
          const watch = this.groups.get(other)!;
          // What it knew is lost; those that remain agree.
          if (watch.resets > 0 || this.cluster.abandoned(other)) continue;
          const there = watch.current.txn(txn);
          if (log.outcome.commit !== (there.outcome?.commit ?? false))
            throw new Violation(`R11: ${txn} committed at one of ${group} and ${other}, not at the other`);
        }
      }
    }
  }

  // ---- plain commands

  laneCommand(node: string, router: string, counter: number, command: LaneCommand): void {
    this.commands.set(`${node} ${router}:${counter}`, command);
    this.world.note(
      () => `  ${router}:${counter} -> ${node} ${command.db}> ${command.request.texts().join(' ')}`,
    );
  }

  laneReply(node: string, router: string, counter: number, reply: RedisOutput): void {
    const command = this.commands.get(`${node} ${router}:${counter}`);
    if (command === undefined)
      throw new Violation(`${node} answered ${router}:${counter}, which was never sent`);
    const words = command.request.texts();
    const name = words[0]!.toUpperCase();
    const { place, watch } = this.at(node);
    const what = () => `${words.join(' ')} = ${JSON.stringify(reply)} (${node}, ${router}:${counter})`;
    const line = watch.leads(place, what);
    this.world.note(() => `  ${what()}, committed ${watch.committed(line)}`);
    if (changed(name, words, reply)) {
      const seq = line.executedAt(router, counter);
      if (seq === undefined) throw new Violation(`R4: answered, but in no entry that was sent: ${what()}`);
      if (!watch.promise(line, seq))
        throw new Violation(`R4: answered, but entry ${seq} is not on every member: ${what()}`);
    }
    if (name === 'TOWLINE.EMPTY' && typeof reply === 'string')
      this.homes.empty(
        place,
        command.ring,
        (slot) => (reply.charCodeAt(slot >> 3) & (1 << (slot & 7))) !== 0,
      );
    if (name === 'GET') this.shown(watch, line, command.db, words[1]!, reply, what);
    if (name === 'MGET' && Array.isArray(reply))
      reply.forEach((value, i) => {
        this.shown(watch, line, command.db, words[i + 1]!, value, what);
      });
  }

  laneAbsent(node: string, router: string, counter: number, mark: number): void {
    const { request, db, ring } = this.commands.get(`${node} ${router}:${counter}`)!;
    const { place, watch } = this.at(node);
    const key = request.text(1);
    watch.leads(place, () => `ABSENT ${mark} of ${key}`);
    this.world.note(() => `  ${node} says ABSENT ${mark} of ${db}> ${key}`);
    if (mark >= ABSENT_KEY) this.homes.absent(place, ring, db, key);
    if (mark >= ABSENT_SLOT) this.homes.empty(place, ring, (slot) => slot === slotOfText(key));
  }

  private shown(
    watch: GroupWatch,
    line: Line,
    db: number,
    key: string,
    reply: RedisOutput,
    what: () => string,
  ): void {
    if (typeof reply === 'string' && !line.hadValue(watch.committed(line), db, key, reply))
      throw new Violation(`R8: shows what not every member holds: ${what()}`);
  }

  // ---- the log

  entryWritten(node: string, backup: string, message: EntryMessage): void {
    const { place, watch } = this.at(node);
    this.world.note(
      () =>
        `  ${node} -> ${backup} entry ${message.seq} ${message.kind} ${JSON.stringify(message.request.bytes(message.kind === 'txn' ? 6 : 7).latin1Slice())}`,
    );
    watch.written(place, message);
  }
  entryDelivered(backup: string, lane: Replication, message: EntryMessage): void {
    const { place, watch } = this.at(backup);
    watch.delivered(place.id, lane, followedBy(place.node), message);
  }
  held(backup: string, lane: Replication, seq: number): void {
    this.world.note(() => `  ${backup} holds ${seq} of term ${lane.term}`);
    const { place, watch } = this.at(backup);
    watch.held(place.id, lane, seq);
  }
  spoke(node: string): void {
    const { place, watch } = this.at(node);
    watch.lineAt(place);
  }
  syncBegan(candidate: string): void {
    const { place, watch } = this.at(candidate);
    watch.syncBegan(place.id);
  }
  synced(candidate: string, term: number, seq: number): void {
    this.world.note(() => `  ${candidate} is synced up to ${seq} of term ${term}`);
    const { place, watch } = this.at(candidate);
    watch.synced(place.id, term, seq);
  }

  // ---- transactions over several groups

  ask(node: string, from: string, ask: Ask): void {
    this.world.note(() => `  ${from} -> ${node} ${textOf(ask)}`);
    this.homes.asked(ask);
  }

  answer(node: string, answer: Answer): void {
    this.world.note(() => `  ${node} answers ${textOf(answer)}`);
    const { place, watch } = this.at(node);
    const { txn } = answer;
    const line = watch.leads(place, () => textOf(answer));
    const log = line.txn(txn);
    const on = (seq: number | undefined): boolean => seq !== undefined && watch.promise(line, seq);
    const need = (good: boolean, said: string) => {
      if (!good)
        throw new Violation(`R11: ${node} said ${said} of ${txn}, but not every member's log says so`);
    };
    const committed = log.outcome?.commit === true && on(log.outcome.seq);
    const aborted = log.outcome?.commit === false && on(log.outcome.seq);
    if (answer.kind === 'vote') {
      if (answer.vote === 'prepared') need(committed || on(log.prepare?.seq), 'PREPARED');
      if (answer.vote === 'never') need(aborted || on(log.never?.seq), 'NEVER');
    } else if (answer.kind === 'state') {
      if (answer.state === 'prepared') need(on(log.prepare?.seq), 'PREPARED');
      if (answer.state === 'committed') need(committed, 'COMMITTED');
      if (answer.state === 'aborted') need(aborted, 'ABORTED');
      if (answer.state === 'never') need(on(log.never?.seq), 'NEVER');
    } else if (answer.kind === 'done') {
      need(log.prepare === undefined || on(log.outcome?.seq), 'DONE');
    } else if (answer.kind === 'locked') {
      const what = () => `LOCKED ${txn} from ${node}`;
      for (const { db, key, payload } of answer.values) {
        this.shown(watch, line, db, key, payload === null ? null : payload.latin1Slice(9), what);
        if (answer.firm && payload === null) this.homes.lockedAbsent(place, txn, db, key);
      }
    }
  }

  /** An outcome enters a log (R11). */
  private decided({ group, txns }: Line, txn: string, commit: boolean): void {
    const participants = txns.get(txn)?.prepare?.entry.participants;
    if (participants === undefined)
      throw new Violation(`R11: ${group} decides ${txn}, which it never prepared`);
    const logs = participants.map((name) => {
      const watch = this.groups.get(name)!;
      const line = watch.current;
      return { name, line, watch, log: line.txn(txn), before: watch.before.get(txn) };
    });
    for (const { name, log } of logs) {
      // What was promised there is told to nobody any more.
      if (this.cluster.abandoned(name)) continue;
      if (log.outcome !== undefined && log.outcome.commit !== commit)
        throw new Violation(`R11: ${txn}: ${group} says commit ${commit}, ${name} ${!commit}`);
    }
    type Where = (typeof logs)[number];
    const has = ({ watch, line }: Where, entry?: { seq: number }) =>
      entry !== undefined && watch.promise(line, entry.seq);
    if (commit) {
      const without = logs.find((each) => !has(each, each.log.prepare) && each.before?.prepare === undefined);
      if (without !== undefined)
        throw new Violation(`R11: ${group} commits ${txn}, which ${without.name} has not prepared`);
    } else if (logs.some(({ name, watch }) => watch.resets > 0 || this.cluster.abandoned(name))) {
      // A lost group cannot be asked: its client may have been told that the transaction stands.
      this.forsaken++;
      for (const { log, before } of logs)
        for (const { db, key } of [
          ...(log.prepare?.entry.keys ?? []),
          ...(before?.prepare?.entry.keys ?? []),
        ])
          this.forsakenKeys.add(qualified(db, key));
    } else if (!logs.some((each) => has(each, each.log.never))) {
      throw new Violation(`R11: ${group} aborts ${txn}, but no group promised NEVER`);
    }
  }
}
