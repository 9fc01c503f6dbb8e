// `towline ring`: what an operator decides about who owns keys. Every change is made under the lock and checked
// (net/ring-change.ts); what it means is in ring/change.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { PATHS } from '../net/directory.js';
import { DRAIN_PATHS, type DrainRate, type DrainRateDocument, drainText, rateIn } from '../net/drain.js';
import { NodeHost } from '../net/node-host.js';
import { changeRing, groupsLack, type RingChange, readProgress } from '../net/ring-change.js';
import {
  abandon,
  addGroup,
  type Changed,
  EMPTY_RING,
  type RingDocument,
  removeGroup,
  setWeight,
} from '../ring/index.js';
import { CasDocument, hasCode, type ZooKeeper } from '../zookeeper/index.js';
import { commandOf, type Program } from './command.js';
import { Failure } from './failure.js';
import { reportOf } from './report.js';
import { drainLine, ringReport, ringText, TimeLeft } from './ring-text.js';
import { RING_ADD, RING_CHANGE, RING_DRAIN, RING_SHOW } from './tool-options.js';
import { treeOf, withZooKeeper } from './tree.js';
import { groupId, integer } from './values.js';
import { serversOf, type Where } from './where.js';

const LOCK_MS = 10_000;
/** How often progress is read, ms. */
const LOOK_MS = 500;

async function connected<T>(where: Where, work: (zk: ZooKeeper) => Promise<T>): Promise<T> {
  return withZooKeeper(await serversOf(where), work);
}

async function readRing(zk: ZooKeeper): Promise<RingDocument> {
  return (await new CasDocument<RingDocument>(zk, PATHS.ring).read())?.value ?? EMPTY_RING;
}

async function readRate(zk: ZooKeeper): Promise<DrainRate> {
  return rateIn((await new CasDocument<DrainRateDocument>(zk, DRAIN_PATHS.rate).read())?.value);
}

const write = (text: string) => void process.stdout.write(text);

/** Why a new ring must not be; null: it may. */
type Check = (zk: ZooKeeper, next: RingDocument) => Promise<string | null>;

/** Makes a change and says what came of it. @throws Failure when it is refused */
function make(where: Where, change: RingChange['change'], check: Check = everyGroupServes): Promise<number> {
  return connected(where, async (zk) => {
    const outcome = await changeRing(zk, {
      change,
      lack: (next) => check(zk, next),
      lockMs: LOCK_MS,
    }).catch((error: unknown) => {
      if (!hasCode(error, 'CONNECTION_LOSS')) throw error;
      throw new Failure(
        'ZooKeeper was lost: whether the ring has changed is not known; see towline ring show',
      );
    });
    if ('refused' in outcome) throw new Failure(outcome.refused);
    const { ring, changed } = outcome;
    write(changed ? `ring version ${ring.version}: ${listed(ring)}\n` : 'nothing to change\n');
    if (changed && ring.history.length > 0)
      write('keys move as they are written, and by the drain: towline ring drain --watch\n');
    return 0;
  });
}

const everyGroupServes: Check = (zk, { groups }) => groupsLack(zk, new NodeHost(), groups);

const listed = ({ groups }: RingDocument) =>
  groups.map(({ id, weight }) => (weight === 1 ? id : `${id} (weight ${weight})`)).join(', ');

const show: Program<typeof RING_SHOW> = {
  name: 'show',
  summary: 'show who owns how much, and what has not moved yet',
  options: RING_SHOW,
  run: ({ json, ...where }) =>
    connected(where, async (zk) => {
      const tree = await treeOf(zk);
      const report = ringReport(tree.ring, await reportOf(tree), await readRate(zk));
      write(json ? `${JSON.stringify(report)}\n` : ringText(report));
      return 0;
    }),
};

const add: Program<typeof RING_ADD> = {
  name: 'add',
  summary: 'give a new group its share of the keys',
  operands: ['<group>'],
  options: RING_ADD,
  run: ({ weight, ...where }, [group]) => {
    const id = groupId(group!);
    return make(where, (now) => addGroup(now, id, weight));
  },
};

