export { addressOf, type GroupConfig, isGroupConfig, memberId, type Registration } from './config.js';
export {
  Coordinator,
  type CoordinatorAction,
  type Locked,
  type Next,
  type Plan,
  type Share,
} from './coordinator.js';
export { Grace, type Instant, Lease } from './lease.js';
export { type LockKey, type LockRequest, LockTable } from './locks.js';
export { GroupLog, type LogEntry } from './log.js';
export {
  type Answer,
  type Aside,
  type Ask,
  coordinatorOf,
  type KeyValue,
  LARGE_VALUE,
  LOCKS_DB,
  MOVES,
  type Moment,
  type Run,
  type Take,
  type Taken,
  type Txn,
  type TxnEntry,
  type TxnKey,
  type TxnState,
} from './messages.js';
export { Participant } from './participant.js';
export { type Answers, INDEX_SIZE, type Recall, Remembered, type Telling, type Told } from './remembered.js';
export { type Accepted, ReplicaLog } from './replica.js';
export { Resolver, type ResolverAction } from './resolver.js';
export { TxnMap } from './txn-map.js';
export {
  EMPTY,
  keyOfName,
  type LockOwner,
  lockName,
  type ParticipantAction,
  type PreparedTxn,
} from './txn-record.js';
