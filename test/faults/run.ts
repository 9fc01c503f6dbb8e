// One run: a cluster, clients, faults one after another with healing in between, and at the end everything that was
// promised is looked at. Must never count a fault that did not heal as fine, nor leave a process behind.
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../sim/random.js';
import { Cluster, type Shape } from './cluster.js';
import { compareCopies } from './copies.js';
import { HistoryLoad } from './history-load.js';
import { Judge } from './judge.js';
import type { Concerned, Kind } from './kinds.js';
import { LedgerLoad } from './ledger-load.js';
import { Measure, type Window } from './measure.js';
import { TransferLoad } from './transfer-load.js';

const HEAL_MS = 40_000;
const SETTLE_MS = 500;
/** Clients that write histories, for each router. */
const HISTORY_CLIENTS = 3;
/** Clients that transfer amounts by MULTI, for each router. */
const TRANSFER_CLIENTS = 2;

/** What to do. */
export interface Plan {
  shape: Shape;
  seed: number;
  kinds: readonly Kind[];
  /** Kinds come in the order given, each once; else again and again, shuffled by the seed. */
  inOrder?: boolean;
  /** The only group that is to be hit. */
  group?: string;
  /** Ends after the first fault that ends later than this; or after so many faults. */
  seconds: number;
  rounds: number;
  awayMs: number;
  /** Hears what happens, line by line. */
  say(line: string): void;
}

/** One injected fault. */
export interface Injected extends Window {
  kind: string;
  note: string;
  /** From the injection until every member was in sync again, ms. */
  healedMs: number;
}

/** What came of transfers between accounts. */
export interface Transactions {
  /** Acknowledged, and those of them that had watched; EXECs that were nil; readings of all accounts. */
  transfers: number;
  watched: number;
  nils: number;
  reads: number;
  lost: number;
  wrong: number;
  unread: number;
  histories: number;
  checked: number;
  violations: number;
  undecided: number;
}

/** What came out. */
export interface Outcome {
  seed: number;
  faults: Injected[];
  /** Commands of all clients. */
  operations: number;
  acknowledged: number;
  lost: number;
  wrong: number;
  /** Ledger keys that could not be read at the end. */
  unread: number;
  histories: number;
  checked: number;
  violations: number;
  undecided: number;
  /** MULTI over accounts in every group. */
  transactions: Transactions;
  /** Keys compared, and what differs between copies of one group. */
  keys: number;
  differences: string[];
  /** Faults after which the cluster did not become whole. */
  notHealed: string[];
  /** For people: what was found. */
  findings: string[];
}

/** Whether nothing was lost, wrong, different or left broken. */
export function sound(outcome: Outcome): boolean {
  const { lost, wrong, unread, violations, undecided, differences, notHealed } = outcome;
  const { transactions: moved } = outcome;
  return (
    lost + wrong + unread + violations + undecided + differences.length + notHealed.length === 0 &&
    moved.lost + moved.wrong + moved.unread + moved.violations + moved.undecided === 0 &&
    outcome.acknowledged > 0 &&
    outcome.checked > 0 &&
    moved.transfers > 0 &&
    moved.checked > 0
  );
}