/** A program that changes the ring and has no options of its own. */
function changer(
  name: string,
  summary: string,
  operands: string[],
  change: (operands: readonly string[]) => (now: RingDocument) => Changed,
): Program<typeof RING_CHANGE> {
  return { name, summary, operands, options: RING_CHANGE, run: (where, given) => make(where, change(given)) };
}

const remove = changer('remove', 'take a group out; it gives its keys away', ['<group>'], ([group]) => {
  const id = groupId(group!);
  return (now) => removeGroup(now, id);
});

const weigh = changer('weight', "change a group's share", ['<group>', '<weight>'], ([group, weight]) => {
  const id = groupId(group!);
  // The bounds are the ring's own; here only a number is wanted.
  const value = integer(0, 1_000_000)(weight!);
  return (now) => setWeight(now, id, value);
});

/** A group that serves can be drained; nobody should lose its data by a slip of the hand. */
const giveUp: Program<typeof RING_CHANGE> = {
  name: 'abandon',
  summary: 'give a lost group up with its data',
  operands: ['<group>'],
  options: RING_CHANGE,
  run: (where, [group]) => {
    const id = groupId(group!);
    const check: Check = async (zk) =>
      (await groupsLack(zk, new NodeHost(), [{ id, weight: 1 }])) === null
        ? `group ${id} serves: remove it instead, or stop its processes first`
        : null;
    return make(where, (now) => abandon(now, id), check);
  },
};

const drain: Program<typeof RING_DRAIN> = {
  name: 'drain',
  summary: 'show how far keys have moved, or say how fast they should',
  options: RING_DRAIN,
  run: ({ rate, watch, ...where }) =>
    connected(where, async (zk) => {
      if (rate !== undefined) {
        await new CasDocument<DrainRateDocument>(zk, DRAIN_PATHS.rate).update((now) =>
          now !== null && rateIn(now) === rate ? null : { rate },
        );
      }
      if (watch) return watchDrain(zk);
      const ring = await readRing(zk);
      const left = ring.history.length;
      const progress = drainText(await readProgress(zk), ring.version);
      write(`rate ${await readRate(zk)}\n`);
      write(
        left === 0
          ? 'nothing to drain\n'
          : `${left} earlier ${left === 1 ? 'list' : 'lists'} left: ${progress}\n`,
      );
      return 0;
    }),
};

/** Shows the progress until history is empty: a line that changes on a terminal, a line for each change elsewhere. */
async function watchDrain(zk: ZooKeeper): Promise<number> {
  const terminal = process.stdout.isTTY === true;
  const time = new TimeLeft();
  let said = '';
  for (;;) {
    const ring = await readRing(zk);
    if (ring.history.length === 0) break;
    const progress = await readProgress(zk);
    const current = progress !== null && progress.version === ring.version;
    const line = current ? drainLine(progress, time.of(progress)) : drainText(progress, ring.version);
    if (line !== said) write(terminal ? `\r\x1b[K${line}` : `${line}\n`);
    said = line;
    await sleep(LOOK_MS);
  }
  write(`${terminal && said !== '' ? '\n' : ''}nothing left to drain\n`);
  return 0;
}

/** The command `towline ring`; `done` gets the exit code. */
export function ringCommand(done: (code: number) => void): Command {
  const ring = new Command('ring').description('show and change which groups own the keys');
  ring.addCommand(commandOf(show, done));
  ring.addCommand(commandOf(add, done));
  ring.addCommand(commandOf(remove, done));
  ring.addCommand(commandOf(weigh, done));
  // Not an option of the table: what gives data up is not taken from an environment.
  const word = ['--accept-loss', 'say that the data is given up'] as const;
  ring.addCommand(commandOf(giveUp, done).requiredOption(...word));
  ring.addCommand(commandOf(drain, done));
  return ring;
}
