// The one import for ZooKeeper: client, recipes, embedded server.

export { ZooKeeper } from './client.js';
export { type Clock, realClock } from './clock.js';
export type { Faults, LoseReply } from './embedded/faults.js';
export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded/start.js';
export { hasCode, type ZooKeeperCode, ZooKeeperError } from './errors.js';
export type * from './types.js';
