// The simulator as a program: `node dist/test/sim/main.js [--seeds N] [--seed S] [--verbose] [--keep] [--ordered]`.
// Runs N seeds from S on (past failures with --keep) and says how fast; at a failure it prints the seed and how to
// repeat it, and exits with 1. --ordered also demands order within pipelines (in-order.ts).
import { parseArgs } from 'node:util';
import { run } from './run.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    ordered: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const count = Number(values.seeds);
const startedAt = process.hrtime.bigint();
let answered = 0;
let unknown = 0;
let undecided = 0;
let lost = 0;
let resets = 0;
let forsaken = 0;
let counts = 0;
let halved = 0;
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  const verbose = values.verbose ? (line: string) => console.log(line) : null;
  const report = run(seed, { verbose, ordered: values.ordered });
  answered += report.answered;
  unknown += report.unknown;
  undecided += report.undecided;
  lost += report.lost;
  resets += report.resets;
  forsaken += report.forsaken;
  counts += report.counts;
  halved += report.halved;
  if (values.verbose || count === 1) console.log(JSON.stringify({ ...report, failure: undefined }));
  if (report.failure === null) continue;
  failed++;
  console.error(`seed ${seed} (trace ${report.trace}): ${report.failure}`);
  console.error(`repeat it with: --seeds 1 --seed ${seed} --verbose`);
  if (!values.keep) break;
}
const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
console.log(
  `${count} seeds, ${failed} failed, ${(count / seconds).toFixed(1)} seeds/s; ${answered} commands answered, ${unknown} of unknown outcome, ${undecided} parts undecided, ${counts} counts; ${resets} groups begun anew, ${lost} times GROUPLOST, ${forsaken} transactions given up with one; ${halved} ended at the half of a broken write`,
);
process.exitCode = failed > 0 ? 1 : 0;
