// Deliberately broken rules, put into the shipping classes from outside, in this process only. Each stands for a
// mistake that a later change could make; the simulator must find it.
import {
  Coordinator,
  type CoordinatorAction,
  GroupLog,
  Participant,
  type ParticipantAction,
  Remembered,
  ReplicaLog,
} from '../../src/commit/index.js';
import { TxnLocks } from '../../src/commit/txn-locks.js';
import { Applier } from '../../src/data/applier.js';
import { Lane } from '../../src/data/lane.js';
import { Lanes } from '../../src/data/lanes.js';

export interface Mutation {
  name: string;
  /** What a failure's text must name: the rule, or what clients or copies show. */
  finds: RegExp;
  /** Breaks the rule. @returns what mends it. */
  apply(): () => void;
}

// biome-ignore lint/suspicious/noExplicitAny: private methods of any class are replaced
type Method = (this: any, ...args: any[]) => any;

/** Replaces a method; the new one is given the old one. */
export function patch(owner: object, name: string, make: (original: Method) => Method): () => void {
  const methods = owner as Record<string, Method>;
  const original = methods[name];
  if (typeof original !== 'function') throw new Error(`nothing to break: no method ${name}`);
  methods[name] = make(original);
  return () => {
    methods[name] = original;
  };
}

type Actions = ParticipantAction<unknown>[];

export const MUTATIONS: Mutation[] = [
  {
    name: 'answer before every in-sync member has the entry',
    finds: /^R4: answered/,
    apply: () =>
      patch(
        Lane.prototype,
        'flush',
        (flush) =>
          function () {
            return flush.call(this, Number.POSITIVE_INFINITY);
          },
      ),
  },
  {
    name: 'let a read see an undecided write',
    finds: /^R8/,
    apply: () =>
      patch(
        Lane.prototype,
        'place',
        (place) =>
          function (write, waits, placed) {
            place.call(this, write, write && waits, placed);
          },
      ),
  },
  {
    name: 'acknowledge with a hole in the log',
    finds: /^R4: .* there is a hole/,
    apply: () => {
      const accept = patch(
        ReplicaLog.prototype,
        'accept',
        (original) =>
          function (term, seq, entry) {
            // Counts what it has not got as held.
            if (seq > this.heldSeq + 1) this.heldSeq = seq - 1;
            return original.call(this, term, seq, entry);
          },
      );
      const rewind = patch(
        GroupLog.prototype,
        'rewind',
        (original) =>
          function (member, held) {
            // Does not send again what the lost connection had been given.
            const follower = this.followers.get(member);
            const sent = follower?.sent;
            const moved = original.call(this, member, held);
            if (follower !== undefined) follower.sent = sent;
            return moved;
          },
      );
      return () => {
        accept();
        rewind();
      };
    },
  },
  {
    name: 'execute a resent txid twice',
    finds: /^R10/,
    apply: () => patch(Remembered.prototype, 'recall', () => () => ({ kind: 'new' })),
  },
  {
    name: 'abort after PREPARE without a NEVER',
    finds: /^R11/,
    apply: () =>
      patch(
        Coordinator.prototype,
        'linkLost',
        (original) =>
          function (group): CoordinatorAction[] {
            if (this.state === 'preparing' && this.prepares.has(group) && !this.voted.has(group))
              return [...this.decide(false), { do: 'retry', why: 'never' }];
            return original.call(this, group);
          },
      ),
  },
  {
    name: 'vote before the PREPARE is on every member',
    finds: /^R11: .* said PREPARED/,
    apply: () =>
      patch(
        Participant.prototype,
        'onPrepare',
        (original) =>
          function (lane, ask, record): Actions {
            const actions: Actions = original.call(this, lane, ask, record);
            if (record?.state !== 'preparing') return actions;
            return [
              ...actions,
              { do: 'send', lane, answer: { kind: 'vote', txn: ask.txn, vote: 'prepared' } },
            ];
          },
      ),
  },
  {
    name: 'release the locks before the outcome',
    finds: /not linearizable|R8/,
    apply: () =>
      patch(
        Participant.prototype,
        'onPrepare',
        (original) =>
          function (lane, ask, record): Actions {
            const actions: Actions = original.call(this, lane, ask, record);
            if (record?.state !== 'preparing' || record.lock === null) return actions;
            const released = this.granted(this.locks.release(record.lock));
            record.lock = null;
            return [...actions, ...released];
          },
      ),
  },
  {
    name: 'read several keys without locks',
    finds: /not linearizable/,
    apply: () =>
      patch(
        TxnLocks.prototype,
        'lock',
        (original) =>
          function (record) {
            const { keys } = record;
            if (!keys.some(({ exclusive }: { exclusive: boolean }) => exclusive)) record.keys = [];
            original.call(this, record);
            record.keys = keys;
          },
      ),
  },
  {
    name: 'execute a plain command on a locked key',
    finds: /not linearizable/,
    apply: () => patch(Lanes.prototype, 'blockedKeys', () => () => false),
  },
  {
    name: 'a backup skips an entry now and then',
    finds: /copies differ|effect refused/,
    apply: () => {
      let count = 0;
      return patch(
        Applier.prototype,
        'run',
        (original) =>
          function (effects) {
            if (++count % 7 !== 0) original.call(this, effects);
          },
      );
    },
  },
];
