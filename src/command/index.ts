export {
  AWAITED,
  type Awaited,
  awaitedDetail,
  awaitedKeys,
  awaitedType,
  narrowed,
  tailKeys,
  timeoutAt,
  waitOf,
  waits,
} from './blocking.js';
export { cursorOf } from './cursor.js';
export { describe } from './describe.js';
export { compatibilityPage } from './docs.js';
export { globMatch } from './glob.js';
export { writeHelp } from './help.js';
export {
  CHANGES,
  EXPIRED_EVENT,
  eventFlags,
  eventLetters,
  GENERIC_EVENT,
  HASH_EVENT,
  KEYEVENT,
  KEYSPACE,
  LIST_EVENT,
  MISS_EVENT,
  NEW_EVENT,
  SET_EVENT,
  STREAM_EVENT,
  STRING_EVENT,
  ZSET_EVENT,
} from './key-events.js';
export { databasesOf, firstKey, keysOf, lastKey, otherDatabase } from './keys.js';
export { namesKeys, patternKey } from './patterns.js';
export { arityOk, cut, refusal, resolve } from './resolve.js';
export type { ArgumentDoc, CommandFlag, CommandRow, KeyRange, KeySpec, Split, Where } from './row.js';
export { idAt, type StreamRead, streamRead, streamsOnly } from './stream-read.js';
export { swappedDatabases } from './swap.js';
export { find, findRequest, findText, LEAVES, ROWS } from './table.js';
export { timeoutOf } from './timeout.js';
export { UNSUPPORTED, unsupportedGroup } from './unsupported.js';
