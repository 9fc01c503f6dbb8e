// CLIENT PAUSE: which commands of this router's clients wait, and until when. It holds here and at no other router: who
// wants all of them to pause says so to each. Expiry goes on, since that is the groups' affair. Closes nobody.
import type { CommandRow } from '../../command/index.js';
import type { ClientState } from './client.js';
import { parseInteger } from './parse.js';
import type { LocalHandler } from './server.js';
import { SYNTAX } from './texts.js';

/** Commands that are no writes in the table and yet change what a replica of Redis would see. */
const REPLICATED = new Set(['publish', 'spublish', 'pfcount', 'eval', 'evalsha', 'fcall']);

/** Whether a pause for writes holds this command back, outside of a transaction. */
export const mayReplicate = (row: CommandRow) => row.write || REPLICATED.has(row.name);

/** The pause of one router. */
export class Pause {
  private kind: 'none' | 'write' | 'all' = 'none';
  /** Monotonic ms. */
  private until = 0;
  private readonly held = new Map<ClientState, () => void>();

  /** Begins, or goes on: of two pauses the stricter and the longer one count. */
  begin(kind: 'write' | 'all', until: number): void {
    if (this.kind !== 'all') this.kind = kind;
    this.until = Math.max(this.until, until);
  }

  /** Ends it: those who waited are looked at again, in the order in which they came. */
  end(): void {
    this.kind = 'none';
    this.until = 0;
    const waiting = [...this.held];
    this.held.clear();
    for (const [client, again] of waiting) {
      client.blocked = false;
      again();
    }
  }

  /** Called now and then. @param now monotonic ms */
  tick(now: number): void {
    if (this.kind !== 'none' && now >= this.until) this.end();
  }

  /** Whether a command has to wait; an EXEC does when a write is queued. */
  holds(row: CommandRow, client: ClientState): boolean {
    if (this.kind !== 'write') return this.kind === 'all';
    return mayReplicate(row) || (row.name === 'exec' && client.multiWrites);
  }

  /** Keeps the one command that a client waits with. */
  hold(client: ClientState, again: () => void): void {
    client.blocked = true;
    this.held.set(client, again);
  }

  /** A client has gone, and its command with it. */
  forget(client: ClientState): void {
    this.held.delete(client);
  }
}

const pause: LocalHandler = (request, _client, server, reply) => {
  const kind = request.argc === 3 || request.is(3, 'all') ? 'all' : request.is(3, 'write') ? 'write' : null;
  if (kind === null || request.argc > 4) {
    return reply.error(request.argc > 4 ? SYNTAX : 'ERR CLIENT PAUSE mode must be WRITE or ALL');
  }
  const timeout = parseInteger(request.text(2));
  if (timeout === null) return reply.error('ERR timeout is not an integer or out of range');
  if (timeout < 0n) return reply.error('ERR timeout is negative');
  server.clients.pause.begin(kind, server.clock.monotonic() + Number(timeout));
  reply.ok();
};

/** CLIENT PAUSE and UNPAUSE. */
export const pauseHandlers: Readonly<Record<string, LocalHandler>> = {
  'client|pause': pause,
  'client|unpause': (_request, _client, server, reply) => {
    server.clients.pause.end();
    reply.ok();
  },
};
