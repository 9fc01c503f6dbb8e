// A large value moves to a group that joins, while clients read and write other keys and one reads the value: how long
// anybody waited, how long each process was held up, what memory it took, and whether both new copies are whole.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PATHS } from '../../src/net/directory.js';
import { DRAIN_PATHS, type DrainRate, type DrainRateDocument } from '../../src/net/drain.js';
import { ownersOf, type RingDocument, slotOfText } from '../../src/ring/index.js';
import { CasDocument, ZooKeeper } from '../../src/zookeeper/index.js';
import { runTowline } from '../cli/program.js';
import { Client } from '../faults/client.js';
import { startEmbedded } from '../faults/ensemble.js';
import { KeyLoad } from './key-load.js';
import type { LargeValue } from './large-value.js';
import { type Held, Watched } from './watched.js';

/** What to do. */
export interface LargeShape {
  value: LargeValue;
  /** Of the drain: auto, max, ... */
  rate: DrainRate;
  random: () => number;
  say(line: string): void;
}

/** A wait, and how long the process that measures it was held up itself, ms. */
export interface Wait {
  ms: number;
  ownMs: number;
}

/** What came of it. */
export interface LargeOutcome {
  kind: string;
  /** From the change of the ring to the empty history. */
  moveMs: number;
  /** Longest wait of a client of other keys: before, while the value moved, and after that. */
  before: Wait;
  during: Wait;
  after: Wait;
  /** Of the value's own reader, while it moved. */
  reads: number;
  readerMs: number;
  /** What each process noted while it moved, and before. */
  held: Record<string, { before: Held; during: Held }>;
  /** Copies in the new group, and in the old one. */
  copies: number;
  left: number;
  wrong: string[];
  errors: Record<string, number>;
}

const host = '127.0.0.1';
const CALM_MS = 3000;
const OTHERS = { keys: 2000, clients: 4 };
const LIMIT_MS = 300_000;

interface Status {
  role: string;
  state: string;
}

