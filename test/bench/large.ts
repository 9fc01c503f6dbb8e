// `node dist/test/bench/large.js`: what clients notice while a large value of each type moves. Prints figures; only a
// value that is not whole, a wrong answer, or an error that a client saw, is a failure.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type LargeOutcome, runLarge, type Wait } from './large-run.js';
import { largeValues } from './large-value.js';

const { values } = parseArgs({
  options: {
    elements: { type: 'string', default: '1000000' },
    mebibytes: { type: 'string', default: '256' },
    kinds: { type: 'string', default: 'string,hash,set,zset,list' },
    rate: { type: 'string', default: 'auto' },
    json: { type: 'string' },
  },
});
const [elements, mebibytes] = [Number(values.elements), Number(values.mebibytes)];
if (!(elements >= 1 && elements <= 10_000_000 && mebibytes >= 1 && mebibytes <= 511))
  throw new Error('--elements: up to 10000000; --mebibytes: 1 to 511');
const rate = values.rate === 'auto' || values.rate === 'max' ? values.rate : Number(values.rate);
if (typeof rate === 'number' && !(rate > 0)) throw new Error('--rate: auto, max, or keys a second');
const say = (line: string) => void process.stdout.write(`${line}\n`);
const wait = ({ ms, ownMs }: Wait) => `${ms.toFixed(1)} ms (own process held up ${ownMs.toFixed(1)} ms)`;
const outcomes: LargeOutcome[] = [];
for (const value of largeValues(elements, mebibytes)) {
  if (!values.kinds.split(',').includes(value.kind)) continue;
  const outcome = await runLarge({ value, rate, random: Math.random, say });
  outcomes.push(outcome);
  say(
    `moved in ${(outcome.moveMs / 1000).toFixed(1)} s, ${outcome.copies} copies, ${outcome.left} left behind`,
  );
  say(`longest wait of a client of other keys: before ${wait(outcome.before)}`);
  say(`  while it moved ${wait(outcome.during)}`);
  say(`  after that ${wait(outcome.after)}`);
  say(`its own reader: ${outcome.reads} reads, the longest ${outcome.readerMs.toFixed(1)} ms`);
  for (const [name, { before, during }] of Object.entries(outcome.held))
    say(
      `${name}: event loop held up ${during.loopMs} ms (before ${before.loopMs}), garbage collection ${during.collectionMs} ms (before ${before.collectionMs}), ${during.megabytes} MB (before ${before.megabytes})`,
    );
  for (const what of outcome.wrong) say(`wrong: ${what}`);
  if (Object.keys(outcome.errors).length > 0) say(`errors: ${JSON.stringify(outcome.errors)}`);
  const good = outcome.copies === 2 && outcome.left === 0 && outcome.wrong.length === 0;
  if (!good || Object.keys(outcome.errors).length > 0) process.exitCode = 1;
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
