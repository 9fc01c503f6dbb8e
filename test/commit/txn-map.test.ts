// A map of transactions is one, whatever comes and goes in whatever order, and names that fall on one place are told
// apart.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TxnMap } from '../../src/commit/index.js';

describe('a map of transactions', () => {
  it('holds what a Map holds', () => {
    // Few counters of several coordinators: the same names come back, and places are fought for.
    const name = fc.tuple(fc.constantFrom('a', 'b', 'router-1'), fc.nat(60)).map(([who, n]) => `${who}:${n}`);
    const step = fc.record({ name, value: fc.option(fc.nat(), { nil: null }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const [map, model] = [new TxnMap<number>(), new Map<string, number>()];
        for (const each of steps) {
          if (each.value === null) assert.equal(map.delete(each.name), model.delete(each.name));
          else {
            map.set(each.name, each.value);
            model.set(each.name, each.value);
          }
          assert.equal(map.size, model.size);
          assert.equal(map.get(each.name), model.get(each.name));
        }
        for (const [key, value] of model) assert.equal(map.get(key), value);
        assert.deepEqual(map.values(), [...model.values()]);
      }),
    );
  });
  it('finds the newest hundred of a million, and nothing that was deleted', () => {
    const map = new TxnMap<number>();
    for (let i = 0; i < 1_000_000; i++) {
      map.set(`router-7f:${i}`, i);
      if (i >= 100) assert.ok(map.delete(`router-7f:${i - 100}`));
    }
    assert.equal(map.size, 100);
    for (let i = 999_900; i < 1_000_000; i++) assert.equal(map.get(`router-7f:${i}`), i);
    assert.equal(map.get('router-7f:999899'), undefined);
    assert.equal(map.delete('router-7f:999899'), false);
    assert.equal(map.values().length, 100);
  });
});
