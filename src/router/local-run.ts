// One of the router's own commands is executed somewhere within a barrier: in EXEC, or one that waits for others.
import type { CommandRow } from '../command/index.js';
import type { Request } from '../resp/index.js';
import { type ClientState, localHandlers } from './local/index.js';
import type { SessionOwner } from './session-owner.js';

/** @param done given the reply, maybe later */
export function runLocal(
  router: SessionOwner,
  client: ClientState,
  row: CommandRow,
  request: Request,
  done: (reply: Buffer) => void,
): void {
  const writer = router.freshWriter(client.proto);
  const handler = localHandlers[row.name];
  if (handler === undefined) writer.error(`ERR '${row.name}' is not available here`);
  const waits = handler?.(request, client, router, writer);
  if (waits instanceof Promise) void waits.then(() => done(writer.take()));
  else done(writer.take());
}
