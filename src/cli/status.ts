// `towline status`: what runs, seen through ZooKeeper and the processes themselves. Only looks.
import type { Program } from './command.js';
import { reportOf } from './report.js';
import { reportText } from './report-text.js';
import { STATUS } from './tool-options.js';
import { readTree } from './tree.js';
import { serversOf } from './where.js';

/** The program `towline status`. */
export const status: Program<typeof STATUS> = {
  name: 'status',
  summary: 'show the ring, the groups with their members, and the routers',
  options: STATUS,
  async run({ json, ...where }) {
    const report = await reportOf(await readTree(await serversOf(where)));
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
    return 0;
  },
};