/** Runs it once; every process that it starts is gone when it ends. */
export async function runLarge({ value, rate, random, say }: LargeShape): Promise<LargeOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'towline-large-'));
  const ensemble = await startEmbedded();
  const all: Watched<Status>[] = [];
  const servers = ['--zookeeper', ensemble.address];
  const start = async (name: string, args: string[]) => {
    const process = await Watched.start<Status>(
      name,
      [...args, '--host', host, '--port', '0', ...servers],
      folder,
    );
    all.push(process);
    return process;
  };
  const group = (id: string, ...flags: string[]) =>
    Promise.all(
      [1, 2].map((n) => start(`${id}-${n}`, ['data', '--group', id, '--create-with', '2', ...flags])),
    );
  const towline = async (...args: string[]) => {
    const { code, out, err } = await runTowline([...args, ...servers]);
    if (code !== 0) throw new Error(`towline ${args.join(' ')}: ${err}`);
    return out;
  };
  const zk = new ZooKeeper({ servers: ensemble.address });
  const ring = async () => (await new CasDocument<RingDocument>(zk, PATHS.ring).read())?.value;
  const setRate = (rate: DrainRate) =>
    new CasDocument<DrainRateDocument>(zk, DRAIN_PATHS.rate).update(() => ({ rate }));
  const load: { now: KeyLoad | null } = { now: null };
  try {
    const old = await group('g0');
    const fresh = await group('g1', '--join', 'manual');
    const router = await start('router', ['router']);
    await zk.connect();
    for (const end = performance.now() + LIMIT_MS; (await ring())?.groups.length !== 1; await sleep(50))
      if (performance.now() > end) throw new Error('the old group did not join');
    await setRate(0);
    const client = new Client(router.role.port);
    await client.ready();
    const ask = async ({ words, expected }: { words: string[]; expected: unknown }, wrong: string[]) => {
      const found = await client.send(words);
      if (isDeepStrictEqual(found, expected) || wrong.length >= 20) return;
      wrong.push(`${words.slice(0, 3).join(' ')}: ${JSON.stringify(found)?.slice(0, 100)}`);
    };
    const wrong: string[] = [];
    const key = keyOf('g1');
    const filling = performance.now();
    for (const words of value.make(key)) await client.send(words);
    await ask(value.count(key), wrong);
    say(`${value.kind} of ${value.size} made in ${Math.round(performance.now() - filling)} ms`);

    const others = new KeyLoad([router.role.port], OTHERS.keys, OTHERS.clients, random, {
      reads: 0.5,
      pauseMs: 1,
    });
    load.now = others;
    await others.fill();
    others.start();
    await sleep(CALM_MS / 3);
    const calm = performance.now();
    await sleep(CALM_MS);
    const calmed = performance.now();
    // The command is a process of its own, which the others feel: nothing moves before it has ended.
    await towline('ring', 'add', 'g1');
    await sleep(CALM_MS);
    const reader = { busy: true, reads: 0, longest: 0 };
    const began = performance.now();
    const reading = (async () => {
      const own = new Client(router.role.port);
      await own.ready();
      while (reader.busy) {
        const { words, expected } = value.probe(key, random());
        const sent = performance.now();
        const found = await own.send(words);
        reader.longest = Math.max(reader.longest, performance.now() - sent);
        reader.reads++;
        if (!isDeepStrictEqual(found, expected) && wrong.length < 20)
          wrong.push(`read: ${JSON.stringify(found)?.slice(0, 100)}`);
        await sleep(1);
      }
      own.close();
    })();
    await setRate(rate);
    for (const end = began + LIMIT_MS; (await ring())?.history.length !== 0; await sleep(50))
      if (performance.now() > end) throw new Error('the drain did not end');
    const moved = performance.now();
    // What it costs to be rid of the old copy belongs to it.
    await sleep(1000);
    reader.busy = false;
    await reading;
    const end = performance.now();
    await sleep(CALM_MS);
    const rest = performance.now();
    await others.stop();
    await ask(value.count(key), wrong);
    for (const each of value.compare(key)) await ask(each, wrong);
    client.close();
    const holds = async (nodes: Watched<Status>[]) => {
      const payloads = [];
      for (const { role } of nodes) {
        const one = new Client(role.port);
        await one.ready();
        payloads.push(await one.send(['EXISTS', key]));
        const [{ words, expected }] = [value.count(key)];
        const count = await one.send(words);
        if (payloads.at(-1) === 1 && count !== expected) wrong.push(`${role.name} has ${String(count)}`);
        const probes = payloads.at(-1) === 1 ? value.compare(key) : [];
        for (const each of probes) {
          if (!isDeepStrictEqual(await one.send(each.words), each.expected) && wrong.length < 20)
            wrong.push(`${role.name}: ${each.words.slice(0, 3).join(' ')}`);
        }
        one.close();
      }
      return payloads.filter((found) => found === 1).length;
    };
    const outcome: LargeOutcome = {
      kind: value.kind,
      moveMs: moved - began,
      before: others.longest(calm, calmed),
      during: others.longest(began, end),
      after: others.longest(end, rest),
      reads: reader.reads,
      readerMs: reader.longest,
      held: Object.fromEntries(
        all.map((each) => [
          each.role.name,
          { before: each.held(calm, calmed), during: each.held(began, end) },
        ]),
      ),
      copies: await holds(fresh),
      left: await holds(old),
      wrong: [...wrong, ...others.wrong],
      errors: others.errors,
    };
    return outcome;
  } finally {
    await load.now?.stop();
    for (const { role } of all) role.signal('SIGKILL');
    await Promise.all(all.map(({ role }) => role.stop()));
    await zk.close();
    await ensemble.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A key that the second of two groups will own. */
function keyOf(group: string): string {
  const list = ['g0', 'g1'].map((id) => ({ id, weight: 1 }));
  const owners = ownersOf(list);
  for (let i = 0; ; i++) if (list[owners[slotOfText(`large:${i}`)]!]!.id === group) return `large:${i}`;
}
