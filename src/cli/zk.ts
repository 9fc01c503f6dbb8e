// `towline zk`: the embedded ZooKeeper as a process. For development and tests: one server, in memory.
import { startEmbedded } from '../zookeeper/index.js';
import type { Program } from './command.js';
import { UsageError } from './failure.js';
import { createLog } from './log.js';
import { ZK } from './options.js';
import { runRole } from './role.js';

/** Keys of zoo.cfg that a real server needs and the embedded one has no use for. */
const REAL_SERVERS_KEYS =
  /^(dataDir|dataLogDir|initLimit|syncLimit|maxClientCnxns|admin\.\w+|4lw\.[\w.]+|autopurge\.\w+|standaloneEnabled|reconfigEnabled|server\.\d+)$/;

/** The program `towline zk`. */
export const zk: Program<typeof ZK> = {
  name: 'zk',
  summary: 'run the embedded ZooKeeper: one server, in memory, loopback only, for development and tests',
  options: ZK,
  config: { foreign: REAL_SERVERS_KEYS },
  run(settings) {
    const { host, port, minSessionTimeout, maxSessionTimeout } = settings;
    if (minSessionTimeout > maxSessionTimeout) {
      throw new UsageError('--min-session-timeout must not be above --max-session-timeout');
    }
    const log = createLog({ name: 'zookeeper', json: settings.jsonLogs, level: settings.logLevel });
    if (!/^(localhost|::1|127\.\d+\.\d+\.\d+)$/.test(host)) {
      throw new UsageError(
        `--host ${host}: the embedded server listens on loopback only; run a real ZooKeeper`,
      );
    }
    return runRole(log, { host, port }, async () => {
      const server = await startEmbedded({
        host,
        port,
        tickMs: settings.tickTime,
        minSessionTimeoutMs: minSessionTimeout,
        maxSessionTimeoutMs: maxSessionTimeout,
      });
      return {
        id: 'embedded',
        port: server.port,
        close: () => server.close(),
        failed: new Promise(() => {}),
      };
    });
  },
};
