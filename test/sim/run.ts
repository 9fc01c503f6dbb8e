// One simulated run from a seed: chaos while clients work, then healing, then everything must be answered, settled
// and equal, and what the clients saw must be explainable. The same seed gives the same run, event by event.
import { ownersOf, slotOfText } from '../../src/ring/index.js';
import { Chaos, type Temper, temperOf } from './chaos.js';
import { Observers } from './checks.js';
import { SimClient } from './clients.js';
import { Cluster } from './cluster.js';
import { SimHost } from './host.js';
import { inOrder, type Ordered } from './in-order.js';
import { check, Recorder, type RedisOutput } from './linearizability/index.js';
import { atRest, oneHome, unsettled } from './rest.js';
import { familiesOf } from './workload.js';
import { Violation, World } from './world.js';

const GROUPS = ['g1', 'g2', 'g3'];
/** Virtual time within which a healed cluster must have answered and settled everything, ms. */
const SETTLE_MS = 60_000;
/** Applications of the model that one run may cost its checker. */
const STEPS = 400_000;

export interface RunOptions {
  /** Gets every line of the trace. */
  verbose?: ((line: string) => void) | null;
  /** Also demands that commands of one connection take effect in order within a group (in-order.ts). */
  ordered?: boolean;
  /** What goes wrong more, or less, often than by chance. */
  temper?: Partial<Temper>;
}

export interface RunReport {
  seed: number;
  /** What was broken; null: nothing. */
  failure: string | null;
  /** Equal for two runs of the same seed. */
  trace: string;
  events: number;
  virtualMs: number;
  answered: number;
  unknown: number;
  refused: number;
  /** Parts of the history that the checker's budget did not suffice for. */
  undecided: number;
}

/** Runs one seed. Never throws for a broken rule: the report says so. */
export function run(
  seed: number,
  { verbose = null, ordered = false, temper = {} }: RunOptions = {},
): RunReport {
  const world = new World(seed, verbose);
  const report: RunReport = {
    seed,
    failure: null,
    trace: '',
    events: 0,
    virtualMs: 0,
    answered: 0,
    unknown: 0,
    refused: 0,
    undecided: 0,
  };
  const clients: SimClient[] = [];
  try {
    play(world, clients, report, ordered, temper);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    report.failure = `at ${world.time.toFixed(3)} ms: ${error.message}`;
  }
  report.trace = world.traceHash;
  report.events = world.events;
  report.virtualMs = world.time;
  for (const client of clients) {
    report.answered += client.answered;
    report.unknown += client.unknown;
    report.refused += client.refused;
  }
  return report;
}

function play(
  world: World,
  clients: SimClient[],
  report: RunReport,
  ordered: boolean,
  temper: Partial<Temper>,
): void {
  const { random } = world;
  const cluster = new Cluster(world, {
    routers: 1 + random.below(3),
    groups: GROUPS,
    members: random.pick([2, 2, 3]),
    deadlineMs: random.pick([10_000, 10_000, 1500, 300]),
    orphanMs: random.pick([100, 1000, 3000]),
  });
  const observers = new Observers(cluster);
  const owners = ownersOf(cluster.directory.ring.groups);
  const families = familiesOf(random, GROUPS.length, owners);
  const recorder = new Recorder<Ordered, RedisOutput>();
  const pace = random.pick([2, 8, 30]);
  const count = 3 + random.below(4);
  for (let i = 0; i < count; i++) {
    const name = `c${i + 1}`;
    const plan = {
      name,
      depth: random.pick([1, 1, 1, 3, 8]),
      think: pace,
      modern: random.chance(0.3),
      quota: 15 + random.below(30),
      families,
      groupOf: (key: string) => owners[slotOfText(key)]!,
    };
    const host = new SimHost(world, cluster.network, name);
    clients.push(new SimClient(host, plan, () => random.pick(cluster.routers).address, recorder));
  }
  // Safety: things go wrong while clients work.
  const chaos = new Chaos(cluster, { ...temperOf(random), ...temper });
  world.runUntil(random.pick([500, 1500, 4000]));
  chaos.heal();
  // Liveness: all of it is answered and settled, and then every key can be read by everybody.
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
  const unanswered = () => clients.reduce((sum, { unknown, refused }) => sum + unknown + refused, 0);
  answerAll();
  settle();
  // What was lost half-open is noticed by now.
  world.runUntil(world.time + 3000);
  const before = unanswered();
  for (const client of clients) client.finish();
  answerAll();
  if (unanswered() > before) throw new Violation('healed and settled, but reads were not answered');
  settle();
  observers.end();
  atRest(cluster);
  oneHome(cluster);
  const history = recorder.history();
  if (!ordered) for (const { input } of history) input.place = null;
  const verdict = check(inOrder, history, { steps: STEPS });
  if (verdict.verdict === 'violation') throw new Violation(verdict.violation!.text);
  report.undecided = verdict.undecided.length;
}
