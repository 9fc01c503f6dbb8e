// The end of a run: every key is read once more and judged, through whichever routers answer, and then deleted.
// Must account for every key: what could not be read is counted as such.
import type { Redis } from 'ioredis';
import { judge, type Run } from './clients.js';
import type { Connection } from './connection.js';

/** Keys asked for at a time on one connection. */
const BATCH = 64;
const LIMIT_MS = 60_000;

/** Does `work` once for each batch of keys, spread over the connections; the result counts keys left undone. */
async function forEachBatch(
  keys: number,
  connections: Connection[],
  work: (redis: Redis, from: number, to: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const again: number[] = [];
  let open = 0;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LIMIT_MS);
  const take = () => {
    const returned = again.pop();
    if (returned !== undefined) return returned;
    const from = next;
    if (from >= keys) return null;
    next += BATCH;
    return from;
  };
  await Promise.all(
    connections.map(async (connection) => {
      // A client whose router is gone must not wait for it while others can do the work, nor end before they have.
      while (!limit.signal.aborted && (next < keys || again.length > 0 || open > 0)) {
        const redis = await connection.ready(AbortSignal.any([limit.signal, AbortSignal.timeout(500)]));
        const from = redis === null ? null : take();
        if (redis === null || from === null) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          continue;
        }
        open++;
        try {
          await work(redis, from, Math.min(from + BATCH, keys));
        } catch (error) {
          again.push(from);
          connection.failed(error);
        }
        open--;
      }
    }),
  );
  clearTimeout(timer);
  const lacking = again.map((from) => Math.min(from + BATCH, keys) - from);
  return Math.max(0, keys - next) + lacking.reduce((sum, n) => sum + n, 0);
}

/** Reads and judges every key. */
export async function verify(run: Run, connections: Connection[]): Promise<void> {
  const { ledger, tally, prefix } = run;
  const undone = await forEachBatch(ledger.keys, connections, async (redis, from, to) => {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    const marks = numbers.map((key) => ledger.beginRead(key));
    const values = await Promise.all(numbers.map((key) => redis.get(`${prefix}${key}`)));
    numbers.forEach((key, i) => {
      judge(run, key, marks[i]!, values[i]!);
    });
  });
  tally.unverified = undone;
  tally.verified = ledger.keys - undone;
}

/** Deletes every key that can be deleted. */
export async function removeKeys({ ledger, prefix }: Run, connections: Connection[]): Promise<void> {
  await forEachBatch(ledger.keys, connections, (redis, from, to) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => redis.unlink(`${prefix}${from + i}`))),
  );
}
