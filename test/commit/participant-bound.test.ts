// The participant at its bounds: what it cannot remember it does not promise (R11), and asking again costs nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ask, Participant, type ParticipantAction } from '../../src/commit/index.js';
import { showParticipant } from './show.js';

class Driven {
  seq = 0;
  constructor(readonly participant: Participant<string>) {}
  perform(actions: ParticipantAction<string>[]): string[] {
    for (const action of actions)
      if (action.do === 'log') this.participant.logged(action.entry.txn, ++this.seq);
    return actions.map(showParticipant);
  }
  ask(lane: number, ask: Ask): string[] {
    return this.perform(this.participant.ask(lane, ask));
  }
  inquire(lane: number, txn: string): string[] {
    return this.ask(lane, { kind: 'inquire', txn });
  }
  committed(): string[] {
    return this.perform(this.participant.committed(this.seq));
  }
}

describe('a participant that is full', () => {
  it('does not answer an inquiry about what it has never heard of: it is asked again, and answers when it has room', () => {
    const d = new Driven(new Participant<string>(5, 2));
    assert.deepEqual(d.inquire(1, 'r1:1'), ['log never']);
    assert.deepEqual(d.inquire(1, 'r1:2'), ['log never']);
    assert.deepEqual(d.inquire(1, 'r1:3'), []);
    assert.equal(d.participant.size, 2);
    assert.deepEqual(d.committed(), ['send 1 state never', 'send 1 state never']);
    assert.deepEqual(d.inquire(1, 'r1:3'), [], 'as often as it is asked');
    assert.deepEqual(d.ask(1, { kind: 'forget', txn: 'r1:1' }), ['log forget']);
    assert.deepEqual(d.inquire(1, 'r1:3'), ['log never']);
    assert.deepEqual(d.committed(), ['send 1 state never']);
    assert.equal(d.participant.size, 2);
  });
  it('still answers for what it knows, and a lock that only waits becomes a NEVER without more room', () => {
    const d = new Driven(new Participant<string>(5, 2));
    const keys = [{ db: 0, key: 'a', exclusive: true }];
    const lock = (txn: string): Ask => ({
      kind: 'lock',
      txn,
      ring: 1,
      keys,
      everything: false,
      fetch: false,
      read: null,
    });
    assert.deepEqual(d.ask(1, lock('r1:1')), ['fetch for 1']);
    assert.deepEqual(d.ask(2, lock('r2:1')), []);
    assert.deepEqual(d.inquire(3, 'r2:1'), ['log never']);
    const participants = ['g1', 'g2'];
    const prepare: Ask = {
      kind: 'prepare',
      txn: 'r1:1',
      token: '5.1',
      participants,
      effects: Buffer.from('E'),
    };
    assert.deepEqual(d.ask(1, prepare), ['log prepare of g1 g2']);
    assert.deepEqual(d.inquire(3, 'r1:1'), []);
    assert.deepEqual(d.committed(), ['send 3 state never', 'send 1 vote prepared', 'send 3 state prepared']);
    assert.deepEqual(d.inquire(3, 'r1:1'), ['send 3 state prepared']);
  });
  it('owes everybody one answer, however often it was asked before it could give it', () => {
    const d = new Driven(new Participant<string>(5));
    d.inquire(1, 'r1:1');
    for (let i = 0; i < 50; i++) assert.deepEqual(d.inquire(1, 'r1:1'), []);
    d.inquire(2, 'r1:1');
    assert.deepEqual(d.committed(), ['send 1 state never', 'send 2 state never']);
  });
});
