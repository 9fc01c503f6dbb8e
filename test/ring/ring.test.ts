// The ring: a pure function of the list of groups, moving only what must move, and fair.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isGroupId, ownersOf, type RingGroup, SLOTS } from '../../src/ring/index.js';

/** Owner of each slot by name. */
function names(groups: readonly RingGroup[]): string[] {
  return [...ownersOf(groups)].map((index) => groups[index]!.id);
}

const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
const groups = (least: number) =>
  fc.uniqueArray(fc.record({ id, weight: fc.integer({ min: 1, max: 4 }) }), {
    minLength: least,
    maxLength: 6,
    selector: (group) => group.id,
  });
const RUNS = { numRuns: 40 };

/** Written down once from the first version. */
const PINNED = { counts: [5797, 5067, 5520], first: 'g2', foo: 'g3' };

describe('ownersOf', () => {
  it('gives every slot to a group of the list, and no slot of an empty one', () => {
    assert.equal(ownersOf([]).length, 0);
    assert.deepEqual(new Set(names([{ id: 'only', weight: 1 }])), new Set(['only']));
    assert.equal(ownersOf([{ id: 'only', weight: 1 }]).length, SLOTS);
  });
  it('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(groups(2), fc.infiniteStream(fc.nat()), (list, chance) => {
        const shuffled = list
          .map((group) => ({ group, at: chance.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ group }) => group);
        assert.deepEqual(names(shuffled), names(list));
        assert.deepEqual(names([...list].reverse()), names(list));
      }),
      RUNS,
    );
  });
  it('a group that joins takes slots, and no slot moves between others; one that leaves gives back its own', () => {
    fc.assert(
      fc.property(groups(2), (list) => {
        const [joining, ...before] = list;
        const without = names(before);
        const withIt = names(list);
        let taken = 0;
        for (let slot = 0; slot < SLOTS; slot++) {
          if (withIt[slot] === without[slot]) continue;
          assert.equal(withIt[slot], joining!.id);
          taken++;
        }
        assert.ok(taken > 0);
      }),
      RUNS,
    );
  });
  it('a group that becomes heavier only gains', () => {
    fc.assert(
      fc.property(groups(2), (list) => {
        const before = names(list);
        const heavier = [{ ...list[0]!, weight: list[0]!.weight + 1 }, ...list.slice(1)];
        names(heavier).forEach((owner, slot) => {
          if (owner !== before[slot]) assert.equal(owner, list[0]!.id);
        });
      }),
      RUNS,
    );
  });
  it('stays what it was: all processes of all versions must agree', () => {
    const owners = names(['g1', 'g2', 'g3'].map((each) => ({ id: each, weight: 1 })));
    const counts = ['g1', 'g2', 'g3'].map((each) => owners.filter((owner) => owner === each).length);
    assert.deepEqual({ counts, first: owners[0], foo: owners[12182] }, PINNED);
  });
  for (const count of [2, 3, 5, 10]) {
    it(`${count} equal groups: each within 30% of its share`, () => {
      const list = Array.from({ length: count }, (_, i) => ({ id: `group-${i + 1}`, weight: 1 }));
      const owners = names(list);
      for (const group of list) {
        const share = owners.filter((owner) => owner === group.id).length / (SLOTS / count);
        assert.ok(share > 0.7 && share < 1.3, `${group.id} has ${share.toFixed(2)} of its share`);
      }
    });
  }
  it('weights count', () => {
    const owners = names([
      { id: 'light', weight: 1 },
      { id: 'heavy', weight: 3 },
    ]);
    const heavy = owners.filter((owner) => owner === 'heavy').length / SLOTS;
    assert.ok(heavy > 0.68 && heavy < 0.82, `heavy has ${heavy.toFixed(2)} of all`);
  });
});

describe('isGroupId', () => {
  for (const good of ['g1', 'A.b-c_9', 'x'.repeat(64)]) it(`takes ${good}`, () => assert.ok(isGroupId(good)));
  for (const bad of ['', 'a b', 'a/b', 'x'.repeat(65), 'g\n', '.', '..', '\u00e9']) {
    it(`refuses ${JSON.stringify(bad)}`, () => assert.ok(!isGroupId(bad)));
  }
});
