// Deliberately broken rules of transfer on write (R1, R2): where keys are looked for, what is remembered of it, what is
// fenced, and how keys move. As group-mutations.ts.
import { LOCKS_DB, LockTable, Participant } from '../../src/commit/index.js';
import { TxnLocks } from '../../src/commit/txn-locks.js';
import { Controls } from '../../src/data/controls.js';
import { Lane } from '../../src/data/lane.js';
import { Lanes } from '../../src/data/lanes.js';
import { DataNode } from '../../src/data/node.js';
import { Primary } from '../../src/data/primary.js';
import { requestOf } from '../../src/resp/index.js';
import { ownersOf, type RingGroup, RingTable, SLOTS } from '../../src/ring/index.js';
import { Everywhere } from '../../src/router/everywhere.js';
import { Effects } from '../../src/router/homes.js';
import { Mover } from '../../src/router/mover.js';
import { Router } from '../../src/router/router.js';
import { Settled } from '../../src/router/settled.js';
import { Walk } from '../../src/router/walk.js';
import { Store } from '../../src/store/index.js';
import type { Temper } from './chaos.js';
import type { GroupMutation } from './group-mutations.js';
import { patch } from './mutations.js';
import { CALM } from './network.js';
import type { Variant } from './variants.js';

/** The ring changes all the time, and little else happens. */
const CHURN: Partial<Variant> = { churn: 10, steady: 3000, drains: 'some' };
/** Nobody moves what is not written. */
const STILL: Partial<Variant> = { ...CHURN, drains: 'none' };
/** Much is late. */
const SLOW: Partial<Temper> = {
  pause: 60,
  killNode: 0,
  weather: {
    delay: [1, 8],
    slow: 0.3,
    slowness: [20, 200],
    refusals: 0,
    halfOpen: 0,
    halfOpenFor: [10, 500],
    pieces: 0.1,
  },
};
/** Nothing goes wrong but what the variant says. */
const FAIR: Partial<Temper> = {
  pause: 60,
  cutLink: 0,
  killRouter: 0,
  freeze: 0,
  storm: 0,
  bumpRing: 0,
  killNode: 0,
  terminate: 0,
  pauseNode: 0,
  wall: 0,
  lonely: 0,
  stall: 0,
  jump: 0,
  weather: CALM,
};
const WRONG = /^(R1|R2)|not linearizable/;

type Locked = NonNullable<ReturnType<Participant<unknown>['lockedBy']>>;
/** What a transaction has locked is taken for something else. */
const lockedAs = (see: (locked: Locked) => Locked | null) =>
  patch(
    Participant.prototype,
    'lockedBy',
    (lockedBy) =>
      function (txn) {
        const locked = lockedBy.call(this, txn) as Locked | null;
        return locked && see(locked);
      },
  );

