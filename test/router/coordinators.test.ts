// All transactions of a router: named apart, answered exactly once, planned anew after a pause within the deadline.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Ask, Plan } from '../../src/commit/index.js';
import type { ControlLane } from '../../src/router/control-lane.js';
import { Coordinators, type CoordinatorsOwner } from '../../src/router/coordinators.js';
import { showAsk } from '../commit/show.js';
import { FakeHost } from '../net/fake-host.js';

class World implements CoordinatorsOwner {
  readonly keyEvents = { flags: 0, tell() {} };
  readonly host = new FakeHost();
  readonly coordinator = 'r1';
  readonly deadlineMs = 1000;
  readonly sent: string[] = [];
  connected = true;
  readonly answers: string[] = [];
  plans = 0;
  readonly all = new Coordinators(this.host, this);

  control(group: string): ControlLane {
    const { connected, sent } = this;
    return {
      connected,
      send: (ask: Ask) => sent.push(`${group} ${ask.txn} ${showAsk(ask)}`),
    } as unknown as ControlLane;
  }
  /** A transaction over g1 alone that writes W. */
  start(): void {
    const share = { group: 'g1', keys: [], everything: true, fetch: false, read: null };
    const plan = (): Plan => ({
      ring: ++this.plans,
      shares: [share],
      locked: () => ({
        kind: 'write',
        effects: new Map([['g1', Buffer.from('W')]]),
        reply: Buffer.from('+OK\r\n'),
      }),
    });
    this.all.start({ plan, answer: (reply) => this.answers.push(reply!.toString().trim()) });
  }
  moveLarge(group: string, key: { key: string }, done: () => void): void {
    this.sent.push(`${group} move ${key.key}`);
    done();
  }
  say(txn: string, answer: Record<string, unknown>): void {
    this.all.answered('g1', { txn, ...answer } as Answer);
  }
  lock(txn: string): void {
    this.say(txn, { kind: 'locked', token: 't', firm: true, values: [], reply: Buffer.alloc(0) });
  }
  take(): string[] {
    return this.sent.splice(0);
  }
}

