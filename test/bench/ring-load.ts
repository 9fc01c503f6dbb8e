// `node dist/test/bench/ring-load.js`: rounds of groups added and removed under `towline workload`. Prints what became
// of the keys; anything lost, wrong or an error is a failure.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { resultText } from '../../src/cli/workload/show.js';
import { ringLoad } from '../e2e/ring-load.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    keys: { type: 'string', default: '20000' },
    members: { type: 'string', default: '2' },
    pause: { type: 'string', default: '4000' },
  },
});
const [rounds, keys, members] = [Number(values.rounds), Number(values.keys), Number(values.members)];
const pauseMs = Number(values.pause);
if (!(rounds >= 1 && rounds <= 100 && keys >= 8 && keys <= 1_000_000 && members >= 1 && members <= 3)) {
  throw new Error('--rounds: 1 to 100; --keys: 8 to 1000000; --members: 1 to 3');
}
if (!(pauseMs >= 0 && pauseMs <= 600_000)) throw new Error('--pause: up to 600000 ms');
const say = (line: string) => void process.stdout.write(`${line}\n`);
const { result, code, changes, longestHistory, drains } = await ringLoad({
  rounds,
  keys,
  members,
  pauseMs,
  say,
});
say(`${changes} changes of the ring, up to ${longestHistory} earlier lists at a time`);
say(
  `drains: ${drains.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}; load average ${loadavg()[0]!.toFixed(1)}`,
);
say(resultText(result));
process.exitCode = code ?? 1;
