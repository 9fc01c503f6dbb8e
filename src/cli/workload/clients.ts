// The load: each client sends one command at a time, reads of any key and writes of its own keys, and judges every
// reply. Must never leave a command's outcome out of the ledger.
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
  stop: AbortSignal;
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

async function write(run: Run, redis: Redis, key: number): Promise<void> {
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
  for (;;) {
    const redis = await connection.ready(run.stop);
    if (redis === null || run.stop.aborted) return;
    const mine = index + clients * Math.floor(Math.random() * own);
    const any = Math.floor(Math.random() * ledger.keys);
    const writes = Math.random() >= run.reads && ledger.mayWrite(mine);
    const from = performance.now();
    try {
      await (writes ? write(run, redis, mine) : read(run, redis, any));
      tally.recent.record((performance.now() - from) * 1000);
    } catch (error) {
      connection.failed(error);
    }
  }
}
