// 100,000 requests that are malformed, cut off or senseless, at a router, and more of them at the data nodes' own
// ports: nobody else notices, no process ends, and nothing is left of it: connections, locks, memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ask, askStatus } from '../../src/cli/ask.js';
import { alive } from '../cli/program.js';
import { type Cluster, startCluster } from './cluster.js';
import { Nonsense, type Script } from './nonsense.js';

const host = '127.0.0.1';
const REQUESTS = 100_000;
const WARM_UP = 20_000;
const TO_NODES = 10_000;
const AT_ONCE = 32;
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);

/** Sends one script; resolves when the connection is gone. @throws Error when the port cannot be had at all */
function play(port: number, { bytes, end }: Script): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    // Replies are read and thrown away.
    socket.on('data', () => {});
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(new Error(`port ${port} does not answer`));
    });
    socket.on('close', () => resolve());
    socket.on('connect', () => {
      // In two pieces, for parsers that must go on where they stopped.
      const half = bytes.length >> 1;
      socket.write(bytes.subarray(0, half));
      setImmediate(() => {
        socket.write(bytes.subarray(half));
        if (end === 'destroy') socket.destroySoon();
        else if (end === 'half') socket.end();
        else if (end === 'linger') setTimeout(() => socket.destroy(), 2);
      });
    });
  });
}

/** Sends scripts until they hold so many requests, a few connections at a time. */
async function pour(total: number, next: () => { port: number; script: Script }): Promise<void> {
  let sent = 0;
  const worker = async () => {
    while (sent < total) {
      const { port, script } = next();
      sent += script.requests;
      await play(port, script);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Tries again until `check` does not throw; what it threw last is thrown when it never does. */
async function eventually(check: () => Promise<void> | void, tries = 120): Promise<void> {
  for (let i = 1; ; i++) {
    try {
      return await check();
    } catch (error) {
      if (i === tries) throw error;
      await sleep(250);
    }
  }
}

/** A client that behaves: what it writes it reads, one key after the other, until it is told to stop. */
class WellBehaved {
  readonly wrong: string[] = [];
  rounds = 0;
  private stopping = false;
  private readonly client: Redis;
  private readonly done: Promise<void>;

  constructor(port: number) {
    this.client = new Redis({ host, port, maxRetriesPerRequest: 0 });
    this.client.on('error', (error) => this.wrong.push(`connection: ${error.message}`));
    this.client.on('close', () => {
      if (!this.stopping) this.wrong.push('connection closed');
    });
    this.done = this.run();
  }
  private async run(): Promise<void> {
    while (!this.stopping) {
      const key = `good:${this.rounds % 100}`;
      const value = `${this.rounds++}`;
      try {
        if ((await this.client.set(key, value)) !== 'OK') this.wrong.push(`SET ${key}`);
        const read = await this.client.get(key);
        if (read !== value) this.wrong.push(`${key} is ${read}, not ${value}`);
      } catch (error) {
        this.wrong.push(String(error));
      }
      if (this.wrong.length > 10) return;
    }
  }
  async stop(): Promise<void> {
    this.stopping = true;
    await this.done;
    this.client.disconnect();
  }
}

/** Resident memory of a process, MB. */
function resident(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line![1]) / 1024;
}

/** No connection but the one that asks and `others`, no lock, no transaction; the processes that there were. */
async function nothingLeft(cluster: Cluster, others: number): Promise<void> {
  for (const { name, pid } of cluster.processes) assert.ok(alive(pid), `${name} has ended`);
  await eventually(async () => {
    const list = await ask({
      host,
      port: cluster.routerPorts[0]!,
      command: ['CLIENT', 'LIST'],
      timeoutMs: 5000,
    });
    const lines = String(list).trim().split('\n');
    assert.equal(lines.length, 1 + others, lines.slice(0, 10).join('\n'));
  });
  for (const { name, port } of cluster.dataNodes()) {
    await eventually(async () => {
      const { locks, transactions } = await askStatus({ host, port, timeoutMs: 5000 });
      assert.deepEqual({ locks, transactions }, { locks: 0, transactions: 0 }, name);
    });
  }
}

test('nonsense disturbs nobody', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const cluster = await startCluster({ groups: 2, members: 2, routers: 1 });
  const port = cluster.routerPorts[0]!;
  const client = new WellBehaved(port);
  try {
    const warmUp = new Nonsense(SEED + 1_000_000);
    await pour(WARM_UP, () => ({ port, script: warmUp.script() }));
    await nothingLeft(cluster, 1);
    const before = new Map(cluster.processes.map(({ pid }) => [pid, resident(pid)]));
    const memoryIsBack = () =>
      eventually(() => {
        for (const { name, pid } of cluster.processes) {
          const [was, is] = [before.get(pid)!, resident(pid)];
          assert.ok(is <= was * 1.5 + 64, `${name}: ${was.toFixed()} MB before, ${is.toFixed()} MB after`);
        }
      });

    await t.test(`${REQUESTS} requests at a router`, async () => {
      const nonsense = new Nonsense(SEED);
      const rounds = client.rounds;
      await pour(REQUESTS, () => ({ port, script: nonsense.script() }));
      assert.deepEqual(client.wrong, []);
      assert.ok(client.rounds > rounds, 'it was served meanwhile');
      await nothingLeft(cluster, 1);
      await memoryIsBack();
    });

    await t.test(`${TO_NODES} requests at the data nodes' own ports`, async () => {
      const nonsense = new Nonsense(SEED);
      const { ring } = await cluster.status();
      const nodes = cluster.dataNodes();
      let at = 0;
      await pour(TO_NODES, () => {
        const node = nodes[at++ % nodes.length]!;
        return { port: node.port, script: nonsense.toNode(node.group, ring.version) };
      });
      assert.deepEqual(client.wrong, []);
      await nothingLeft(cluster, 1);
      await memoryIsBack();
    });
    await client.stop();
    assert.deepEqual(client.wrong, []);
  } finally {
    await client.stop();
    const { err } = await cluster.stop();
    t.diagnostic(`errors printed: ${err.slice(0, 2000) || 'none'}`);
  }
});
