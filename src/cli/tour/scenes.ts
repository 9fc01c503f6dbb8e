// The five scenes. Each changes the cluster while the clients run, says what is seen, and returns what it measured; it
// fails when what it shows does not come about. Must never pause the clients, but for a last comparison of copies.
import { performance } from 'node:perf_hooks';
import { Failure } from '../failure.js';
import type { Guide, Seen } from './guide.js';
import { sharesOf } from './picture.js';

const OLD = ['g0', 'g1'];
const NEW = 'g2';

/** What the clients saw in a scene. */
interface Clients {
  commands: number;
  perSecond: number;
  longestMs: number;
  lost: number;
  wrong: number;
  errors: number;
}

function clientsIn({ done, seconds, longestMs }: Seen): Clients {
  const { reads, writes, lost, wrong, errors } = done;
  const commands = reads + writes;
  return { commands, perSecond: commands / seconds, longestMs, lost, wrong, errors };
}

/** Scene 1. */
export interface Spread {
  clients: Clients;
  keys: Record<string, number>;
  shares: ReturnType<typeof sharesOf>;
}

/** Two groups and two routers share the load. */
export async function spread(guide: Guide): Promise<Spread> {
  await guide.tell(
    'Scene 1: two groups, two routers',
    `  ${guide.load.keys} keys lie in two groups of two data nodes each: a primary and its backup. Each client talks to`,
    '  one of two routers as if it were one big Redis. Which group has a key is decided by a hash of its name.',
  );
  const seen = await guide.watch(guide.times.watch);
  guide.screen.say('  Both groups have their part of the reads and of the writes.');
  return { clients: clientsIn(seen), keys: seen.keys, shares: sharesOf(seen.done) };
}

/** Scene 2. */
export interface Growth {
  /** Keys before. */
  keys: Record<string, number>;
  /** From the start of the new group's processes to its place in the ring, ms. */
  joinMs: number;
  /** While clients only read. */
  reading: { clients: Clients; reads: number; keys: Record<string, number> };
  /** While they write too: share of the new group, keys that have moved. */
  writing: { clients: Clients; shares: ReturnType<typeof sharesOf>; moved: number };
  /** When nothing is left to move. */
  drained: {
    clients: Clients;
    ms: number;
    history: number;
    keys: Record<string, number>;
    shares: ReturnType<typeof sharesOf>;
  };
}

/** A third group comes while the clients run. */
export async function growth(guide: Guide): Promise<Growth> {
  const { stage, load, times, screen } = guide;
  await guide.tell(
    'Scene 2: group g2 is added',
    '  Its two processes start, and join by themselves. From that moment a third of the keys belongs to g2, and nothing',
    '  is copied: a key moves when it is written, in the same transaction. What nobody writes is moved by a drain in the',
    '  background, which is stopped for now. At first the clients only read.',
  );
  await stage.setRate(0);
  load.readOnly(true);
  const keys = await stage.keys();
  guide.newcomer = NEW;
  const begin = performance.now();
  const joined = stage
    .startNodes(NEW, 2)
    .then(() =>
      stage.until('g2 is in the ring', async () => {
        const { ring } = await stage.tree();
        if (!ring.groups.some(({ id }) => id === NEW)) return false;
        const said = await Promise.all(stage.routers.map((router) => stage.status(router)));
        return said.every((status) => status?.['ringVersion'] === ring.version);
      }),
    )
    .then(() => performance.now() - begin);
  await guide.watch(0, joined);
  const joinMs = await joined;
  const reading = await guide.watch(times.watch / 2);
  screen.say(
    `  g2 is in the ring ${Math.round(joinMs)} ms after its processes were started. It owns keys and holds none: every`,
    '  read asks the group that had the key before, and still finds it there. Now the clients write again.',
  );
  load.readOnly(false);
  const writing = await guide.watch(times.watch);
  const moved = writing.keys[NEW] ?? 0;
  screen.say(
    `  Writes have moved ${moved} keys, and the share of g2 grows with them. Now the drain may move the rest.`,
  );
  await stage.setRate('auto');
  const from = performance.now();
  const empty = stage
    .until('history is empty', async () => (await stage.tree()).ring.history.length === 0)
    .then(() => performance.now() - from);
  const draining = await guide.watch(0, empty);
  const after = await guide.watch(times.watch / 2);
  const { ring } = await stage.tree();
  screen.say(
    '  Nothing is left of the earlier ring: each key is where it belongs, and a read asks one group again.',
  );
  return {
    keys,
    joinMs,
    reading: { clients: clientsIn(reading), reads: reading.done.reads, keys: reading.keys },
    writing: { clients: clientsIn(writing), shares: sharesOf(writing.done), moved },
    drained: {
      clients: clientsIn(draining),
      ms: await empty,
      history: ring.history.length,
      keys: after.keys,
      shares: sharesOf(after.done),
    },
  };
}

/** Scene 3. */
export interface Absence {
  router: string;
  backup: string;
  /** How long ZooKeeper was frozen, ms. */
  frozenMs: number;
  /** Clients that went on at another router, and their commands that were asked again there. */
  moves: number;
  repeated: number;
  clients: Clients;
  shares: ReturnType<typeof sharesOf>;
}

