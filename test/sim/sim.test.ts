// Many simulated runs, each from its own seed, and the promise that a seed is all that is needed to repeat one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './run.js';

const SEEDS = 240;
const BLOCK = 20;
/** First seed of each block; the last two are of those that have every kind of trouble (variants.ts). */
const FIRSTS = [...Array.from({ length: SEEDS / BLOCK - 1 }, (_, i) => 1 + i * BLOCK), 600_001, 800_001];

test('the same seed gives the same run, watched or not', () => {
  for (const seed of [3, 42, 1234]) {
    const first = run(seed);
    const lines: string[] = [];
    const second = run(seed, { verbose: (line) => lines.push(line) });
    assert.deepEqual(second, first);
    assert.ok(lines.length > 100);
    assert.notEqual(run(seed + 1).trace, first.trace);
  }
});

let answered = 0;
let unknown = 0;
let undecided = 0;
let lost = 0;
let resets = 0;
for (const first of FIRSTS) {
  test(`seeds ${first} to ${first + BLOCK - 1}`, () => {
    for (let seed = first; seed < first + BLOCK; seed++) {
      const report = run(seed);
      assert.equal(
        report.failure,
        null,
        `seed ${seed}: ${report.failure}\nrepeat it with: node dist/test/sim/main.js --seeds 1 --seed ${seed} --verbose`,
      );
      answered += report.answered;
      unknown += report.unknown;
      undecided += report.undecided;
      lost += report.lost;
      resets += report.resets;
    }
  });
}

test('the runs were worth running: clients were answered, some were left in doubt, few histories were too hard', () => {
  assert.ok(answered > SEEDS * 50, `${answered} commands answered`);
  assert.ok(unknown > SEEDS, `${unknown} commands of unknown outcome`);
  assert.ok(lost > 0 && resets > 0, `${resets} groups begun anew, ${lost} commands met one that was lost`);
  assert.ok(undecided <= SEEDS / 50, `${undecided} parts of histories were not decided`);
});
