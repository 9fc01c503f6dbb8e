// The words that users of the client share: stats, events, states, options. No behaviour.
import type { Clock } from './clock.js';

/** A node's numbers. Zxids and the owner are 64 bits wide; times are wall-clock milliseconds. */
export interface Stat {
  czxid: bigint;
  mzxid: bigint;
  pzxid: bigint;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  /** 0n for a node that outlives its session. */
  ephemeralOwner: bigint;
  dataLength: number;
  numChildren: number;
}

/**
 * Why a watch fired. `reconnected`: the connection was lost meanwhile, so what happened is not known: read again.
 */
export interface WatchEvent {
  type: 'created' | 'deleted' | 'changed' | 'children' | 'reconnected';
  path: string;
}

/** Called once, never while the call that set it is still running. */
export type Watcher = (event: WatchEvent) => void;

/**
 * - `connected`: a session, past a barrier.
 * - `suspended`: no connection, or not yet past a barrier. Act on nothing that depends on ZooKeeper.
 * - `lost`: the session has expired; ephemeral nodes and watches are gone. A new session is being made.
 * - `closed`: for good.
 */
export type ZooKeeperState = 'connected' | 'suspended' | 'lost' | 'closed';

/** Where the client reports what an operator may want to know. A pino logger fits. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Settings of a client. */
export interface ZooKeeperOptions {
  /** `host:port,host:port/chroot`; the chroot must exist. */
  servers: string;
  /** Asked of the server, which may grant another. Default 6000 ms. */
  sessionTimeoutMs?: number;
  /** How long a request may take, waiting for a connection included. Default 10 000 ms. */
  requestTimeoutMs?: number;
  /** Most requests waiting or unanswered. Default 256. */
  maxRequests?: number;
  /** Most paths watched. Default 8192. */
  maxWatches?: number;
  log?: Log;
  /** Default: the machine's. */
  clock?: Clock;
}

/** How a node is created. */
export interface CreateOptions {
  ephemeral?: boolean;
  sequential?: boolean;
}

/** One step of a multi. A `version` left out means any. */
export type MultiOp =
  | { type: 'create'; path: string; data?: Buffer | string; ephemeral?: boolean; sequential?: boolean }
  | { type: 'set'; path: string; data: Buffer | string; version?: number }
  | { type: 'remove'; path: string; version?: number }
  | { type: 'check'; path: string; version?: number };

/** What one step of a multi gave: the created path, the new stat, or nothing. */
export interface MultiResult {
  path?: string;
  stat?: Stat;
}