/** Runs it; everything that it started is gone when it resolves or throws. */
export async function runFaults(plan: Plan): Promise<Outcome> {
  const random = new Random(plan.seed);
  const cluster = await Cluster.start(plan.shape);
  const judge = new Judge('commands');
  const bankJudge = new Judge('transactions');
  const measure = new Measure();
  const places = cluster.routers.map(({ port }, router) => ({ router, port }));
  const chance = () => random.unit();
  const ledger = new LedgerLoad(
    places.flatMap((place) => cluster.groups.map((group) => ({ ...place, group }))),
    measure,
    chance,
    cluster.groupOf,
  );
  const history = new HistoryLoad(
    places.flatMap((place) => new Array<typeof place>(HISTORY_CLIENTS).fill(place)),
    measure,
    chance,
    (one) => judge.take(one),
  );
  const transfers = new TransferLoad(
    places.flatMap((place) => new Array<typeof place>(TRANSFER_CLIENTS).fill(place)),
    cluster.groups,
    cluster.groupOf,
    measure,
    chance,
    (one) => bankJudge.take(one),
  );
  const told = () => [...ledger.findings, ...judge.texts, ...transfers.findings, ...bankJudge.texts];
  const faults: Injected[] = [];
  const notHealed: string[] = [];
  try {
    ledger.start();
    history.start();
    transfers.start();
    if (!(await ledger.allWrite(10_000))) throw new Error('clients cannot write');
    const end = performance.now() + plan.seconds * 1000;
    // The choice of faults depends on the seed alone, not on how many numbers clients draw.
    const choice = new Random(plan.seed ^ 0x5eed);
    let bag: Kind[] = [];
    while (faults.length < plan.rounds && performance.now() < end && notHealed.length === 0) {
      if (bag.length === 0) {
        if (plan.inOrder && faults.length > 0) break;
        bag = plan.inOrder ? [...plan.kinds] : shuffled(plan.kinds, choice);
      }
      const kind = bag.shift()!;
      if (!(await cluster.whole(HEAL_MS))) throw new Error(`not whole: ${await cluster.describe()}`);
      const name = `${faults.length + 1}. ${kind.name}`;
      measure.begin();
      const from = performance.now();
      let note = '';
      let concerned: Concerned;
      try {
        const say = (text: string) => void (note = text);
        const { awayMs, group = null } = plan;
        concerned = await kind.inject({ cluster, measure, random: choice, group, awayMs, note: say });
      } catch (error) {
        throw new Error(`${name} ${note}: ${(error as Error).message}; ${await cluster.describe()}`);
      }
      const whole = (await cluster.whole(HEAL_MS)) && (await ledger.allWrite(HEAL_MS));
      const healedMs = performance.now() - from;
      measure.down.clear();
      const window = measure.end(concerned.groups, concerned.router);
      faults.push({ kind: kind.name, note, healedMs, ...window });
      const errors =
        Object.keys(window.errors).length === 0 ? '' : ` errors ${JSON.stringify(window.errors)}`;
      plan.say(
        `${name} ${note}: gap ${Math.round(window.gapMs)} ms (${window.gapAt}), whole after ${Math.round(healedMs)} ms${errors}`,
      );
      if (!whole) {
        notHealed.push(name);
        plan.say(`  did not heal: ${await cluster.describe()}`);
      }
      for (const text of told().slice(0, 3)) plan.say(`  ${text}`);
      await sleep(SETTLE_MS);
    }
    await Promise.all([ledger.stop(), history.stop(), transfers.stop()]);
    const unread = await ledger.verify();
    await transfers.verify();
    await Promise.all([judge.done(), bankJudge.done()]);
    const { keys, differences } = await compareCopies(cluster, cluster.groups);
    return {
      seed: plan.seed,
      faults,
      operations: measure.operations,
      acknowledged: ledger.acknowledged,
      lost: ledger.lost,
      wrong: ledger.wrong,
      unread,
      histories: judge.histories,
      checked: judge.operations,
      violations: judge.violations,
      undecided: judge.undecided,
      transactions: {
        transfers: transfers.transfers,
        watched: transfers.watched,
        nils: transfers.nils,
        reads: transfers.reads,
        lost: transfers.lost,
        wrong: transfers.wrong,
        unread: transfers.unread,
        histories: bankJudge.histories,
        checked: bankJudge.operations,
        violations: bankJudge.violations,
        undecided: bankJudge.undecided,
      },
      keys,
      differences,
      notHealed,
      findings: told(),
    };
  } finally {
    ledger.close();
    history.close();
    transfers.end();
    measure.stop();
    await Promise.all([judge.stop(), bankJudge.stop()]);
    await cluster.stop();
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(random.below(left.length), 1));
  return out;
}
