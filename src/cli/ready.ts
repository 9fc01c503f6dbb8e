// When is a cluster ready? When every data node serves as a member of its group, every router knows every group, and
// a command that asks all groups is answered through every router. Asks the processes themselves; changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askStatus } from './ask.js';
import { Failure } from './failure.js';

/** What must serve. */
export interface Expected {
  /** Ports of the data nodes on 127.0.0.1, by the names that messages use. */
  data: Map<string, number>;
  /** Where the routers listen. */
  routers: { name: string; host: string; port: number }[];
  groups: string[];
  password: string | undefined;
}

const PAUSE_MS = 50;
const ASK_MS = 1000;

/** What is still missing, in words; `null` when nothing is. */
async function missing({ data, routers, groups, password }: Expected): Promise<string | null> {
  for (const [name, port] of data) {
    const { role } = await askStatus({ host: '127.0.0.1', port, timeoutMs: ASK_MS });
    if (role !== 'primary' && role !== 'backup') return `${name} is ${String(role)} of its group`;
  }
  for (const { name, host, port } of routers) {
    const at = { host: host === '0.0.0.0' ? '127.0.0.1' : host, port, password, timeoutMs: ASK_MS };
    const known = (await askStatus(at))['groups'];
    const absent = groups.find((group) => typeof known !== 'object' || known === null || !(group in known));
    if (absent !== undefined) return `${name} does not know group ${absent} yet`;
    // DBSIZE is answered only when every group has.
    await ask({ ...at, command: ['DBSIZE'] });
  }
  return null;
}

/**
 * Waits until the cluster serves.
 * @throws Failure that says what is missing after `limitMs`
 */
export async function waitUntilReady(
  expected: Expected,
  limitMs: number,
  gaveUp: AbortSignal,
): Promise<void> {
  const until = Date.now() + limitMs;
  for (;;) {
    let lack: string | null;
    try {
      lack = await missing(expected);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      lack = error.message;
    }
    if (lack === null || gaveUp.aborted) return;
    if (Date.now() > until) throw new Failure(`not ready after ${limitMs / 1000} s: ${lack}`);
    await sleep(PAUSE_MS);
  }
}
