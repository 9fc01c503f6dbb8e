// One simulated run from a seed: chaos while clients work, then healing, then everything must be answered, settled
// and equal, and what the clients saw must be explainable. The same seed gives the same run, event by event.
import { ownersOf, slotOfText } from '../../src/ring/index.js';
import { type Brittle, brittle } from './brittle.js';
import { Census } from './census.js';
import { Chaos, type Temper, temperOf } from './chaos.js';
import { Observers } from './checks.js';
import { qualified, SimClient } from './clients.js';
import { Cluster } from './cluster.js';
import { Hoard } from './hoard.js';
import { ownerIn } from './homes.js';
import { SimHost } from './host.js';
import { inOrder, LOSE, type Ordered } from './in-order.js';
import { primaryIn } from './insides.js';
import { check, Recorder, type Recording, type RedisOutput } from './linearizability/index.js';
import { Random } from './random.js';
import { atRest, oneHome, unsettled } from './rest.js';
import { PLAIN, type Variant, variantOf } from './variants.js';
import { type Family, familiesOf, namesOver, volatileFamily } from './workload.js';
import { Violation, World } from './world.js';

const GROUPS = ['g1', 'g2', 'g3'];
/** Virtual time within which a healed cluster must have answered and settled everything, ms. */
const SETTLE_MS = 60_000;
/** Database of keys that are counted. */
const CENSUS_DB = 2;
/** Database of large collections. */
const HOARD_DB = 3;
/** Applications of the model that one run may cost its checker. */
const STEPS = 400_000;

export interface RunOptions {
  /** Gets every line of the trace. */
  verbose?: ((line: string) => void) | null;
  /** Commands of one connection must take effect in order within a group, not only on each key (in-order.ts). */
  ordered?: boolean;
  /** What goes wrong more, or less, often than by chance. */
  temper?: Partial<Temper>;
  /** What kind of cluster: that of the seed, or plain but for this. */
  variant?: Partial<Variant>;
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
  /** Of these, because a group was lost. */
  lost: number;
  /** Groups that began anew, and transactions that were given up with one. */
  resets: number;
  forsaken: number;
  /** Parts of the history that the checker's budget did not suffice for. */
  undecided: number;
  /** Answers of SCAN, DBSIZE, KEYS and RANDOMKEY that were right while keys moved. */
  counts: number;
  /** Ended early: the only copy of a group has, or had, the half of a broken write, as docs/guarantees.md says it may. */
  halved: number;
}

/** Runs one seed. Never throws for a broken rule: the report says so. */
export function run(
  seed: number,
  { verbose = null, ordered = false, temper = {}, variant }: RunOptions = {},
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
    lost: 0,
    resets: 0,
    forsaken: 0,
    undecided: 0,
    counts: 0,
    halved: 0,
  };
  const clients: SimClient[] = [];
  const kind = variant === undefined ? variantOf(seed) : { ...PLAIN, ...variant };
  const fragile = kind.brittle > 0 ? brittle(new Random(seed), kind.brittle) : null;
  try {
    play(world, clients, report, { ordered, temper, variant: kind, fragile });
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    if (fragile?.halved()) report.halved++;
    else report.failure = `at ${world.time.toFixed(3)} ms: ${error.message}`;
  } finally {
    fragile?.mend();
  }
  report.trace = world.traceHash;
  report.events = world.events;
  report.virtualMs = world.time;
  for (const client of clients) {
    report.answered += client.answered;
    report.unknown += client.unknown;
    report.refused += client.refused;
    report.lost += client.lost;
  }
  return report;
}

