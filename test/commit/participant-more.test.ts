// The participant with several transactions, parked commands, a new term, and at its bounds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Ask,
  lockName,
  Participant,
  type ParticipantAction,
  type TxnKey,
} from '../../src/commit/index.js';
import { showParticipant } from './show.js';

class Driven {
  seq = 0;
  constructor(readonly participant = new Participant<string>(5)) {}
  perform(actions: ParticipantAction<string>[]): string[] {
    for (const action of actions)
      if (action.do === 'log') this.participant.logged(action.entry.txn, ++this.seq);
    return actions.map(showParticipant);
  }
  lock(lane: number, txn: string, ...names: string[]): string[] {
    const keys: TxnKey[] = names.map((name) => ({
      db: 0,
      key: name.replace('?', ''),
      exclusive: !name.includes('?'),
    }));
    const everything = names.length === 0;
    return this.ask(lane, { kind: 'lock', txn, ring: 1, keys, everything, fetch: false, read: null });
  }
  prepare(lane: number, txn: string, token: string): string[] {
    return this.ask(lane, {
      kind: 'prepare',
      txn,
      token,
      participants: ['g1', 'g2'],
      effects: Buffer.from(txn),
    });
  }
  outcome(lane: number, txn: string, commit: boolean): string[] {
    return this.ask(lane, { kind: 'outcome', txn, commit });
  }
  ask(lane: number, ask: Ask): string[] {
    return this.perform(this.participant.ask(lane, ask));
  }
  /** A plain command that met a lock. */
  park(name: string, key: string, exclusive = true) {
    return this.participant.locks.request({ parked: name }, [{ key: lockName(0, key), exclusive }]);
  }
  committed(seq: number): string[] {
    return this.perform(this.participant.committed(seq));
  }
}

/** Nothing is locked, and no transaction is known. */
const quiet = ({ locks, size }: Participant<string>) => locks.size === 0 && size === 0;