describe('Coordinators', () => {
  it('carry a transaction through, and forget it', () => {
    const w = new World();
    w.start();
    assert.deepEqual(w.take(), ['g1 r1:1 lock ring 1: everything']);
    w.lock('r1:1');
    assert.deepEqual(w.take(), ['g1 r1:1 prepare token t of g1: "W"']);
    w.say('r1:1', { kind: 'vote', vote: 'prepared' });
    assert.deepEqual(w.answers, ['+OK']);
    assert.deepEqual(w.take(), ['g1 r1:1 commit']);
    assert.equal(w.all.size, 1);
    w.say('r1:1', { kind: 'done' });
    assert.deepEqual(w.take(), ['g1 r1:1 forget']);
    assert.equal(w.all.size, 0);
    w.say('r1:1', { kind: 'done' });
    assert.deepEqual(w.take(), []);
  });
  it('plan anew, under a new name, after a pause', () => {
    const w = new World();
    w.start();
    w.take();
    w.say('r1:1', { kind: 'refused', why: 'stale' });
    assert.deepEqual(w.take(), ['g1 r1:1 release']);
    assert.deepEqual(w.answers, []);
    w.host.advance(50);
    assert.deepEqual(w.take(), ['g1 r1:2 lock ring 2: everything']);
  });
  it('plan anew after NEVER while the abort goes on', () => {
    const w = new World();
    w.start();
    w.lock('r1:1');
    w.take();
    w.say('r1:1', { kind: 'vote', vote: 'never' });
    assert.deepEqual(w.take(), ['g1 r1:1 abort']);
    w.host.advance(50);
    assert.deepEqual(w.take(), ['g1 r1:2 lock ring 2: everything']);
    w.say('r1:1', { kind: 'done' });
    assert.deepEqual(w.take(), ['g1 r1:1 forget']);
    w.lock('r1:2');
    w.say('r1:2', { kind: 'vote', vote: 'prepared' });
    assert.deepEqual(w.answers, ['+OK']);
  });
  it('wait for a connection within the deadline, then say that nothing was executed', () => {
    const w = new World();
    w.connected = false;
    w.start();
    w.host.advance(500);
    assert.deepEqual(w.take(), []);
    w.connected = true;
    w.host.advance(200);
    assert.equal(w.take().length, 1);
    const never = new World();
    never.connected = false;
    never.start();
    never.host.advance(5000);
    assert.deepEqual(never.answers, ['-TIMEOUT a group did not answer in time; nothing was executed']);
    assert.equal(never.host.waiting, 0);
  });
  it('answer once at the deadline, in doubt, and still settle', () => {
    const w = new World();
    w.start();
    w.lock('r1:1');
    w.host.time += 2000;
    w.all.expire();
    w.all.expire();
    assert.deepEqual(w.answers, ['-UNCERTAIN the transaction may or may not have been executed']);
    assert.equal(w.all.size, 1);
    w.take();
    w.say('r1:1', { kind: 'vote', vote: 'prepared' });
    w.say('r1:1', { kind: 'done' });
    assert.deepEqual(w.take(), ['g1 r1:1 commit', 'g1 r1:1 forget']);
    assert.equal(w.answers.length, 1);
    assert.equal(w.all.size, 0);
  });
  it('do not plan a transaction anew whose client was told that nobody knows', () => {
    const w = new World();
    w.start();
    w.lock('r1:1');
    w.host.time += 2000;
    w.all.expire();
    w.say('r1:1', { kind: 'vote', vote: 'never' });
    w.host.advance(1000);
    assert.equal(w.plans, 1);
    assert.equal(w.answers.length, 1);
  });
  it('tell of too few replicas at once', () => {
    const w = new World();
    w.start();
    w.say('r1:1', { kind: 'refused', why: 'noreplicas' });
    assert.deepEqual(w.answers, ['-NOREPLICAS Not enough good replicas to write.']);
    assert.equal(w.all.size, 0);
  });
  it('answer with what the plan says when there is nothing to be done', () => {
    const w = new World();
    w.all.start({
      plan: () => Buffer.from('-CLUSTERDOWN\r\n'),
      answer: (reply) => w.answers.push(reply!.toString()),
    });
    assert.deepEqual(w.answers, ['-CLUSTERDOWN\r\n']);
    assert.equal(w.all.size, 0);
  });
  it('start again on a lost connection before PREPARE, and say PREPARE again after it', () => {
    const w = new World();
    w.start();
    w.take();
    w.all.linkLost('g1');
    w.host.advance(50);
    assert.deepEqual(w.take(), ['g1 r1:2 lock ring 2: everything']);
    w.lock('r1:2');
    w.take();
    w.all.linkLost('g1');
    w.all.linkUp('g1');
    assert.deepEqual(w.take(), ['g1 r1:2 prepare token t of g1: "W"']);
  });

  it('refuse more keys than one message has room for, before anything is sent', () => {
    const w = new World();
    const answers: string[] = [];
    const ask = (count: number, fetch: boolean, groups: number) => {
      const keys = Array.from({ length: count }, (_, i) => ({ db: 0, key: `${i}`, exclusive: true }));
      const shares = Array.from({ length: groups }, (_, i) => ({
        group: `g${i + 1}`,
        keys,
        everything: false,
        fetch,
        read: null,
      }));
      const plan = (): Plan => ({
        ring: 1,
        shares,
        locked: () => ({ kind: 'answer', reply: Buffer.alloc(0) }),
      });
      w.all.start({ plan, answer: (reply) => answers.push(reply!.toString()) });
    };
    ask(349_000, false, 2);
    ask(95_000, true, 2);
    assert.deepEqual([answers.length, w.take().length], [0, 4]);
    // Three words a key that is locked; with four a value that is carried, of all groups.
    ask(350_000, false, 2);
    ask(96_000, true, 2);
    assert.deepEqual(w.take(), []);
    assert.equal(answers.length, 2);
    for (const said of answers) assert.match(said, /^-ERR too many keys .* nothing was executed\r\n$/);
  });
});
