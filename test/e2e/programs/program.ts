// What a program of this folder is: a process of its own that uses an npm package as its documentation says, through
// two routers, round after round. It knows nothing of Towline; an error that a package shows it ends it with a failure.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';

/** Where a program finds its Redis. Two routers are one Redis; of its databases each program has one for itself. */
export interface Place {
  ports: [number, number];
  database: number;
}

/** What the process that started it says to it; `finish` lets the round that runs come to its end. */
export type Order = { start: Place } | 'finish';

/** What it says: rounds that have ended so far; in the end, in words, what it did. */
export type Word = { rounds: number } | { done: string };

/** What a program does. */
export interface Program {
  /** One round of work, with checks. Rounds run one after another, each with a number of its own. */
  round(number: number): Promise<void>;
  /** Checks what must be left of all rounds, then closes everything: the process must end by itself. */
  finish(rounds: number): Promise<string>;
  /** Why the process would not end by itself at once though everything is closed, where a package is to blame. */
  lingers?: string;
}

/** How long something may take to come about: much more than a group needs to replace its primary. */
const PATIENCE_MS = 20_000;

const REST_MS = 100;

export const host = '127.0.0.1';

/** The address of one of the two routers, as packages take it. */
export function url(place: Place, which: 0 | 1): string {
  return `redis://${host}:${place.ports[which]}/${place.database}`;
}

/** Resolves when it is so. @throws Error that says what was waited for */
export async function until(what: string, so: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`it did not come about: ${what}`);
    await sleep(5);
  }
}

/** For 'error' events: whatever a package reports ends the program. */
export function fail(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

/** What stands in the program's database, read by a client that has nothing to do with the package. */
export async function keysLeft(place: Place): Promise<string[]> {
  const client = createClient({ url: url(place, 1) });
  client.on('error', fail);
  await client.connect();
  try {
    return (await client.keys('*')).sort();
  } finally {
    client.destroy();
  }
}

/** Runs the program as this process's only work, as the process that forked it says. */
export function run(begin: (place: Place) => Promise<Program>): void {
  let finishing = false;
  const say = (word: Word) => process.send!(word);
  const work = async (place: Place) => {
    const program = await begin(place);
    let rounds = 0;
    do {
      await program.round(rounds++);
      say({ rounds });
      // So that programs that run together leave each other time.
      if (!finishing) await sleep(REST_MS);
    } while (!finishing);
    say({ done: await program.finish(rounds) });
    if (program.lingers !== undefined) process.send!({ rounds }, () => process.exit(0));
    process.off('message', onOrder);
    process.channel!.unref();
  };
  const onOrder = (order: Order) => {
    if (order === 'finish') finishing = true;
    else void work(order.start);
  };
  process.on('message', onOrder);
  process.on('disconnect', () => {
    if (!finishing) process.exit(1);
  });
}
