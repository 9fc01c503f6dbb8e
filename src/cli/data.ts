// `towline data`: one data node of a group as a process.
import type { Program } from './command.js';
import { UsageError } from './failure.js';
import { createLog } from './log.js';
import { DATA } from './options.js';
import { runRole } from './role.js';

/** The program `towline data`. */
export const data: Program<typeof DATA> = {
  name: 'data',
  summary: 'run a data node of a group',
  options: DATA,
  config: {},
  run({ logLevel, jsonLogs, ...settings }) {
    // R6: two primaries are kept apart by nothing but this difference.
    if (settings.graceMs <= settings.leaseMs) {
      throw new UsageError(
        `--grace-ms (${settings.graceMs}) must be more than --lease-ms (${settings.leaseMs})`,
      );
    }
    const log = createLog({ name: `data ${settings.group}`, json: jsonLogs, level: logLevel });
    return runRole(log, settings, async () => {
      await (await import('./rehearsal.js')).rehearse(log);
      // Loaded here, so that the other commands start without a data node's code.
      const { startData } = await import('../data/start.js');
      return startData({ ...settings, log });
    });
  },
};
