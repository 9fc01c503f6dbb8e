// What happens to the cluster while scripts are played: groups come and go and change their weight, primaries are
// killed, and new members take their places. Must leave every group a member in sync: nothing may be lost.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByHand, Running } from '../e2e/by-hand.js';
import { until } from '../e2e/by-hand.js';
import type { Random } from '../sim/random.js';

const MEMBERS = 2;
const MOST_GROUPS = 4;
/** Long enough that a busy machine does not make a backup seem dead right before its primary is killed: all would be lost. */
const TIMES = ['--lease-ms', '1500', '--grace-ms', '1800'];
/** Of the ring's history, which holds four at most. */
const MOST_HISTORY = 3;
const SLOW_DRAIN = '3';

/** How often what happened. */
export interface Weather {
  killed: number;
  added: number;
  removed: number;
  weighed: number;
}

/** The cluster's groups, and their fate. */
export class Storm {
  readonly weather: Weather = { killed: 0, added: 0, removed: 0, weighed: 0 };
  private readonly groups = new Map<string, Running[]>();
  private readonly removed = new Set<string>();
  private serial = 0;
  private stopping = false;
  private running: Promise<void> = Promise.resolve();
  private failure: Error | null = null;

  /** @param pauseMs between two blows, at most */
  constructor(
    private readonly cluster: ByHand,
    private readonly random: Random,
    private readonly pauseMs: number,
    private readonly say: (line: string) => void,
  ) {}

  /** Starts a group; it takes its share of the ring. */
  async addGroup(): Promise<string> {
    const { cluster, groups } = this;
    const group = `g${++this.serial}`;
    groups.set(
      group,
      await Promise.all(Array.from({ length: MEMBERS }, () => cluster.data(group, MEMBERS, ...TIMES))),
    );
    await until(`${group} is in the ring`, async () =>
      (await cluster.status()).ring.groups.some(({ id }) => id === group),
    );
    return group;
  }

  /** What has happened so far. */
  get blows(): number {
    return Object.values(this.weather).reduce((sum, count) => sum + count, 0);
  }
  /** Fails when the storm itself has. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  begin(): void {
    this.running = this.rage().catch((error: Error) => {
      this.failure = error;
    });
  }

  /** Resolves when the last blow has been got over. @throws what the storm itself failed of */
  async end(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.check();
  }

  private async rage(): Promise<void> {
    const { cluster, random } = this;
    // Keys move when they are written, mostly, not by themselves.
    await cluster.towline('ring', 'drain', '--rate', SLOW_DRAIN);
    while (!this.stopping) {
      await sleep(random.between(this.pauseMs / 4, this.pauseMs));
      if (this.stopping) return;
      const inRing = [...this.groups.keys()].filter((group) => !this.removed.has(group));
      // By turns, so that a primary is killed while keys have still to move.
      if (this.blows % 2 === 1) await this.kill(random.pick([...this.groups.keys()]));
      else {
        const change = random.weighted([
          [inRing.length < MOST_GROUPS ? 2 : 0, 'add'],
          [inRing.length > 2 ? 2 : 0, 'remove'],
          [1, 'weigh'],
        ] as const);
        await this.reshape(change, inRing);
      }
    }
  }

  /** The primary dies, a new member comes. */
  private async kill(group: string): Promise<void> {
    const { cluster } = this;
    const before = await cluster.group(group);
    if (before === undefined || before.inSync.length < MEMBERS || before.ring === 'released') return;
    const running = this.groups.get(group)!;
    const primary = running.find(({ id }) => id === before.primary);
    if (primary === undefined) throw new Error(`nobody is ${before.primary}`);
    this.say(`storm: primary of ${group} killed`);
    primary.kill('SIGKILL');
    await primary.finished;
    this.weather.killed++;
    this.groups.set(group, [
      ...running.filter((one) => one !== primary),
      await cluster.data(group, MEMBERS, ...TIMES),
    ]);
    try {
      await cluster.untilGroup(group, 'serving', MEMBERS);
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(await cluster.group(group))}`);
    }
  }

  private async reshape(change: 'add' | 'remove' | 'weigh', inRing: readonly string[]): Promise<void> {
    const { cluster, random, weather } = this;
    if ((await cluster.status()).ring.history.length >= MOST_HISTORY) {
      await cluster.towline('ring', 'drain', '--rate', 'max');
      await until('the drain ends', async () => (await cluster.status()).ring.history.length === 0);
      await cluster.towline('ring', 'drain', '--rate', SLOW_DRAIN);
      await this.dismiss();
    }
    if (change === 'add') {
      this.say(`storm: ${await this.addGroup()} added`);
      weather.added++;
      return;
    }
    const group = change === 'remove' ? inRing[0]! : random.pick(inRing);
    const weight = random.pick(['1', '2', '3']);
    const words = change === 'remove' ? ['remove', group] : ['weight', group, weight];
    const { code, err } = await cluster.towline('ring', ...words);
    // The weight may be what it was; then nothing has changed.
    if (code !== 0 && change === 'remove') throw new Error(`ring ${words.join(' ')}: ${err}`);
    if (change === 'remove') {
      this.removed.add(group);
      weather.removed++;
    } else if (code === 0) weather.weighed++;
    this.say(`storm: ring ${words.join(' ')}`);
  }

  /** Groups that hold nothing any more end. */
  private async dismiss(): Promise<void> {
    for (const group of [...this.removed]) {
      if ((await this.cluster.group(group))?.ring !== 'released') continue;
      const nodes = this.groups.get(group) ?? [];
      for (const node of nodes) node.kill('SIGTERM');
      await Promise.all(nodes.map(({ finished }) => finished));
      this.groups.delete(group);
      this.removed.delete(group);
    }
  }
}
