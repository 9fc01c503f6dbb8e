// `towline workload`: the observing client. Loads the routers, shows what happens, and says at the end whether any
// acknowledged write was lost. Exit code 1 if anything was lost, wrong or an error.

import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './command.js';
import { Failure, UsageError } from './failure.js';
import type { Settings } from './settings.js';
import { WORKLOAD } from './tool-options.js';
import { type Run, runClient } from './workload/clients.js';
import { Connection } from './workload/connection.js';
import { GroupCounter } from './workload/group-counts.js';
import { Ledger } from './workload/ledger.js';
import { liveLine, type Result, resultOf, resultText } from './workload/show.js';
import { Tally } from './workload/tally.js';
import { removeKeys, verify } from './workload/verify.js';

const LINE_MS = 1000;

/** Aborts after `seconds` (0: never) or at the first signal; a second signal ends the process. */
function stopAfter(seconds: number): AbortController {
  const stop = new AbortController();
  if (seconds > 0) setTimeout(() => stop.abort(), seconds * 1000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  return stop;
}

/** Polls the routers' counts and prints a line about every second until the run stops. */
async function show(run: Run, counter: GroupCounter, print: (line: string) => void): Promise<void> {
  const start = performance.now();
  let last = start;
  let before = counter.counts;
  while (!run.stop.aborted) {
    await sleep(LINE_MS, undefined, { signal: run.stop }).catch(() => {});
    await counter.poll();
    const now = performance.now();
    const counts = counter.counts;
    print(liveLine((now - start) / 1000, (now - last) / 1000, run.tally, counts, before));
    run.tally.earlier.add(run.tally.recent);
    run.tally.recent.clear();
    last = now;
    before = counts;
  }
}

/** One run from start to judgement. */
async function runWorkload(settings: Settings<typeof WORKLOAD>): Promise<Result> {
  const { routers, password, clients, keys, json } = settings;
  const counter = new GroupCounter(routers, password);
  const names = routers.map(({ host, port }) => `${host}:${port}`).join(', ');
  if ((await counter.poll()) === 0) throw new Failure(`no router answers at ${names}; try --routers`);
  const tally = new Tally();
  const stop = stopAfter(settings.seconds);
  const run: Run = {
    ledger: new Ledger(keys, settings.size),
    tally,
    // Of its own for each run, so that nothing that was there before can be mistaken for ours.
    prefix: `workload:${randomBytes(4).toString('hex')}:`,
    reads: settings.reads,
    clients,
    stop: stop.signal,
  };
  const connections = Array.from(
    { length: clients },
    (_, i) => new Connection([routers[i % routers.length]!], password, tally),
  );
  const from = performance.now();
  const print = json ? () => {} : (line: string) => void process.stdout.write(`${line}\n`);
  await Promise.all([
    show(run, counter, print),
    ...connections.map((connection, i) => runClient(run, i, connection)),
  ]);
  const seconds = (performance.now() - from) / 1000;
  const groups = counter.counts;
  await verify(run, connections);
  const result = resultOf(seconds, { clients, keys }, tally, groups);
  if (!settings.keep) await removeKeys(run, connections);
  for (const connection of connections) connection.close();
  return result;
}

/** The program `towline workload`. */
export const workload: Program<typeof WORKLOAD> = {
  name: 'workload',
  summary: 'load the cluster, watch it, and check that no acknowledged write is lost',
  options: WORKLOAD,
  async run(settings) {
    if (settings.keys < settings.clients) throw new UsageError('--keys must be at least --clients');
    const result = await runWorkload(settings);
    process.stdout.write(settings.json ? `${JSON.stringify(result)}\n` : resultText(result));
    return result.lost + result.wrong + result.errors === 0 ? 0 : 1;
  },
};
