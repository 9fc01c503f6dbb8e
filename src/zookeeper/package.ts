// The shape of node-zookeeper-client 1.1.3 that this folder relies on, its private parts included.
// The only file that imports the package; link.ts drives it. Pinned to that version in package.json.
import type { Socket } from 'node:net';
import zookeeper, {
  type Client,
  type Option,
  type Stat as PackageStat,
  type State as PackageState,
  type Transaction,
} from 'node-zookeeper-client';
import type { ServerAddress } from './servers.js';
import type { Stat } from './types.js';

/** The package's connection manager: where its socket and handlers are. */
export interface Manager {
  socket: Socket;
  zxid: Buffer;
  connectTimeoutHandler: NodeJS.Timeout | null;
  findNextServer(use: (server: ServerAddress) => void): void;
  onSocketConnected(): void;
  onSocketData(frame: Buffer): void;
  onSocketDrain(): void;
  onSocketClosed(): void;
  onSocketError(error: Error): void;
  onSocketTimeout(): void;
}

/** What identifies a session, to be taken up again by another connection. */
export interface SessionKey {
  id: Buffer;
  password: Buffer;
  /** The newest zxid seen, so that no server with an older state takes us. */
  zxid: Buffer;
}

export type { Client, PackageState, Transaction };
export const { CreateMode, State } = zookeeper;

/** A client that will resume `session`, if there is one, and its private parts. It is not connected yet. */
export function newClient(
  session: SessionKey | null,
  sessionTimeoutMs: number,
): { client: Client; manager: Manager } {
  const options: Partial<Option> & { sessionId?: Buffer; sessionPassword?: Buffer } = {
    sessionTimeout: sessionTimeoutMs,
    spinDelay: 0,
    retries: 0,
  };
  if (session !== null) {
    options.sessionId = session.id;
    options.sessionPassword = session.password;
  }
  // The address is a dummy: link.ts replaces findNextServer, which also takes IPv6.
  const client = zookeeper.createClient('127.0.0.1:2181', options);
  const { connectionManager: manager } = client as unknown as { connectionManager: Manager };
  if (session !== null) manager.zxid = session.zxid;
  return { client, manager };
}

/** Sets the version of the operation added last: the package turns a version 0 into "any". */
export function fixVersion(transaction: Transaction, version: number): void {
  const { ops } = transaction as unknown as { ops: { version: number }[] };
  ops.at(-1)!.version = version;
}

/** The package's stat in our types. */
export function toStat(stat: PackageStat): Stat {
  return {
    czxid: stat.czxid.readBigInt64BE(),
    mzxid: stat.mzxid.readBigInt64BE(),
    pzxid: stat.pzxid.readBigInt64BE(),
    ctime: Number(stat.ctime.readBigInt64BE()),
    mtime: Number(stat.mtime.readBigInt64BE()),
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: stat.ephemeralOwner.readBigInt64BE(),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}
