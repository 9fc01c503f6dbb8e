// Changes of the ring: no group that may hold keys is ever forgotten (R1), and what is empty goes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  abandon,
  addGroup,
  beginAnew,
  type Changed,
  chainsOf,
  EMPTY_RING,
  MAX_HISTORY,
  ownersOf,
  type RingDocument,
  removeGroup,
  SLOTS,
  setWeight,
  standingOf,
  trim,
} from '../../src/ring/index.js';

const done = (changed: Changed): RingDocument => {
  assert.ok(typeof changed !== 'string', String(changed));
  return changed;
};
const refused = (changed: Changed, words: RegExp) => {
  assert.ok(typeof changed === 'string', 'expected a refusal');
  assert.match(changed, words);
};
const never = () => false;
const always = () => true;
/** A ring of equal groups that were there from the start. */
const ringOf = (...ids: string[]): RingDocument => ({
  ...EMPTY_RING,
  version: 1,
  groups: ids.map((id) => ({ id, weight: 1 })),
});

describe('the ring changes', () => {
  it('a group that begins anew leaves everything as it is, under a newer version', () => {
    const ring = ringOf('a', 'b');
    assert.deepEqual(beginAnew(ring, 'b'), { ...ring, version: 2 });
    const drained = done(removeGroup(ring, 'b'));
    assert.deepEqual(beginAnew(drained, 'b'), { ...drained, version: 3 });
    assert.equal(beginAnew(ring, 'c'), ring);
  });
  it('the first group needs no history; later changes push the old list', () => {
    const one = done(addGroup(EMPTY_RING, 'a', 1));
    assert.deepEqual(one, { version: 1, groups: [{ id: 'a', weight: 1 }], history: [], abandoned: [] });
    const two = done(addGroup(one, 'b', 2));
    assert.deepEqual([two.version, two.history, two.groups.length], [2, [one.groups], 2]);
    const heavier = done(setWeight(two, 'a', 3));
    assert.deepEqual([heavier.version, heavier.history], [3, [one.groups, two.groups]]);
    const less = done(removeGroup(heavier, 'b'));
    assert.deepEqual([less.groups, standingOf(less, 'b')], [[{ id: 'a', weight: 3 }], 'draining']);
  });
  it('what is the same is no change', () => {
    const ring = ringOf('a', 'b');
    assert.equal(done(setWeight(ring, 'a', 1)), ring);
    const without = done(abandon(ring, 'a'));
    assert.equal(done(abandon(without, 'a')), without);
  });
  it('refusals', () => {
    const ring = done(removeGroup(ringOf('a', 'b'), 'b'));
    refused(addGroup(ring, 'a', 1), /is in the ring already/);
    refused(addGroup(ring, 'b', 1), /still holds keys; names of groups are never reused/);
    refused(addGroup(ring, 'a/b', 1), /cannot be the name/);
    refused(addGroup(ring, 'c', 0), /cannot be a weight/);
    refused(addGroup(ring, 'c', 101), /cannot be a weight/);
    refused(setWeight(ring, 'a', 1.5), /cannot be a weight/);
    refused(setWeight(ring, 'c', 1), /does not name group c/);
    refused(removeGroup(ring, 'b'), /removed already, and is being drained/);
    refused(removeGroup(ring, 'a'), /is the last one/);
    refused(abandon(ring, 'a'), /is the last one.*towline group reset a/);
    refused(abandon(ring, 'c'), /does not name group c/);
    const drained = trim(ring, always)!;
    refused(addGroup(drained, 'b', 1), /was removed; names of groups are never reused/);
    refused(removeGroup(drained, 'b'), /holds nothing any more/);
    refused(abandon(drained, 'b'), /was released/);
    const given = done(abandon(ringOf('a', 'b'), 'b'));
    refused(addGroup(given, 'b', 1), /was abandoned/);
    refused(removeGroup(given, 'b'), /was abandoned/);
  });
  it(`the fifth change before a drain is refused; to abandon a group is not`, () => {
    let ring = ringOf('a', 'b');
    for (let i = 0; i < MAX_HISTORY; i++) ring = done(addGroup(ring, `n${i}`, 1));
    assert.equal(ring.history.length, MAX_HISTORY);
    refused(addGroup(ring, 'more', 1), /keys of 4 earlier group lists have not all moved/);
    refused(removeGroup(ring, 'a'), /have not all moved/);
    refused(setWeight(ring, 'a', 9), /have not all moved/);
    const without = done(abandon(ring, 'a'));
    assert.ok(without.history.length <= MAX_HISTORY);
    assert.ok(!without.groups.some(({ id }) => id === 'a'));
  });
  it('G1, G2, G1 gives [G2, G1]', () => {
    // A slot that goes to b when b becomes heavy, and comes back when it is light again.
    const light = ringOf('a', 'b');
    const heavy = done(setWeight(light, 'b', 20));
    const back = done(setWeight(heavy, 'b', 1));
    const slot = [...ownersOf(light.groups)].findIndex(
      (owner, at) => owner === 0 && ownersOf(heavy.groups)[at] === 1,
    );
    assert.ok(slot >= 0);
    assert.deepEqual(chainsOf(light)[slot], ['a']);
    assert.deepEqual(chainsOf(heavy)[slot], ['a', 'b']);
    assert.deepEqual(chainsOf(back)[slot], ['b', 'a']);
    // The oldest list says nothing that the newest does not: it goes without anybody having to be empty.
    assert.deepEqual(trim(back, never)!.history, [heavy.groups]);
  });
  it('an abandoned group is in no chain, and lists that named nobody else go', () => {
    const three = done(addGroup(ringOf('a', 'b'), 'c', 1));
    const without = done(abandon(three, 'a'));
    assert.ok(chainsOf(without).every((chain) => chain.length > 0 && !chain.includes('a')));
    assert.deepEqual([without.version, without.history.length], [3, 1], 'b may hold what c owns now');
    const only = done(abandon(done(removeGroup(ringOf('a', 'b'), 'b')), 'b'));
    assert.deepEqual([only.history, only.abandoned, only.retired], [[], ['b'], undefined]);
  });
  it('a group in the middle of chains that is abandoned leaves the others in order', () => {
    const ring = done(addGroup(done(addGroup(ringOf('a'), 'b', 8)), 'c', 8));
    const slot = chainsOf(ring).findIndex((chain) => chain.join() === 'a,b,c');
    assert.ok(slot >= 0);
    assert.deepEqual(chainsOf(done(abandon(ring, 'b')))[slot], ['a', 'c']);
  });
});

