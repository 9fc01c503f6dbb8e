// Every handler, checked against the command table at start: a row without a handler, or a handler without a
// row, stops the process.
import { LEAVES } from '../command/index.js';
import { BITFIELD } from './bitfield.js';
import { BITMAPS } from './bitmaps.js';
import { BLOCKING } from './blocking.js';
import { COUNTERS } from './counters.js';
import { EXPIRY } from './expiry.js';
import { FLUSH } from './flush.js';
import { GENERIC } from './generic.js';
import { GEO } from './geo.js';
import type { Handler, Handlers } from './handler.js';
import { HASHES } from './hash.js';
import { HASH_RANDOM } from './hash-random.js';
import { HYPERLOGLOGS } from './hyperloglog.js';
import { LCS } from './lcs.js';
import { LISTS } from './list.js';
import { LISTS_SEVERAL } from './list-several.js';
import { MEMORY } from './memory.js';
import { OBJECT } from './object.js';
import { PARTS } from './parts.js';
import { PAYLOADS } from './rdb.js';
import { RELOCATE } from './relocate.js';
import { SCANNING } from './scan.js';
import { SETS } from './set.js';
import { SET_ALGEBRA } from './set-several.js';
import { SORTS } from './sort.js';
import { STREAMS } from './stream.js';
import { STREAM_CLAIMS } from './stream-claim.js';
import { STREAM_GROUPS } from './stream-group.js';
import { STREAM_INFO } from './stream-info.js';
import { STREAM_READS } from './stream-read.js';
import { STRINGS } from './strings.js';
import { SWAP } from './swap.js';
import { SORTED_SETS } from './zset.js';
import { SORTED_RANGES } from './zset-ranges.js';
import { SORTED_ALGEBRA } from './zset-several.js';

const BY_NAME = collect([
  STRINGS,
  COUNTERS,
  PARTS,
  GENERIC,
  EXPIRY,
  SCANNING,
  FLUSH,
  SWAP,
  BITMAPS,
  BITFIELD,
  HYPERLOGLOGS,
  LCS,
  RELOCATE,
  OBJECT,
  MEMORY,
  PAYLOADS,
  SETS,
  SET_ALGEBRA,
  SORTED_SETS,
  SORTED_RANGES,
  SORTED_ALGEBRA,
  GEO,
  SORTS,
  LISTS,
  LISTS_SEVERAL,
  BLOCKING,
  HASHES,
  HASH_RANDOM,
  STREAMS,
  STREAM_READS,
  STREAM_GROUPS,
  STREAM_CLAIMS,
  STREAM_INFO,
]);

/** Handlers by `id` of the row; undefined: it is executed by routers. */
export const HANDLERS: readonly (Handler | undefined)[] = LEAVES.map(({ name }) => BY_NAME.get(name));

function collect(groups: readonly Handlers[]): Map<string, Handler> {
  const all = new Map<string, Handler>();
  for (const [name, handler] of groups.flatMap((group) => Object.entries(group))) {
    if (all.has(name)) throw new Error(`store: two handlers for ${name}`);
    all.set(name, handler);
  }
  const rows = new Set(LEAVES.filter((row) => row.where !== 'router').map((row) => row.name));
  for (const name of all.keys())
    if (!rows.has(name)) throw new Error(`store: handler of no command: ${name}`);
  for (const name of rows) if (!all.has(name)) throw new Error(`store: no handler for ${name}`);
  return all;
}
