// Starts Debian's ZooKeeper on a free loopback port, in a folder of its own, for tests that compare or fail over.
// Use it only where needs(...ZOOKEEPER) does not skip.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running real server. */
export interface RealZooKeeper {
  readonly port: number;
  readonly address: string;
  /** The Java process, for tests that stop or kill it. */
  readonly process: ChildProcess;
  /** Ends the process and removes its data. */
  close(): Promise<void>;
}

const CLASSPATH = '/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar';
const START_MS = 60_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether the server takes sessions: `srvr` names its mode only then, while `ruok` is answered earlier. */
function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(text.includes('Mode: standalone')));
    socket.setTimeout(2000, () => socket.destroy());
  });
}

/** Starts a single real ZooKeeper with a tick of 100 ms; resolves when it serves. */
export async function startRealZooKeeper(): Promise<RealZooKeeper> {
  const folder = await mkdtemp(join(tmpdir(), 'towline-zookeeper-'));
  const port = await freePort();
  const settings = {
    tickTime: 100,
    minSessionTimeout: 200,
    maxSessionTimeout: 60_000,
    dataDir: join(folder, 'data'),
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
    '4lw.commands.whitelist': '*',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(folder, 'zoo.cfg'), lines.join(''));
  const child = spawn(
    'java',
    [
      '-Xmx128m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dzookeeper.jmx.log4j.disable=true',
      '-Dzookeeper.forceSync=no',
      '-cp',
      CLASSPATH,
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      join(folder, 'zoo.cfg'),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // A test process that ends early must not leave a server behind.
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000);
  });
  const close = async () => {
    process.off('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (let waited = 0; waited < START_MS; waited += 100) {
    if (child.exitCode !== null) break;
    if (await isServing(port)) return { port, address: `127.0.0.1:${port}`, process: child, close };
    await sleep(100);
  }
  await close();
  throw new Error(`ZooKeeper did not start:\n${log}`);
}
