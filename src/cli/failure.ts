// The two ways a command of `towline` ends badly. main.ts turns them into a message and an exit code; a stack is
// printed only for what is neither, that is for a mistake of ours.

/** The user asked for something that does not exist or is not valid: message, exit code 2. */
export class UsageError extends Error {}

/** What was asked for is valid and could not be done: message, exit code 1. */
export class Failure extends Error {}

/** The `code` of a system error (ECONNREFUSED and the like), or an empty text. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** A port that cannot be had, in words that name it; any other error as it is. */
export function listenFailure(error: unknown, host: string, port: number, option = '--port'): Error {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new Failure(`port ${port} on ${host} is taken by another program; choose another with ${option}`);
  }
  if (code === 'EACCES') return new Failure(`port ${port} on ${host} may not be used: permission denied`);
  if (code === 'EADDRNOTAVAIL')
    return new Failure(`${host} is not an address of this machine (port ${port})`);
  return error instanceof Error ? error : new Error(String(error));
}
