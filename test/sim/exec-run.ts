// One simulated run of clients that use MULTI, EXEC and WATCH, from a seed: as run.ts, with the same cluster, chaos and
// observers of the rules, and histories of transactions on several keys. No group loses what it holds.
import { ownersOf } from '../../src/ring/index.js';
import { Chaos, temperOf } from './chaos.js';
import { Observers } from './checks.js';
import { Cluster } from './cluster.js';
import { ExecClient, OTHER } from './exec-clients.js';
import { type Action, type Answers, actions } from './exec-model.js';
import { SimHost } from './host.js';
import { check, Recorder } from './linearizability/index.js';
import { atRest, oneHome, unsettled } from './rest.js';
import { PLAIN, type Variant, variantOf } from './variants.js';
import { namesOver } from './workload.js';
import { Violation, World } from './world.js';

const GROUPS = ['g1', 'g2', 'g3'];
const SETTLE_MS = 60_000;
/** Below this one runs are what they were before there were SCAN and SORT in them: tests name some of them. */
const FIRST_SCANS = 1000;
/** From here on those with SWAPDB have one ring that keys are moving by all the time, and groups that change their primary. */
const FIRST_LASTING = 700_000;
const STEPS = 400_000;

export interface ExecReport {
  seed: number;
  failure: string | null;
  trace: string;
  answered: number;
  unknown: number;
  refused: number;
  nils: number;
  watched: number;
  undecided: number;
}

/** Runs one seed. Never throws for a broken rule: the report says so. */
export function runExecs(seed: number, verbose: ((line: string) => void) | null = null): ExecReport {
  const world = new World(seed, verbose);
  const report: ExecReport = {
    seed,
    failure: null,
    trace: '',
    answered: 0,
    unknown: 0,
    refused: 0,
    nils: 0,
    watched: 0,
    undecided: 0,
  };
  const clients: ExecClient[] = [];
  try {
    play(world, clients, report);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    report.failure = `at ${world.time.toFixed(3)} ms: ${error.message}`;
  }
  report.trace = world.traceHash;
  for (const { answered, unknown, refused, nils, watched } of clients) {
    report.answered += answered;
    report.unknown += unknown;
    report.refused += refused;
    report.nils += nils;
    report.watched += watched;
  }
  return report;
}

function play(world: World, clients: ExecClient[], report: ExecReport): void {
  const { random } = world;
  // Half of the seeds have a ring that changes again and again.
  const of = variantOf(world.seed);
  const churn = random.chance(0.6) ? random.pick([3, 10]) : 0;
  // By the seed, not by chance: the other seeds run as they did before there was SWAPDB.
  const swaps = world.seed % 5 === 3;
  const lasting = swaps && world.seed >= FIRST_LASTING;
  const variant: Variant = {
    ...PLAIN,
    ...of,
    doom: 0,
    abandon: 0,
    churn: lasting ? 0 : churn,
    drains: lasting ? 'none' : of.drains,
    census: false,
    volatile: 0,
  };
  const cluster = new Cluster(world, {
    routers: 1 + random.below(3),
    groups: random.chance(0.5) ? [...GROUPS, 'g4'] : GROUPS,
    owners: GROUPS,
    members: variant.members === 0 ? random.pick([2, 2, 3]) : variant.members,
    minInSync: variant.minInSync,
    spares: variant.spares,
    deadlineMs: random.pick([10_000, 10_000, 1500, 300]),
    orphanMs: random.pick([100, 1000, 3000]),
  });
  const share = { none: 0, some: 0.5, all: 1 }[variant.drains];
  const drains = new Set(cluster.routers.map(({ name }) => name).filter(() => random.chance(share)));
  cluster.movers = (name) => drains.has(name);
  for (const { name, router } of cluster.routers) router.mover.lead(drains.has(name));
  const owners = ownersOf(cluster.directory.ring.groups);
  const db = random.pick([0, 0, 3]);
  const accounts = namesOver('a', GROUPS.length, owners, random.pick([1, 2]));
  const counters = namesOver('n', GROUPS.length, owners, 1);
  const counts = world.seed % 5 === 2;
  const scans = counts && world.seed >= FIRST_SCANS;
  const observers = new Observers(
    cluster,
    [...accounts, ...counters].flatMap((key) =>
      swaps
        ? [
            { db, key },
            { db: OTHER, key },
          ]
        : [{ db, key }],
    ),
  );
  const recorder = new Recorder<Action, Answers>();
  const pace = random.pick([2, 8, 30]);
  const count = 3 + random.below(4);
  const client = (name: string, quota: number, think: number) => {
    const modern = random.chance(0.3);
    const plan = { name, db, accounts, counters, sum: 0, think, modern, swaps, counts, scans, quota };
    const host = new SimHost(world, cluster.network, name);
    return new ExecClient(host, plan, () => random.pick(cluster.routers).address, recorder);
  };
  for (let i = 0; i < count; i++) {
    const quota = 15 + random.below(20);
    clients.push(client(`c${i + 1}`, quota, Math.max(pace, variant.steady / quota / 2)));
  }
  const mood = temperOf(random);
  if (churn > 0) mood.pause = Math.min(mood.pause, 300);
  if (lasting) {
    Object.assign(mood, {
      bumpRing: 0,
      killNode: 4,
      terminate: 3,
      pauseNode: 2,
      pause: Math.min(mood.pause, 200),
    });
    world.after(random.below(300), () => cluster.changeRing(random));
  }
  const chaos = new Chaos(cluster, mood, variant);
  const trouble = random.pick([500, 1500, 4000]);
  world.runUntil(variant.steady === 0 ? trouble : variant.steady);
  chaos.heal();
  const deadline = world.time + SETTLE_MS;
  const answerAll = () => {
    world.runUntil(deadline, () => clients.every(({ idle }) => idle));
    const late = clients.find(({ idle }) => !idle);
    if (late !== undefined)
      throw new Violation(`healed, but not answered: ${late.state}; ${unsettled(cluster)}`);
  };
  const settle = () => {
    while (unsettled(cluster) !== null && world.time < deadline) world.runUntil(world.time + 50);
    const left = unsettled(cluster);
    if (left !== null) throw new Violation(`healed, but not settled: ${left}`);
  };
  answerAll();
  settle();
  world.runUntil(Math.max(world.time, cluster.network.clearFrom) + 3000);
  for (const each of clients) each.finish();
  answerAll();
  cluster.drain();
  world.runUntil(world.time + SETTLE_MS, () => cluster.directory.ring.history.length === 0);
  if (cluster.directory.ring.history.length > 0) throw new Violation('healed and settled, but not drained');
  world.runUntil(world.time + 1000);
  settle();
  observers.end();
  atRest(cluster);
  oneHome(cluster);
  const verdict = check(actions, recorder.history(), { steps: STEPS });
  if (verdict.verdict === 'violation') throw new Violation(verdict.violation!.text);
  report.undecided = verdict.undecided.length;
}
