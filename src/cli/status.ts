// `towline status`: what runs, seen through ZooKeeper and the processes themselves. Only looks.
import { askStatus } from './ask.js';
import type { Program } from './command.js';
import { Failure } from './failure.js';
import { reportOf } from './report.js';
import { reportText } from './report-text.js';
import { STATUS } from './tool-options.js';
import { readTree } from './tree.js';
import { hostPortText } from './values.js';

/** The program `towline status`. */
export const status: Program<typeof STATUS> = {
  name: 'status',
  summary: 'show the ring, the groups with their members, and the routers',
  options: STATUS,
  async run({ zookeeper, host, port, password, json }) {
    let servers = zookeeper;
    if (servers === undefined) {
      let answer: Record<string, unknown>;
      try {
        answer = await askStatus({ host, port, password, timeoutMs: 2000 });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        throw new Failure(`no router to ask where ZooKeeper is: ${error.message}; try --port or --zookeeper`);
      }
      servers = hostPortText(String(answer['zookeeper']));
    }
    const report = await reportOf(await readTree(servers));
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
    return 0;
  },
};
