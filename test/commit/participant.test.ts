// The participant's table: every state with every event, what is done and what comes next. A row marked ! is a
// broken assertion: it must throw. The table is computed from the code and compared with the one written down.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Ask, Participant, type ParticipantAction } from '../../src/commit/index.js';
import { TABLE } from './participant-table.js';
import { showParticipant } from './show.js';

const TXN = 'r1:7';
const keys = [{ db: 0, key: 'k', exclusive: true }];
const lock: Ask = { kind: 'lock', txn: TXN, ring: 1, keys, everything: false, fetch: true, read: null };
const prepare = (token: string): Ask => ({
  kind: 'prepare',
  txn: TXN,
  token,
  participants: ['g1', 'g2'],
  effects: Buffer.from('E'),
});
const outcome = (commit: boolean): Ask => ({ kind: 'outcome', txn: TXN, commit });

/** A participant whose owner does at once what it is told. */
class Driven {
  readonly participant = new Participant<string>(5);
  private seq = 0;
  perform(actions: ParticipantAction<string>[]): string {
    for (const action of actions)
      if (action.do === 'log') this.participant.logged(action.entry.txn, ++this.seq);
    return actions.map(showParticipant).join('; ') || '-';
  }
  ask(lane: number, ask: Ask): string {
    return this.perform(this.participant.ask(lane, ask));
  }
  commit(): string {
    return this.perform(this.participant.committed(this.seq));
  }
  /** The state's name, of finishing and finished with its outcome. */
  get state(): string {
    const record = this.participant['records'].get(TXN);
    if (record === undefined) return 'none';
    if (record.state === 'finishing' || record.state === 'finished') {
      return record.commit ? `${record.state} commit` : `${record.state} abort`;
    }
    return record.state;
  }
}

/** How each state is reached; lane 1 is the coordinator's. */
const REACH: Record<string, (d: Driven) => void> = {
  none: () => {},
  waiting: (d) => {
    d.ask(2, { ...lock, txn: 'r2:1' });
    d.ask(1, lock);
  },
  locked: (d) => d.ask(1, lock),
  preparing: (d) => {
    REACH['locked']!(d);
    d.ask(1, prepare('5.1'));
  },
  prepared: (d) => {
    REACH['preparing']!(d);
    d.commit();
  },
  'finishing commit': (d) => {
    REACH['prepared']!(d);
    d.ask(1, outcome(true));
  },
  'finishing abort': (d) => {
    REACH['prepared']!(d);
    d.ask(1, outcome(false));
  },
  'finished commit': (d) => {
    REACH['finishing commit']!(d);
    d.commit();
  },
  'finished abort': (d) => {
    REACH['finishing abort']!(d);
    d.commit();
  },
  refusing: (d) => d.ask(1, prepare('4.1')),
  refused: (d) => {
    REACH['refusing']!(d);
    d.commit();
  },
};

/** Events; those over a connection come over lane 3, a newer one of the coordinator's. */
const EVENTS: Record<string, (d: Driven) => string> = {
  lock: (d) => d.ask(3, lock),
  release: (d) => d.ask(3, { kind: 'release', txn: TXN }),
  prepare: (d) => d.ask(3, prepare('5.1')),
  'prepare, other token': (d) => d.ask(3, prepare('4.1')),
  commit: (d) => d.ask(3, outcome(true)),
  abort: (d) => d.ask(3, outcome(false)),
  inquire: (d) => d.ask(3, { kind: 'inquire', txn: TXN }),
  forget: (d) => d.ask(3, { kind: 'forget', txn: TXN }),
  settled: (d) => d.perform(d.participant.settled(TXN)),
  'log committed': (d) => d.commit(),
  'lane 1 lost': (d) => d.perform(d.participant.laneLost(1)),
};

const rows = () =>
  Object.entries(REACH).flatMap(([state, reach]) =>
    Object.entries(EVENTS).map(([event, happen]) => {
      const driven = new Driven();
      reach(driven);
      assert.equal(driven.state, state);
      let does: string;
      try {
        does = happen(driven);
      } catch {
        return `${state} | ${event} | !`;
      }
      const then = driven.state === state ? '' : ` -> ${driven.state}`;
      return `${state} | ${event} | ${does}${then}`;
    }),
  );

describe('Participant, state by event', () => {
  const wanted = TABLE.trim()
    .split('\n')
    .filter((line) => line.includes('|'));
  const found = rows();
  wanted.forEach((row, i) => {
    it(row, () => assert.equal(found[i], row));
  });
  it('the table is whole', () => assert.equal(found.length, wanted.length));
});
