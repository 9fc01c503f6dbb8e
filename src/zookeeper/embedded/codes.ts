// The numbers of ZooKeeper's protocol that the embedded server speaks: operations, results, event types.

/** Request types. Others are answered with UNIMPLEMENTED. */
export const Op = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  createContainer: 19,
  createTTL: 21,
  auth: 100,
  setWatches: 101,
  error: -1,
  closeSession: -11,
} as const;

/** Result codes of a reply's header. */
export const Code = {
  OK: 0,
  SYSTEM_ERROR: -1,
  RUNTIME_INCONSISTENCY: -2,
  MARSHALLING_ERROR: -5,
  UNIMPLEMENTED: -6,
  BAD_ARGUMENTS: -8,
  NO_NODE: -101,
  NO_AUTH: -102,
  BAD_VERSION: -103,
  NO_CHILDREN_FOR_EPHEMERALS: -108,
  NODE_EXISTS: -110,
  NOT_EMPTY: -111,
  INVALID_ACL: -114,
} as const;

/** Watch event types. */
export const EventType = { created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

/** Transaction ids of messages that answer no numbered request. */
export const Xid = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** Permission bits of an ACL entry. */
export const Perm = { read: 1, write: 2, create: 4, delete: 8, admin: 16 } as const;

/** An operation refused: becomes the reply's result code, never a broken connection. */
export class OpError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`ZooKeeper result ${code}`);
    this.code = code;
  }
}
