// What the bench compares: Towline with and without a second copy, Redis alone, twemproxy before two Redis, and Redis
// with a replica. Each is a port to load and a way to stop it; all run at the same time and are loaded in turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../../src/cli/ask.js';
import { type Cluster, startCluster } from '../e2e/cluster.js';

/** A system under load. */
export interface System {
  name: string;
  port: number;
  /** A WAIT 1 follows each write, so only the bench's own generator can load it. */
  wait: boolean;
  /** Load it with the bench's own generator, to be compared with others loaded by it. */
  own: boolean;
}

/** All systems that could be started, and what stops them. */
export interface Field {
  systems: System[];
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number, command: string[], wanted: RegExp): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const reply = await ask({ host: '127.0.0.1', port, command, timeoutMs: 1000 });
      if (wanted.test(String(reply))) return;
    } catch {}
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`port ${port} does not answer ${command.join(' ')} with ${wanted}`);
}

/** Starts and stops the processes of other projects. */
class Others {
  readonly #children: ChildProcess[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'towline-bench-'));

  start(program: string, args: string[]): void {
    const path = `${process.env['PATH']}:/usr/sbin`;
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, PATH: path } });
    child.on('error', () => {});
    this.#children.push(child);
  }

  async redis(...more: string[]): Promise<number> {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.start('redis-server', [...args, '--dir', this.folder, ...more]);
    await answers(port, ['PING'], /PONG/);
    return port;
  }

  async twemproxy(servers: number[]): Promise<number> {
    const [port, statistics] = [await freePort(), await freePort()];
    const lines = [
      'bench:',
      `  listen: 127.0.0.1:${port}`,
      '  hash: fnv1a_64',
      '  distribution: ketama',
      '  redis: true',
      '  servers:',
      ...servers.map((server) => `    - 127.0.0.1:${server}:1`),
    ];
    const path = join(this.folder, 'twemproxy.yml');
    writeFileSync(path, `${lines.join('\n')}\n`);
    const log = join(this.folder, 'twemproxy.log');
    this.start('nutcracker', ['-c', path, '-s', String(statistics), '-o', log]);
    await answers(port, ['GET', 'x'], /null/);
    return port;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts everything; what is not installed is left out with a word to `say`. */
export async function startField(say: (line: string) => void): Promise<Field> {
  const others = new Others();
  const clusters: Cluster[] = [];
  const systems: System[] = [];
  const close = async () => {
    others.close();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  };
  const attempt = async (name: string, start: () => Promise<System[]>) => {
    try {
      systems.push(...(await start()));
    } catch (error) {
      say(`${name} left out: ${(error as Error).message}`);
    }
  };
  try {
    for (const members of [2, 1]) {
      const cluster = await startCluster({ groups: 2, members, routers: 1 });
      clusters.push(cluster);
      const name = `towline 2x${members}`;
      const port = cluster.routerPorts[0]!;
      systems.push({ name, port, wait: false, own: false });
      if (members === 2) systems.push({ name: `${name} (own generator)`, port, wait: false, own: true });
    }
    await attempt('redis', async () => [
      { name: 'redis', port: await others.redis(), wait: false, own: false },
    ]);
    await attempt('twemproxy', async () => {
      const port = await others.twemproxy([await others.redis(), await others.redis()]);
      return [{ name: 'twemproxy + 2 redis', port, wait: false, own: false }];
    });
    await attempt('redis with a replica', async () => {
      const port = await others.redis();
      const replica = await others.redis('--replicaof', '127.0.0.1', String(port));
      await answers(replica, ['INFO', 'replication'], /master_link_status:up/);
      return [{ name: 'redis + replica, WAIT 1 (own generator)', port, wait: true, own: true }];
    });
    return { systems, close };
  } catch (error) {
    await close();
    throw error;
  }
}
