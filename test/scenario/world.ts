// Coordinators, participants and resolvers with messages in between that a script delivers, loses or holds back.
// Drives what ships; everything that happens becomes a line of the trace.
import {
  type Answer,
  type Ask,
  Coordinator,
  type CoordinatorAction,
  coordinatorOf,
  Participant,
  type ParticipantAction,
  type Plan,
  Resolver,
  type ResolverAction,
  type Share,
  type TxnEntry,
} from '../../src/commit/index.js';
import { showAnswer, showAsk, showCoordinator, showEntry } from '../commit/show.js';

interface Message {
  from: string;
  to: string;
  lane: number;
  body: { ask: Ask } | { answer: Answer };
}

interface Group {
  name: string;
  term: number;
  ring: number;
  participant: Participant<string>;
  log: TxnEntry[];
  committed: number;
  /** Its log is held by nobody else for now: nothing commits. */
  cut: boolean;
  /** Values of keys: what effects did. */
  applied: string[];
  resolvers: Map<string, Resolver>;
}

/** The world of one scenario. */
export class World {
  readonly trace: string[] = [];
  private readonly groups = new Map<string, Group>();
  private readonly coordinators = new Map<string, Coordinator>();
  private flight: Message[] = [];
  /** Connection between two of them: `router group` -> lane. */
  private readonly lanes = new Map<string, number>();
  private readonly held = new Set<string>();
  private laneIds = 0;

  group(name: string): void {
    this.groups.set(name, {
      name,
      term: 1,
      ring: 1,
      participant: new Participant(1),
      log: [],
      committed: 0,
      cut: false,
      applied: [],
      resolvers: new Map(),
    });
  }

  /** A transaction that writes at some groups and reads at others. */
  begin(txn: string, writes: string[], reads: string[]): void {
    const key = txn.replace(':', '-');
    const shares: Share[] = [...writes, ...reads].sort().map((group) => ({
      group,
      keys: [{ db: 0, key: 'k', exclusive: writes.includes(group) }],
      everything: false,
      fetch: false,
      read: null,
    }));
    const effects = new Map(writes.map((group) => [group, Buffer.from(`SET k ${key}`)]));
    const plan: Plan = {
      ring: 1,
      shares,
      locked: () => ({ kind: 'write', effects, reply: Buffer.from('+OK') }),
    };
    const coordinator = new Coordinator(txn, plan);
    this.coordinators.set(txn, coordinator);
    for (const { group } of shares) this.lane(coordinatorOf(txn), group);
    this.coordinate(coordinator, coordinator.start());
  }

  expire(txn: string): void {
    const coordinator = this.coordinators.get(txn)!;
    this.coordinate(coordinator, coordinator.expired());
  }