describe('Participant with several transactions', () => {
  it('locks the keys that a PREPARE brings, or says NEVER and prepares nothing', () => {
    const d = new Driven();
    const bring = (txn: string, token: string, key: string) =>
      d.ask(1, {
        kind: 'prepare',
        txn,
        token,
        participants: ['g1', 'g2'],
        effects: Buffer.from(txn),
        more: [{ db: 0, key, exclusive: true }],
      });
    d.lock(1, 'r1:1', 'moves?');
    d.lock(2, 'r2:1', 'a?');
    assert.deepEqual(d.participant.lockedBy('r1:1'), {
      keys: [{ db: 0, key: 'moves', exclusive: false }],
      ring: 1,
    });
    assert.deepEqual(bring('r1:1', '5.1', 'a'), ['log never']);
    assert.equal(d.participant.lockedBy('r1:1'), null);
    assert.deepEqual(d.committed(1), ['send 1 vote never']);
    d.lock(1, 'r1:2', 'moves?');
    assert.deepEqual(bring('r1:2', '5.3', 'b'), ['log prepare of g1 g2']);
    assert.ok(d.participant.locks.blocks(lockName(0, 'b'), false));
    assert.deepEqual(d.committed(2), ['send 1 vote prepared']);
    // A primary that takes over locks them too.
    const next = new Participant<string>(6);
    for (const entry of d.participant.snapshot()) next.restore(entry);
    assert.ok(next.locks.blocks(lockName(0, 'b'), false));
    d.outcome(1, 'r1:2', true);
    assert.ok(!d.participant.locks.blocks(lockName(0, 'b'), true));
  });
  it('refuses what is wanted at once and is taken, or wanted by another, and remembers nothing of it', () => {
    const d = new Driven();
    const atOnce = (txn: string, key: string, exclusive: boolean) =>
      d.ask(9, {
        kind: 'lock',
        txn,
        ring: 1,
        keys: [{ db: 0, key, exclusive }],
        everything: false,
        fetch: false,
        read: null,
        atOnce: true,
      });
    d.lock(1, 'r1:1', 'a?');
    assert.deepEqual(atOnce('r2:1', 'a', false), ['fetch for 9']);
    assert.deepEqual(atOnce('r2:2', 'a', true), ['send 9 refused busy']);
    d.lock(1, 'r1:2', 'a');
    assert.deepEqual(atOnce('r2:3', 'a', false), ['send 9 refused busy']);
    assert.equal(d.participant.size, 3);
    d.ask(9, { kind: 'release', txn: 'r2:1' });
    assert.deepEqual(d.ask(1, { kind: 'release', txn: 'r1:1' }), ['fetch for 1']);
    d.ask(1, { kind: 'release', txn: 'r1:2' });
    assert.ok(quiet(d.participant));
  });
  it('grants locks in order as they are given up', () => {
    const d = new Driven();
    assert.deepEqual(d.lock(1, 'r1:1', 'a', 'b'), ['fetch for 1']);
    assert.deepEqual(d.lock(2, 'r2:1', 'b'), []);
    const parked = d.park('GET b', 'b', false);
    assert.deepEqual(d.lock(3, 'r3:1', 'b?', 'c'), []);
    assert.deepEqual(d.lock(4, 'r4:1', 'd'), ['fetch for 4']);
    d.prepare(1, 'r1:1', '5.1');
    d.committed(1);
    assert.deepEqual(d.outcome(1, 'r1:1', true), ['log commit', 'apply "r1:1"', 'fetch for 2']);
    assert.deepEqual(d.ask(2, { kind: 'release', txn: 'r2:1' }), ['fetch for 3', 'wake GET b']);
    assert.deepEqual(d.perform(d.participant.unpark(parked)), []);
  });
  it('wakes plain commands when an abort releases their key', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.park('SET a', 'a');
    d.prepare(1, 'r1:1', '5.1');
    assert.deepEqual(d.outcome(2, 'r1:1', false), ['log abort', 'wake SET a']);
  });
  it('gives up what a lost connection had locked, and keeps what it had prepared', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.lock(1, 'r1:2', 'b');
    d.lock(2, 'r2:1', 'a');
    d.lock(2, 'r2:2', 'b');
    d.prepare(1, 'r1:2', '5.2');
    assert.deepEqual(d.perform(d.participant.laneLost(1)), ['fetch for 2']);
    assert.deepEqual(d.committed(9), []);
    const undecided = { txn: 'r1:2', participants: ['g1', 'g2'], commit: null, inherited: false };
    assert.deepEqual(d.participant.undecided(), [undecided]);
    assert.deepEqual(d.prepare(3, 'r1:2', '5.2'), ['send 3 vote prepared']);
  });
  it('votes for each when its own entry is committed', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.lock(2, 'r2:1', 'b');
    d.prepare(1, 'r1:1', '5.1');
    d.prepare(2, 'r2:1', '5.2');
    assert.deepEqual(d.committed(0), []);
    assert.deepEqual(d.committed(1), ['send 1 vote prepared']);
    assert.deepEqual(d.committed(2), ['send 2 vote prepared']);
  });
  it('does not keep a vote back because an earlier transaction has logged a second entry', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.lock(2, 'r2:1', 'b');
    d.prepare(1, 'r1:1', '5.1');
    d.prepare(2, 'r2:1', '5.2');
    d.outcome(1, 'r1:1', false);
    assert.deepEqual(d.committed(2), ['send 2 vote prepared']);
    assert.deepEqual(d.committed(3), ['send 1 vote never', 'send 1 done']);
  });
  it('tells everybody who asked', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.prepare(1, 'r1:1', '5.1');
    d.prepare(3, 'r1:1', '5.1');
    d.ask(4, { kind: 'inquire', txn: 'r1:1' });
    assert.deepEqual(d.committed(1), [
      'send 1 vote prepared',
      'send 3 vote prepared',
      'send 4 state prepared',
    ]);
    d.outcome(3, 'r1:1', true);
    d.outcome(4, 'r1:1', true);
    d.ask(5, { kind: 'inquire', txn: 'r1:1' });
    assert.deepEqual(d.committed(2), ['send 3 done', 'send 4 done', 'send 5 state committed']);
  });
  it('locks everything only when nothing is locked, and nothing after it', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    assert.deepEqual(d.lock(2, 'r2:1'), []);
    assert.deepEqual(d.lock(3, 'r3:1', 'z'), []);
    assert.deepEqual(d.ask(1, { kind: 'release', txn: 'r1:1' }), ['fetch for 2']);
    assert.deepEqual(d.ask(2, { kind: 'release', txn: 'r2:1' }), ['fetch for 3']);
    assert.ok(!quiet(d.participant));
    d.ask(3, { kind: 'release', txn: 'r3:1' });
    assert.ok(quiet(d.participant));
  });
});

