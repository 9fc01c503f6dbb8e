// `node dist/test/bench/sync.js`: what clients notice while a new backup is given everything, and whether it then holds
// everything. Prints figures; only a copy that differs, or an error that a client saw, is a failure.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runSync } from './sync-run.js';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '9' },
    json: { type: 'string' },
  },
});
const [keys, clients, seconds] = [Number(values.keys), Number(values.clients), Number(values.seconds)];
if (
  !(keys >= clients && keys <= 10_000_000 && clients >= 1 && clients <= 200 && seconds > 0 && seconds <= 600)
) {
  throw new Error('--keys: up to 10000000; --clients: 1 to 200; --seconds: up to 600');
}
const say = (line: string) => void process.stdout.write(`${line}\n`);
const outcome = await runSync({
  keys,
  clients,
  measureMs: seconds * 1000,
  random: Math.random,
  say,
});
const { before, during, after, syncMs, waits, primary, candidate, equal, wrong, errors } = outcome;
const share = (rate: number) => `${Math.round(rate)}/s (${(rate / before).toFixed(2)} of before)`;
say(`${keys} keys of 100 bytes, ${clients} clients, half reads, half writes`);
say(
  `throughput: before ${Math.round(before)}/s, during ${share(during)}, after, with two copies, ${share(after)}`,
);
say(`sync: ${(syncMs / 1000).toFixed(1)} s`);
for (const [name, { ms, ownMs }] of Object.entries(waits))
  say(
    `longest wait of a client, ${name}: ${ms.toFixed(1)} ms (its own process held up ${ownMs.toFixed(1)} ms)`,
  );
for (const [name, held] of [
  ...Object.entries(primary).map(([when, each]) => [`primary ${when}`, each] as const),
  ...Object.entries(candidate).map(([when, each]) => [`candidate ${when}`, each] as const),
]) {
  const { loopMs, collectionMs, megabytes } = held;
  say(`${name}: event loop held up ${loopMs} ms, garbage collection ${collectionMs} ms, ${megabytes} MB`);
}
say(`after SIGKILL of the old primary: ${equal} of ${keys} keys equal; errors ${JSON.stringify(errors)}`);
for (const what of wrong) say(`wrong: ${what}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcome, null, 2)}\n`);
if (equal !== keys || wrong.length > 0 || Object.keys(errors).length > 0) process.exitCode = 1;
