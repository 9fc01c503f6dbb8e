// Exactly once (R10): an executed command is never taken for a new one, whatever was forgotten meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Answers, INDEX_SIZE, Remembered, type Telling, type Told } from '../../src/commit/index.js';

/** An entry that answered these counters, each with its number as text. */
function answers(seq: number, counters: readonly number[]): Answers {
  const index = Buffer.alloc(counters.length * INDEX_SIZE);
  const replies = counters.map((counter) => Buffer.from(`:${counter}\r\n`));
  counters.forEach((counter, i) => {
    index.writeUInt32LE(counter >>> 0, i * INDEX_SIZE);
    index.writeUInt32LE(Math.floor(counter / 2 ** 32), i * INDEX_SIZE + 4);
    index.writeUInt32LE(replies[i]!.length, i * INDEX_SIZE + 8);
  });
  return { seq, index, replies: Buffer.concat(replies) };
}
const answered = (seq: number, counter: number) => ({
  kind: 'answered' as const,
  seq,
  reply: Buffer.from(`:${counter}\r\n`),
});
/** Bytes that answers() of one counter below 10 takes, with what an entry costs beside its bytes. */
const ONE = 256 + INDEX_SIZE + 4;

describe('Remembered', () => {
  it('answers what it has, by entry, in any order of counters', () => {
    const remembered = new Remembered();
    remembered.add('r1', answers(7, [1, 5, 2]));
    remembered.add('r1', answers(9, [2 ** 33 + 1]));
    remembered.add('r2', answers(8, [1]));
    for (const counter of [1, 5, 2]) assert.deepEqual(remembered.recall('r1', counter), answered(7, counter));
    assert.deepEqual(remembered.recall('r1', 2 ** 33 + 1), answered(9, 2 ** 33 + 1));
    assert.deepEqual(remembered.recall('r2', 1), answered(8, 1));
    for (const counter of [3, 4, 6, 2 ** 33])
      assert.deepEqual(remembered.recall('r1', counter), { kind: 'new' });
    assert.deepEqual(remembered.recall('r3', 1), { kind: 'new' });
  });
  it('forgets what the router has, entry by entry', () => {
    const remembered = new Remembered();
    remembered.add('r1', answers(1, [1, 4]));
    remembered.add('r1', answers(2, [2, 3]));
    remembered.acknowledge('r1', 3);
    assert.deepEqual(remembered.recall('r1', 1), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('r1', 4), answered(1, 4));
    assert.deepEqual(remembered.recall('r1', 3), answered(2, 3));
    remembered.acknowledge('r1', 2);
    assert.deepEqual(remembered.recall('r1', 2), { kind: 'forgotten' });
  });
  it('is bounded in bytes: the oldest entries go, and are forgotten rather than new', () => {
    const remembered = new Remembered(3 * ONE);
    for (let counter = 1; counter <= 5; counter++) remembered.add('r1', answers(counter, [counter]));
    assert.deepEqual(remembered.recall('r1', 2), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('r1', 3), answered(3, 3));
    assert.deepEqual(remembered.recall('r1', 6), { kind: 'new' });
  });
  it('keeps the newest entry however large it is', () => {
    const remembered = new Remembered(ONE - 1);
    remembered.add('r1', answers(1, [1]));
    assert.deepEqual(remembered.recall('r1', 1), answered(1, 1));
  });
  it('is bounded in routers: the one silent longest goes, and its commands are forgotten rather than new', () => {
    const remembered = new Remembered(1000, 2);
    remembered.add('r1', answers(1, [1]));
    remembered.add('r2', answers(2, [1]));
    remembered.add('r1', answers(3, [2]));
    remembered.add('r3', answers(4, [1]));
    assert.deepEqual(remembered.recall('r2', 1), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('r1', 1), answered(1, 1));
    // Even when it speaks again.
    remembered.add('r2', answers(5, [2]));
    assert.deepEqual(remembered.recall('r2', 1), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('r2', 2), answered(5, 2));
    assert.deepEqual(remembered.recall('r2', 3), { kind: 'new' });
  });
  it('takes nobody for new once it has lost count of whom it dropped', () => {
    const remembered = new Remembered(1000, 1);
    remembered.add('first', answers(1, [2]));
    for (let n = 0; n < 40; n++) remembered.add(`r${n}`, answers(2 + n, [1]));
    assert.deepEqual(remembered.recall('first', 2), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('first', 9), { kind: 'forgotten' });
    remembered.add('first', answers(50, [4]));
    assert.deepEqual(remembered.recall('first', 2), { kind: 'forgotten' });
    assert.deepEqual(remembered.recall('first', 4), answered(50, 4));
    assert.deepEqual(remembered.recall('first', 5), { kind: 'new' });
  });
  it('is bounded in bytes over all routers', () => {
    const remembered = new Remembered(1000, 10, 3 * ONE);
    for (const router of ['r1', 'r2', 'r3', 'r4']) remembered.add(router, answers(1, [1]));
    assert.deepEqual(remembered.recall('r1', 1), { kind: 'forgotten' });
    for (const router of ['r2', 'r3', 'r4']) assert.deepEqual(remembered.recall(router, 1), answered(1, 1));
  });
  it('never takes an executed command for a new one, nor one that never came for an executed one', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          router: fc.nat(4),
          add: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ router: fc.nat(4), acknowledge: fc.nat(10) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(4), fc.nat(8), (steps, routers, entries) => {
        const remembered = new Remembered(ONE * 4, routers + 1, ONE * (entries + 2));
        const executed = new Map<number, Map<number, number>>();
        const floors = new Map<number, number>();
        const next = new Map<number, number>();
        steps.forEach((each, seq) => {
          const { router } = each;
          const done = executed.get(router) ?? new Map<number, number>();
          executed.set(router, done);
          if ('add' in each) {
            // A window of counters, some of them executed now, others maybe later.
            const base = next.get(router) ?? 1;
            const counters = each.add.map((offset) => base + offset).filter((counter) => !done.has(counter));
            next.set(router, base + 2);
            if (counters.length === 0) return;
            remembered.add(`r${router}`, answers(seq, counters));
            for (const counter of counters) done.set(counter, seq);
          } else {
            const floor = Math.max(floors.get(router) ?? 0, (next.get(router) ?? 1) - each.acknowledge);
            floors.set(router, floor);
            remembered.acknowledge(`r${router}`, floor);
          }
          for (const [name, known] of executed) {
            for (
              let counter = Math.max(1, floors.get(name) ?? 0);
              counter < (next.get(name) ?? 1) + 8;
              counter++
            ) {
              const recall = remembered.recall(`r${name}`, counter);
              const at = known.get(counter);
              if (at === undefined) assert.notEqual(recall.kind, 'answered');
              else if (recall.kind === 'answered') assert.deepEqual(recall, answered(at, counter));
              else assert.equal(recall.kind, 'forgotten', `r${name} ${counter}`);
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });
  it('is told to a new member a little at a time, while it changes', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ router: fc.nat(5), count: fc.integer({ min: 1, max: 3 }) }),
      },
      { weight: 1, arbitrary: fc.record({ router: fc.nat(5), acknowledge: fc.nat(6) }) },
      { weight: 2, arbitrary: fc.record({ tell: fc.integer({ min: 1, max: 3 * ONE }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, narrow) => {
        const make = () => (narrow ? new Remembered(3 * ONE, 2, 5 * ONE) : new Remembered());
        const [first, copy] = [make(), make()];
        const told = new Map<string, Told>();
        const say: Telling = {
          floor: (router, floor) => copy.begin(router, floor),
          answers: (router, each) => copy.add(router, each),
        };
        const next = new Array<number>(6).fill(1);
        steps.forEach((each, seq) => {
          if ('tell' in each) first.tell(told, each.tell, say);
          else if ('count' in each) {
            const { router, count } = each;
            const counters = Array.from({ length: count }, (_, i) => next[router]! + i);
            next[router]! += count;
            first.add(`r${router}`, answers(seq, counters));
          } else first.acknowledge(`r${each.router}`, Math.max(0, next[each.router]! - each.acknowledge));
        });
        first.tell(told, Number.POSITIVE_INFINITY, say);
        assert.equal(first.tell(told, 1, say), 0, 'nothing is left');
        next.forEach((upTo, router) => {
          for (let counter = 1; counter < upTo + 3; counter++) {
            const [here, there] = [first, copy].map((each) => each.recall(`r${router}`, counter));
            // Within bounds it may have forgotten more, and nothing else.
            if (!narrow || there!.kind !== 'forgotten') assert.deepEqual(there, here);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
