// Deliberately broken rules of a group's life: who is a member, who leads, until when, and with which log (R3 to R7,
// R9, R10). As mutations.ts; each names seeds that find it, since the right misfortune is rarer here.
import { GroupLog, Participant, type Registration, Remembered, ReplicaLog } from '../../src/commit/index.js';
import { Lease } from '../../src/commit/lease.js';
import { Applier } from '../../src/data/applier.js';
import { Election } from '../../src/data/election.js';
import { InSync } from '../../src/data/insync.js';
import { DataNode } from '../../src/data/node.js';
import { Unlogged } from '../../src/data/unlogged.js';
import type { Temper } from './chaos.js';
import { Cluster } from './cluster.js';
import { type Mutation, patch } from './mutations.js';
import type { Variant } from './variants.js';

/** All that is applied together. */
const both = (...changes: (() => void)[]) => {
  return () => {
    for (const mend of changes) mend();
  };
};

/** A mutation, the seeds that find it soon, and the temper that they do it with. */
export interface GroupMutation extends Mutation {
  seeds: number[];
  temper?: Partial<Temper>;
  variant?: Partial<Variant>;
}

/** Primaries wake up alone, in otherwise fair weather. */
const LONELY = { lonely: 10, pause: 300, killNode: 0, terminate: 0, wall: 0, stall: 0, pauseNode: 0 };

/** Data nodes die all the time, and much is late. */
const DEADLY: Partial<Temper> = {
  killNode: 10,
  lonely: 0,
  pause: 100,
  terminate: 0,
  wall: 2,
  stall: 0,
  pauseNode: 0,
  weather: {
    delay: [1, 8],
    slow: 0.3,
    slowness: [20, 200],
    refusals: 0,
    halfOpen: 0.3,
    halfOpenFor: [10, 500],
    pieces: 0.1,
  },
};

/** Misfortunes have time to unfold. */
const RARE: Partial<Temper> = { pause: 400 };