export const RING_MUTATIONS: GroupMutation[] = [
  {
    name: 'R1: a walk asks the owner first',
    finds: WRONG,
    seeds: [10, 8],
    variant: STILL,
    apply: () =>
      patch(
        Walk.prototype,
        'step',
        (step) =>
          function () {
            // Only the first time: the owner is asked last as well.
            if (this.at > 0 || this.older.length === 0 || this.asked) return step.call(this);
            this.asked = true;
            const lane = this.owner.lane(this.route.table.owners[this.slot]!);
            const sink = {
              reply: (seq: number, buffer: Buffer, start: number, end: number) => {
                if (buffer.latin1Slice(start, start + 3) === '$-1' || buffer[start] === 95) step.call(this);
                else this.reply(seq, buffer, start, end);
              },
              stale: () => this.stale(),
            };
            this.owner.ask(sink, lane, this.request);
          },
      ),
  },
  {
    name: 'R1: a read is answered by the owner alone',
    finds: WRONG,
    seeds: [1, 2],
    variant: STILL,
    apply: () =>
      patch(
        Walk.prototype,
        'step',
        (step) =>
          function () {
            this.at = this.older.length;
            step.call(this);
          },
      ),
  },
  {
    name: 'R1: of repeated groups in a chain the first occurrence counts',
    finds: WRONG,
    seeds: [5, 8],
    variant: STILL,
    apply: () =>
      patch(
        Walk.prototype,
        'step',
        (step) =>
          function () {
            const { table, document } = this.route;
            const owner = table.owners[this.slot];
            const { history } = document;
            const again = history.some(
              (list: RingGroup[]) => list[ownersOf(list)[this.slot]!]?.id === table.groups[owner],
            );
            if (!again || this.older.length === 0) return step.call(this);
            // The owner stands where it stood first; the group that came after it is the last one.
            const order = [owner, ...this.older];
            const lane = this.owner.lane(order[this.at]!);
            if (this.owner.lost(lane)) return step.call(this);
            const asked = requestOf(['TOWLINE.ASK', this.request.raw()]);
            this.owner.ask(this, lane, this.at === order.length - 1 ? this.request : asked);
          },
      ),
  },
  {
    name: 'R1: the oldest list of history is not looked at',
    finds: WRONG,
    seeds: [5, 8],
    variant: STILL,
    apply: () =>
      patch(
        RingTable.prototype,
        'linked',
        (linked) =>
          function () {
            if (this.chains === null && this.lists.length > 2) this.lists = this.lists.slice(1);
            return linked.call(this);
          },
      ),
  },
  {
    name: 'R1: the old copy is deleted outside of the transaction',
    finds: WRONG,
    seeds: [1, 2],
    variant: CHURN,
    apply: () =>
      patch(
        Effects.prototype,
        'add',
        (add) =>
          function (group, db, words) {
            // Left to somebody who comes by later.
            if (words[0] !== 'DEL') add.call(this, group, db, words);
          },
      ),
  },
  {
    name: 'R1: what a group gives to the drain is not deleted there',
    finds: WRONG,
    seeds: [1, 2, 3],
    variant: CHURN,
    apply: () => lockedAs((locked) => ({ ...locked, keys: [] })),
  },
  {
    name: 'R2: the fence is not checked when a PREPARE brings keys to be locked',
    finds: WRONG,
    seeds: [402562],
    variant: { ...CHURN, volatile: 3, large: 200, abandon: 0.5 },
    // As if its keys had been locked when it was planned.
    apply: () => lockedAs((locked) => (locked.keys.some(({ db }) => db !== LOCKS_DB) ? locked : null)),
  },
  {
    name: 'R1: what the drain brings is not locked where it comes to',
    finds: WRONG,
    seeds: [29, 9, 52],
    variant: { ...CHURN, drains: 'all' },
    apply: () => patch(LockTable.prototype, 'extend', () => () => true),
  },
  {
    name: 'R1: a plain write goes to the owner whether the key is settled or not',
    finds: WRONG,
    seeds: [1, 2],
    variant: STILL,
    apply: () => patch(Settled.prototype, 'unsettled', () => () => []),
  },
  {
    name: 'R1: an older group that is locked is not locked by a write',
    finds: WRONG,
    seeds: [1, 2],
    variant: CHURN,
    apply: () =>
      patch(
        TxnLocks.prototype,
        'lock',
        (lock) =>
          function (record) {
            const { keys } = record;
            // Where a key may move away from, the lock names MOVES too.
            if (keys.some(({ db }: { db: number }) => db === 16))
              record.keys = keys.map((key: object) => ({ ...key, exclusive: false }));
            lock.call(this, record);
            record.keys = keys;
          },
      ),
  },
  {
    name: 'R2: the fence is not checked when a parked command executes',
    finds: /^R2/,
    seeds: [10, 7],
    variant: CHURN,
    apply: () =>
      patch(
        Lanes.prototype,
        'finishParked',
        (finish) =>
          function (parked) {
            finish.call(this, { ...parked, ring: this.owner.ring.fence });
          },
      ),
  },
  {
    name: 'R2: the fence is not checked when a lock is granted',
    finds: /^R2/,
    seeds: [4, 5],
    variant: CHURN,
    apply: () =>
      patch(
        Controls.prototype,
        'fetch',
        (fetch) =>
          function (lane, ask, token) {
            fetch.call(this, lane, { ...ask, ring: this.owner.ring.fence }, token);
          },
      ),
  },
  {
    name: 'R2: a primary takes requests of an older ring',
    finds: WRONG,
    seeds: [1, 2],
    variant: CHURN,
    apply: () =>
      patch(
        Lanes.prototype,
        'command',
        (command) =>
          function (lane, request) {
            const planned = lane.ring;
            lane.ring = Math.max(planned, this.owner.ring.fence);
            command.call(this, lane, request);
            if (lane.ring === this.owner.ring.fence) lane.ring = planned;
          },
      ),
  },
  {
    name: 'R2: a new primary serves before it has read the ring',
    finds: WRONG,
    seeds: [96],
    temper: { killNode: 0, pause: 150 },
    variant: { ...STILL, churn: 2, estrange: 10, steady: 5000 },
    apply: () => {
      const mends = [
        patch(
          Primary.prototype,
          'gathered',
          (gathered) =>
            function () {
              this.ringIsRead = true;
              gathered.call(this);
            },
        ),
        // What a backup hears from ZooKeeper may come late.
        patch(
          DataNode.prototype,
          'setRing',
          (set) =>
            function (document) {
              if (this.roleName === 'primary' || this.ring.version === 0) set.call(this, document);
            },
        ),
      ];
      return () => {
        for (const mend of mends) mend();
      };
    },
  },
  {
    name: 'R2: what is settled is kept from one version of the ring to the next',
    finds: WRONG,
    seeds: [2, 11],
    variant: STILL,
    apply: () =>
      patch(
        Router.prototype,
        'switchRoute',
        (original) =>
          function () {
            const { settled } = this.route;
            const before = this.route;
            original.call(this);
            if (this.route === before) return;
            this.route.settled.newer = settled.newer;
            this.route.settled.older = settled.older;
          },
      ),
  },
  {
    name: 'R2: a walk that met STALE asks only groups that it has not asked yet',
    finds: /GET while keys move|not linearizable/,
    seeds: [6],
    temper: FAIR,
    variant: { between: 30, steady: 3000, drains: 'all', census: true },
    apply: () => {
      const asked = new Map<string, string[]>();
      const name = (walk: { db: number; request: { raw(): Buffer } }) =>
        `${walk.db} ${walk.request.raw().latin1Slice()}`;
      const mends = [
        patch(
          Walk.prototype,
          'stale',
          (stale) =>
            function () {
              const before = this.older.slice(0, this.at).map((group: number) => this.route.groups[group]);
              asked.set(name(this as never), before);
              stale.call(this);
            },
        ),
        patch(
          Walk.prototype,
          'step',
          (step) =>
            function () {
              this.before ??= asked.get(name(this as never)) ?? [];
              asked.delete(name(this as never));
              const known = (group: number) => this.before.includes(this.route.groups[group]);
              const last = this.older.findLastIndex((group: number) => !known(group));
              while (this.at < last && known(this.older[this.at])) this.at++;
              if (this.at !== last || !known(this.route.table.owners[this.slot])) return step.call(this);
              // The owner was asked, when it was none: whoever is the last says what there is.
              this.owner.ask(this, this.owner.lane(this.older[last]), this.request);
            },
        ),
      ];
      return () => {
        for (const mend of mends) mend();
      };
    },
  },
  {
    name: 'R2: the router takes a new ring while walks are under way',
    finds: /^R[12]|not linearizable|not answered/,
    seeds: [1],
    temper: SLOW,
    variant: STILL,
    apply: () =>
      patch(
        Router.prototype,
        'switchRoute',
        () =>
          function () {
            if (this.nextRoute === null) return;
            // Walks find their groups by name.
            const { groups } = this.nextRoute;
            this.route = this.nextRoute;
            this.nextRoute = null;
            this.lanes = groups.map((group: string) => this.lane(group));
            for (const group of groups) this.control(group);
            this.drain.learn();
            const { replans } = this;
            this.replans = [];
            for (const again of replans) again();
            for (const session of this.sessions) session.process();
          },
      ),
  },
  {
    name: 'R2: a slot is called empty with a transaction prepared, or a lock held, in it',
    finds: /^R2/,
    seeds: [3, 28, 4],
    variant: CHURN,
    apply: () => {
      const mends = [
        patch(LockTable.prototype, 'names', () => () => [][Symbol.iterator]()),
        patch(
          Lane.prototype,
          'absent',
          (absent) =>
            function (writer, counter, mark) {
              absent.call(this, writer, counter, mark === 1 ? 2 : mark);
            },
        ),
      ];
      return () => {
        for (const mend of mends) mend();
      };
    },
  },
  {
    name: 'R2: ABSENT is said for good though a deletion cannot be logged',
    finds: WRONG,
    seeds: [35],
    temper: { killNode: 8, pause: 120, bumpRing: 0 },
    variant: { churn: 8, steady: 3000, drains: 'none', volatile: 30, minInSync: 2, members: 2 },
    apply: () =>
      patch(
        Lane.prototype,
        'absent',
        (absent) =>
          function (writer, counter, mark) {
            absent.call(this, writer, counter, Math.max(mark, 1));
          },
      ),
  },
  {
    name: 'R2: locks say ABSENT for good though a deletion cannot be logged',
    finds: WRONG,
    seeds: [30, 38],
    temper: { killNode: 8, pause: 120, bumpRing: 0 },
    variant: { churn: 8, steady: 3000, drains: 'none', volatile: 30, minInSync: 2, members: 2 },
    apply: () =>
      patch(
        Controls.prototype,
        'fetch',
        (fetch) =>
          function (lane, ask, token) {
            const { writable } = this.owner;
            this.owner.writable = () => true;
            fetch.call(this, lane, ask, token);
            this.owner.writable = writable;
          },
      ),
  },
  {
    name: 'a mover has history shortened by an old survey',
    finds: WRONG,
    seeds: [2, 3],
    variant: { ...CHURN, drains: 'all' },
    apply: () => {
      const surveys = new WeakMap<object, Map<string, Buffer>>();
      return patch(
        Mover.prototype,
        'survey',
        (survey) =>
          function (route, done) {
            const known = surveys.get(this);
            survey.call(this, route, (empty: Map<string, Buffer> | null) => {
              if (empty === null) return done(empty);
              // What a group once said, it is taken to say for ever.
              const merged = new Map(empty);
              for (const [group, bits] of known ?? []) {
                const now = merged.get(group);
                if (now !== undefined) merged.set(group, Buffer.from(now.map((byte, i) => byte | bits[i]!)));
              }
              surveys.set(this, merged);
              done(merged);
            });
          },
      );
    },
  },
  {
    name: 'a mover has history shortened without asking',
    finds: WRONG,
    seeds: [1],
    variant: { ...CHURN, drains: 'all' },
    apply: () =>
      patch(
        Mover.prototype,
        'survey',
        (survey) =>
          function (route, done) {
            survey.call(this, route, (empty: Map<string, Buffer> | null) => {
              done(empty && new Map([...empty].map(([group]) => [group, Buffer.alloc(SLOTS / 8, 0xff)])));
            });
          },
      ),
  },
  {
    name: 'the mover deletes what it moved from the source and does not give it to the owner',
    finds: /not linearizable|missed|there are/,
    seeds: [3],
    variant: { ...CHURN, drains: 'all', census: true },
    apply: () =>
      patch(
        Store.prototype,
        'importRange',
        (put) =>
          function (db, key, bytes, from, to, seq) {
            if (seq % 5 !== 0) put.call(this, db, key, bytes, from, to, seq);
          },
      ),
  },
  {
    name: 'DBSIZE is counted while keys move',
    finds: /DBSIZE while keys move/,
    seeds: [488, 81, 132],
    variant: { ...CHURN, drains: 'all', census: true },
    apply: () =>
      patch(
        TxnLocks.prototype,
        'lock',
        (lock) =>
          function (record) {
            const { keys } = record;
            record.keys = keys.filter(({ db }: { db: number }) => db !== 16);
            lock.call(this, record);
            record.keys = keys;
          },
      ),
  },
  {
    name: 'KEYS and SCAN ask every group once, in no order',
    finds: /(KEYS|SCAN) while keys move/,
    seeds: [13],
    temper: FAIR,
    variant: { ...CHURN, churn: 5, drains: 'all', census: true, late: 20 },
    apply: () =>
      patch(
        Everywhere.prototype,
        'inParts',
        () =>
          function (request, asker, done, again) {
            this.ask(request, asker, done, again);
          },
      ),
  },
];
