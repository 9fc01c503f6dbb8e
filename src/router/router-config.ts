// What a router is given: by src/router/start.ts in a process of its own, by the simulator in a simulated one.
import type { LockDesk, Usage } from './local/index.js';

/** What a router is given. */
export interface RouterConfig {
  /** Unique to this start of the process. */
  id: string;
  /** Longest that a command waits for a group, ms; then UNCERTAIN (R10). */
  deadlineMs: number;
  /** Bytes that a key holds above which the drain moves it in pieces. Absent: 256 KiB. */
  readonly largeBytes?: number;
  password: string;
  maxClients: number;
  /** Flags of notify-keyspace-events at the start; absent: none. What other routers know counts more. */
  keyEvents?: number;
  /** Where other routers reach it; absent: there are none. */
  host?: string;
  port: number;
  pid: number;
  runId: string;
  version: string;
  zookeeper: string;
  zookeeperState(): 'connected' | 'suspended' | 'lost' | 'closed';
  /** Other routers, this one included. */
  routers(): { id: string; host: string; port: number }[];
  usage(): Usage;
  /** Locks for clients; absent: there are none. */
  locks?: LockDesk;
  /** The ring is newer than what was delivered: read it again. */
  refresh(): void;
  shutdown(): void;
  /** Takes from the ring's history what can go, if `version` is still its version; tells when it was tried. */
  trim?(version: number, emptyIn: (group: string, slot: number) => boolean, done: () => void): void;
}
