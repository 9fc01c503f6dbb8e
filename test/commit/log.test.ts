// The primary's log (R4): the commit index never passes an entry that a member of the current set lacks, never goes
// back, never moves below minInSync; and every member is sent every entry, in order.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GroupLog } from '../../src/commit/index.js';

const entry = (seq: number) => Buffer.from(`entry ${seq}`);
const seqs = (entries: { seq: number }[]) => entries.map(({ seq }) => seq);

describe('GroupLog', () => {
  it('commits at once when alone', () => {
    const log = new GroupLog(5, 1, 1000);
    assert.ok(log.append(entry(6)));
    assert.equal(log.committed, 6);
    assert.equal(log.head, 6);
    assert.ok(!log.full);
  });
  it('commits what every member holds', () => {
    const log = new GroupLog(0, 1, 1000);
    log.join('a', 0);
    log.join('b', 0);
    for (let seq = 1; seq <= 3; seq++) assert.ok(!log.append(entry(seq)));
    assert.deepEqual(seqs(log.unsent('a')), [1, 2, 3]);
    assert.deepEqual(log.unsent('a'), []);
    assert.deepEqual(seqs(log.unsent('b')), [1, 2, 3]);
    assert.ok(!log.acknowledge('a', 3));
    assert.ok(log.acknowledge('b', 2));
    assert.equal(log.committed, 2);
    assert.ok(!log.acknowledge('b', 1));
    assert.ok(!log.acknowledge('nobody', 3));
    assert.equal(log.committed, 2);
  });
  it('goes on when a lagging member has left', () => {
    const log = new GroupLog(0, 2, 1000);
    log.join('a', 0);
    log.join('b', 0);
    log.append(entry(1));
    log.unsent('a');
    log.acknowledge('a', 1);
    assert.ok(log.leave('b'));
    assert.equal(log.committed, 1);
  });
  it('commits nothing below minInSync, whoever holds it', () => {
    const log = new GroupLog(0, 2, 1000);
    log.join('a', 0);
    log.append(entry(1));
    assert.ok(!log.leave('a'));
    assert.ok(!log.writable);
    log.append(entry(2));
    assert.equal(log.committed, 0);
    log.join('b', 2);
    assert.ok(log.writable);
    assert.equal(log.committed, 2, 'all that are left hold everything');
    log.append(entry(3));
    assert.deepEqual(seqs(log.unsent('b')), [3]);
    log.acknowledge('b', 3);
    assert.equal(log.committed, 3);
  });
  it('sends again what a new connection has not acknowledged', () => {
    const log = new GroupLog(0, 1, 1000);
    log.join('a', 0);
    for (let seq = 1; seq <= 3; seq++) log.append(entry(seq));
    log.unsent('a');
    log.acknowledge('a', 1);
    log.rewind('a', 2);
    assert.deepEqual(seqs(log.unsent('a')), [3]);
  });
  it('breaks on what cannot be', () => {
    const log = new GroupLog(0, 1, 1000);
    log.join('a', 0);
    log.append(entry(1));
    assert.throws(() => log.acknowledge('a', 1), /was sent 0/);
    log.unsent('a');
    log.acknowledge('a', 1);
    assert.throws(() => log.rewind('a', 0), /lost entries/);
    assert.throws(() => log.rewind('a', 2), /beyond/, 'a member that holds what this primary never had (R9)');
    assert.throws(() => log.join('b', 2), /cannot follow/);
    assert.throws(() => log.join('b', 0), /cannot follow/);
  });
  it('is full while more than its capacity is not acknowledged', () => {
    const log = new GroupLog(0, 1, 10);
    log.join('a', 0);
    log.append(Buffer.alloc(10));
    assert.ok(!log.full);
    log.append(Buffer.alloc(1));
    assert.ok(log.full);
    log.unsent('a');
    log.acknowledge('a', 1);
    assert.ok(!log.full);
  });
});

describe('GroupLog against a list', () => {
  type Step = { do: 'append' | 'join' | 'leave' | 'send' | 'ack' | 'rewind'; member: number; amount: number };
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('append', 'append', 'send', 'send', 'ack', 'ack', 'join', 'leave', 'rewind'),
    member: fc.nat(3),
    amount: fc.nat(3),
  });
  it('keeps R4, and sends every entry in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), (steps, minInSync) => {
        const log = new GroupLog(0, minInSync, 1_000_000);
        // What each member really has, and has said that it has.
        const members = new Map<string, { has: number; said: number }>();
        let head = 0;
        for (const { do: what, member, amount } of steps) {
          const name = `m${member}`;
          const known = members.get(name);
          const before = log.committed;
          if (what === 'append') {
            log.append(entry(++head));
          } else if (what === 'join' && known === undefined) {
            // A candidate that was given everything joins at the head.
            log.join(name, head);
            members.set(name, { has: head, said: head });
          } else if (known !== undefined) {
            if (what === 'leave') {
              log.leave(name);
              members.delete(name);
            } else if (what === 'send') {
              for (const { seq, parts } of log.unsent(name)) {
                assert.equal(seq, known.has + 1, 'no hole');
                assert.deepEqual(parts, [entry(seq)]);
                known.has = seq;
              }
            } else if (what === 'ack') {
              known.said = Math.min(known.has, known.said + amount);
              log.acknowledge(name, known.said);
            } else {
              // The connection breaks: what was under way may not have arrived.
              known.has = Math.max(known.said, known.has - amount);
              known.said = known.has;
              log.rewind(name, known.has);
            }
          }
          assert.ok(log.committed >= before, 'never goes back');
          assert.equal(log.head, head);
          assert.equal(log.members, members.size + 1);
          const moved = log.committed > before;
          if (moved) assert.ok(log.members >= minInSync, 'minInSync');
          for (const { has } of members.values()) assert.ok(!moved || has >= log.committed, 'all have it');
          // And nothing is held back: what everybody has said is committed.
          const all = Math.min(head, ...[...members.values()].map(({ said }) => said));
          if (members.size + 1 >= minInSync && what !== 'rewind') assert.ok(log.committed >= all, 'liveness');
        }
      }),
      { numRuns: 500 },
    );
  });
});
