// What the router's own commands may ask for: the whole surface between them and the running process.
// Interfaces only, so that a test answers with a plain object.
import type { ReplyWriter, Request } from '../../resp/index.js';
import type { RingDocument } from '../../ring/index.js';
import type { Observer } from '../observe/observer.js';
import type { ClientState } from './client.js';
import type { Clients } from './clients.js';
import type { PubSubDesk } from './pubsub-desk.js';
import type { Settings } from './settings.js';
import type { Statistics } from './statistics.js';
import type { TrackingDesk } from './tracking.js';

/** Version of Redis whose replies and error texts are given. */
export const REDIS_VERSION = '7.0.15';

/** A group as the router sees it now. */
export interface GroupSummary {
  id: string;
  epoch: number;
  term: number;
  primary: { id: string; host: string; port: number } | null;
  /** Ids of the in-sync members, the primary included. */
  inSync: string[];
  /** A short word: `serving`, `lost`, ... */
  state: string;
}

/** A router of this cluster: an address where clients can reach it. */
export interface RouterSummary {
  id: string;
  host: string;
  port: number;
}

/** A decoded reply of a data node. */
export type ReplyValue = string | number | bigint | Buffer | null | Error | ReplyValue[];

/** What this process uses. */
export interface Usage {
  /** Bytes. */
  rss: number;
  heapUsed: number;
  heapTotal: number;
  /** Bytes the machine has. */
  machine: number;
  /** Microseconds of CPU since the start. */
  userMicros: number;
  systemMicros: number;
}

/** What came of asking for a lock. */
export type LockAnswer =
  | { kind: 'granted'; token: bigint }
  /** It was not free in time. */
  | { kind: 'timeout' }
  /** This very connection holds it, in whichever mode. */
  | { kind: 'held-already' }
  /** ZooKeeper was out of reach when the time was up. */
  | { kind: 'away' }
  /** A bound, or a refusal of ZooKeeper's. */
  | { kind: 'failed'; message: string };

/** What came of giving a lock back. `released`: it was held until now; `unknown`: nobody could say in time. */
export type UnlockAnswer = 'released' | 'lost' | 'not-held' | 'unknown';

/** A lock that a connection has. `unsure`: ZooKeeper is out of reach, so it may be lost already. */
export interface LockEntry {
  name: string;
  mode: 'read' | 'write';
  token: bigint;
  state: 'held' | 'unsure' | 'lost';
}

/** Locks for clients. Names are latin1 text, one character a byte. */
export interface LockDesk {
  /**
   * Waits for a lock, `client.blocked` meanwhile; `client.freeLocks` ends the wait.
   * @param timeoutMs 0: only if nobody is in the way; undefined: for ever
   * @param lost called if it is lost after it was granted and before it is given back
   */
  lock(
    client: ClientState,
    name: string,
    mode: 'read' | 'write',
    timeoutMs: number | undefined,
    lost: () => void,
  ): Promise<LockAnswer>;
  unlock(client: ClientState, name: string): Promise<UnlockAnswer>;
  list(client: ClientState): LockEntry[];
}

/** The running router, as its own commands see it. */
export interface RouterServer {
  readonly clock: {
    /** Ms since 1970; fractions are used by TIME. */
    wall(): number;
    /** Ms that never go back. */
    monotonic(): number;
  };
  /** Uniform in [0, 1). */
  random(): number;
  /** Resolves after this many ms: DEBUG SLEEP only. */
  delay(ms: number): Promise<void>;
  readonly clients: Clients;
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly observer: Observer;
  readonly tracking: TrackingDesk;
  /** Id under which this router is registered; one of routers(). */
  readonly id: string;
  readonly port: number;
  /** 40 hex digits, new with each start. */
  readonly runId: string;
  readonly pid: number;
  /** Version of Towline. */
  readonly version: string;
  /** Wall clock ms at the start. */
  readonly startedAt: number;
  /** Host to tell cluster clients instead of the one they connected to (as cluster-announce-ip); null: theirs. */
  readonly announceHost: string | null;
  /** Addresses of the ensemble, comma separated. */
  readonly zookeeper: string;
  zookeeperState(): 'connected' | 'suspended' | 'lost' | 'closed';
  /** Null where there is no ZooKeeper to keep them: in the simulator. */
  readonly locks: LockDesk | null;
  readonly pubsub: PubSubDesk;
  ring(): RingDocument;
  groups(): GroupSummary[];
  /** Every router of the cluster, this one included. */
  routers(): RouterSummary[];
  usage(): Usage;
  /**
   * Sends a request to the primary of every group of ring and history, outside of any transaction.
   * Never rejects: a group that does not answer in time has an Error in the map.
   */
  askAll(request: Buffer, db: number): Promise<Map<string, ReplyValue>>;
  /** Starts an orderly end of this process. */
  shutdown(): void;
}

/**
 * Executes one local command whose arity has been checked, and appends exactly one reply (or none: CLIENT REPLY).
 * A returned promise: the session waits for it before the replies after it; the request must have been clone()d
 * by the session if it goes on parsing meanwhile. An error thrown is a broken assertion.
 */
export type LocalHandler = (
  request: Request,
  client: ClientState,
  server: RouterServer,
  reply: ReplyWriter,
) => void | Promise<void>;
