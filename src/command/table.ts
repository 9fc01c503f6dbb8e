// The one command table: rows of every supported command, found by bytes or by text.
// Checked at start: a name twice or a row that contradicts itself stops the process.
import { Buffer } from 'node:buffer';
import type { Request } from '../resp/index.js';
import { standsForKeys } from './keys.js';
import type { CommandRow } from './row.js';
import { ADMINISTRATION_ROWS } from './rows/administration.js';
import { BITMAP_ROWS } from './rows/bitmap.js';
import { BLOCKING_ROWS } from './rows/blocking.js';
import { CLIENT_TRACKING_ROWS } from './rows/client-tracking.js';
import { CLUSTER_ROWS } from './rows/cluster.js';
import { CLUSTER_LAYOUT_ROWS } from './rows/cluster-layout.js';
import { CONNECTION_ROWS } from './rows/connection.js';
import { EXPIRY_ROWS } from './rows/expiry.js';
import { GENERIC_ROWS } from './rows/generic.js';
import { GEO_ROWS } from './rows/geo.js';
import { GEO_RADIUS_ROWS } from './rows/geo-radius.js';
import { HASH_ROWS } from './rows/hash.js';
import { HYPERLOGLOG_ROWS } from './rows/hyperloglog.js';
import { INTROSPECTION_ROWS } from './rows/introspection.js';
import { LIST_ROWS } from './rows/list.js';
import { LOCK_ROWS } from './rows/locks.js';
import { row } from './rows/make.js';
import { PAUSE_ROWS } from './rows/pause.js';
import { PAYLOAD_ROWS } from './rows/payload.js';
import { PUBSUB_ROWS } from './rows/pubsub.js';
import { REPLICATION_ROWS } from './rows/replication.js';
import { SCRIPTING_ROWS } from './rows/scripting.js';
import { SERVER_ROWS } from './rows/server.js';
import { SET_ROWS } from './rows/set.js';
import { SORT_ROWS } from './rows/sort.js';
import { STREAM_ROWS } from './rows/stream.js';
import { STREAM_GROUP_ROWS } from './rows/stream-groups.js';
import { STRING_ROWS } from './rows/string.js';
import { STRING_PARTS_ROWS } from './rows/string-parts.js';
import { TRANSACTION_ROWS } from './rows/transactions.js';
import { ZSET_ROWS } from './rows/zset.js';
import { ZSET_RANGE_ROWS } from './rows/zset-ranges.js';

/** Puts each `container|sub` that a list has by itself into its container. */
function nest(rows: readonly CommandRow[]): CommandRow[] {
  const containerOf = ({ name }: CommandRow) => name.slice(0, name.indexOf('|'));
  const loose = rows.filter(({ name }) => name.includes('|'));
  const commands = rows.filter(({ name }) => !name.includes('|'));
  for (const row of loose) {
    if (!commands.some(({ name }) => name === containerOf(row)))
      throw new Error(`command table: ${row.name}: no such container`);
  }
  return commands.map((each) => {
    const more = loose.filter((sub) => containerOf(sub) === each.name);
    return more.length === 0 ? each : row({ ...each, subcommands: [...(each.subcommands ?? []), ...more] });
  });
}

/** Whether it is executed itself: COMMAND is, CONFIG without a subcommand is not. */
const executed = ({ subcommands, arity }: CommandRow) => subcommands === undefined || Math.abs(arity) === 1;

/** Every command, containers with their subcommands inside. */
export const ROWS: readonly CommandRow[] = nest([
  ...STRING_ROWS,
  ...STRING_PARTS_ROWS,
  ...TRANSACTION_ROWS,
  ...BITMAP_ROWS,
  ...SET_ROWS,
  ...ZSET_ROWS,
  ...ZSET_RANGE_ROWS,
  ...GEO_ROWS,
  ...GEO_RADIUS_ROWS,
  ...SORT_ROWS,
  ...LIST_ROWS,
  ...BLOCKING_ROWS,
  ...STREAM_ROWS,
  ...STREAM_GROUP_ROWS,
  ...HASH_ROWS,
  ...HYPERLOGLOG_ROWS,
  ...GENERIC_ROWS,
  ...EXPIRY_ROWS,
  ...CONNECTION_ROWS,
  ...SERVER_ROWS,
  ...CLUSTER_ROWS,
  ...CLIENT_TRACKING_ROWS,
  ...CLUSTER_LAYOUT_ROWS,
  ...REPLICATION_ROWS,
  ...PUBSUB_ROWS,
  ...ADMINISTRATION_ROWS,
  ...INTROSPECTION_ROWS,
  ...LOCK_ROWS,
  ...SCRIPTING_ROWS,
  ...PAYLOAD_ROWS,
  ...PAUSE_ROWS,
]);

