// The differential test: a cluster of real processes beside a real redis-server, the same random scripts for both, and
// their replies compared; in a calm, or while the ring changes and primaries are killed. A difference comes with the
// seed and the shortest script that still shows it. Must leave no process behind.
import fc from 'fast-check';
import { ByHand } from '../e2e/by-hand.js';
import { Random } from '../sim/random.js';
import { Connection, open, startRedis } from '../store/redis.js';
import { type Counts, Difference, Player } from './player.js';
import { type Script, scripts } from './script.js';
import { linesOf } from './show.js';
import { Storm, type Weather } from './storm.js';

const GROUPS = 3;
const ROUTERS = 2;
/** Differences after which nothing more is looked for. */
const MOST_DIFFERENCES = 5;
/** Scripts of one seed. */
const ROUND = 20;
const LENGTH = 40;
/** How long a script may be made shorter, s. */
const SHRINK_SECONDS = 20;

/** What to do. */
export interface Plan {
  seconds: number;
  seed: number;
  /** Milliseconds between two blows at most; null: none. */
  stormMs: number | null;
  say(line: string): void;
}

/** What came of it. */
export interface Outcome extends Counts {
  /** For people: seed, script, and both replies of each. */
  differences: string[];
  weather: Weather;
}

/** Runs it; every process that it started is gone when it resolves or throws. */
export async function differ({ seconds, seed, stormMs, say }: Plan): Promise<Outcome> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const redis = await startRedis({ after: (end) => void ends.push(end) });
    const cluster = await ByHand.begin();
    ends.push(() => cluster.stop());
    const storm = new Storm(cluster, new Random(seed), stormMs ?? 0, say);
    for (let n = 0; n < GROUPS; n++) await storm.addGroup();
    const routers = await Promise.all(Array.from({ length: ROUTERS }, () => cluster.router()));
    const mine = async (client: number) => new Connection(await open(routers[client % ROUTERS]!.port));
    const player = new Player(mine, redis);
    if (stormMs !== null) storm.begin();
    const differences: string[] = [];
    try {
      await play(player, seconds, seed, differences);
    } finally {
      player.close();
      await storm.end();
    }
    return { ...player.counts, differences, weather: storm.weather };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Script after script. What differs is added to `differences`; another seed goes on, until there are too many. */
async function play(player: Player, seconds: number, from: number, differences: string[]): Promise<void> {
  const over = performance.now() + seconds * 1000;
  for (let seed = from; performance.now() < over && differences.length < MOST_DIFFERENCES; seed++) {
    let first: string | null = null;
    const once = async (script: Script) => {
      if (first === null && performance.now() >= over) return;
      try {
        await player.play(script);
      } catch (error) {
        // What fails otherwise is no difference, and cannot be made shorter.
        if (!(error instanceof Difference)) throw error;
        first ??= `${error.message}\nfirst seen in\n${linesOf(script)}`;
        throw error;
      }
    };
    const property = fc.asyncProperty(scripts(LENGTH), once);
    const limit = over - performance.now() + SHRINK_SECONDS * 1000;
    const details = await fc.check(property, { seed, numRuns: ROUND, interruptAfterTimeLimit: limit });
    if (!details.failed || details.counterexample === null) continue;
    const error = details.errorInstance as Error;
    if (first === null) throw error;
    differences.push(
      `seed ${seed}: ${error.message}\nafter\n${linesOf(details.counterexample[0])}\n${first}`,
    );
  }
}
