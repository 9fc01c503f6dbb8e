// The lock table against a model that tries every request anew: who may hold what, in which order, and that nobody
// who could go on is left waiting.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type LockKey, type LockRequest, LockTable } from '../../src/commit/index.js';

const want = (...names: string[]): LockKey[] =>
  names.map((name) => ({ key: name.replace('?', ''), exclusive: !name.includes('?') }));
const owners = (requests: LockRequest<string>[]) => requests.map(({ owner }) => owner);

describe('LockTable', () => {
  it('grants shared locks together and exclusive ones alone', () => {
    const locks = new LockTable<string>();
    const a = locks.request('a', want('k?'));
    const b = locks.request('b', want('k?'));
    const c = locks.request('c', want('k'));
    const d = locks.request('d', want('k?'));
    assert.deepEqual(
      [a, b, c, d].map(({ granted }) => granted),
      [true, true, false, false],
    );
    assert.deepEqual(locks.release(a), []);
    assert.deepEqual(owners(locks.release(b)), ['c']);
    assert.deepEqual(owners(locks.release(c)), ['d']);
    assert.deepEqual(locks.release(c), []);
    locks.release(d);
    assert.equal(locks.size, 0);
  });
  it('grants all keys at once or none, without holding some meanwhile', () => {
    const locks = new LockTable<string>();
    const a = locks.request('a', want('x'));
    const b = locks.request('b', want('x', 'y'));
    const c = locks.request('c', want('z'));
    assert.ok(a.granted && !b.granted && c.granted);
    // b holds nothing, but it came first: y is its.
    assert.ok(!locks.request('d', want('y')).granted);
    assert.deepEqual(owners(locks.release(b)), ['d']);
  });
  it('joins a key named twice, the stronger wish counting', () => {
    const locks = new LockTable<string>();
    const a = locks.request('a', want('k?', 'k', 'k?'));
    assert.ok(a.granted);
    assert.deepEqual(a.keys, want('k'));
    assert.ok(!locks.request('b', want('k?')).granted);
    assert.deepEqual(owners(locks.release(a)), ['b']);
  });
  it('holds a key still: it is read, also past who waits to write it, and written when the hold ends', () => {
    const locks = new LockTable<string>();
    assert.ok(locks.hold('k') && !locks.hold('k'));
    assert.equal(locks.size, 1);
    assert.ok(locks.blocks('k', true) && !locks.blocks('k', false) && !locks.blocks('other', true));
    const writer = locks.request('writer', want('k', 'other'));
    const reader = locks.request('reader', want('x', 'y?'));
    const all = locks.request('all', [], true);
    assert.ok(!writer.granted && reader.granted && !all.granted);
    locks.release(all);
    assert.ok(!locks.blocks('k', false) && locks.blocks('other', false));
    assert.deepEqual(owners(locks.unhold('k')), ['writer']);
    assert.ok(locks.blocks('k', false));
    assert.deepEqual(locks.unhold('k'), []);
    locks.release(writer);
    locks.release(reader);
    assert.equal(locks.size, 0);
  });
  it('adds keys to a request if nobody has or wants any of them, and gives them up with it', () => {
    const locks = new LockTable<string>();
    const a = locks.request('a', want('m?'));
    const b = locks.request('b', want('x?'));
    assert.ok(!locks.extend(a, want('y', 'x')), 'x is read');
    assert.ok(!locks.blocks('y', true), 'nothing has changed');
    assert.ok(locks.hold('z') && !locks.extend(a, want('z')), 'z is to be still');
    locks.unhold('z');
    const all = locks.request('all', [], true);
    assert.ok(!locks.extend(a, want('y')), 'everything is wanted');
    assert.ok(locks.extend(a, want()), 'nothing more is wanted');
    locks.release(all);
    assert.ok(locks.extend(a, want('y', 'w', 'y')));
    assert.ok(locks.blocks('y', false) && locks.blocks('w', false));
    const c = locks.request('c', want('w'));
    assert.ok(!c.granted);
    assert.deepEqual(owners(locks.release(a)), ['c']);
    locks.release(b);
    locks.release(c);
    assert.equal(locks.size, 0);
  });
  it('does not hold a key that somebody has or wants exclusively', () => {
    const locks = new LockTable<string>();
    const reader = locks.request('reader', want('k?'));
    assert.ok(locks.hold('k'));
    locks.unhold('k');
    const writer = locks.request('writer', want('k'));
    assert.ok(!locks.hold('k'));
    locks.release(reader);
    assert.ok(!locks.hold('k') && locks.hold('other'));
    locks.unhold('other');
    locks.release(writer);
    const all = locks.request('all', [], true);
    assert.ok(all.granted && !locks.hold('k'));
    locks.release(all);
    assert.ok(locks.hold('k'));
    const later = locks.request('later', [], true);
    assert.ok(!later.granted);
    assert.deepEqual(owners(locks.unhold('k')), ['later']);
  });
  it('says whether a plain command must wait', () => {
    const locks = new LockTable<string>();
    assert.ok(!locks.blocks('k', true));
    const a = locks.request('a', want('k?'));
    assert.ok(locks.blocks('k', true) && !locks.blocks('k', false) && !locks.blocks('other', true));
    // Behind one who waits exclusively a read waits too: nobody starves.
    const b = locks.request('b', want('k'));
    assert.ok(locks.blocks('k', false));
    locks.release(b);
    assert.ok(!locks.blocks('k', false));
    locks.release(a);
    const all = locks.request('all', [], true);
    assert.ok(locks.blocks('anything', false));
    locks.release(all);
    assert.ok(!locks.blocks('anything', true));
  });
});

