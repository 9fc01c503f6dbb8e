// The one error type of this folder. Its code tells the caller what it may conclude, and so what it must do.
// Never lets an "unknown outcome" look like a failure.

/**
 * What went wrong.
 * - CONNECTION_LOSS: sent, but no answer came: the outcome is UNKNOWN; look before acting again.
 * - TIMEOUT, QUEUE_FULL, SESSION_EXPIRED, CLOSED: this request was not sent; nothing happened.
 * - everything else: the server (or the check before sending) refused it; nothing changed.
 */
export type ZooKeeperCode =
  | 'CONNECTION_LOSS'
  | 'TIMEOUT'
  | 'QUEUE_FULL'
  | 'SESSION_EXPIRED'
  | 'CLOSED'
  | 'NO_NODE'
  | 'NODE_EXISTS'
  | 'BAD_VERSION'
  | 'NOT_EMPTY'
  | 'NO_CHILDREN_FOR_EPHEMERALS'
  | 'BAD_ARGUMENTS'
  | 'NO_AUTH'
  | 'INVALID_ACL'
  | 'UNIMPLEMENTED'
  | 'SERVER_ERROR';

/** A failed ZooKeeper request. */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  readonly code: ZooKeeperCode;
  /** The node concerned, where there is one. */
  readonly path: string | undefined;
  /** For a refused multi: which operation was to blame. */
  readonly index: number | undefined;

  constructor(code: ZooKeeperCode, message: string, path?: string, index?: number) {
    super(path === undefined ? `${code}: ${message}` : `${code}: ${message} (${path})`);
    this.code = code;
    this.path = path;
    this.index = index;
  }
}

const BY_NUMBER: Record<number, ZooKeeperCode> = {
  [-4]: 'CONNECTION_LOSS',
  [-6]: 'UNIMPLEMENTED',
  [-8]: 'BAD_ARGUMENTS',
  [-101]: 'NO_NODE',
  [-102]: 'NO_AUTH',
  [-103]: 'BAD_VERSION',
  [-108]: 'NO_CHILDREN_FOR_EPHEMERALS',
  [-110]: 'NODE_EXISTS',
  [-111]: 'NOT_EMPTY',
  [-112]: 'SESSION_EXPIRED',
  [-114]: 'INVALID_ACL',
};

/** The error for a server's result code. */
export function serverError(result: number, path?: string, index?: number): ZooKeeperError {
  return new ZooKeeperError(
    BY_NUMBER[result] ?? 'SERVER_ERROR',
    `the server answered ${result}`,
    path,
    index,
  );
}

/** Whether `error` is a ZooKeeperError with one of these codes. */
export function hasCode(error: unknown, ...codes: ZooKeeperCode[]): error is ZooKeeperError {
  return error instanceof ZooKeeperError && codes.includes(error.code);
}