describe('Participant of a new term', () => {
  const keys: TxnKey[] = [{ db: 2, key: 'a', exclusive: true }];
  const entry = {
    kind: 'prepare' as const,
    txn: 'r1:1',
    participants: ['g1', 'g2'],
    keys,
    everything: false,
  };
  it('holds the locks of what was prepared, and settles it', () => {
    const d = new Driven(new Participant<string>(6));
    d.participant.restore({ ...entry, effects: Buffer.from('E') });
    assert.ok(d.participant.locks.blocks(lockName(2, 'a'), false));
    assert.ok(!d.participant.locks.blocks(lockName(0, 'a'), true));
    assert.deepEqual(d.prepare(1, 'r1:1', '5.1'), ['send 1 vote prepared']);
    assert.deepEqual(d.outcome(1, 'r1:1', true), ['log commit', 'apply "E"']);
    assert.ok(!d.participant.locks.blocks(lockName(2, 'a'), false));
  });
  it('refuses a token of an older one', () => {
    const d = new Driven(new Participant<string>(6));
    d.lock(1, 'r1:1', 'a');
    assert.deepEqual(d.prepare(1, 'r1:1', '5.1'), ['log never']);
    assert.deepEqual(d.committed(1), ['send 1 vote never']);
    // And what it refused it never prepares.
    assert.deepEqual(d.prepare(1, 'r1:1', '6.1'), ['send 1 vote never']);
  });
  it('knows outcomes, refusals and what was forgotten', () => {
    const d = new Driven(new Participant<string>(6));
    const { participant } = d;
    participant.restore({ ...entry, effects: Buffer.from('E') });
    participant.restore({ kind: 'outcome', txn: 'r1:1', commit: true });
    participant.restore({ kind: 'never', txn: 'r1:2' });
    assert.equal(participant.locks.size, 0);
    assert.deepEqual(participant.undecided(), [
      { txn: 'r1:1', participants: ['g1', 'g2'], commit: true, inherited: true },
      { txn: 'r1:2', participants: [], commit: false, inherited: true },
    ]);
    assert.deepEqual(d.outcome(1, 'r1:1', true), ['send 1 done']);
    participant.restore({ kind: 'forget', txn: 'r1:1', fence: false });
    participant.restore({ kind: 'forget', txn: 'r1:2', fence: true });
    assert.ok(quiet(participant));
    assert.ok(participant.isFenced('r1'));
  });
});

describe('Participant at its bounds', () => {
  it('refuses new transactions when it knows too many', () => {
    const d = new Driven(new Participant<string>(5, 2));
    d.lock(1, 'r1:1', 'a');
    d.lock(1, 'r1:2', 'b');
    assert.deepEqual(d.lock(1, 'r1:3', 'c'), ['send 1 refused full']);
    d.ask(1, { kind: 'release', txn: 'r1:1' });
    assert.deepEqual(d.lock(1, 'r1:3', 'c'), ['fetch for 1']);
  });
  it('takes nothing from a fenced coordinator', () => {
    const d = new Driven();
    d.lock(1, 'r1:1', 'a');
    d.prepare(1, 'r1:1', '5.1');
    d.committed(1);
    d.outcome(0, 'r1:1', true);
    d.committed(2);
    assert.deepEqual(d.perform(d.participant.settled('r1:1')), ['log forget and fence']);
    assert.deepEqual(d.prepare(2, 'r1:1', '5.1'), ['send 2 vote uncertain']);
    assert.deepEqual(d.prepare(2, 'r1:9', '5.1'), ['send 2 vote uncertain']);
    assert.deepEqual(d.lock(2, 'r1:9', 'a'), ['send 2 refused full']);
    assert.deepEqual(d.lock(2, 'r2:1', 'a'), ['fetch for 2']);
  });
});
