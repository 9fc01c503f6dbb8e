// The coordinator step by step: what it sends, when it answers, and when it may still give up (R11).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, Coordinator, type Next, type Plan, type Share } from '../../src/commit/index.js';
import { showCoordinator } from './show.js';

const TXN = 'r1:1';
const OK = Buffer.from('+OK');
const share = (group: string): Share => ({
  group,
  keys: [{ db: 0, key: `k-${group}`, exclusive: true }],
  everything: false,
  fetch: false,
  read: null,
});

/** Writes W at the groups named, of those that are locked. */
const writes = (...groups: string[]): Next => ({
  kind: 'write',
  effects: new Map(groups.map((group) => [group, Buffer.from('W')])),
  reply: OK,
});

class Driven {
  readonly coordinator: Coordinator;
  constructor(next: Next, groups = ['g1', 'g2'], ran?: Next) {
    const plan: Plan = { ring: 4, shares: groups.map(share), locked: () => next, ran: () => ran! };
    this.coordinator = new Coordinator(TXN, plan);
  }
  start(): string[] {
    return this.coordinator.start().map(showCoordinator);
  }
  say(group: string, answer: Record<string, unknown>): string[] {
    return this.coordinator.answered(group, { txn: TXN, ...answer } as Answer).map(showCoordinator);
  }
  locked(group: string): string[] {
    return this.say(group, { kind: 'locked', token: `t-${group}`, values: [], reply: Buffer.alloc(0) });
  }
  vote(group: string, vote = 'prepared'): string[] {
    return this.say(group, { kind: 'vote', vote });
  }
  done(group: string): string[] {
    return this.say(group, { kind: 'done' });
  }
  /** Up to the PREPAREs. */
  preparing(...groups: string[]): this {
    this.start();
    for (const group of groups.length > 0 ? groups : ['g1', 'g2']) this.locked(group);
    return this;
  }
}

const PREPARE = (group: string) => `to ${group}: prepare token t-${group} of g1 g2: "W"`;

