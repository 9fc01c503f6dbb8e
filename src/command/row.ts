// What one row of the command table says. Router, data node, COMMAND and the docs read these rows;
// nothing else knows a command by name. Must never hold code that executes a command: that is store/.
import type { Request } from '../resp/index.js';

/** Flags as COMMAND INFO names them. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'fast'
  | 'no_auth'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy'
  | 'no_async_loading'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'touches_arbitrary_keys';

/**
 * Where the keys stand among the arguments, as COMMAND INFO has it: from `first` to `last` (negative: counted
 * from the end, -1 is the last argument) in steps of `step`; all 0: no keys.
 */
export interface KeyRange {
  first: number;
  last: number;
  step: number;
}

/** One key specification as COMMAND INFO has it: begin_search by index, find_keys by range, unless `find` says else. */
export interface KeySpec {
  /** `RW`, `RO`, `OW`, `RM`, then `access`, `update`, `insert`, `delete`, ... */
  readonly flags: readonly string[];
  /** The word before the key, to be looked for from argument `begin` on. */
  readonly keyword?: string;
  /** `keynum`: argument `begin` is the number of keys, which follow it. `unknown`: Redis does not say. */
  readonly find?: 'keynum' | 'unknown';
  /** Index of the first key, or of their number. */
  readonly begin: number;
  /** The last key, counted from the first; negative: from the end of the arguments. */
  readonly last: number;
  readonly step: number;
  /** Keys are the first of so many equal parts of the rest; absent: all of it. */
  readonly limit?: number;
  readonly notes?: string;
}

/** One argument as COMMAND DOCS describes it: what clients build hints and types from. */
export interface ArgumentDoc {
  readonly name: string;
  /** `key`, `string`, `integer`, `double`, `pattern`, `unix-time`, `pure-token`, `oneof`, `block`. */
  readonly type: string;
  /** Which key specification it belongs to. */
  readonly spec?: number;
  /** The word before it, or, of a pure-token, the word itself. */
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  /** `optional`, `multiple`, `multiple_token`. */
  readonly flags?: readonly string[];
  /** Parts of a block, choices of a oneof. */
  readonly of?: readonly ArgumentDoc[];
}

/**
 * Who executes a command, and over which groups.
 * - `router`: the client's session at the router; no data node sees it.
 * - `keys`: the groups that own its keys. One group: passed on as it came. Several: a transaction, by `split`.
 * - `all`: every group; the router merges by name of the fan-out in `router/`.
 */
export type Where = 'router' | 'keys' | 'all';

/**
 * How a command whose keys live in several groups becomes one transaction (design, "Transactions over several groups").
 * - `array`: each group answers the same command for its own keys, under shared locks; element i goes to key i.
 * - `streams`: each group reads its own of the streams, under shared locks; what each has is put together (XREAD).
 * - `sum`: each group answers the same command for its own keys, under shared locks; integer answers are added up.
 * - `pairs`: key-value pairs; each group is given its own pairs (MSET); the answer is OK.
 * - `pairs-if-none`: the same, only if no key exists (MSETNX); the answer is 1 or 0.
 * - `delete`: existing keys are counted under locks, then deleted (DEL, UNLINK).
 * - `aside`: values are fetched under locks, the command runs aside on them, and the effects go to each group.
 */
export type Split = 'array' | 'streams' | 'sum' | 'pairs' | 'pairs-if-none' | 'delete' | 'aside';

/** One command, or one subcommand of a container (`client|id`). */
export interface CommandRow {
  /** Its place in LEAVES, for tables of what there is for each command; of a container that is nothing without a subcommand: -1. */
  readonly id: number;
  /** Lower case; a subcommand is `container|sub`. */
  readonly name: string;
  /** Arguments including the name; negative: at least that many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly keys: KeyRange;
  /**
   * For keys that no KeyRange describes (numkeys, STORE options): indexes of the key arguments.
   * Absent: `keys` says all. Called after the arity has been checked; must tolerate nonsense arguments.
   */
  readonly findKeys?: (request: Request) => number[];
  /**
   * Index of the argument that names a second database, in which the command may touch keys of the same names (COPY ...
   * DB n, MOVE): they are locked there too. Below 0: none. Must tolerate nonsense arguments.
   */
  readonly otherDatabase?: (request: Request) => number;
  /**
   * Patterns that name further keys, one for each element of its first key (SORT's BY and GET): such a command is
   * always a transaction that finds them out. Absent: there are none. Must tolerate nonsense arguments.
   */
  readonly patterns?: (request: Request) => string[];
  /**
   * The two databases that it swaps, or the text of an error: such a command is for every group at once.
   * Absent: it swaps none. Must tolerate nonsense arguments.
   */
  readonly swaps?: (request: Request) => readonly [number, number] | string;
  readonly where: Where;
  /** For `keys` commands that may have several. */
  readonly split?: Split;
  /** ACL categories as COMMAND INFO shows them, with `@`. */
  readonly categories: readonly string[];
  /** One line, for COMMAND DOCS and docs/compatibility.md. */
  readonly summary: string;
  /** Version of Redis that brought it. */
  readonly since: string;
  /** Redis's group: string, generic, connection, server, bitmap, cluster, ... */
  readonly group: string;
  /** As COMMAND DOCS: `O(1)`. */
  readonly complexity: string;
  /** Rows of subcommands, for containers. */
  readonly subcommands?: readonly CommandRow[];
  /** Whether it may change the keyspace: the flag `write`, where the hot path finds it. */
  readonly write: boolean;
  /** Whether it waits for what is not there yet: the flag `blocking`. */
  readonly blocking: boolean;
  /** Key specifications, for COMMAND INFO and GETKEYSANDFLAGS. */
  readonly specs?: readonly KeySpec[];
  /** Flags of the key in argument `at`, where they depend on the other arguments, for GETKEYSANDFLAGS. */
  readonly keyFlags?: (request: Request, at: number) => readonly string[];
  /** Command tips of COMMAND INFO. */
  readonly tips?: readonly string[];
  /** COMMAND DOCS: `deprecated`, and since when, and what to use. */
  readonly docFlags?: readonly string[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  /** COMMAND DOCS: (version, change). */
  readonly history?: readonly (readonly [string, string])[];
  readonly arguments?: readonly ArgumentDoc[];
}
