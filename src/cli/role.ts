// The life of one role's process (router, data node, ZooKeeper): start, say where it listens, stop. A child of
// `towline up` has an IPC channel: it reports over it, leaves Ctrl-C to `up` (which stops the roles in order), and
// stops when the channel closes, so that nothing outlives an `up` that was killed.
import type { Logger } from 'pino';
import { tuneCollector } from './collector.js';
import { listenFailure } from './failure.js';

/** A started role. */
export interface RunningRole {
  id: string;
  port: number;
  close(): Promise<void>;
  /** Resolves when the role cannot go on. */
  failed: Promise<Error>;
}

/** What a child tells `up` over its channel. */
export type RoleMessage = { listening: number; id: string } | { failed: string };

/** Longest that a role may take to stop, ms; then it ends as if it had crashed. */
const CLOSE_MS = 5000;

const managed = () => process.send !== undefined;

function report(message: RoleMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Resolves with why when the process is to stop. */
function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // A terminal sends these two to the whole process group; `up` stops its children itself.
        if (managed() && signal !== 'SIGTERM') return;
        resolve(signal);
      });
    }
    if (!managed()) return;
    process.on('disconnect', () => resolve('its parent is gone'));
    if (!process.connected) resolve('its parent is gone');
  });
}

/**
 * Runs a role until it is told to stop or fails.
 * @returns the exit code: 0 after a signal, 1 when the role failed. @throws Failure when it cannot start
 */
export async function runRole(
  log: Logger,
  listenOn: { host: string; port: number },
  start: () => Promise<RunningRole>,
): Promise<number> {
  tuneCollector();
  const stop = stopAsked();
  let role: RunningRole | string;
  try {
    role = await Promise.race([start(), stop]);
  } catch (error) {
    const failure = listenFailure(error, listenOn.host, listenOn.port);
    report({ failed: failure.message });
    throw failure;
  }
  if (typeof role === 'string') return 0;
  const { id, port } = role;
  log[managed() ? 'debug' : 'info'](
    { id, port },
    `listening on ${listenOn.host}:${port}, pid ${process.pid}`,
  );
  report({ listening: port, id });
  const end = await Promise.race([stop, role.failed]);
  if (end instanceof Error) log.error({ err: end }, 'cannot go on');
  else log.debug(`stopping: ${end}`);
  const late = setTimeout(() => {
    log.error(`did not stop within ${CLOSE_MS} ms`);
    process.exit(1);
  }, CLOSE_MS);
  await role.close();
  clearTimeout(late);
  return end instanceof Error ? 1 : 0;
}
