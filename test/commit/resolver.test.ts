// Finishing what a coordinator has left: what is decided from what the others say (R11).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Resolver, type TxnState } from '../../src/commit/index.js';
import { showResolver } from './show.js';

const TXN = 'r1:1';
const resolver = (commit: boolean | null = null) => {
  const r = new Resolver(TXN, 'g1', ['g1', 'g2', 'g3'], commit);
  return {
    step: () => r.step().map(showResolver),
    state: (group: string, state: TxnState) =>
      r.answered(group, { kind: 'state', txn: TXN, state }).map(showResolver),
    done: (group: string) => r.answered(group, { kind: 'done', txn: TXN }).map(showResolver),
  };
};
const INQUIRE = ['to g2: inquire', 'to g3: inquire'];
const spread = (commit: string) => [`decide ${commit}`, `to g2: ${commit}`, `to g3: ${commit}`];

/** What g2 and then g3 say, and after which of them what is decided. */
const ROWS: [TxnState, TxnState, number, 'commit' | 'abort'][] = [
  ['prepared', 'prepared', 2, 'commit'],
  ['prepared', 'committed', 2, 'commit'],
  ['prepared', 'aborted', 2, 'abort'],
  ['prepared', 'never', 2, 'abort'],
  ['committed', 'prepared', 1, 'commit'],
  ['aborted', 'prepared', 1, 'abort'],
  ['never', 'prepared', 1, 'abort'],
];

describe('Resolver', () => {
  for (const [second, third, after, outcome] of ROWS) {
    it(`${second}, ${third}: ${outcome} after ${after}`, () => {
      const r = resolver();
      assert.deepEqual(r.step(), INQUIRE);
      assert.deepEqual(r.state('g2', second), after === 1 ? spread(outcome) : []);
      assert.deepEqual(r.state('g3', third), after === 2 ? spread(outcome) : []);
    });
  }
  it('waits for everybody before it believes a group that began anew', () => {
    for (const [third, outcome] of [
      ['committed', 'commit'],
      ['prepared', 'abort'],
      ['never', 'abort'],
    ] as const) {
      const never = () => false;
      const r = new Resolver(TXN, 'g1', ['g1', 'g2', 'g3'], null, never, (group) => group === 'g2');
      const say = (group: string, state: TxnState) =>
        r.answered(group, { kind: 'state', txn: TXN, state }).map(showResolver);
      assert.deepEqual(say('g2', 'never'), []);
      assert.deepEqual(say('g3', third), spread(outcome));
    }
  });
  it('never decides without everybody, nor by who asks or repeats', () => {
    const r = resolver();
    r.step();
    assert.deepEqual(r.state('g2', 'prepared'), []);
    assert.deepEqual(r.state('g2', 'prepared'), []);
    assert.deepEqual(r.state('g1', 'prepared'), []);
    assert.deepEqual(r.state('g9', 'committed'), []);
    assert.deepEqual(r.done('g3'), []);
    assert.deepEqual(r.step(), ['to g3: inquire']);
  });
  it('spreads the outcome until everybody has confirmed', () => {
    const r = resolver(true);
    assert.deepEqual(r.step(), ['to g2: commit', 'to g3: commit']);
    assert.deepEqual(r.done('g2'), []);
    assert.deepEqual(r.done('g2'), []);
    assert.deepEqual(r.step(), ['to g3: commit']);
    assert.deepEqual(r.state('g3', 'aborted'), []);
    assert.deepEqual(r.done('g3'), ['settled']);
    assert.deepEqual(r.step(), ['settled']);
  });
  it('commits what was prepared here and nowhere else', () => {
    const r = new Resolver(TXN, 'g1', ['g1'], null);
    assert.ok(!r.decided);
    assert.deepEqual(r.step().map(showResolver), ['decide commit', 'settled']);
    assert.ok(r.decided);
  });
  it('is settled at once when there is nobody else', () => {
    const r = new Resolver(TXN, 'g1', [], false);
    assert.deepEqual(r.step().map(showResolver), ['settled']);
  });
});
