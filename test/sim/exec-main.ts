// Transactions in the simulator as a program: `node dist/test/sim/exec-main.js [--seeds N] [--seed S] [--verbose] [--keep]`.
import { parseArgs } from 'node:util';
import { runExecs } from './exec-run.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const startedAt = process.hrtime.bigint();
const sums = { seeds: 0, failed: 0, answered: 0, unknown: 0, refused: 0, nils: 0, watched: 0, undecided: 0 };
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const report = runExecs(seed, values.verbose ? (line) => console.log(line) : null);
  sums.seeds++;
  for (const name of ['answered', 'unknown', 'refused', 'nils', 'watched', 'undecided'] as const)
    sums[name] += report[name];
  if (report.failure === null) continue;
  sums.failed++;
  console.error(`seed ${seed} (trace ${report.trace}): ${report.failure}`);
  if (!values.keep) break;
}
const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
console.log(`${JSON.stringify(sums)} ${(sums.seeds / seconds).toFixed(1)} seeds/s`);
process.exitCode = sums.failed > 0 ? 1 : 0;