/** Keys by slot and group, as writes and drains of an honest cluster would leave them. */
class Keys {
  readonly at: Set<string>[] = Array.from({ length: SLOTS }, () => new Set<string>());
  drain(ring: RingDocument, from: number, to: number): void {
    const chains = chainsOf(ring);
    for (let slot = from; slot < to && chains.length > 0; slot++) {
      const holders = this.at[slot]!;
      const owner = chains[slot]!.at(-1)!;
      if (holders.size === 0) continue;
      holders.clear();
      holders.add(owner);
    }
  }
  lose(group: string): void {
    for (const holders of this.at) holders.delete(group);
  }
  readonly empty = (group: string, slot: number) => !this.at[slot]!.has(group);
}

const step = fc.oneof(
  fc.record({ do: fc.constantFrom('add' as const), id: fc.nat(9), weight: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constantFrom('remove' as const, 'abandon' as const), id: fc.nat(9) }),
  fc.record({ do: fc.constant('weigh' as const), id: fc.nat(9), weight: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('write' as const), slots: fc.array(fc.nat(SLOTS - 1), { maxLength: 300 }) }),
  fc.record({ do: fc.constant('drain' as const), from: fc.nat(SLOTS), to: fc.nat(SLOTS) }),
  fc.record({ do: fc.constant('trim' as const) }),
);

describe('whatever changes', () => {
  it('who holds keys is in the chain, versions grow by one, history is bounded, no name comes back', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
        let ring: RingDocument = done(addGroup(EMPTY_RING, 'g0', 1));
        const keys = new Keys();
        const gone = new Set<string>();
        for (const one of steps) {
          let next: Changed = ring;
          if (one.do === 'add') next = addGroup(ring, `g${one.id}`, one.weight);
          if (one.do === 'remove') next = removeGroup(ring, `g${one.id}`);
          if (one.do === 'weigh') next = setWeight(ring, `g${one.id}`, one.weight);
          if (one.do === 'trim') next = trim(ring, keys.empty) ?? ring;
          if (one.do === 'drain') keys.drain(ring, one.from, one.to);
          if (one.do === 'abandon') {
            next = abandon(ring, `g${one.id}`);
            if (typeof next !== 'string') keys.lose(`g${one.id}`);
          }
          if (one.do === 'write') {
            const chains = chainsOf(ring);
            for (const slot of one.slots) keys.at[slot]!.add(chains[slot]!.at(-1)!);
          }
          if (typeof next === 'string' || next === ring) continue;
          assert.equal(next.version, ring.version + 1);
          assert.ok(next.history.length <= MAX_HISTORY && next.groups.length > 0);
          for (const { id } of next.groups) assert.ok(!gone.has(id), `${id} came back`);
          for (const { id } of ring.groups) {
            if (!next.groups.some((group) => group.id === id)) gone.add(id);
          }
          ring = next;
          const chains = chainsOf(ring);
          const owners = ownersOf(ring.groups);
          chains.forEach((chain, slot) => {
            assert.equal(chain.at(-1), ring.groups[owners[slot]!]!.id);
            assert.equal(new Set(chain).size, chain.length);
            for (const group of keys.at[slot]!) assert.ok(chain.includes(group), `${group} in slot ${slot}`);
          });
          for (const id of gone) assert.notEqual(standingOf(ring, id), 'none');
        }
        // Drained, it is as if the ring had always been so.
        keys.drain(ring, 0, SLOTS);
        const last = trim(ring, keys.empty) ?? ring;
        assert.deepEqual(last.history, []);
        for (const id of gone) assert.match(standingOf(last, id), /^(released|abandoned)$/);
      }),
      { numRuns: 25 },
    );
  });
  it('an entry stays while one slot of one group that needs it is not empty', () => {
    fc.assert(
      fc.property(fc.nat(SLOTS - 1), fc.nat(2), (at, older) => {
        let ring = ringOf('a', 'b');
        for (const id of ['c', 'd', 'e'].slice(0, older + 1)) ring = done(addGroup(ring, id, 4));
        const chains = chainsOf(ring);
        const slot = [...chains.keys()].find((each) => each >= at && chains[each]!.length > 1) ?? -1;
        fc.pre(slot >= 0);
        for (const group of chains[slot]!.slice(0, -1)) {
          const next = trim(ring, (one, where) => !(one === group && where === slot)) ?? ring;
          assert.ok(next.history.length > 0);
          assert.ok(chainsOf(next)[slot]!.includes(group));
        }
      }),
      { numRuns: 20 },
    );
  });
});
