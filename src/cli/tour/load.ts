// The tour's clients: the same as those of `towline workload`, with a ledger that finds every lost write, but in no
// hurry, each with a second router to turn to. Must never count less than what went wrong.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { HostPort } from '../values.js';
import { type Run, runClient, write } from '../workload/clients.js';
import { Connection } from '../workload/connection.js';
import { type Counts, GroupCounter, type GroupCounts } from '../workload/group-counts.js';
import { Histogram } from '../workload/histogram.js';
import { Ledger } from '../workload/ledger.js';
import { Tally } from '../workload/tally.js';
import { verify } from '../workload/verify.js';

const CLIENTS = 8;
const PAUSE_MS = 4;
const VALUE_BYTES = 100;
/** Half of the commands write, unless a scene says otherwise. */
const READS = 0.5;

/** What the clients have done and seen so far. */
export interface Standing {
  reads: number;
  writes: number;
  /** By group, as the routers count. */
  groups: GroupCounts;
  lost: number;
  wrong: number;
  errors: number;
  moves: number;
  repeated: number;
}

/** The clients of a tour. */
export class Load {
  private readonly tally = new Tally();
  private readonly run: Run;
  private readonly stopping = new AbortController();
  private readonly counter: GroupCounter;
  private readonly connections: Connection[];
  private loops: Promise<void>[] = [];

  constructor(
    routers: HostPort[],
    readonly keys: number,
  ) {
    this.counter = new GroupCounter(routers, undefined);
    this.run = {
      ledger: new Ledger(keys, VALUE_BYTES),
      tally: this.tally,
      prefix: `tour:${randomBytes(4).toString('hex')}:`,
      reads: READS,
      clients: CLIENTS,
      pauseMs: PAUSE_MS,
      stop: this.stopping.signal,
    };
    this.connections = Array.from({ length: CLIENTS }, (_, i) => {
      const at = i % routers.length;
      return new Connection([...routers.slice(at), ...routers.slice(0, at)], undefined, this.tally);
    });
  }

  /** Writes every key once. */
  async fill(): Promise<void> {
    await Promise.all(
      this.connections.map(async (connection, i) => {
        const redis = await connection.ready(this.run.stop);
        for (let key = i; key < this.keys && redis !== null; key += CLIENTS)
          await write(this.run, redis, key);
      }),
    );
  }
  start(): void {
    this.loops = this.connections.map((connection, i) => runClient(this.run, i, connection));
  }
  readOnly(on: boolean): void {
    this.run.reads = on ? 1 : READS;
  }

  async standing(): Promise<Standing> {
    await this.counter.poll();
    const { reads, writes, lost, wrong, errors, moves, repeated } = this.tally;
    return { reads, writes, groups: this.counter.counts, lost, wrong, errors, moves, repeated };
  }
  /** Latencies since this was called last. */
  takeLatencies(): Histogram {
    const taken = new Histogram();
    taken.add(this.tally.recent);
    this.tally.earlier.add(this.tally.recent);
    this.tally.recent.clear();
    return taken;
  }

  /** What data nodes hold under every key, one list for each of their ports. */
  async held(ports: readonly number[]): Promise<(string | null)[][]> {
    const names = Array.from({ length: this.keys }, (_, key) => `${this.run.prefix}${key}`);
    return Promise.all(
      ports.map(async (port) => {
        const options = { protocol: 2, enableReadyCheck: false, retryStrategy: () => null } as const;
        const node = new Redis({ host: '127.0.0.1', port, ...options });
        node.on('error', () => {});
        try {
          return await Promise.all(names.map((name) => node.get(name)));
        } finally {
          node.disconnect();
        }
      }),
    );
  }

  /** Stops the clients. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }
  /** Reads every key through the routers and judges it. @returns how many could be read */
  async verify(): Promise<number> {
    await verify(this.run, this.connections);
    return this.tally.verified;
  }
  close(): void {
    this.stopping.abort();
    for (const connection of this.connections) connection.close();
  }
}

/** What was done between two moments. */
export function between(from: Standing, to: Standing): Standing {
  const groups: GroupCounts = {};
  for (const [group, { reads, writes }] of Object.entries(to.groups)) {
    const before: Counts = from.groups[group] ?? { reads: 0, writes: 0 };
    groups[group] = { reads: reads - before.reads, writes: writes - before.writes };
  }
  const minus = (key: 'reads' | 'writes' | 'lost' | 'wrong' | 'errors' | 'moves' | 'repeated') =>
    to[key] - from[key];
  return {
    groups,
    reads: minus('reads'),
    writes: minus('writes'),
    lost: minus('lost'),
    wrong: minus('wrong'),
    errors: minus('errors'),
    moves: minus('moves'),
    repeated: minus('repeated'),
  };
}
