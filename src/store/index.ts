export { type AsideCommand, type KeyState, runAside } from './aside.js';
export { Context, type KeyEvent } from './context.js';
export { LIST, STREAM, ZSET } from './entry.js';
export { type Imported, KeyExport, KeyImport } from './key-pieces.js';
export { DATABASES } from './keyspace.js';
export type { Placed } from './order.js';
export { isPayload } from './payload.js';
export { PIECE_SIZE, type PieceSize } from './piecewise.js';
export type { ScanOptions, ScanStep } from './scan.js';
export { Store, type Swapped } from './store.js';
export { awaitsEntries, lastIdText } from './stream-read.js';
export {
  VERB_ADOPT,
  VERB_DB,
  VERB_PUT,
  VERB_PUT_LOWER,
  VERB_STAGE,
  VERB_SWAPPED,
  VERB_UNSTAGE,
} from './verbs.js';