describe('Coordinator', () => {
  it('locks in order, prepares everywhere, answers with the last vote, forgets with the last confirmation', () => {
    const d = new Driven(writes('g1', 'g2'));
    assert.deepEqual(d.start(), ['to g1: lock ring 4: k-g1!']);
    assert.ok(d.coordinator.free);
    assert.deepEqual(d.locked('g1'), ['to g2: lock ring 4: k-g2!']);
    assert.deepEqual(d.locked('g2'), [PREPARE('g1'), PREPARE('g2')]);
    assert.ok(!d.coordinator.free);
    assert.deepEqual(d.vote('g2'), []);
    assert.deepEqual(d.vote('g1'), ['answer "+OK"', 'to g1: commit', 'to g2: commit']);
    assert.deepEqual(d.done('g1'), []);
    assert.deepEqual(d.done('g2'), ['to g1: forget', 'to g2: forget', 'end']);
    assert.ok(d.coordinator.ended);
  });
  it('releases groups that were only read from once the outcome is known', () => {
    const d = new Driven(writes('g2', 'g3'), ['g1', 'g2', 'g3']).preparing('g1', 'g2', 'g3');
    d.vote('g2');
    assert.deepEqual(d.vote('g3'), ['answer "+OK"', 'to g2: commit', 'to g3: commit', 'to g1: release']);
  });
  it('answers a read, and releases', () => {
    const d = new Driven({ kind: 'answer', reply: OK });
    d.start();
    d.locked('g1');
    assert.deepEqual(d.locked('g2'), ['answer "+OK"', 'to g1: release', 'to g2: release', 'end']);
  });
  it('answers without a PREPARE when there is nothing to write', () => {
    const d = new Driven(writes());
    d.start();
    d.locked('g1');
    assert.deepEqual(d.locked('g2'), ['answer "+OK"', 'to g1: release', 'to g2: release', 'end']);
  });
  it('executes aside at one group, then prepares', () => {
    const aside: Next = { kind: 'aside', group: 'g1', values: [], runs: [] };
    const d = new Driven(aside, ['g1', 'g2'], writes('g1', 'g2'));
    d.start();
    d.locked('g1');
    assert.deepEqual(d.locked('g2'), ['to g1: aside with : ']);
    assert.ok(d.coordinator.free);
    assert.deepEqual(d.say('g2', { kind: 'ran', reply: OK, changes: [] }), []);
    assert.deepEqual(d.say('g1', { kind: 'ran', reply: OK, changes: [] }), [PREPARE('g1'), PREPARE('g2')]);
  });
  it('asks all groups at once if it may, and starts again when one is busy', () => {
    const plan: Plan = { ring: 4, shares: ['g1', 'g2', 'g3'].map(share), locked: () => writes('g1', 'g3') };
    const say = (c: Coordinator, group: string, answer: Record<string, unknown>) =>
      c.answered(group, { txn: TXN, ...answer } as Answer).map(showCoordinator);
    const locked = (c: Coordinator, group: string) =>
      say(c, group, { kind: 'locked', token: `t-${group}`, values: [], reply: Buffer.alloc(0) });
    const asked = ['g1', 'g2', 'g3'].map((group) => `to ${group}: lock ring 4: k-${group}!, at once`);
    const lucky = new Coordinator(TXN, plan, false);
    assert.deepEqual(lucky.start().map(showCoordinator), asked);
    assert.deepEqual(locked(lucky, 'g3'), []);
    assert.deepEqual(locked(lucky, 'g3'), []);
    assert.deepEqual(locked(lucky, 'g1'), []);
    assert.deepEqual(locked(lucky, 'g2'), [
      'to g1: prepare token t-g1 of g1 g3: "W"',
      'to g3: prepare token t-g3 of g1 g3: "W"',
    ]);
    for (const [first, second] of [
      ['g1', 'g3'],
      ['g3', 'g1'],
    ] as const) {
      const busy = new Coordinator(TXN, plan, false);
      busy.start();
      locked(busy, first);
      const released = ['g1', 'g2', 'g3'].map((group) => `to ${group}: release`);
      assert.deepEqual(say(busy, second, { kind: 'refused', why: 'busy' }), [...released, 'retry, busy']);
      assert.deepEqual(locked(busy, 'g2'), []);
    }
  });
  it('never asks all at once for everything, or when something runs with the last lock', () => {
    const shares = ['g1', 'g2'].map(share);
    const every = {
      ring: 4,
      shares: shares.map((each) => ({ ...each, everything: true })),
      locked: () => writes(),
    };
    assert.deepEqual(new Coordinator(TXN, every, false).start().map(showCoordinator), [
      'to g1: lock ring 4: everything',
    ]);
  });
  it('runs aside with the last lock, or asks for no more when nothing needs to move', () => {
    for (const settled of [false, true]) {
      const plan: Plan = {
        ring: 4,
        shares: ['g1', 'g2'].map(share),
        beforeLast: () =>
          settled ? 'settled' : { values: [], runs: [{ db: 0, proto: 2, command: Buffer.from('C') }] },
        locked: () => ({ kind: 'aside', group: 'g2', values: [], runs: [] }),
        ran: (reply) => ({ ...(writes('g2') as Next & { kind: 'write' }), reply }),
      };
      const coordinator = new Coordinator(TXN, plan, false);
      const say = (group: string, answer: Record<string, unknown>) =>
        coordinator.answered(group, { txn: TXN, ...answer } as Answer).map(showCoordinator);
      assert.deepEqual(coordinator.start().map(showCoordinator), ['to g1: lock ring 4: k-g1!']);
      const next = say('g1', { kind: 'locked', token: 't1', values: [], reply: Buffer.alloc(0) });
      if (settled) {
        assert.deepEqual(next, ['to g1: release', 'retry, settled']);
        continue;
      }
      assert.deepEqual(next, ['to g2: lock ring 4: k-g2!, aside with : "C"']);
      const ran = { kind: 'locked', token: 't2', values: [], reply: Buffer.from('+R'), changes: [] };
      assert.deepEqual(say('g2', ran), ['to g2: prepare token t2 of g2: "W"']);
      assert.deepEqual(say('g2', { kind: 'vote', vote: 'prepared' }), [
        'answer "+R"',
        'to g2: commit',
        'to g1: release',
      ]);
    }
  });
  it('starts again after a refusal, everything released', () => {
    for (const why of ['stale', 'full']) {
      const d = new Driven(writes('g1', 'g2'));
      d.start();
      d.locked('g1');
      assert.deepEqual(d.say('g2', { kind: 'refused', why }), [
        'to g1: release',
        'to g2: release',
        `retry, ${why}`,
      ]);
      assert.deepEqual(d.locked('g2'), []);
    }
  });
  it('tells the client of too few replicas', () => {
    const d = new Driven(writes('g1', 'g2'));
    d.start();
    assert.deepEqual(d.say('g1', { kind: 'refused', why: 'noreplicas' }), [
      'to g1: release',
      'fail NOREPLICAS Not enough good replicas to write.',
    ]);
  });
  it('starts again when one of its groups is lost before any PREPARE, and only then', () => {
    const d = new Driven(writes('g1', 'g2'), ['g1', 'g2', 'g3']);
    d.start();
    assert.deepEqual(d.coordinator.linkLost('g4'), []);
    d.locked('g1');
    assert.deepEqual(d.coordinator.linkLost('g1').map(showCoordinator), ['to g2: release', 'retry, lost']);
    // Not asked yet: what is said to it before the link is up again would be dropped, and never said again.
    const early = new Driven(writes('g1', 'g2'));
    early.start();
    assert.deepEqual(early.coordinator.linkLost('g2').map(showCoordinator), [
      'to g1: release',
      'retry, lost',
    ]);
    const late = new Driven(writes('g1', 'g2')).preparing();
    assert.deepEqual(late.coordinator.linkLost('g1'), []);
  });
  it('starts again when the group that executes aside is lost', () => {
    const d = new Driven({ kind: 'aside', group: 'g1', values: [], runs: [] }).preparing();
    assert.deepEqual(d.coordinator.linkLost('g1').map(showCoordinator), ['to g2: release', 'retry, lost']);
  });
});

