// Units of Redis's own tests that Towline is held to, in the order in which they run, and the tests in them that it is
// expected to fail, each with the reason. `reaches` is what a real Redis 7.0.15 gives with the same tags.
import type { Unit } from './judge.js';

/** protocol stands before list, which leaves proto-max-bulk-len at 10 GB. */
export const UNITS: readonly Unit[] = [
  { name: 'type/string', reaches: 74, exceptions: {} },
  { name: 'type/incr', reaches: 23, exceptions: {} },
  { name: 'protocol', reaches: 19, exceptions: {} },
  { name: 'keyspace', reaches: 53, exceptions: {} },
  { name: 'scan', reaches: 17, exceptions: {} },
  { name: 'expire', reaches: 58, exceptions: {} },
  { name: 'bitops', reaches: 45, exceptions: {} },
  { name: 'bitfield', reaches: 16, exceptions: {} },
  { name: 'introspection-2', reaches: 43, exceptions: {} },
  { name: 'quit', reaches: 3, exceptions: {} },
  { name: 'pause', reaches: 14, exceptions: {} },
  { name: 'type/hash', reaches: 72, exceptions: {} },
  { name: 'type/set', reaches: 94, exceptions: {} },
  { name: 'type/zset', reaches: 272, exceptions: {} },
  { name: 'sort', reaches: 48, exceptions: {} },
  { name: 'multi', reaches: 53, exceptions: {} },
  { name: 'pubsub', reaches: 30, exceptions: {} },
  { name: 'type/list', reaches: 222, exceptions: {} },
];