/** Every row that is executed, by its `id`: commands and subcommands. */
export const LEAVES: readonly CommandRow[] = ROWS.flatMap((row) => [...(row.subcommands ?? []), row]).filter(
  executed,
);
for (const [id, each] of LEAVES.entries()) (each as { id: number }).id = id;

const BY_NAME = new Map<string, CommandRow>();

function check(row: CommandRow): void {
  const { name, keys } = row;
  const wrong = (what: string) => new Error(`command table: ${name}: ${what}`);
  if (!/^[a-z][a-z._|-]*$/.test(name)) throw wrong('odd name');
  if (BY_NAME.has(name)) throw wrong('there twice');
  if (row.arity === 0) throw wrong('no arity');
  if (row.where === 'keys' && keys.first === 0 && row.findKeys === undefined) throw wrong('no keys');
  const hasKeys = keys.first !== 0 && !standsForKeys(row);
  if (row.where !== 'keys' && hasKeys && row.name !== 'watch')
    throw wrong('keys, but not executed where they are');
  // The router takes the first key without looking: the arity must guarantee that it is there.
  if (hasKeys && keys.first >= Math.abs(row.arity)) throw wrong('its first key is optional');
  if (row.split !== undefined && row.where !== 'keys') throw wrong('split without keys');
  if (row.where === 'keys' && row.split === undefined && keys.first !== keys.last)
    throw wrong('several keys, no split');
}

for (const row of [...ROWS, ...ROWS.flatMap((row) => row.subcommands ?? [])]) {
  check(row);
  BY_NAME.set(row.name, row);
}

/** The row of a name in any case; of a subcommand as `container|sub`. */
export function findText(name: string): CommandRow | undefined {
  return BY_NAME.get(name.toLowerCase());
}

// ---- by bytes: open addressing over a power of two of slots, at most a quarter full, so that a miss ends soon.

const MAX_NAME = 24;
const SIZE = 1 << Math.ceil(Math.log2(ROWS.length * 4));
const SLOT: (CommandRow | undefined)[] = new Array<CommandRow | undefined>(SIZE).fill(undefined);

/** Folds case by setting bit 5; names that then collide with punctuation are told apart by the comparison. */
function hash(bytes: Uint8Array, from: number, to: number): number {
  let h = to - from;
  for (let i = from; i < to; i++) h = (Math.imul(h, 31) + (bytes[i]! | 0x20)) | 0;
  return (h ^ (h >>> 11)) & (SIZE - 1);
}

for (const row of ROWS) {
  const bytes = Buffer.from(row.name, 'latin1');
  let at = hash(bytes, 0, bytes.length);
  while (SLOT[at] !== undefined) at = (at + 1) & (SIZE - 1);
  SLOT[at] = row;
}

/** Each byte in lower case. */
const LOWER = Uint8Array.from({ length: 256 }, (_, c) => (c >= 65 && c <= 90 ? c + 32 : c));

/** The row of the command (not subcommand) named by bytes [from, to), in any case. Creates nothing. */
export function find(buffer: Uint8Array, from: number, to: number): CommandRow | undefined {
  const length = to - from;
  if (length > MAX_NAME) return undefined;
  let at = hash(buffer, from, to);
  next: for (;;) {
    const row = SLOT[at];
    if (row === undefined) return undefined;
    at = (at + 1) & (SIZE - 1);
    const { name } = row;
    if (name.length !== length) continue;
    for (let i = 0; i < length; i++) {
      if (LOWER[buffer[from + i]!] !== name.charCodeAt(i)) continue next;
    }
    return row;
  }
}

/** The row of the request's command; of a container with a subcommand named: that of the subcommand, if known. */
export function findRequest(request: Request): CommandRow | undefined {
  const { start } = request;
  const row = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
  if (row?.subcommands === undefined || request.argc === 1) return row;
  for (const sub of row.subcommands) if (request.is(1, sub.name.slice(row.name.length + 1))) return sub;
  return undefined;
}
