// The router's transactions under way: gives each a name, carries messages between their state machines and the
// control lanes, plans again what was not executed, and answers clients. Decides nothing that a Coordinator decides.
import { Buffer } from 'node:buffer';
import { type Answer, Coordinator, type CoordinatorAction, type Plan, TxnMap } from '../commit/index.js';
import { decodeEvents } from '../net/event-message.js';
import type { Host } from '../net/host.js';
import type { ControlLane } from './control-lane.js';
import { errorReply } from './errors.js';
import type { EventSink } from './key-events.js';
import { tooMany } from './plan-size.js';

/** Pause before a refused transaction is planned again, ms; doubles up to the second one. */
const PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;
/** Transactions under way at most; the next one is answered with an error. */
const MAX_TRANSACTIONS = 100_000;

/** What a transaction answers its client, and how it is planned (again). */
export interface Job {
  /** The plan; or what to answer without one; null: one group has every key, and no transaction is needed. */
  plan(): Plan | Buffer | null;
  /** Called exactly once. @param reply null: nothing was executed, the command may go to one group as it came. */
  answer(reply: Buffer | null): void;
}

/** Transactions that lock in order after one that was refused as busy. */
const ORDERED_AFTER_BUSY = 8;

interface Running {
  coordinator: Coordinator;
  job: Job;
  startedAt: number;
  answered: boolean;
  pause: number;
}

/** What is needed of the router. */
export interface CoordinatorsOwner {
  /** Incarnation of this coordinator. */
  readonly coordinator: string;
  readonly deadlineMs: number;
  readonly keyEvents: EventSink;
  control(group: string): ControlLane;
  /** Moves a large key from a group to its owner. @param done told when it was tried */
  moveLarge(group: string, key: { db: number; key: string }, done: () => void): void;
}

/** All transactions of one router. */
export class Coordinators {
  private readonly running = new TxnMap<Running>();
  private counter = 0;
  private waiting = 0;
  /** The next so many ask one group after the other: keys are wanted by several at present. */
  private ordered = 0;

  constructor(
    private readonly host: Host,
    private readonly owner: CoordinatorsOwner,
  ) {}

  /** Transactions that have not ended, in doubt ones included. */
  get size(): number {
    return this.running.size;
  }

  /** Begins a transaction. */
  start(job: Job): void {
    if (this.running.size + this.waiting >= MAX_TRANSACTIONS)
      return job.answer(errorReply('BUSY too many transactions'));
    this.attempt(job, this.host.now(), PAUSE_MS);
  }

  answered(group: string, answer: Answer): void {
    const running = this.running.get(answer.txn);
    if (running !== undefined) this.perform(running, running.coordinator.answered(group, answer));
  }
  linkUp(group: string): void {
    for (const running of this.running.values()) this.perform(running, running.coordinator.linkUp(group));
  }
  linkLost(group: string): void {
    for (const running of this.running.values()) this.perform(running, running.coordinator.linkLost(group));
  }

  /**
   * A group was given up with its data: what waits for it is given up too. Its client hears UNCERTAIN if a PREPARE was
   * sent, and the other participants settle it among themselves (R11).
   * @returns whether any was given up after its PREPARE: the owner must take another name, or it would not be an orphan
   */
  abandoned(group: string): boolean {
    let orphans = false;
    for (const running of this.running.values()) {
      const { coordinator } = running;
      if (!coordinator.needs(group)) continue;
      if (coordinator.free) {
        this.perform(running, coordinator.linkLost(group));
        continue;
      }
      orphans = true;
      this.running.delete(coordinator.txn);
      this.reply(running, errorReply('UNCERTAIN a group that took part in the transaction was abandoned'));
    }
    return orphans;
  }

  /** Called now and then: ends what has waited beyond the deadline. */
  expire(): void {
    const limit = this.host.now() - this.owner.deadlineMs;
    for (const running of this.running.values()) {
      if (running.startedAt <= limit && !running.answered)
        this.perform(running, running.coordinator.expired());
    }
  }

  private attempt(job: Job, startedAt: number, pause: number): void {
    const plan = job.plan();
    if (plan === null || Buffer.isBuffer(plan)) return job.answer(plan);
    const refused = tooMany(plan);
    if (refused !== null) return job.answer(refused);
    const txn = `${this.owner.coordinator}:${++this.counter}`;
    const ordered = this.ordered > 0;
    if (ordered) this.ordered--;
    const running: Running = {
      coordinator: new Coordinator(txn, plan, ordered, this.owner.keyEvents.flags),
      job,
      startedAt,
      answered: false,
      pause,
    };
    const lost = plan.shares.find(({ group }) => !this.owner.control(group).connected);
    if (lost !== undefined) return this.again(running);
    this.running.set(txn, running);
    this.perform(running, running.coordinator.start());
  }

  /** Plans anew after a pause, within the client's deadline. */
  private again({ job, startedAt, pause }: Running): void {
    if (this.host.now() - startedAt > this.owner.deadlineMs) {
      return job.answer(errorReply('TIMEOUT a group did not answer in time; nothing was executed'));
    }
    this.waiting++;
    // Some chance in it, so that two that got in each other's way do not do so forever.
    this.host.after(pause * (0.5 + this.host.random()), () => {
      this.waiting--;
      this.attempt(job, startedAt, Math.min(pause * 2, LONGEST_PAUSE_MS));
    });
  }

  private perform(running: Running, actions: CoordinatorAction[]): void {
    for (const action of actions) {
      switch (action.do) {
        case 'send':
          this.owner.control(action.group).send(action.ask);
          break;
        case 'answer':
          // As they come with the reply of one group's command: before the client hears.
          if (action.events !== undefined) this.owner.keyEvents.tell(decodeEvents(action.events));
          this.reply(running, action.reply);
          break;
        case 'fail':
          this.reply(running, errorReply(action.error));
          this.running.delete(running.coordinator.txn);
          break;
        case 'uncertain':
          this.reply(running, errorReply('UNCERTAIN the transaction may or may not have been executed'));
          break;
        case 'retry':
          // After NEVER the abort goes on in the background, under the old name.
          if (action.why !== 'never') this.running.delete(running.coordinator.txn);
          if (!running.answered) {
            running.answered = true;
            // This one waits in order now, and so do some that come after it.
            if (action.why === 'busy') this.ordered = ORDERED_AFTER_BUSY;
            if (action.why === 'settled' || action.why === 'busy')
              this.attempt(running.job, running.startedAt, running.pause);
            else this.again(running);
          }
          break;
        case 'large':
          this.running.delete(running.coordinator.txn);
          this.moveFirst(running, action);
          break;
        case 'end':
          this.running.delete(running.coordinator.txn);
          break;
      }
    }
  }

  /** A key is too large to be taken along: it is moved by itself, and then everything is planned again. */
  private moveFirst(running: Running, { group, db, key }: { group: string; db: number; key: string }): void {
    if (running.answered) return;
    running.answered = true;
    this.waiting++;
    this.owner.moveLarge(group, { db, key }, () => {
      this.waiting--;
      this.again(running);
    });
  }

  private reply(running: Running, reply: Buffer): void {
    if (running.answered) return;
    running.answered = true;
    running.job.answer(reply);
  }
}