describe('Coordinator after PREPARE', () => {
  it('aborts on NEVER, and on nothing else', () => {
    const d = new Driven(writes('g1', 'g2')).preparing();
    assert.deepEqual(d.coordinator.linkLost('g2'), []);
    assert.deepEqual(d.say('g2', { kind: 'refused', why: 'stale' }), []);
    assert.deepEqual(d.vote('g1'), []);
    assert.deepEqual(d.vote('g2', 'never'), ['to g1: abort', 'to g2: abort', 'retry, never']);
    assert.deepEqual(d.vote('g2'), []);
    d.done('g2');
    assert.deepEqual(d.done('g1'), ['to g1: forget', 'to g2: forget', 'end']);
  });
  it('asks again over a new connection for what is missing', () => {
    const up = (d: Driven, group: string) => d.coordinator.linkUp(group).map(showCoordinator);
    const d = new Driven(writes('g1', 'g2'), ['g1', 'g2', 'g3']).preparing('g1', 'g2', 'g3');
    d.vote('g1');
    assert.deepEqual(up(d, 'g1'), []);
    assert.deepEqual(up(d, 'g2'), [PREPARE('g2')]);
    assert.deepEqual(up(d, 'g3'), []);
    d.vote('g2');
    d.done('g1');
    assert.deepEqual(up(d, 'g1'), []);
    assert.deepEqual(up(d, 'g2'), ['to g2: commit']);
    assert.deepEqual(d.vote('g2'), []);
  });
  it('counts each group once', () => {
    const d = new Driven(writes('g1', 'g2')).preparing();
    assert.deepEqual(d.vote('g1'), []);
    assert.deepEqual(d.vote('g1'), []);
    d.vote('g2');
    assert.deepEqual(d.done('g1'), []);
    assert.deepEqual(d.done('g1'), []);
    assert.ok(!d.coordinator.ended);
  });
  it('ends when others have settled it without it, releasing what was only read', () => {
    const d = new Driven(writes('g1', 'g2'), ['g1', 'g2', 'g3']).preparing('g1', 'g2', 'g3');
    assert.deepEqual(d.vote('g1', 'uncertain'), ['uncertain', 'to g3: release', 'end']);
  });
});

describe('Coordinator at its deadline', () => {
  it('gives up before any PREPARE', () => {
    const d = new Driven(writes('g1', 'g2'));
    d.start();
    assert.deepEqual(d.coordinator.expired().map(showCoordinator), [
      'to g1: release',
      'fail TIMEOUT a group did not answer in time; nothing was executed',
    ]);
  });
  it('says that nobody knows while votes are missing, and goes on', () => {
    const d = new Driven(writes('g1', 'g2')).preparing();
    assert.deepEqual(d.coordinator.expired().map(showCoordinator), ['uncertain']);
    d.vote('g1');
    assert.deepEqual(d.vote('g2'), ['answer "+OK"', 'to g1: commit', 'to g2: commit']);
    assert.deepEqual(d.coordinator.expired(), []);
  });
});
