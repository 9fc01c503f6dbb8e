// Clients that own keys: each reads and writes its own and knows what every one must hold, so that any answer can be
// judged at once, and everything again at the end. Collects answers a second and how long each client waited.
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from '../../src/cli/workload/histogram.js';
import { Client } from '../faults/client.js';

const LENGTH = 100;
const BATCH = 500;
const WINDOW_MS = 100;
/** Shorter waits are not kept, ms. */
const SHORT_MS = 5;
const TICK_MS = 5;
/** Latencies are kept for each so many ms. */
const PERIOD_MS = 200;

/** A time in which one client got no answer: when it ended, and how long it was, ms of performance.now(). */
export interface Gap {
  at: number;
  ms: number;
}

/** The value of key `n` after its `version`-th write. */
function valueFor(n: number, version: number): string {
  return `${n}:${version}:`.padEnd(LENGTH, String.fromCharCode(97 + ((n + 7 * version) % 26)));
}

const nameOf = (n: number) => `key:${n}`;

/** All keys, what they must hold, and the clients that use them. */
export class KeyLoad {
  /** Last write of each key that was answered. */
  private readonly versions: Uint32Array;
  /** Keys whose last write had an uncertain outcome: one more than `versions` may be there. */
  private readonly uncertain = new Set<number>();
  private readonly answered: number[] = [];
  private readonly began = performance.now();
  private running = false;
  private loops: Promise<void>[] = [];
  private readonly latencies: Histogram[] = [];
  readonly gaps: Gap[] = [];
  /** How long this process itself was held up: a wait cannot be told from that. */
  private readonly stalls: Gap[] = [];
  private ticked = performance.now();
  private readonly ticks = setInterval(() => {
    const now = performance.now();
    const ms = now - this.ticked - TICK_MS;
    if (ms > SHORT_MS) this.stalls.push({ at: now, ms });
    this.ticked = now;
  }, TICK_MS).unref();
  /** What was wrong, in words; bounded. */
  readonly wrong: string[] = [];
  readonly errors: Record<string, number> = {};

  constructor(
    /** Of routers: client after client takes the next one. */
    private readonly ports: readonly number[],
    readonly keys: number,
    private readonly clients: number,
    private readonly random: () => number,
    /** Share of reads; pause of each client after an answer, ms, 0 for a full load. */
    private readonly mix = { reads: 0.5, pauseMs: 0 },
  ) {
    this.versions = new Uint32Array(keys);
  }

  /** Writes every key once. */
  async fill(): Promise<void> {
    await this.everyKey(async (client, from, to) => {
      const sent = [];
      for (let n = from; n < to; n++) sent.push(client.send(['SET', nameOf(n), valueFor(n, 0)]));
      for (const reply of await Promise.all(sent)) if (reply !== 'OK') this.found(`SET: ${reply}`);
    });
  }

  /** Starts the clients: each has one command under way. */
  start(): void {
    this.running = true;
    this.loops = Array.from({ length: this.clients }, (_, c) => this.client(c));
  }
  async stop(): Promise<void> {
    this.running = false;
    clearInterval(this.ticks);
    await Promise.all(this.loops);
  }

  /** Answers a second between two moments of performance.now(). */
  rate(from: number, to: number): number {
    const index = (at: number) => Math.floor((at - this.began) / WINDOW_MS);
    let count = 0;
    for (let i = index(from) + 1; i < index(to); i++) count += this.answered[i] ?? 0;
    return (count * 1000) / WINDOW_MS / Math.max(1, index(to) - index(from) - 1);
  }

  /** The latency that a share of all commands stayed at or below, in the whole periods between two moments, ms. */
  quantile(share: number, from: number, to: number): number {
    const all = new Histogram();
    const period = (at: number) => Math.floor((at - this.began) / PERIOD_MS);
    for (let i = period(from) + 1; i < period(to); i++) {
      const one = this.latencies[i];
      if (one !== undefined) all.add(one);
    }
    return all.quantile(share) / 1000;
  }

  /** The longest time that any client waited, and that this process was held up, ending between two moments, ms. */
  longest(from: number, to: number): { ms: number; ownMs: number } {
    const most = (gaps: readonly Gap[]) =>
      gaps.reduce((longest, { at, ms }) => (at >= from && at <= to && ms > longest ? ms : longest), 0);
    return { ms: most(this.gaps), ownMs: most(this.stalls) };
  }

  /** Reads every key through the router. @returns how many are as they must be; what is not is in `wrong` */
  async compare(): Promise<number> {
    let equal = 0;
    await this.everyKey(async (client, from, to) => {
      const sent = [];
      for (let n = from; n < to; n++) sent.push(client.send(['GET', nameOf(n)]));
      (await Promise.all(sent)).forEach((reply, i) => {
        if (this.expected(from + i, reply)) equal++;
        else this.found(`${nameOf(from + i)} is ${JSON.stringify(reply)}`);
      });
    });
    const client = this.connected(0);
    await client.ready();
    const size = await client.send(['DBSIZE']);
    client.close();
    if (size !== this.keys) this.found(`DBSIZE is ${JSON.stringify(size)}`);
    return equal;
  }

  private expected(n: number, reply: unknown): boolean {
    const version = this.versions[n]!;
    return reply === valueFor(n, version) || (this.uncertain.has(n) && reply === valueFor(n, version + 1));
  }

  private found(what: string): void {
    if (this.wrong.length < 20) this.wrong.push(what);
  }

  private async everyKey(
    work: (client: Client, from: number, to: number) => Promise<void>,
    lanes = 4,
  ): Promise<void> {
    let next = 0;
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        const client = this.connected(lane);
        await client.ready();
        while (next < this.keys) {
          const from = next;
          next = Math.min(this.keys, from + BATCH);
          await work(client, from, next);
        }
        client.close();
      }),
    );
  }

  private connected(client: number): Client {
    return new Client(this.ports[client % this.ports.length]!);
  }

  private async client(c: number): Promise<void> {
    const client = this.connected(c);
    await client.ready();
    const own = Math.floor((this.keys - c - 1) / this.clients) + 1;
    let last = performance.now();
    while (this.running) {
      const n = c + this.clients * Math.floor(this.random() * own);
      const sent = performance.now();
      const write = this.random() >= this.mix.reads;
      const version = this.versions[n]! + (write ? 1 : 0);
      try {
        if (write) {
          const reply = await client.send(['SET', nameOf(n), valueFor(n, version)]);
          if (reply === 'OK') {
            this.versions[n] = version;
            this.uncertain.delete(n);
          } else this.failed(n, JSON.stringify(reply));
        } else {
          const reply = await client.send(['GET', nameOf(n)]);
          if (!this.expected(n, reply)) this.found(`${nameOf(n)} read as ${JSON.stringify(reply)}`);
        }
      } catch (error) {
        if (write) this.failed(n, (error as Error).message);
        await client.ready();
        await sleep(1);
      }
      const now = performance.now();
      if (now - last > SHORT_MS) this.gaps.push({ at: now, ms: now - last });
      last = now;
      const window = Math.floor((now - this.began) / WINDOW_MS);
      this.answered[window] = (this.answered[window] ?? 0) + 1;
      const period = Math.floor((now - this.began) / PERIOD_MS);
      (this.latencies[period] ??= new Histogram()).record((now - sent) * 1000);
      if (this.mix.pauseMs > 0) {
        await sleep(this.mix.pauseMs);
        last = performance.now();
      }
    }
    client.close();
  }

  private failed(n: number, what: string): void {
    this.errors[what] = (this.errors[what] ?? 0) + 1;
    this.uncertain.add(n);
  }
}
