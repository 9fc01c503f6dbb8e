// `node dist/test/bench/ring.js`: what clients notice when a group is added, how soon it serves, how long the drain
// takes. Prints figures; only a key that differs, or an error that a client saw, is a failure.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { drainRate, oneOf } from '../../src/cli/values.js';
import { type RingOutcome, runRing } from './ring-run.js';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    clients: { type: 'string', default: '8' },
    reads: { type: 'string', default: '0.5' },
    pause: { type: 'string', default: '0' },
    members: { type: 'string', default: '2' },
    routers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '10' },
    by: { type: 'string', default: 'add' },
    rate: { type: 'string', default: 'auto' },
    finish: { type: 'string', default: 'max' },
    warm: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const number = (text: string, least: number, most: number): number => {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new Error(`${text}: expected ${least} to ${most}`);
  return value;
};
const say = (line: string) => void process.stdout.write(`${line}\n`);
const load = () => loadavg()[0]!.toFixed(1);
const keys = number(values.keys, 100, 10_000_000);
const shape = {
  keys,
  clients: number(values.clients, 1, 200),
  reads: number(values.reads, 0, 1),
  pauseMs: number(values.pause, 0, 10_000),
  members: number(values.members, 1, 3),
  routers: number(values.routers, 1, 9),
  measureMs: number(values.seconds, 1, 600) * 1000,
  by: oneOf('add', 'start')(values.by) as 'add' | 'start',
  warm: values.warm,
  rate: drainRate(values.rate),
  thenRate: drainRate(values.finish),
  random: Math.random,
  say,
};
const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const outcomes: RingOutcome[] = [];
for (let run = 0; run < number(values.runs, 1, 50); run++) {
  say(`run ${run + 1}, load average before it ${load()}`);
  const outcome = await runRing(shape);
  outcomes.push(outcome);
  const { before, after, p99Before, p99After, longestAfter, equal, moved, errors, wrong } = outcome;
  say(`  throughput ${Math.round(before)}/s, after ${Math.round(after)}/s: ${(after / before).toFixed(2)}`);
  say(
    `  p99 ${p99Before.toFixed(2)} ms, after ${p99After.toFixed(2)} ms: ${(p99After / p99Before).toFixed(2)}`,
  );
  const { cpuBefore, cpuAfter } = outcome;
  say(
    `  CPU an answer ${cpuBefore.toFixed(3)} ms, after ${cpuAfter.toFixed(3)} ms: ${(cpuAfter / cpuBefore).toFixed(2)}`,
  );
  say(
    `  longest wait after ${longestAfter.ms.toFixed(0)} ms (own process ${longestAfter.ownMs.toFixed(0)} ms)`,
  );
  say(
    `  drained ${Math.round(outcome.drainMs)} ms after the change, ${Math.round(outcome.fastMs)} at ${values.finish}`,
  );
  say(`  ${moved} keys at the new group; ${outcome.hops.toFixed(3)} hops a read; load average ${load()}`);
  say(`  ${equal} of ${keys} keys equal; errors ${JSON.stringify(errors)}`);
  for (const what of wrong) say(`  wrong: ${what}`);
  if (equal !== keys || wrong.length > 0 || Object.keys(errors).length > 0) process.exitCode = 1;
}
const of = (pick: (outcome: RingOutcome) => number) => median(outcomes.map(pick));
say(
  `median of ${outcomes.length}: first write ${Math.round(of(({ firstWriteMs }) => firstWriteMs))} ms, ` +
    `throughput ${of(({ before, after }) => after / before).toFixed(2)}, ` +
    `p99 ${of(({ p99Before, p99After }) => p99After / p99Before).toFixed(2)}, ` +
    `drain at ${values.finish} ${Math.round(of(({ fastMs }) => fastMs))} ms`,
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
