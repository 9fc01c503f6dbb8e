// The one import for ZooKeeper: client, recipes, embedded server.

export { ZooKeeper } from './client.js';
export { type Clock, realClock } from './clock.js';
export type { Faults, LoseReply } from './embedded/faults.js';
export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded/start.js';
export { hasCode, type ZooKeeperCode, ZooKeeperError } from './errors.js';
export { CasDocument, type Versioned } from './recipes/document.js';
export { DocumentView } from './recipes/document-view.js';
export { Election } from './recipes/election.js';
export { type AcquireOptions, type HeldLock, type LockMode, ReadWriteLock } from './recipes/lock.js';
export { Membership } from './recipes/membership.js';
export { type Member, MembershipView } from './recipes/membership-view.js';
export type * from './types.js';
