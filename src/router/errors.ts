// Error replies that more than one part of the router gives.

/** The error for a command that needs a group which is lost. */
export function groupLost(group: string): Buffer {
  return Buffer.from(
    `-GROUPLOST group ${group} has lost every in-sync member; nothing was executed\r\n`,
    'latin1',
  );
}
