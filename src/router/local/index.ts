// The commands that a router answers itself, and what the session needs to run them.
export { authRequired, mustAuthenticate, NOAUTH } from './authentication.js';
export { addressText, ClientState, type ClientType, type ReplyMode } from './client.js';
export { type ClientFilter, Clients, TOO_MANY_CLIENTS } from './clients.js';
export { localHandlers, waitingCommands } from './handlers.js';
export type { ChannelKind, Kind, PubSubDesk } from './pubsub-desk.js';
export {
  type GroupSummary,
  type LocalHandler,
  type LockAnswer,
  type LockDesk,
  type LockEntry,
  REDIS_VERSION,
  type ReplyValue,
  type RouterServer,
  type RouterSummary,
  type UnlockAnswer,
  type Usage,
} from './server.js';
export { type OutputLimit, Settings } from './settings.js';
export { SAMPLE_MS, Statistics } from './statistics.js';
