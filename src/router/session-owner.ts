// What a client's session needs of its router, and what the router needs of it: no more than that.
import type { CommandRow } from '../command/index.js';
import type { Proto, ReplyWriter, Request } from '../resp/index.js';
import type { BlockedClients } from './blocking.js';
import type { DataLane } from './data-lane.js';
import type { ExecOwner } from './exec.js';
import type { ClientState, LocalHandler, RouterServer } from './local/index.js';
import type { Asker } from './plan.js';
import type { Route } from './route.js';
import type { Tracking } from './tracking/tracking.js';

/** A session as its router knows it. */
interface OneSession {
  readonly client: ClientState;
  flush(): void;
}

/** What a session needs of the router. */
export interface SessionOwner extends RouterServer, ExecOwner {
  readonly route: Route;
  /** By index of the group in the route. */
  readonly lanes: readonly DataLane[];
  readonly blocking: BlockedClients;
  readonly tracking: Tracking;
  readonly scratch: ReplyWriter;
  readonly authentication: boolean;
  readonly deadlineMs: number;
  readonly internalHandler: LocalHandler;
  turnTime(): number;
  /** A command begins. @returns its row's index */
  count(row: CommandRow): number;
  holding(): boolean;
  lost(group: string): boolean;
  waits(row: CommandRow): boolean;
  freshWriter(proto: Proto): ReplyWriter;
  replan(again: () => void): void;
  flushLater(session: OneSession): void;
  later(work: () => void): void;
  forget(session: OneSession): void;
  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer | null) => void): void;
  everywhere(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void;
}
