// docs/compatibility.md's table: every command of Redis 7.0, and whether Towline has it. From the table and the
// list of what is missing, so that the page cannot say anything else than the program does.
import { MAX_ARGUMENTS } from '../resp/index.js';
import { ROWS } from './table.js';
import { UNSUPPORTED } from './unsupported.js';

/** What a reader should know about a command that is there. */
const NOTES: Readonly<Record<string, string>> = {
  set: 'an expiry beyond 2^53 - 1 ms since 1970 is kept as that; the same for every command that sets one',
  incrbyfloat: 'computed with 80-bit numbers, as Redis on x86-64, on any machine',
  object: 'ENCODING goes by the value alone; REFCOUNT is always 1; FREQ says that no LFU policy is selected',
  scan: 'the cursor is a place in a fixed order, the same at every router',
  keys: 'asks every group; inside MULTI, while there are several groups, all of them are locked as a whole until EXEC is over, which is refused (NOREPLICAS) as a write is while any of them has too few members; the same for DBSIZE, SCAN, RANDOMKEY and PFSELFTEST',
  watch:
    'an EXEC may execute nothing although no watched key has changed: after a change of the ring or of a primary, and where a watched key was absent, after a deletion in its slot or a flush',
  flushall: 'one transaction over every group',
  flushdb: 'one transaction over every group',
  hrandfield: 'refuses a negative count below -1048576',
  randomkey: 'about as likely for each key, not exactly',
  debug: 'SLEEP only',
  srandmember: 'at most 16,777,216 members with repetitions; the same for ZRANDMEMBER',
  sort: 'BY and GET patterns may name keys of any groups; a number is judged by itself, where Redis refuses every one after some command of any client read one out of range; ALPHA looks beyond a zero byte',
  sort_ro: 'as SORT',
  blpop:
    'clients are served in the order in which they came, over all routers; one that does not wait may take the element first; the same for every blocking command',
  geosearchstore:
    'distances that STOREDIST keeps may differ from those of Redis in the last digits; the same for GEORADIUS',
  hello: 'inside MULTI the other replies of the same EXEC stay in the version before',
  xadd: 'the ID is of the clock of the group that has the key, and never before the last one; runs of entries end at 100 entries or 4096 bytes, whatever CONFIG SET says; the same for XTRIM',
  xread:
    'over keys of several groups: what each had at one moment; clients that wait are all given what they wait for',
  xreadgroup:
    'consumers that wait are served in the order in which they came, over all routers; over keys of several groups it carries the values of the streams, so keep streams that are read together in one slot by a hash tag',
  swapdb: 'one transaction over every group, also while keys move to other groups',
  select: '16 databases',
  wait: 'the number of backups that hold every acknowledged write, at once',
  shutdown: 'ends this router, where the setting enable-shutdown-command lets it',
  replicaof: 'refused: data nodes of a group copy each other by themselves',
  slaveof: 'refused, as REPLICAOF',
  failover: 'refused',
  save: 'refused: nothing is kept on disk; the same for BGSAVE and BGREWRITEAOF',
  bgsave: 'refused',
  bgrewriteaof: 'refused',
  client:
    'PAUSE holds the clients of this router alone, and expiry goes on: say it to each router to hold all; TRACKING: over all routers; invalidations may be more than in Redis (all keys when a primary or the ring changes, and after SWAPDB), REDIRECT to a client of the same router, NOLOOP for plain writes to one group',
  command:
    'GETKEYS takes a number of keys only as the command itself does: not `01`; of several STORE of a GEORADIUS it names the last',
  config:
    'SET of encoding limits and the like is accepted and remembered; OBJECT ENCODING goes by the defaults; notify-keyspace-events is one setting of all routers, until none is left',
  dump: 'the format of Redis 7.0, both ways; written plainly, read in every encoding',
  restore: 'FREQ is checked and not kept',
  script: 'there is no Lua: nothing to flush, nothing exists',
  function: 'there is no Lua: nothing to flush or to list',
  memory: 'USAGE is an estimate by what the value holds',
  lastsave: 'when this router started',
  monitor: 'the commands of this router’s clients',
  publish: 'to the subscribers at every router; the same for SPUBLISH',
  subscribe:
    'confirmed when every router that can be reached knows of it; the same for PSUBSCRIBE and SSUBSCRIBE; keyspace events: of one client in order, at most once (a router or primary that dies may lose some)',
  pubsub: 'over all routers',
  spublish: 'shard channels are names of their own; nothing is sharded by them',
  slowlog:
    'of this router; from a command to its reply, at the turns in which they come; waiting does not count; EXEC is one command; slowlog-log-slower-than is 100 ms at first',
  latency: 'of this router: `command` and `fast-command`, timed as for SLOWLOG',
  module: 'there are none',
  acl: 'the one user there is, `default`',
  cluster: 'one shard, whose nodes are the routers; commands that would change the layout are refused',
  readonly: 'accepted, changes nothing',
  readwrite: 'accepted, changes nothing',
  asking: 'accepted, changes nothing',
  pfadd:
    "the value is Redis's, byte for byte, and may go to one and come from one; sparse up to 3000 bytes whatever hll-sparse-max-bytes says; one that finds the value corrupted changes nothing",
  pfcount:
    'of one key, it writes what it counted into the value, as Redis does, except inside an EXEC over several groups and while the group may not write',
  pfdebug: 'GETREG, DECODE, ENCODING, TODENSE',
  'towline.lock':
    '`name READ\\|WRITE [TIMEOUT ms]`: waits for a lock of this name, answers a fencing token, nil when the time is up',
  'towline.unlock': '`name`: 1, or an error when this connection does not hold it, or lost it',
  'towline.locks': 'name, mode, token and state (held, unsure, lost) of each lock of this connection',
};

