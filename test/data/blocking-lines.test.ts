// The lines of blocked clients by themselves: whose turn it is, who is told, who is passed over, and that a wake-up is
// never lost, whatever order things happen in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockingLines } from '../../src/data/blocking-lines.js';

/** Lines over keys of which the test says which have something. */
function world() {
  const full = new Set<string>();
  const told: string[] = [];
  const lines = new BlockingLines<string>({
    ready: (name) => full.has(name),
    keyOf: (name) => name,
    tell: (lane, id, position) => void told.push(`${lane}${id}@${position}`),
  });
  /** Something is put there. */
  const put = (name: string) => {
    full.add(name);
    lines.filled(name);
  };
  const look = (now = 0) => {
    lines.look(now);
    return told.splice(0);
  };
  return { full, lines, put, look };
}

test('the first in line is told, once, and the next one when it has gone', () => {
  const { lines, put, look } = world();
  lines.add('a', 1, 10, ['x', 'y']);
  lines.add('b', 1, 11, ['y']);
  assert.deepEqual(look(), []);
  put('y');
  assert.deepEqual(look(), ['a1@1']);
  put('y');
  assert.deepEqual(look(), [], 'it was told already');
  assert.equal(lines.ahead('y', 'b', 1, 11), true);
  assert.equal(lines.ahead('y', 'a', 1, 10), false);
  lines.remove('a', 1);
  assert.deepEqual(look(), ['b1@0']);
});

test('who has waited longer goes first, whenever it registers', () => {
  const { lines, put, look } = world();
  lines.add('a', 1, 20, ['x']);
  lines.add('b', 7, 5, ['x']);
  lines.add('c', 1, 20, ['x']);
  put('x');
  assert.deepEqual(look(), ['b7@0']);
  lines.drop('b');
  assert.deepEqual(look(), ['a1@0']);
  assert.equal(lines.ahead('x', 'd', 1, 19), false, 'a new one that has waited longer than all');
  assert.equal(lines.ahead('x', 'd', 1, 21), true);
});

test('one that came and found nothing is told again; one that does not come is passed over and keeps its place', () => {
  const { full, lines, put, look } = world();
  lines.add('a', 1, 1, ['x']);
  lines.add('b', 1, 2, ['x']);
  put('x');
  assert.deepEqual(look(), ['a1@0']);
  full.delete('x');
  lines.missed('a', 1);
  assert.deepEqual(look(), []);
  put('x');
  assert.deepEqual(look(100), ['a1@0']);
  lines.expire(1099);
  assert.deepEqual(look(1099), []);
  lines.expire(1100);
  assert.deepEqual(look(1100), ['b1@0']);
  assert.equal(lines.ahead('x', 'b', 1, 2), false, 'the one before it is passed over');
  lines.expire(2100);
  assert.deepEqual(look(2100), ['a1@0'], 'all were passed over: from the front again');
});

test('a newer ring ends every registration', () => {
  const { lines, put, look } = world();
  lines.add('a', 1, 1, ['x', 'x', 'y']);
  lines.add('b', 2, 2, ['y']);
  assert.deepEqual(lines.clear().sort(), ['a', 'b']);
  assert.equal(lines.size, 0);
  put('x');
  assert.deepEqual(look(), []);
});

test('whatever happens, a key with something and a line has told exactly the first who was not passed over', () => {
  const name = fc.constantFrom('x', 'y', 'z');
  const lane = fc.constantFrom('a', 'b');
  const id = fc.integer({ min: 1, max: 4 });
  const step = fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      lane,
      id,
      names: fc.array(name, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ do: fc.constant('remove' as const), lane, id }),
    fc.record({ do: fc.constant('put' as const), name }),
    fc.record({ do: fc.constant('take' as const), name }),
    fc.record({ do: fc.constant('drop' as const), lane }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const full = new Set<string>();
      const order = new Map<string, { since: number; names: string[] }>();
      const told = new Map<string, string>();
      const lines = new BlockingLines<string>({
        ready: (each) => full.has(each),
        keyOf: (each) => each,
        tell: (to, who, position) => {
          const one = `${to}${who}`;
          told.set(order.get(one)!.names[position]!, one);
        },
      });
      steps.forEach((each, now) => {
        if (each.do === 'add') {
          for (const [key, who] of told) if (who === `${each.lane}${each.id}`) told.delete(key);
          order.set(`${each.lane}${each.id}`, { since: now, names: each.names });
          lines.add(each.lane, each.id, now, each.names);
        } else if (each.do === 'remove') {
          order.delete(`${each.lane}${each.id}`);
          lines.remove(each.lane, each.id);
        } else if (each.do === 'put') {
          full.add(each.name);
          lines.filled(each.name);
        } else if (each.do === 'take') {
          // Whoever takes it, the primary looks when something is put there again.
          full.delete(each.name);
          told.delete(each.name);
          for (const one of order.keys()) lines.missed(one[0]!, Number(one.slice(1)));
        } else {
          for (const one of [...order.keys()]) if (one[0] === each.lane) order.delete(one);
          lines.drop(each.lane);
        }
        lines.look(0);
        for (const key of full) {
          const waiting = [...order].filter(([, { names }]) => names.includes(key));
          const first = waiting.sort(([, a], [, b]) => a.since - b.since)[0]?.[0];
          if (first !== undefined) assert.equal(told.get(key), first, `${key} after step ${now}`);
        }
        assert.equal(lines.size, order.size);
      });
    }),
    { seed: 5, numRuns: 500 },
  );
});
