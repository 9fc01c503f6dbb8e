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

const ROUTERS = 2;
/** Differences after which nothing more is looked for. */
const MOST_DIFFERENCES = 5;
/** A ring change and a killed primary. */
const LEAST_BLOWS = 2;
/** How much longer than it was told a run may take until they have happened. */
const MOST_LONGER = 4;
/** Scripts of one seed. */
const ROUND = 20;
const LENGTH = 40;
/** How long a script may be made shorter, s. */
const SHRINK_SECONDS = 20;

/** What happens to the cluster meanwhile. */
export type Variant = 'calm' | 'storm';

/** What to do. */
export interface Plan {
  /** One after the other, at one cluster. */
  parts: readonly { variant: Variant; seconds: number }[];
  seed: number;
  /** At the start. */
  groups: number;
  /** Between two blows of a storm, at most. */
  pauseMs: number;
  say(line: string): void;
}

/** What came of one part. */
export interface Outcome extends Counts {
  variant: Variant;
  /** For people: seed, script, and both replies of each. */
  differences: string[];
  weather: Weather;
}

/** Runs it; every process that it started is gone when it resolves or throws. @returns an outcome for each part */
export async function differ({ parts, seed, groups, pauseMs, say }: Plan): Promise<Outcome[]> {
  const ends: (() => Promise<void> | void)[] = [];
  try {
    const redis = await startRedis({ after: (end) => void ends.push(end) });
    const cluster = await ByHand.begin();
    ends.push(() => cluster.stop());
    const storm = new Storm(cluster, new Random(seed), pauseMs, say);
    // Else it would start processes that nobody ends.
    ends.push(() => storm.end().catch(() => {}));
    await Promise.all(Array.from({ length: groups }, () => storm.addGroup()));
    const routers = await Promise.all(Array.from({ length: ROUTERS }, () => cluster.router()));
    const mine = async (client: number) => new Connection(await open(routers[client % ROUTERS]!.port));
    const outcomes: Outcome[] = [];
    for (const { variant, seconds } of parts) {
      const player = new Player(mine, redis);
      ends.push(() => player.close());
      const differences: string[] = [];
      if (variant === 'storm') storm.begin();
      // A storm is none before something has happened; where a machine is busy that takes its time.
      const calm = () => {
        storm.check();
        return variant === 'storm' && storm.blows < LEAST_BLOWS;
      };
      await play(player, seconds, seed, differences, calm, say);
      if (variant === 'storm') await storm.end();
      outcomes.push({ variant, ...player.counts, differences, weather: storm.weather });
    }
    return outcomes;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/**
 * Script after script. What differs is added to `differences`; another seed goes on, until there are too many.
 * @param tooEarly whether the end must wait although its time has come
 * @param say told at once what differs: who loses patience while it is made shorter must not lose it too
 */
async function play(
  player: Player,
  seconds: number,
  from: number,
  differences: string[],
  tooEarly: () => boolean,
  say: (line: string) => void,
): Promise<void> {
  const over = performance.now() + seconds * 1000;
  const latest = over + seconds * 1000 * (MOST_LONGER - 1);
  const ended = () => performance.now() >= (tooEarly() ? latest : over);
  for (let seed = from; !ended() && differences.length < MOST_DIFFERENCES; seed++) {
    let first: string | null = null;
    let enough = Number.POSITIVE_INFINITY;
    const once = async (script: Script) => {
      if (first === null ? ended() : performance.now() >= enough) return;
      try {
        await player.play(script);
      } catch (error) {
        // What fails otherwise is no difference, and cannot be made shorter.
        if (!(error instanceof Difference)) throw error;
        if (first === null) {
          first = `${error.message}\nfirst seen in\n${linesOf(script)}`;
          enough = performance.now() + SHRINK_SECONDS * 1000;
          say(`seed ${seed}: ${first}`);
        }
        throw error;
      }
    };
    const property = fc.asyncProperty(scripts(LENGTH), once);
    const details = await fc.check(property, { seed, numRuns: ROUND });
    if (!details.failed || details.counterexample === null) continue;
    const error = details.errorInstance as Error;
    if (first === null) throw error;
    differences.push(
      `seed ${seed}: ${error.message}\nafter\n${linesOf(details.counterexample[0])}\n${first}`,
    );
  }
}
