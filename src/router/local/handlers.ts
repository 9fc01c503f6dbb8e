// Every local command by the name of its row. A table: what a command does is in the file of its theme.
import { clientNameHandlers } from './client-name.js';
import { connectionHandlers } from './connection.js';
import { helloHandlers } from './hello.js';
import type { LocalHandler } from './server.js';

/** Handlers by row name (`ping`, `client|list`); containers themselves (`client`) have none. */
export const localHandlers: Readonly<Record<string, LocalHandler>> = {
  ...connectionHandlers,
  ...helloHandlers,
  ...clientNameHandlers,
};
