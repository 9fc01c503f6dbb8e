// `towline tour`: five scenes on a fresh local cluster, told in plain words with a picture of what the clients see.
// Exit code 1 when anything was lost, wrong or an error, or a scene did not come about. Leaves no process behind.
import type { Program } from './command.js';
import { Failure } from './failure.js';
import { waitUntilReady } from './ready.js';
import { TOUR } from './tool-options.js';
import { Guide, type Times } from './tour/guide.js';
import { Load, type Standing } from './tour/load.js';
import { Screen } from './tour/picture.js';
import {
  type Absence,
  absence,
  FIRST_GROUPS,
  type Growth,
  growth,
  type Spread,
  type Succession,
  type Sync,
  spread,
  succession,
  sync,
} from './tour/scenes.js';
import { Stage } from './tour/stage.js';

const host = '127.0.0.1';
const KEYS = 4000;
const READY_MS = 60_000;
const TIMES: Times = { watch: 8000, read: 4000, frozen: 4000 };
const FAST: Times = { watch: 2400, read: 0, frozen: 2000 };

/** What a tour measured: with --json, what is printed. */
export interface Measured {
  keys: number;
  /** Every process that was started. */
  pids: number[];
  spread: Spread;
  growth: Growth;
  absence: Absence;
  sync: Sync;
  succession: Succession;
  /** Of the clients, from the first command to the last. */
  total: Omit<Standing, 'groups'>;
}

/** Aborts at the first signal; a second one ends the process, and the children with it. */
function stopAsked(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  return stop.signal;
}

async function start(stage: Stage): Promise<void> {
  await stage.startZooKeeper();
  await Promise.all(FIRST_GROUPS.map((group) => stage.startNodes(group, 2)));
  for (let n = 0; n < 2; n++) await stage.startRouter();
  const data = new Map(stage.nodes.map(({ child }) => [child.name, child.port]));
  const routers = stage.routers.map(({ name, port }) => ({ name, host, port }));
  const never = new AbortController().signal;
  await waitUntilReady({ data, routers, groups: [...FIRST_GROUPS], password: undefined }, READY_MS, never);
}

/** The whole tour. */
async function play(screen: Screen, times: Times, stop: AbortSignal): Promise<Measured> {
  const stage = new Stage((name, text) => screen.say(`  ${name}: ${text}`), stop);
  let load: Load | null = null;
  try {
    screen.say('A cluster is started on this machine: ZooKeeper, four data nodes, two routers.');
    await start(stage);
    load = new Load(
      stage.routers.map(({ port }) => ({ host, port })),
      KEYS,
    );
    await load.fill();
    load.start();
    const guide = new Guide(stage, load, screen, times, stop);
    const scenes = {
      spread: await spread(guide),
      growth: await growth(guide),
      absence: await absence(guide),
      sync: await sync(guide),
      succession: await succession(guide),
    };
    const { groups: _, ...total } = await load.standing();
    return { keys: KEYS, pids: stage.pids, ...scenes, total };
  } finally {
    load?.close();
    await stage.end();
  }
}

/** The program `towline tour`. */
export const tour: Program<typeof TOUR> = {
  name: 'tour',
  summary: 'see in two minutes what happens when groups, members and routers come and go under load',
  options: TOUR,
  async run({ fast, json }) {
    const stop = stopAsked();
    const { stdout, stderr } = process;
    const out = json ? stderr : stdout;
    const screen = new Screen((text) => void out.write(text), out.isTTY === true);
    let measured: Measured;
    try {
      measured = await play(screen, fast ? FAST : TIMES, stop);
    } catch (error) {
      if (stop.aborted) throw new Failure('the tour was stopped');
      throw error;
    }
    const { reads, writes, lost, wrong, errors } = measured.total;
    screen.say('', `${reads + writes} commands in all: lost ${lost}, wrong ${wrong}, errors ${errors}`);
    if (json) stdout.write(`${JSON.stringify(measured)}\n`);
    return lost + wrong + errors === 0 ? 0 : 1;
  },
};
