// `towline up`: a whole cluster on this machine, each role its own process, until Ctrl-C. For development and for
// trying faults by hand: kill any of the pids it prints.
import { createServer } from 'node:net';
import type { Program } from './command.js';
import { Failure, listenFailure, UsageError } from './failure.js';
import { LocalCluster } from './local-cluster.js';
import { createLog, humanLine } from './log.js';
import { UP } from './tool-options.js';
import { prepareTree } from './tree.js';

/** Whether a port can be listened on now; asked before anything is started. @throws Failure that names it */
function probe(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(listenFailure(error, host, port)));
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

/** Resolves when it is to stop, at the first signal; at the second the process ends, leaving its children to notice. */
function stopAsked(): Promise<void> {
  let asked = 0;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // npm passes on the Ctrl-C that the terminal has sent us too: two at once are one.
        if (++asked > 2) process.exit(1);
        resolve();
      });
    }
    // Started by a program with a channel, as by our tests: ends with that program.
    if (process.send !== undefined) process.on('disconnect', resolve);
  });
}

/** The program `towline up`. */
export const up: Program<typeof UP> = {
  name: 'up',
  summary: 'start a local cluster: ZooKeeper, data nodes and routers, until Ctrl-C',
  options: UP,
  async run({ jsonLogs, logLevel, forget, ...settings }) {
    const { host, port, routers } = settings;
    if (port + routers - 1 > 65535)
      throw new UsageError(`--port ${port}: no room for ${routers} routers above it`);
    const log = createLog({ json: jsonLogs, level: logLevel });
    const stop = stopAsked();
    for (let n = 0; n < routers && port !== 0; n++) await probe(host, port + n);
    const dropTree = settings.zookeeper === undefined ? null : await prepareTree(settings.zookeeper, forget);
    const cluster = new LocalCluster(
      { ...settings, logLevel, password: process.env['TOWLINE_PASSWORD'] },
      {
        step: (name, step, facts = {}) => log.info({ name, ...facts }, step),
        died: (name, why, restart) =>
          log.error({ name }, `${why}; the others keep running. Start it again with: ${restart}`),
        line: (name, text) => process.stdout.write(jsonLogs ? `${text}\n` : `${humanLine(text, name)}\n`),
      },
    );
    try {
      const stopped = stop.then(() => 'stop' as const);
      if ((await Promise.race([cluster.start(), stopped])) !== 'stop') {
        const first = cluster.routers[0]!.port;
        const at = host === '127.0.0.1' || host === '0.0.0.0' ? '' : ` -h ${host}`;
        log.info({ zookeeper: cluster.zookeeper }, `ready: redis-cli${at} -p ${first}`);
        const dead = cluster.allDead.then(() => 'dead' as const);
        if ((await Promise.race([stopped, dead])) === 'dead') throw new Failure('every process has died');
      }
    } finally {
      await cluster.stop();
      await dropTree?.(cluster.ids);
    }
    log.info('stopped');
    return 0;
  },
};