/** One key table's worth of truth: the requests in order, and when two of them get in each other's way. */
interface Modelled {
  owner: string;
  keys: LockKey[];
  everything: boolean;
  granted: boolean;
}
function conflict(a: Modelled, b: Modelled): boolean {
  if (a.everything || b.everything) return true;
  return a.keys.some((x) => b.keys.some((y) => x.key === y.key && (x.exclusive || y.exclusive)));
}
/** Who could be granted now: those with nobody in their way among the earlier ones. */
function grantable(model: Modelled[]): Modelled[] {
  return model.filter((each, i) => !model.slice(0, i).some((earlier) => conflict(earlier, each)));
}

type Step = { keys: LockKey[]; everything: boolean } | { release: number };

describe('LockTable against a model', () => {
  const key = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), exclusive: fc.boolean() });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        keys: fc.array(key, { minLength: 1, maxLength: 3 }),
        everything: fc.constant(false),
      }),
    },
    { weight: 1, arbitrary: fc.record({ keys: fc.constant<LockKey[]>([]), everything: fc.constant(true) }) },
    { weight: 6, arbitrary: fc.record({ release: fc.nat(20) }) },
  );
  it('never grants what conflicts, keeps the order of arrival, and wakes whoever can go on', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const locks = new LockTable<string>();
        const model: Modelled[] = [];
        const requests = new Map<string, LockRequest<string>>();
        let names = 0;
        for (const each of steps) {
          const before = new Set(model.filter(({ granted }) => granted));
          let told: string[];
          if ('release' in each) {
            if (model.length === 0) continue;
            const [gone] = model.splice(each.release % model.length, 1);
            told = owners(locks.release(requests.get(gone!.owner)!));
            assert.ok(!requests.get(gone!.owner)!.granted);
          } else {
            const owner = `o${names++}`;
            const request = locks.request(owner, each.keys, each.everything);
            requests.set(owner, request);
            model.push({ owner, keys: each.keys, everything: each.everything, granted: false });
            told = request.granted ? [owner] : [];
          }
          const now = grantable(model);
          const fresh = now.filter((one) => !before.has(one)).map(({ owner }) => owner);
          // Exactly those who can go on now and could not before, told once, in order of arrival.
          assert.deepEqual(told, fresh);
          for (const one of now) one.granted = true;
          for (const one of model) assert.equal(requests.get(one.owner)!.granted, one.granted, one.owner);
          const held = model.filter(({ granted }) => granted);
          for (const [i, one] of held.entries()) {
            for (const other of held.slice(i + 1))
              assert.ok(!conflict(one, other), 'two incompatible grants');
          }
          assert.equal(locks.size, model.length);
          for (const name of ['a', 'b', 'c', 'd', 'e']) {
            for (const exclusive of [false, true]) {
              const plain = {
                owner: '',
                keys: [{ key: name, exclusive }],
                everything: false,
                granted: false,
              };
              assert.equal(
                locks.blocks(name, exclusive),
                model.some((one) => conflict(one, plain)),
              );
            }
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
