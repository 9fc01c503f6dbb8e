export { type Awaited, awaitedKeys, awaitedType, narrowed, timeoutAt } from './blocking.js';
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
export { databasesOf, firstKey, keysOf, lastKey } from './keys.js';
export { namesKeys, patternKey } from './patterns.js';
export { arityOk, refusal, resolve } from './resolve.js';
export type { ArgumentDoc, CommandFlag, CommandRow, KeyRange, KeySpec, Split, Where } from './row.js';
export { find, findRequest, findText, LEAVES, ROWS } from './table.js';
export { timeoutOf } from './timeout.js';
export { UNSUPPORTED, unsupportedGroup } from './unsupported.js';
