// The load: each client sends one command at a time, reads of any key and writes of its own keys, and judges every
// reply. Must never leave a command's outcome out of the ledger.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Connection } from './connection.js';
import type { Ledger } from './ledger.js';
import type { Tally } from './tally.js';

/** What all clients of a run share. */
export interface Run {
  ledger: Ledger;
  tally: Tally;
  /** Stands before each key's number. */
  prefix: string;
  /** Share of reads, 0 to 1. */
  reads: number;
  clients: number;
  /** Pause of each client after a command, ms; absent: none. */
  pauseMs?: number;
  stop: AbortSignal;
}

/** A read or write that is yet to be sent. */
interface Command {
  key: number;
  writes: boolean;
}

/** Judges what a read that began with `mark` returned. */
export function judge(
  run: Run,
  key: number,
  mark: { least: number; at: number },
  value: string | null,
): void {
  const verdict = run.ledger.endRead(key, mark, value);
  if (verdict === 'ok') return;
  run.tally.found({
    verdict,
    key: `${run.prefix}${key}`,
    value: value?.slice(0, 64) ?? null,
    least: mark.least,
    ...run.ledger.describe(key),
  });
}

async function read(run: Run, redis: Redis, key: number): Promise<void> {
  const mark = run.ledger.beginRead(key);
  judge(run, key, mark, await redis.get(`${run.prefix}${key}`));
  run.tally.reads++;
}

/** Writes a key that only this client writes. */
export async function write(run: Run, redis: Redis, key: number): Promise<void> {
  const { number, at, value } = run.ledger.beginWrite(key);
  let answered = false;
  try {
    answered = (await redis.set(`${run.prefix}${key}`, value)) === 'OK';
  } finally {
    if (answered) run.ledger.acknowledged(key, number, at);
    else run.ledger.unknown(key, number);
  }
  run.tally.writes++;
}

/** Runs client number `index` until the run stops. */
export async function runClient(run: Run, index: number, connection: Connection): Promise<void> {
  const { ledger, tally, clients } = run;
  const own = Math.ceil((ledger.keys - index) / clients);
  let again: Command | null = null;
  const next = (): Command => {
    const mine = index + clients * Math.floor(Math.random() * own);
    const writes = Math.random() >= run.reads && ledger.mayWrite(mine);
    return { key: writes ? mine : Math.floor(Math.random() * ledger.keys), writes };
  };
  for (;;) {
    const redis = await connection.ready(run.stop);
    if (redis === null || run.stop.aborted) return;
    const command: Command = again ?? next();
    again = null;
    const from = performance.now();
    try {
      await (command.writes ? write(run, redis, command.key) : read(run, redis, command.key));
      tally.recent.record((performance.now() - from) * 1000);
    } catch (error) {
      if (connection.failed(error) === 'elsewhere') {
        // To the ledger it is another write: of the first nobody knows what became of it.
        again = command;
        tally.repeated++;
      }
    }
    if (run.pauseMs !== undefined) await sleep(run.pauseMs);
  }
}