function play(
  world: World,
  clients: SimClient[],
  report: RunReport,
  {
    ordered,
    temper,
    variant,
    fragile,
  }: { ordered: boolean; temper: Partial<Temper>; variant: Variant; fragile: Brittle | null },
): void {
  const { random } = world;
  const { minInSync, spares, steady } = variant;
  const cluster = new Cluster(world, {
    routers: 1 + random.below(3),
    groups: (variant.doom === 0 || variant.churn > 0) && random.chance(0.5) ? [...GROUPS, 'g4'] : GROUPS,
    owners: GROUPS,
    members: variant.members === 0 ? random.pick([2, 2, 3]) : variant.members,
    minInSync,
    spares,
    deadlineMs: random.pick([10_000, 10_000, 1500, 300]),
    orphanMs: random.pick([100, 1000, 3000]),
    large: variant.large,
  });
  if (fragile !== null) {
    fragile.alone = (store) =>
      cluster.nodes.some(({ node }) => node.store === store && primaryIn(node)?.inSync.size === 1);
    cluster.directory.listeners.add((_group, _before, { inSync }) => {
      const last = inSync.length === 1 ? cluster.nodes.find(({ id }) => id === inSync[0]) : undefined;
      if (last !== undefined) fragile.left(last.node.store);
    });
  }
  cluster.movable = variant.doom === 0 || variant.churn > 0;
  const share = { none: 0, some: 0.5, all: 1 }[variant.drains];
  const drains = new Set(cluster.routers.map(({ name }) => name).filter(() => random.chance(share)));
  cluster.movers = (name) => drains.has(name);
  for (const { name, router } of cluster.routers) router.mover.lead(drains.has(name));
  const owners = ownersOf(cluster.directory.ring.groups);
  const families = familiesOf(random, GROUPS.length, owners);
  if (variant.volatile > 0) families.push(volatileFamily(GROUPS.length, owners, variant.volatile));
  const counted = namesOver('n', GROUPS.length, owners, 2);
  const hoarded = variant.large > 0 && variant.doom === 0 ? namesOver('h', GROUPS.length, owners, 2) : [];
  const kept = [
    { db: CENSUS_DB, keys: counted },
    { db: HOARD_DB, keys: hoarded },
  ];
  const names = [...families, ...kept].flatMap(({ db, keys }) => keys.map((key) => ({ db, key })));
  const observers = new Observers(cluster, names);
  const recorder = new Recorder<Ordered, RedisOutput>();
  const pace = random.pick([2, 8, 30]);
  const count = 3 + random.below(4);
  for (let i = 0; i < count; i++) {
    const name = `c${i + 1}`;
    const depth = random.pick([1, 1, 1, 3, 8]);
    const modern = random.chance(0.3);
    const quota = 15 + random.below(30);
    const plan = {
      name,
      depth,
      think: Math.max(pace, (steady / quota) * ((depth + 1) / 2)),
      modern,
      quota,
      families,
      lineOf: (key: string) => (ordered ? owners[slotOfText(key)]! : key),
    };
    const host = new SimHost(world, cluster.network, name);
    clients.push(new SimClient(host, plan, () => random.pick(cluster.routers).address, recorder));
  }
  const counter = (name: string, writes: boolean) =>
    new Census(
      new SimHost(world, cluster.network, name),
      { name, db: CENSUS_DB, keys: counted, think: pace, writes, reads: variant.between > 0 },
      () => random.pick(cluster.routers).address,
    );
  const census: (Census | Hoard)[] =
    variant.census && variant.doom === 0 ? [counter('c0', false), counter('c00', true)] : [];
  if (hoarded.length > 0)
    census.push(
      new Hoard(
        new SimHost(world, cluster.network, 'c000'),
        { name: 'c000', db: HOARD_DB, keys: hoarded, think: pace },
        () => random.pick(cluster.routers).address,
      ),
    );
  // Safety: things go wrong while clients work.
  const mood = { ...temperOf(random), ...temper };
  // A peaceful run may still have a ring that changes.
  if (variant.churn > 0) mood.pause = Math.min(mood.pause, 300);
  const chaos = new Chaos(cluster, mood, variant);
  const losses = variant.doom > 0 ? new Losses(cluster, families, recorder) : null;
  chaos.operator.wasReset = (group) => {
    report.resets++;
    losses?.gone(group);
  };
  chaos.operator.abandons = variant.abandon;
  chaos.directed.dooms = (group) => losses?.doomed(group);
  const trouble = random.pick([500, 1500, 4000]);
  world.runUntil(steady === 0 ? trouble : steady);
  chaos.heal();
  if (fragile !== null) fragile.over = true;
  // Liveness: all of it is answered and settled, and then every key can be read by everybody.
  const deadline = world.time + SETTLE_MS;
  let ending = false;
  const answerAll = () => {
    const over = () => clients.every(({ idle }) => idle) && (!ending || census.every(({ idle }) => idle));
    world.runUntil(deadline, over);
    const late = [...clients, ...(ending ? census : [])].find(({ idle }) => !idle);
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
  // Who never stops asking could leave no moment in which nothing is under way.
  const rest = (resting: boolean) => {
    for (const { questions } of census) questions.resting = resting;
  };
  rest(true);
  settle();
  rest(false);
  // What was lost half-open is noticed by now, and what waited behind a wall has come.
  world.runUntil(Math.max(world.time, cluster.network.clearFrom) + 3000);
  const before = unanswered();
  for (const client of clients) client.finish();
  for (const each of census) each.finish();
  ending = true;
  answerAll();
  if (unanswered() > before) throw new Violation('healed and settled, but reads were not answered');
  settle();
  // Everything can be moved to where it belongs, and then nothing of the old lists is needed.
  cluster.drain();
  const end = world.time + SETTLE_MS;
  world.runUntil(end, () => cluster.directory.ring.history.length === 0);
  if (cluster.directory.ring.history.length > 0) throw new Violation('healed and settled, but not drained');
  world.runUntil(world.time + 1000);
  settle();
  report.counts = census.reduce((sum, { checked }) => sum + checked, 0);
  observers.end();
  atRest(cluster);
  oneHome(cluster);
  losses?.end();
  if (variant.doom === 0 && clients.some(({ lost }) => lost > 0))
    throw new Violation('GROUPLOST, but no group was lost');
  report.forsaken = observers.forsaken;
  let history = recorder.history();
  // What was given up with a lost group may have been promised to a client: its keys are not judged.
  if (observers.forsaken > 0) {
    const over = families.filter(({ db, keys }) =>
      keys.some((key) => observers.forsakenKeys.has(qualified(db, key))),
    );
    const names = new Set(over.flatMap(({ db, keys }) => keys.map((key) => qualified(db, key))));
    history = history.filter(({ input }) => !input.words.some((word) => names.has(word)));
  }
  const verdict = check(inOrder, history, { steps: STEPS });
  if (verdict.verdict === 'violation') throw new Violation(verdict.violation!.text);
  report.undecided = verdict.undecided.length;
}

/** What clients must expect of a group that is lost: any key that it may hold goes, some time from its doom on. */
class Losses {
  private readonly open = new Map<string, { key: string; recording: Recording<RedisOutput> }[]>();

  constructor(
    private readonly cluster: Cluster,
    private readonly families: readonly Family[],
    private readonly recorder: Recorder<Ordered, RedisOutput>,
  ) {}

  /** Its members begin to die. */
  doomed(group: string): void {
    if (this.open.has(group)) return;
    const open = this.families.flatMap(({ db, keys, volatile }) =>
      (volatile ? [] : keys).map((key) => {
        const words = [LOSE, qualified(db, key)];
        return { key, recording: this.recorder.call(`loss of ${group}`, { words, place: null }) };
      }),
    );
    this.open.set(group, open);
  }
  /** The group began anew, or was given up: its keys are gone, if it had them. */
  gone(group: string): void {
    // Also what it got to hold since its doom.
    const rings = [...this.cluster.directory.rings.values()];
    for (const { key, recording } of this.open.get(group) ?? []) {
      const slot = slotOfText(key);
      const mayHold = rings.some(({ groups, history }) =>
        [groups, ...history].some((list) => ownerIn(list, slot) === group),
      );
      if (!mayHold) recording.refused();
      // Where keys move it may have been in another group.
      else if (this.cluster.movable) recording.unknown();
      else recording.done(null);
    }
    this.open.delete(group);
    // Who was listed may be gone already.
    this.doomed(group);
  }
  /** What is there now was not lost. */
  end(): void {
    for (const open of this.open.values()) for (const { recording } of open) recording.refused();
  }
}
