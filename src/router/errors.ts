// Error replies that more than one part of the router gives.

/** The error for a command that needs a group which is lost. */
export function groupLost(group: string): Buffer {
  return Buffer.from(
    `-GROUPLOST group ${group} has lost every in-sync member; nothing was executed\r\n`,
    'latin1',
  );
}

/** Nobody holds keys yet. */
export const NO_GROUPS = Buffer.from('-CLUSTERDOWN no group of data nodes has joined yet\r\n', 'latin1');
/** A command found no room on its way in time. */
export const NO_ROOM = Buffer.from(
  '-TIMEOUT a group did not answer in time; nothing was executed\r\n',
  'latin1',
);

/** A command was sent, and nobody answered in time (R10). */
export const UNCERTAIN = Buffer.from(
  '-UNCERTAIN the command may or may not have been executed\r\n',
  'latin1',
);
