// ZooKeeper for a cluster under test: three servers of Debian's where they are installed, the embedded one elsewhere.
// Servers can be killed, frozen and started again one by one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Role } from './role.js';

const CLASSPATH = '/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar';
const START_MS = 60_000;

/** ZooKeeper as the faults see it. */
export interface Ensemble {
  /** `host:port,...` */
  readonly address: string;
  readonly servers: readonly Server[];
  stop(): Promise<void>;
}

/** One server. */
export interface Server {
  readonly host: string;
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
  /** After a SIGKILL: starts it again and waits until it serves. */
  restart(): Promise<void>;
}

/** Ports that nobody listens on now. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  const ports = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    ports.push(address.port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}

/** Whether the server takes sessions. */
function isServing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('srvr'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(/Mode: (standalone|leader|follower)/.test(text)));
    socket.setTimeout(2000, () => socket.destroy());
  });
}

class JavaServer implements Server {
  private child!: ChildProcess;
  constructor(
    readonly host: string,
    readonly port: number,
    private readonly folder: string,
  ) {}

  start(): void {
    const flags = ['-Xmx96m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.forceSync=no'];
    flags.push('-Dzookeeper.jmx.log4j.disable=true', '-cp', CLASSPATH);
    const program = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    this.child = spawn('java', [...flags, program, join(this.folder, 'zoo.cfg')], { stdio: 'ignore' });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async serving(): Promise<void> {
    for (let waited = 0; waited < START_MS; waited += 100) {
      if (await isServing(this.host, this.port)) return;
      await sleep(100);
    }
    throw new Error(`ZooKeeper at ${this.host}:${this.port} does not serve`);
  }

  async restart(): Promise<void> {
    await this.end();
    this.start();
    await this.serving();
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** Starts three real servers that form an ensemble; resolves when all of them serve. */
export async function startRealEnsemble(host: string): Promise<Ensemble> {
  const top = await mkdtemp(join(tmpdir(), 'towline-faults-'));
  const ports = await freePorts(host, 9);
  const places = [0, 1, 2].map((n) => ports.slice(n * 3, n * 3 + 3));
  const servers: JavaServer[] = [];
  for (const [n, [port]] of places.entries()) {
    const folder = join(top, String(n + 1));
    await mkdir(join(folder, 'data'), { recursive: true });
    await writeFile(join(folder, 'data/myid'), String(n + 1));
    const settings = {
      tickTime: 500,
      initLimit: 20,
      syncLimit: 6,
      minSessionTimeout: 1000,
      maxSessionTimeout: 60_000,
      dataDir: join(folder, 'data'),
      clientPort: port,
      clientPortAddress: host,
      'admin.enableServer': false,
      '4lw.commands.whitelist': '*',
      ...Object.fromEntries(
        places.map(([, peer, election], i) => [`server.${i + 1}`, `${host}:${peer}:${election}`]),
      ),
    };
    await writeFile(
      join(folder, 'zoo.cfg'),
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    servers.push(new JavaServer(host, port!, folder));
  }
  const killNow = () => {
    for (const server of servers) server.signal('SIGKILL');
  };
  process.once('exit', killNow);
  const stop = async () => {
    await Promise.all(servers.map((server) => server.end()));
    process.off('exit', killNow);
    await rm(top, { recursive: true, force: true });
  };
  for (const server of servers) server.start();
  try {
    await Promise.all(servers.map((server) => server.serving()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: servers.map(({ port }) => `${host}:${port}`).join(','), servers, stop };
}

/** Starts the embedded server. It forgets everything when it ends, so it can be frozen but not killed. */
export async function startEmbedded(): Promise<Ensemble> {
  const role = await Role.start({ name: 'zookeeper', args: ['zk', '--port', '0', '--host', '127.0.0.1'] });
  const server: Server = {
    host: '127.0.0.1',
    port: role.port,
    signal: (signal) => role.signal(signal),
    restart: () => Promise.reject(new Error('the embedded ZooKeeper forgets everything')),
  };
  return { address: `127.0.0.1:${role.port}`, servers: [server], stop: () => role.stop() };
}