  /**
   * Delivers everything that is not held back, and commits logs, until nothing is left to do, or the next message
   * would be one with this word.
   */
  run(until?: string): void {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 1000) throw new Error('the scenario never settles');
      const next = this.flight.findIndex(({ to, from }) => !this.held.has(`${from} ${to}`));
      if (next >= 0) {
        if (until !== undefined && this.show(this.flight[next]!).split(' ').includes(until)) return;
        this.deliver(this.flight.splice(next, 1)[0]!);
        continue;
      }
      const behind = [...this.groups.values()].find(
        ({ cut, log, committed }) => !cut && log.length > committed,
      );
      if (behind === undefined) return;
      this.commit(behind);
    }
  }

  /** Messages from one to the other stay under way, or are delivered again. */
  hold(from: string, to: string, on: boolean): void {
    if (on) this.held.add(`${from} ${to}`);
    else this.held.delete(`${from} ${to}`);
  }
  /** Nothing of this group's log commits for now, or again does. */
  cut(name: string, on: boolean): void {
    this.groups.get(name)!.cut = on;
  }
  ring(name: string, version: number): void {
    this.groups.get(name)!.ring = version;
  }

  /** The connection of a router and a group breaks: what was under way is lost; or it stands again. */
  disconnect(router: string, name: string): void {
    const lane = this.lanes.get(`${router} ${name}`)!;
    this.lanes.delete(`${router} ${name}`);
    const lost = this.flight.filter((message) => message.lane === lane);
    this.flight = this.flight.filter((message) => message.lane !== lane);
    for (const message of lost) this.say(`lost: ${this.show(message)}`);
    const group = this.groups.get(name)!;
    this.participate(group, group.participant.laneLost(lane));
    for (const coordinator of this.of(router)) this.coordinate(coordinator, coordinator.linkLost(name));
  }
  connect(router: string, name: string): void {
    this.lane(router, name);
    for (const coordinator of this.of(router)) this.coordinate(coordinator, coordinator.linkUp(name));
  }

  /** The router's process ends. */
  crash(router: string): void {
    for (const coordinator of this.of(router)) this.coordinators.delete(coordinator.txn);
    for (const pair of [...this.lanes.keys()]) {
      if (pair.startsWith(`${router} `)) this.disconnect(router, pair.slice(router.length + 1));
    }
  }

  /** Another member becomes primary: it has what was committed, and only that. */
  newPrimary(name: string): void {
    const group = this.groups.get(name)!;
    for (const pair of [...this.lanes.keys()]) {
      const [from, to] = pair.split(' ') as [string, string];
      if (to === name || from === name) this.disconnect(from, to);
    }
    group.term++;
    group.participant = new Participant(group.term);
    group.resolvers.clear();
    for (const entry of group.log.splice(group.committed))
      this.say(`${name} never had: ${entry.txn} ${showEntry(entry)}`);
    for (const entry of group.log) group.participant.restore(entry);
  }

  /** A primary looks after what its coordinators have left. */
  resolve(name: string): void {
    const group = this.groups.get(name)!;
    for (const { txn, participants, commit } of group.participant.undecided()) {
      let resolver = group.resolvers.get(txn);
      if (resolver === undefined || (commit !== null && !resolver.decided)) {
        resolver = new Resolver(txn, name, participants, commit);
        group.resolvers.set(txn, resolver);
      }
      this.settle(group, resolver, resolver.step());
    }
  }

  /** How things stand. */
  status(): void {
    for (const { name, applied, participant, flightless } of this.states()) {
      this.say(`${name}: k=${applied}${participant}${flightless}`);
    }
  }
  private states() {
    return [...this.groups.values()].map(({ name, applied, participant }) => ({
      name,
      applied: applied.at(-1) ?? 'nil',
      participant: participant.size === 0 ? '' : `, ${participant.size} known`,
      flightless: participant.locks.size === 0 ? '' : `, ${participant.locks.size} locks`,
    }));
  }

  // ---- inside

  private say(line: string): void {
    this.trace.push(line);
  }
  private of(router: string): Coordinator[] {
    return [...this.coordinators.values()].filter(({ txn }) => coordinatorOf(txn) === router);
  }
  private lane(from: string, to: string): number {
    const known = this.lanes.get(`${from} ${to}`);
    if (known !== undefined) return known;
    this.lanes.set(`${from} ${to}`, ++this.laneIds);
    return this.laneIds;
  }
  private show({ from, to, body }: Message): string {
    if ('ask' in body) return `${from} -> ${to}: ${body.ask.txn} ${showAsk(body.ask)}`;
    return `${from} -> ${to}: ${body.answer.txn} ${showAnswer(body.answer)}`;
  }

  private deliver(message: Message): void {
    this.say(this.show(message));
    const { from, to, lane, body } = message;
    const group = this.groups.get(to);
    if ('ask' in body) return this.ask(group!, lane, body.ask);
    if (group !== undefined) return this.toResolver(group, from, body.answer);
    const coordinator = this.coordinators.get(body.answer.txn);
    if (coordinator !== undefined) this.coordinate(coordinator, coordinator.answered(from, body.answer));
  }

  /** As data/orphans does: late news about what is over here decides nothing, and need not be kept there. */
  private toResolver(group: Group, from: string, answer: Answer): void {
    const { txn } = answer;
    if (answer.kind === 'state' && !group.participant.inDoubt(txn)) {
      if (answer.state !== 'never') return;
      const lane = this.lane(group.name, from);
      this.flight.push({ from: group.name, to: from, lane, body: { ask: { kind: 'forget', txn } } });
      return;
    }
    const resolver = group.resolvers.get(txn);
    if (resolver !== undefined) this.settle(group, resolver, resolver.answered(from, answer));
  }

  private ask(group: Group, lane: number, ask: Ask): void {
    if (ask.kind === 'lock' && ask.ring < group.ring) {
      return this.answer(group, lane, { kind: 'refused', txn: ask.txn, why: 'stale' });
    }
    this.participate(group, group.participant.ask(lane, ask));
  }

  private answer(group: Group, lane: number, answer: Answer): void {
    const pair = [...this.lanes].find(([, id]) => id === lane)?.[0];
    if (pair === undefined) return;
    this.flight.push({ from: group.name, to: pair.split(' ')[0]!, lane, body: { answer } });
  }

  private participate(group: Group, actions: ParticipantAction<string>[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'log':
          group.log.push(action.entry);
          group.participant.logged(action.entry.txn, group.log.length);
          this.say(`${group.name} logs ${group.log.length}: ${action.entry.txn} ${showEntry(action.entry)}`);
          break;
        case 'apply':
          group.applied.push(action.effects.toString().split(' ')[2]!);
          this.say(`${group.name} applies: ${action.effects.toString()}`);
          break;
        case 'send':
          this.answer(group, action.lane, action.answer);
          break;
        case 'fetch': {
          const { txn } = action.ask;
          this.answer(group, action.lane, {
            kind: 'locked',
            txn,
            token: action.token,
            firm: true,
            values: [],
            reply: Buffer.alloc(0),
          });
          break;
        }
        case 'wake':
          this.say(`${group.name} wakes ${action.parked.join(' ')}`);
      }
    }
  }

  private commit(group: Group): void {
    group.committed = group.log.length;
    this.say(`${group.name} committed ${group.committed}`);
    this.participate(group, group.participant.committed(group.committed));
  }

  private coordinate(coordinator: Coordinator, actions: CoordinatorAction[]): void {
    const router = coordinatorOf(coordinator.txn);
    for (const action of actions) {
      if (action.do !== 'send') {
        this.say(`${coordinator.txn}: ${showCoordinator(action)}`);
        if (action.do === 'end' || action.do === 'fail') this.coordinators.delete(coordinator.txn);
        continue;
      }
      const lane = this.lanes.get(`${router} ${action.group}`);
      if (lane !== undefined)
        this.flight.push({ from: router, to: action.group, lane, body: { ask: action.ask } });
    }
  }

  private settle(group: Group, resolver: Resolver, actions: ResolverAction[]): void {
    for (const action of actions) {
      if (action.do === 'send') {
        const lane = this.lane(group.name, action.group);
        this.flight.push({ from: group.name, to: action.group, lane, body: { ask: action.ask } });
      } else if (action.do === 'decide') {
        this.say(`${group.name} decides: ${resolver.txn} ${action.commit ? 'commit' : 'abort'}`);
        this.ask(group, 0, { kind: 'outcome', txn: resolver.txn, commit: action.commit });
      } else this.participate(group, group.participant.settled(resolver.txn));
    }
  }
}
