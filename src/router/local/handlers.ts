// Every local command by the name of its row. A table: what a command does is in the file of its theme.
import { clientListHandlers } from './client-list.js';
import { clientNameHandlers } from './client-name.js';
import { clusterHandlers, clusterWaits } from './cluster.js';
import { commandHandlers } from './command.js';
import { configHandlers, configWaits } from './config.js';
import { connectionHandlers } from './connection.js';
import { helloHandlers } from './hello.js';
import { infoHandlers, infoWaits } from './info.js';
import { introspectionHandlers } from './introspection.js';
import { lockHandlers, lockWaits } from './locks.js';
import { lolwutHandlers } from './lolwut.js';
import { observationHandlers } from './observation.js';
import { pauseHandlers } from './pause.js';
import { pubsubHandlers, pubsubWaits } from './pubsub.js';
import { scriptingHandlers } from './scripting.js';
import type { LocalHandler } from './server.js';
import { serverHandlers, serverWaits } from './server-commands.js';
import { trackingHandlers, trackingWaits } from './tracking.js';

/** Handlers by row name (`ping`, `client|list`); containers themselves (`client`) have none. */
export const localHandlers: Readonly<Record<string, LocalHandler>> = {
  ...connectionHandlers,
  ...helloHandlers,
  ...clientNameHandlers,
  ...clientListHandlers,
  ...commandHandlers,
  ...configHandlers,
  ...infoHandlers,
  ...clusterHandlers,
  ...serverHandlers,
  ...introspectionHandlers,
  ...observationHandlers,
  ...trackingHandlers,
  ...pubsubHandlers,
  ...lolwutHandlers,
  ...lockHandlers,
  ...scriptingHandlers,
  ...pauseHandlers,
};

/**
 * Local commands whose handlers may return a promise: the session lets nothing of the client go on before they have
 * answered. All others answer before they return.
 */
export const waitingCommands: ReadonlySet<string> = new Set([
  ...infoWaits,
  ...configWaits,
  ...trackingWaits,
  ...clusterWaits,
  ...serverWaits,
  ...lockWaits,
  ...pubsubWaits,
]);
