// The rules as observers: they watch messages, and at the end the stores, not the insides of the code. R4: what is
// answered is held by every member. R8: what is shown is. R10: nothing is executed twice. R11: all or nothing, and
// nobody aborts but on a NEVER.
import type { Answer, Ask } from '../../src/commit/index.js';
import type { Cluster } from './cluster.js';
import { GroupWatch } from './group-watch.js';
import type { RedisOutput } from './linearizability/index.js';
import { type EntryMessage, type LaneCommand, type Listener, Streams } from './streams.js';
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
  private readonly groupOf = new Map<string, GroupWatch>();
  private readonly commands = new Map<string, LaneCommand>();

  private readonly world: World;

  constructor(cluster: Cluster) {
    this.world = cluster.world;
    for (const group of cluster.shape.groups) {
      const primary = cluster.primaryOf(group);
      const backups = cluster.membersOf(group).filter((place) => place !== primary);
      const watch = new GroupWatch(
        group,
        backups.map(({ host }) => host.name),
      );
      this.groups.set(group, watch);
      for (const { host } of cluster.membersOf(group)) this.groupOf.set(host.name, watch);
    }
    cluster.network.taps.push(new Streams(this));
  }

  /** The end of a run: every transaction that was prepared anywhere has one outcome, everywhere (R11). */
  end(): void {
    for (const watch of this.groups.values()) {
      for (const [txn, log] of watch.txns) {
        if (log.prepare === undefined) continue;
        if (log.outcome === undefined)
          throw new Violation(`R11: ${watch.group} never learned the outcome of ${txn}`);
        for (const other of log.prepare.entry.participants) {
          const there = this.groups.get(other)!.txn(txn);
          if (log.outcome.commit !== (there.outcome?.commit ?? false))
            throw new Violation(
              `R11: ${txn} committed at one of ${watch.group} and ${other}, not at the other`,
            );
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
    const watch = this.groupOf.get(node)!;
    const what = () => `${words.join(' ')} = ${JSON.stringify(reply)} (${node}, ${router}:${counter})`;
    this.world.note(() => `  ${what()}, committed ${watch.committed}`);
    if (changed(name, words, reply)) {
      const seq = watch.executedAt(router, counter);
      if (seq === undefined) throw new Violation(`R4: answered, but in no entry that was sent: ${what()}`);
      if (seq > watch.committed)
        throw new Violation(`R4: answered, but entry ${seq} is not on every member: ${what()}`);
    }
    if (name === 'GET') this.shown(watch, command.db, words[1]!, reply, what);
    if (name === 'MGET' && Array.isArray(reply))
      reply.forEach((value, i) => {
        this.shown(watch, command.db, words[i + 1]!, value, what);
      });
  }

  private shown(watch: GroupWatch, db: number, key: string, reply: RedisOutput, what: () => string): void {
    if (typeof reply === 'string' && !watch.hadValue(db, key, reply))
      throw new Violation(`R8: shows what not every member holds: ${what()}`);
  }

  // ---- the log

  entryWritten(node: string, backup: string, message: EntryMessage): void {
    const watch = this.groupOf.get(node)!;
    const entry = watch.written(message);
    this.world.note(
      () =>
        `  ${node} -> ${backup} entry ${message.seq} ${message.kind} ${JSON.stringify(message.request.bytes(message.kind === 'txn' ? 6 : 7).latin1Slice())}`,
    );
    if (entry?.kind === 'outcome') this.decided(watch, entry.txn, entry.commit);
  }
  entryDelivered(backup: string, message: EntryMessage): void {
    this.groupOf.get(backup)!.delivered(backup, message);
  }
  held(backup: string, _term: number, seq: number): void {
    this.world.note(() => `  ${backup} holds ${seq}`);
    const had = this.groupOf.get(backup)!.heldBy(backup);
    if (seq > had) throw new Violation(`R4: ${backup} acknowledged ${seq}, but there is a hole after ${had}`);
  }

  // ---- transactions over several groups

  ask(node: string, from: string, ask: Ask): void {
    this.world.note(() => `  ${from} -> ${node} ${textOf(ask)}`);
  }

  answer(node: string, answer: Answer): void {
    this.world.note(() => `  ${node} answers ${textOf(answer)}`);
    const watch = this.groupOf.get(node)!;
    const { txn } = answer;
    const log = watch.txn(txn);
    const on = (seq: number | undefined): boolean => seq !== undefined && seq <= watch.committed;
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
      for (const { db, key, payload } of answer.values)
        this.shown(watch, db, key, payload === null ? null : payload.latin1Slice(9), what);
    }
  }

  /** An outcome enters a log (R11). */
  private decided(watch: GroupWatch, txn: string, commit: boolean): void {
    const participants = watch.txn(txn).prepare?.entry.participants;
    if (participants === undefined)
      throw new Violation(`R11: ${watch.group} decides ${txn}, which it never prepared`);
    const logs = participants.map((group) => ({
      group: this.groups.get(group)!,
      log: this.groups.get(group)!.txn(txn),
    }));
    for (const { group, log } of logs) {
      if (log.outcome !== undefined && log.outcome.commit !== commit)
        throw new Violation(`R11: ${txn}: ${watch.group} says commit ${commit}, ${group.group} ${!commit}`);
    }
    if (commit) {
      const without = logs.find(
        ({ group, log }) => !(log.prepare !== undefined && log.prepare.seq <= group.committed),
      );
      if (without !== undefined)
        throw new Violation(
          `R11: ${watch.group} commits ${txn}, which ${without.group.group} has not prepared`,
        );
    } else if (!logs.some(({ group, log }) => log.never !== undefined && log.never.seq <= group.committed)) {
      throw new Violation(`R11: ${watch.group} aborts ${txn}, but no group promised NEVER`);
    }
  }
}
