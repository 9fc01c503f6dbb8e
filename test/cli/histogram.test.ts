// The latency histogram against a sorted list: right to within 1/64, in any order, for any size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../../src/cli/workload/histogram.js';

test('a quantile is at or above the true one, and by less than 1/64', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 2 ** 34 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1]!;
      const found = histogram.quantile(share);
      assert.ok(found >= exact && found <= exact * (1 + 1 / 64), `${found} for ${exact}`);
      assert.equal(histogram.max, sorted.at(-1));
      assert.equal(histogram.count, values.length);
    }),
  );
});

test('two histograms add up to one of all values', () => {
  const values = Array.from({ length: 500 }, (_, i) => i * i * 7);
  const [left, right, all] = [new Histogram(), new Histogram(), new Histogram()];
  values.forEach((value, i) => {
    (i % 3 === 0 ? left : right).record(value);
    all.record(value);
  });
  left.add(right);
  for (const share of [0, 0.5, 0.99, 0.999, 1]) assert.equal(left.quantile(share), all.quantile(share));
  left.clear();
  assert.deepEqual([left.count, left.max, left.quantile(0.99)], [0, 0, 0]);
});

test('what is out of range counts as the nearest value in it', () => {
  const histogram = new Histogram();
  histogram.record(-5);
  histogram.record(2 ** 50);
  assert.equal(histogram.quantile(0), 0);
  assert.equal(histogram.max, 2 ** 36 - 1);
});
