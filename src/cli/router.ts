// `towline router`: one router as a process.
import type { Program } from './command.js';
import { createLog } from './log.js';
import { ROUTER } from './options.js';
import { runRole } from './role.js';

/** The program `towline router`. */
export const router: Program<typeof ROUTER> = {
  name: 'router',
  summary: 'run a router: the port that Redis clients connect to',
  options: ROUTER,
  config: {},
  run({ logLevel, jsonLogs, ...settings }) {
    const log = createLog({ name: 'router', json: jsonLogs, level: logLevel });
    return runRole(log, settings, async () => {
      await (await import('./rehearsal.js')).rehearse(log);
      // Loaded here, so that the other commands start without a router's code.
      const { startRouter } = await import('../router/start.js');
      const { password, notifyKeyspaceEvents: events, ...rest } = settings;
      const given = {
        ...(password === undefined ? {} : { password }),
        ...(events === undefined ? {} : { notifyKeyspaceEvents: events }),
      };
      return startRouter({ ...rest, ...given, log });
    });
  },
};
