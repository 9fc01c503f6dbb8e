// Locks of a member that follows: none are made before somebody looks, and then exactly those that are still held.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lockName, Participant, type TxnEntry, type TxnKey } from '../../src/commit/index.js';
import { TxnLocks } from '../../src/commit/txn-locks.js';
import { TxnMap } from '../../src/commit/txn-map.js';
import { freshRecord, type TxnRecord } from '../../src/commit/txn-record.js';

const EMPTY = Buffer.alloc(0);
const keysOf = (...names: string[]): TxnKey[] => names.map((key) => ({ db: 0, key, exclusive: true }));
const prepared = (txn: string, keys: TxnKey[]): TxnEntry => ({
  kind: 'prepare',
  txn,
  participants: ['g'],
  keys,
  everything: false,
  effects: EMPTY,
});

describe('locks of a member that follows', () => {
  it('are made when somebody looks, in order of the log, without what is decided already', () => {
    const follower = new Participant<string>(1);
    follower.restore(prepared('r:1', keysOf('a', 'b')));
    follower.restore(prepared('r:2', keysOf('c')));
    follower.restore({ kind: 'outcome', txn: 'r:1', commit: true });
    assert.deepEqual([...follower.locks.names()], ['c']);
    assert.ok(follower.locks.blocks('c', false) && !follower.locks.blocks('a', true));
    follower.restore(prepared('r:3', [{ db: 2, key: 'd', exclusive: false }]));
    assert.ok(follower.locks.blocks(lockName(2, 'd'), true) && !follower.locks.blocks('d', true));
    for (const txn of ['r:2', 'r:3']) follower.restore({ kind: 'outcome', txn, commit: false });
    assert.equal(follower.locks.size, 0);
  });
  it('are given up by whoever leads next, seen or not', () => {
    const leader = new Participant<string>(1);
    leader.restore(prepared('r:1', keysOf('a')));
    leader.lead(2);
    const actions = leader.ask(7, { kind: 'outcome', txn: 'r:1', commit: true });
    assert.deepEqual(
      actions.map((action) => action.do),
      ['log', 'apply'],
    );
    assert.equal(leader.locks.size, 0);
  });
  it('stand before whatever is asked of the next primary, though nobody has looked (R9)', () => {
    // Found by `test:faults --seed 47`: a reading of two accounts was granted one that a transfer had prepared.
    const leader = new Participant<string>(1);
    leader.restore(prepared('r:1', keysOf('a')));
    leader.lead(2);
    const lock = { kind: 'lock', ring: 1, everything: false, fetch: true, read: null } as const;
    assert.deepEqual(leader.ask(7, { ...lock, txn: 's:1', keys: keysOf('a') }), [], 'it waits');
    const [granted] = leader.ask(7, { ...lock, txn: 's:2', keys: keysOf('b') });
    assert.ok(granted?.do === 'fetch');
    const part = { participants: ['g'], effects: EMPTY, part: 'takes' as const, more: keysOf('a') };
    const refused = leader.ask(7, {
      kind: 'prepare',
      txn: 's:2',
      token: granted.token,
      ...part,
    });
    assert.ok(refused[0]?.do === 'log' && refused[0].entry.kind === 'never');
  });
  it('are the same as if each had been made at once', () => {
    const key = fc.record({ db: fc.constantFrom(0, 3), key: fc.constantFrom('a', 'b', 'c') });
    const wanted = fc.array(key, { minLength: 1, maxLength: 4 });
    // Those of other groups' transactions never share a key while both are prepared, whatever is asked of them here.
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), wanted, fc.boolean()), { maxLength: 12 }), (steps) => {
        const [lazy, eager] = [0, 1].map(() => new TxnLocks<string>(new TxnMap()));
        const [late, soon] = [0, 1].map(() => new Map<number, TxnRecord<string>>());
        for (const [n, keys, looks] of steps) {
          for (const [locks, records] of [[lazy, late] as const, [eager, soon] as const]) {
            const known = records!.get(n);
            if (known !== undefined) {
              locks!.unlock(known);
              records!.delete(n);
            } else {
              const record = freshRecord<string>(`r:${n}`, -1);
              record.keys = keys.map((each) => ({ ...each, exclusive: true }));
              records!.set(n, record);
              locks!.restore(record);
            }
          }
          assert.ok(eager!.all.size >= 0);
          if (looks) assert.ok(lazy!.all.size >= 0);
        }
        const seen = ({ all }: TxnLocks<string>) => ({
          granted: [...all.granted()].map(({ owner }) => owner),
          names: [...all.names()].sort(),
        });
        assert.deepEqual(seen(lazy!), seen(eager!));
      }),
    );
  });
});
