export { type AsideCommand, type KeyState, runAside } from './aside.js';
export { Context, type KeyEvent } from './context.js';
export { LIST, ZSET } from './entry.js';
export { DATABASES } from './keyspace.js';
export { type Placed, positionOf, slotOfPosition, slotStart } from './order.js';
export type { ScanOptions, ScanStep } from './scan.js';
export { isPayload, Store } from './store.js';
export { VERB_ADOPT, VERB_DB, VERB_PUT, VERB_STAGE } from './verbs.js';