/** One of each service is away. */
export async function absence(guide: Guide): Promise<Absence> {
  const { stage, times, screen } = guide;
  const { primary, inSync } = await stage.config('g1');
  const backup = stage.nodeOf(inSync.find((id) => id !== primary)!).child;
  const router = stage.routers[1]!;
  await guide.tell(
    'Scene 3: one of each service is stopped',
    `  A router (${router.name}), a backup (${backup.name}) and ZooKeeper. This ZooKeeper is a single process that keeps`,
    '  everything in memory: ended, it would forget the cluster, so it is frozen for a while (SIGSTOP). A real one has',
    '  three or five servers and keeps what it knows.',
  );
  const before = await guide.load.standing();
  router.signal('SIGTERM');
  backup.signal('SIGTERM');
  const gone = stage.until('the backup has left its group', async () => {
    await Promise.all([router.exited, backup.exited]);
    return (await stage.config('g1')).inSync.length === 1;
  });
  const stopping = await guide.watch(times.watch / 4, gone);
  stage.zookeeper.signal('SIGSTOP');
  let frozen: Seen;
  try {
    frozen = await guide.watch(times.frozen);
  } finally {
    stage.zookeeper.signal('SIGCONT');
  }
  const back = stage.until('ZooKeeper answers again', async () => (await stage.tree()).ring.version > 0);
  await guide.watch(times.watch / 4, back);
  const { moves, repeated } = await guide.load.standing();
  const clients = clientsIn(frozen);
  for (const key of ['lost', 'wrong', 'errors', 'commands'] as const)
    clients[key] += clientsIn(stopping)[key];
  clients.longestMs = Math.max(clients.longestMs, stopping.longestMs);
  const { lost, wrong, errors } = clients;
  screen.say(
    `  ${moves - before.moves} clients went on at the other router (${repeated - before.repeated} commands were asked again there).`,
    `  ZooKeeper is not asked when a key is read or written. The clients saw: lost ${lost}, wrong ${wrong}, errors ${errors}.`,
  );
  return {
    router: router.name,
    backup: backup.name,
    frozenMs: times.frozen,
    moves: moves - before.moves,
    repeated: repeated - before.repeated,
    clients,
    shares: sharesOf(frozen.done),
  };
}

/** Scene 4. */
export interface Sync {
  /** From the start of the process to its place among the copies in sync, ms. */
  syncMs: number;
  clients: Clients;
  /** Keys that the two say they hold. */
  keys: { primary: number; backup: number };
  /** Keys of the tour that the primary has, and how many of them the backup has with another value or not at all. */
  held: number;
  different: number;
}

/** A backup joins a group that serves. */
export async function sync(guide: Guide): Promise<Sync> {
  const { stage, load, screen } = guide;
  await guide.tell(
    'Scene 4: one more backup for g2',
    '  It starts empty with hotfix 1, which means: join and catch up while the group serves. The primary sends it every',
    '  key, and what is written meanwhile; then each write waits for it too.',
  );
  const begin = performance.now();
  const joined = stage.startNodes(NEW, 1).then(async ([node]) => {
    await stage.until('the backup is in sync', async () =>
      (await stage.config(NEW)).inSync.includes(node!.child.id),
    );
    return { node: node!.child, ms: performance.now() - begin };
  });
  const seen = await guide.watch(guide.times.watch / 2, joined);
  const { node, ms } = await joined;
  const primary = stage.nodeOf((await stage.config(NEW)).primary!).child;
  // So that both can be compared as they stand.
  load.readOnly(true);
  const compare = async () => {
    const [ours, theirs] = await load.held([primary.port, node.port]);
    const held = ours!.filter((value) => value !== null).length;
    return { held, different: ours!.filter((value, key) => value !== theirs![key]).length };
  };
  let compared = await compare();
  // A backup applies a write with the next message of its primary: that may take a moment.
  await stage.until('both copies are equal', async () => {
    compared = await compare();
    return compared.different === 0;
  });
  const said = await Promise.all([stage.status(primary), stage.status(node)]);
  const [mine, other] = said.map((status) => Number(status?.['keys'])) as [number, number];
  screen.say(
    `  In sync ${Math.round(ms)} ms after its process was started. Compared key by key: ${compared.held} keys, all equal.`,
  );
  return {
    syncMs: ms,
    clients: clientsIn(seen),
    keys: { primary: mine, backup: other },
    ...compared,
  };
}

/** Scene 5. */
export interface Succession {
  killed: string;
  /** The first of the members that remained, and who leads now. */
  expected: string;
  /** Every member that remained. */
  remaining: string[];
  primary: string;
  clients: Clients;
  /** Keys of the tour that could be read afterwards. */
  readable: number;
}

/** The primary of the new group dies while clients only read. */
export async function succession(guide: Guide): Promise<Succession> {
  const { stage, load, times, screen } = guide;
  const { primary, inSync } = await stage.config(NEW);
  const expected = inSync.find((id) => id !== primary);
  if (primary === null || expected === undefined) throw new Failure('g2 has no primary and backup');
  await guide.tell(
    'Scene 5: the primary of g2 is killed while the clients only read',
    `  ${stage.nodeOf(primary).child.name} gets a SIGKILL. Of the members that remain the first takes over: ${stage.nodeOf(expected).child.name}.`,
  );
  load.readOnly(true);
  stage.nodeOf(primary).child.signal('SIGKILL');
  let leads = primary;
  const led = stage.until('another member leads g2', async () => {
    leads = (await stage.config(NEW)).primary ?? primary;
    return leads !== primary && (await stage.status(stage.nodeOf(leads).child))?.['state'] === 'serving';
  });
  const seen = await guide.watch(times.watch / 2, led);
  await load.stop();
  const readable = await load.verify();
  const clients = clientsIn(seen);
  screen.say(
    `  ${stage.nodeOf(leads).child.name} leads g2 now. The longest that a client waited: ${Math.round(clients.longestMs)} ms.`,
    `  ${readable} of ${load.keys} keys were read again, each with its last acknowledged value.`,
  );
  const remaining = inSync.filter((id) => id !== primary);
  return { killed: primary, expected, remaining, primary: leads, clients, readable };
}

/** All groups of the tour that are there from the start. */
export const FIRST_GROUPS: readonly string[] = OLD;
