// `npm run test:redis [-- units...]`: Redis 7.0.15's own tests against a fresh cluster of two groups with two members.
// Fails on all that table.ts does not expect, good news included. `--port P` tests a server that runs already.
import { parseArgs } from 'node:util';
import { startCluster } from '../e2e/cluster.js';
import { judge, type Verdict } from './judge.js';
import { Missing, redisSource } from './source.js';
import { runUnit } from './suite.js';
import { UNITS } from './table.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    output: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
  },
});

/** The units asked for, in the table's order: it matters. */
function chosen() {
  const unknown = positionals.filter((name) => !UNITS.some((unit) => unit.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no such unit: ${unknown.join(', ')}; there are ${UNITS.map(({ name }) => name).join(' ')}`,
    );
  return positionals.length === 0 ? UNITS : UNITS.filter(({ name }) => positionals.includes(name));
}

function show({ unit, passed, reaches, excepted, wrong }: Verdict, ms: number): void {
  const words = [`${passed} of ${reaches} pass`];
  if (excepted > 0) words.push(`${excepted} expected to fail`);
  console.log(`${wrong.length === 0 ? '✔' : '✖'} ${unit}: ${words.join(', ')} (${(ms / 1000).toFixed(1)} s)`);
  for (const line of wrong) console.log(`    ${line}`);
}

async function main(): Promise<void> {
  const units = chosen();
  let folder: string;
  try {
    folder = await redisSource();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`skipped: ${error.message}`);
    if (process.env['CI'] === 'true') process.exitCode = 1;
    return;
  }
  const cluster =
    values.port === undefined ? await startCluster({ groups: 2, members: 2, routers: 1 }) : null;
  const port = cluster?.routerPorts[0] ?? Number(values.port);
  const verdicts: Verdict[] = [];
  let later = 0;
  try {
    for (const unit of units) {
      if (unit.notYet !== undefined && !values.all && positionals.length === 0) {
        console.log(`- ${unit.name}: not yet: ${unit.notYet}`);
        later++;
        continue;
      }
      const { results, output, ms } = await runUnit(folder, port, unit.name, Object.keys(unit.skips ?? {}));
      if (values.output) console.log(output);
      const verdict = judge(unit, results);
      if (results.length === 0) verdict.wrong.push(`it printed: ${output.slice(-2000)}`);
      show(verdict, ms);
      verdicts.push(verdict);
    }
  } finally {
    await cluster?.stop();
  }
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, each) => total + of(each), 0);
  const [passed, reaches] = [sum((each) => each.passed), sum((each) => each.reaches)];
  console.log(
    `${passed} of ${reaches} results of Redis's tests (${((100 * passed) / reaches).toFixed(1)} %)`,
  );
  const wrong = verdicts.filter((each) => each.wrong.length > 0).length;
  console.log(`${verdicts.length - wrong} passed, ${wrong} failed, ${later} skipped`);
  if (wrong > 0) process.exitCode = 1;
}

await main();