export const GROUP_MUTATIONS: GroupMutation[] = [
  {
    name: 'R3: a member that was removed goes on under its old id',
    finds: /^R[35]/,
    seeds: [5],
    apply: () =>
      patch(
        DataNode.prototype,
        'reset',
        (reset) =>
          function (reason) {
            if (reason !== 'removed from the in-sync set') reset.call(this, reason);
          },
      ),
  },
  {
    name: 'R3: who listens at the address of a member is taken for it',
    finds: /^R3/,
    seeds: [8, 16],
    apply: () => patch(DataNode.prototype, 'meant', () => () => true),
  },
  {
    name: 'R3: a restarted process comes back under its old id, listed and empty',
    finds: /^R[3-9]/,
    seeds: [96],
    apply: () =>
      both(
        patch(
          Cluster.prototype,
          'begin',
          (begin) =>
            function (place) {
              if (place.begun > 0) place.begun--;
              begin.call(this, place);
            },
        ),
        patch(
          DataNode.prototype,
          'reset',
          (reset) =>
            function (reason) {
              if (reason !== 'listed without data') return reset.call(this, reason);
              const { term, primary } = this.config;
              const applier = new Applier(this.store, new Remembered(), new Participant(term));
              if (primary === this.options.id) this.lead(this.config, 0, [], applier);
              else this.role = this.backup(term, 0, applier);
            },
        ),
      ),
  },
  {
    name: 'R4: a backup leaves the log before the configuration without it stands',
    finds: /^R(4|9|11: \w+ said PREPARED)/,
    seeds: [2],
    apply: () =>
      patch(
        InSync.prototype,
        'propose',
        (propose) =>
          function () {
            for (const [id, { dead, listed }] of this.members) {
              if (!dead || !listed) continue;
              this.lease.leave(id);
              if (this.owner.log.leave(id)) this.owner.advanced();
            }
            propose.call(this);
          },
      ),
  },
  {
    name: 'R4: a member counts towards minInSync whether the configuration names it or not',
    finds: /^R(4|11: \w+ said)/,
    seeds: [1],
    variant: { minInSync: 2, steady: 3000 },
    apply: () => {
      const join = patch(
        GroupLog.prototype,
        'join',
        (original) =>
          function (member, held) {
            return original.call(this, member, held, true);
          },
      );
      const list = patch(GroupLog.prototype, 'list', () => () => false);
      return both(join, list);
    },
  },
  {
    name: 'a spare is let in though no operator said so',
    finds: /but nobody let it in/,
    seeds: [1],
    variant: { spares: 1 },
    apply: () =>
      patch(
        DataNode.prototype,
        'setMembers',
        (set) =>
          function (members: readonly Registration[]) {
            set.call(
              this,
              members.map((member) => ({ ...member, hotfix: true })),
            );
          },
      ),
  },
  {
    name: 'R5: a member that is not in sync yet takes over',
    finds: /^R5/,
    seeds: [67, 74],
    apply: () =>
      patch(
        DataNode.prototype,
        'lookForPrimary',
        (look) =>
          function (role) {
            const { listed } = this;
            this.listed = true;
            look.call(this, role);
            this.listed = listed;
          },
      ),
  },
  {
    name: 'R5: a member takes over without a compare-and-set',
    finds: /^R5/,
    seeds: [1],
    apply: () =>
      patch(
        Election.prototype,
        'look',
        (look) =>
          function (role, config, done) {
            this.options = {
              ...this.options,
              cas: (_next: unknown, _epoch: number, won: Tell) => won('written'),
            };
            look.call(this, role, config, done);
          },
      ),
  },
  {
    name: 'R6: the lease is counted from the receipt of the acknowledgement',
    finds: /^R6/,
    seeds: [98],
    temper: LONELY,
    apply: () =>
      both(
        patch(
          Lease.prototype,
          'acknowledged',
          (acknowledged) =>
            function (member, beacon) {
              acknowledged.call(this, member, beacon);
              const granted = this.members.get(member);
              if (granted !== undefined) granted.arrived = true;
            },
        ),
        patch(
          Lease.prototype,
          'valid',
          (valid) =>
            function (now) {
              // An acknowledgement is followed by a look at once.
              for (const granted of this.members.values()) {
                if (granted.arrived) granted.from = now;
                granted.arrived = false;
              }
              return valid.call(this, now);
            },
        ),
      ),
  },
  {
    name: 'R6: the lease is not looked at before replies leave',
    finds: /^R6/,
    seeds: [25],
    temper: LONELY,
    apply: () => patch(InSync.prototype, 'serving', () => () => true),
  },
  {
    name: 'R7: a primary of an older term is followed again',
    finds: /^R7|applied \d+, but the log ends at/,
    seeds: [46],
    temper: LONELY,
    apply: () =>
      patch(
        ReplicaLog.prototype,
        'follow',
        () =>
          function (term) {
            this.currentTerm = term;
            return true;
          },
      ),
  },
  {
    name: 'R9: a new primary answers before its members hold its prefix',
    finds: /^(R4|R8|R9|R11)/,
    seeds: [9, 11],
    temper: RARE,
    variant: { split: 10, steady: 3000, members: 3 },
    apply: () => patch(InSync.prototype, 'gathered', () => () => true),
  },
  {
    name: 'R9: a new primary keeps less than its prefix',
    finds: /^R9/,
    seeds: [24],
    apply: () =>
      patch(
        DataNode.prototype,
        'lead',
        (lead) =>
          function (config, start, inherited, applier) {
            lead.call(this, config, start, inherited.slice(0, -1), applier);
          },
      ),
  },
  {
    name: 'R9: a backup keeps more than the new primary has',
    finds: /^R9/,
    seeds: [218],
    temper: DEADLY,
    apply: () => patch(ReplicaLog.prototype, 'truncate', () => () => {}),
  },
  {
    name: 'R10: a new primary does not know what was answered before',
    finds: /^R10/,
    seeds: [10],
    temper: DEADLY,
    apply: () =>
      patch(
        DataNode.prototype,
        'lead',
        (lead) =>
          function (config, start, inherited, applier) {
            applier.remembered = new Remembered();
            lead.call(this, config, start, inherited, applier);
          },
      ),
  },
  {
    name: 'R10: a new member is not told what was answered before',
    finds: /^R10/,
    seeds: [4],
    temper: RARE,
    variant: { silence: 10, steady: 3000 },
    apply: () => patch(Remembered.prototype, 'tell', () => () => 0),
  },
  {
    name: 'R10: what a command answered that changed nothing is not kept with a later write of its client',
    finds: /not linearizable/,
    seeds: [2, 28],
    temper: { pause: 20, killNode: 0, terminate: 0, stall: 0 },
    variant: { steady: 1500, unheard: 30 },
    apply: () => patch(Unlogged.prototype, 'take', () => () => {}),
  },
];

type Tell = (result: string) => void;
