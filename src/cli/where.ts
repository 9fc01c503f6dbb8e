// Where is ZooKeeper? Said by an option, or else by a router that is asked.
import { askStatus } from './ask.js';
import { Failure } from './failure.js';
import { hostPortText } from './values.js';

/** ZooKeeper, or the router to ask. */
export interface Where {
  zookeeper?: string | undefined;
  host: string;
  port: number;
  password?: string | undefined;
}

/** ZooKeeper's servers. @throws Failure when no router answers */
export async function serversOf({ zookeeper, host, port, password }: Where): Promise<string> {
  if (zookeeper !== undefined) return zookeeper;
  let answer: Record<string, unknown>;
  try {
    answer = await askStatus({ host, port, password, timeoutMs: 2000 });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`no router to ask where ZooKeeper is: ${error.message}; try --port or --zookeeper`);
  }
  return hostPortText(String(answer['zookeeper']));
}
