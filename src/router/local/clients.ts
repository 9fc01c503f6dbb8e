// The clients of this router: who may connect (maxclients), and who answers to an id or a filter.
// Must never close a connection itself.

import { resetAuthentication } from './authentication.js';
import { ClientState, type ClientType } from './client.js';
import { Pause } from './pause.js';
import type { Settings } from './settings.js';

/** What a connection beyond maxclients is told before it is closed. */
export const TOO_MANY_CLIENTS = 'ERR max number of clients reached';

/** Which clients a CLIENT LIST or CLIENT KILL means: all criteria given must hold. */
export interface ClientFilter {
  ids?: ReadonlySet<number>;
  type?: ClientType;
  addr?: string;
  laddr?: string;
  user?: string;
}

/** Registry of connected clients, in order of their ids. */
export class Clients {
  private readonly known = new Map<number, ClientState>();
  private lastId = 0;
  /** CLIENT PAUSE. */
  readonly pause = new Pause();

  constructor(private readonly settings: Settings) {}

  /**
   * Registers a connection.
   * @param now ms of the monotonic clock.
   * @returns null at the bound: answer TOO_MANY_CLIENTS and close.
   */
  open(addr: string, laddr: string, fd: number, now: number): ClientState | null {
    if (this.known.size >= this.settings.values.maxclients) return null;
    const client = new ClientState(++this.lastId, addr, laddr, fd, now);
    resetAuthentication(client, this.settings);
    this.known.set(client.id, client);
    return client;
  }
  /** Forgets a client whose connection has ended. */
  remove(client: ClientState): void {
    this.known.delete(client.id);
    client.freeLocks();
    this.pause.forget(client);
    client.unblock('gone');
    client.unsubscribe();
    client.unmonitor();
    client.untrack();
  }
  byId(id: number): ClientState | undefined {
    return this.known.get(id);
  }
  get size(): number {
    return this.known.size;
  }
  /** Clients for which every given criterion holds, by id. A copy: it may be killed from. */
  list(filter: ClientFilter = {}): ClientState[] {
    const found: ClientState[] = [];
    for (const client of this.known.values()) if (matches(client, filter)) found.push(client);
    return found;
  }
}

function matches(client: ClientState, { ids, type, addr, laddr, user }: ClientFilter): boolean {
  if (ids !== undefined && !ids.has(client.id)) return false;
  if (type !== undefined && client.type !== type) return false;
  if (addr !== undefined && client.addr !== addr) return false;
  if (laddr !== undefined && client.laddr !== laddr) return false;
  return user === undefined || client.user === user;
}