/** The group of commands that Redis does not have. */
const OWN_GROUP = 'towline';

interface Line {
  readonly name: string;
  readonly group: string;
  readonly has: string;
  readonly notes: string;
}

function supported(): Line[] {
  return ROWS.map(({ name, group, subcommands }) => {
    const notes = [NOTES[name]];
    if (subcommands !== undefined) {
      notes.unshift(subcommands.map((sub) => sub.name.slice(name.length + 1).toUpperCase()).join(', '));
    }
    return { name, group, has: 'yes', notes: notes.filter((note) => note !== undefined).join('; ') };
  });
}

function missing(): Line[] {
  return Object.entries(UNSUPPORTED).flatMap(([group, names]) =>
    names.split(' ').map((name) => ({ name, group, has: 'not yet', notes: NOTES[name] ?? '' })),
  );
}

/** The Markdown of docs/compatibility.md. */
export function compatibilityPage(): string {
  const lines = [...supported(), ...missing()].sort(
    (a, b) => a.group.localeCompare(b.group, 'en') || a.name.localeCompare(b.name, 'en'),
  );
  const ours = lines.filter((line) => line.group === OWN_GROUP);
  const redis = lines.filter((line) => line.group !== OWN_GROUP);
  const have = redis.filter((line) => line.has === 'yes').length;
  const table = (rows: Line[]) => [
    '| command | group | Towline | notes |',
    '| --- | --- | --- | --- |',
    ...rows.map(({ name, group, has, notes }) => `| ${name.toUpperCase()} | ${group} | ${has} | ${notes} |`),
    '',
  ];
  return [
    '# Commands of Redis 7.0',
    '',
    `Towline has ${have} of ${redis.length}. A command that it does not have is answered with`,
    "`ERR unknown command '...' (Towline does not have it yet)`. This page is written from the command table.",
    '',
    `A command has at most ${MAX_ARGUMENTS.toLocaleString('en')} arguments, its name included (Redis: 2,147,483,647). One with more is`,
    'answered as Redis answers one above its own bound, `ERR Protocol error: invalid multibulk length`, and the',
    'connection ends. Send so many keys or elements in several commands.',
    '',
    ...table(redis),
    '## Commands that Redis does not have',
    '',
    'Locks: see [operations.md](operations.md#locks-for-clients).',
    '',
    ...table(ours),
  ].join('\n');
}
