// The sections of INFO in Redis's order, with its field names. Fields of what Towline does not have are the
// constants that a Redis which does not use them shows. Pure text; must never wait.
import { arch, release, type } from 'node:os';
import type { ClientState } from './client.js';
import { commandStats, errorStats, statsLines } from './info-stats.js';
import { towlineLines } from './info-towline.js';
import { REDIS_VERSION, type RouterServer } from './server.js';

/** What the groups' primaries report, added up. */
export interface Keyspace {
  /** Fields with a plain number, by name. */
  totals: Map<string, number>;
  /** By number of the database; ttlSum: ms, added over the keys that expire. */
  databases: Map<number, { keys: number; expires: number; ttlSum: number }>;
  /** Groups that did not answer. */
  silent: string[];
}

/** What a section is written from. */
export interface InfoInput {
  client: ClientState;
  server: RouterServer;
  keyspace: Keyspace;
}

/** One section. */
export interface Section {
  /** As it is asked for. */
  name: string;
  title: string;
  byDefault: boolean;
  /** Needs what the groups report. */
  asksGroups: boolean;
  /** Its lines without line ends, or without the title. */
  lines(input: InfoInput): string[];
}

const DAY = 24 * 3600;

/** Bytes as Redis prints them for people: `1.50M`. */
export function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  for (const unit of 'KMGT') {
    if (value < 1024) return value.toFixed(2) + unit;
    value /= 1024;
  }
  return `${value.toFixed(2)}P`;
}

const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b).toFixed(2);

/** Lines `name:value` of a record, in its order. */
function fields(record: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(record).map(([name, value]) => `${name}:${value}`);
}

function serverLines({ server }: InfoInput): string[] {
  const wall = server.clock.wall();
  const uptime = Math.max(0, Math.floor((wall - server.startedAt) / 1000));
  return fields({
    redis_version: REDIS_VERSION,
    redis_git_sha1: '00000000',
    redis_git_dirty: 0,
    redis_build_id: `towline-${server.version}`,
    redis_mode: 'standalone',
    os: `${type()} ${release()} ${arch()}`,
    arch_bits: 64,
    monotonic_clock: 'POSIX clock_gettime',
    multiplexing_api: 'libuv',
    atomicvar_api: 'none',
    gcc_version: '0.0.0',
    process_id: server.pid,
    process_supervised: 'no',
    run_id: server.runId,
    tcp_port: server.port,
    server_time_usec: Math.floor(wall * 1000),
    uptime_in_seconds: uptime,
    uptime_in_days: Math.floor(uptime / DAY),
    hz: 10,
    configured_hz: 10,
    lru_clock: Math.floor(wall / 1000) & 0xffffff,
    executable: process.execPath,
    config_file: '',
    io_threads_active: 0,
  });
}

function clientLines({ server }: InfoInput): string[] {
  const all = server.clients.list();
  return fields({
    connected_clients: all.length,
    cluster_connections: 0,
    maxclients: server.settings.values.maxclients,
    client_recent_max_input_buffer: all.reduce((max, one) => Math.max(max, one.pendingInput()), 0),
    client_recent_max_output_buffer: all.reduce((max, one) => Math.max(max, one.pendingOutput()), 0),
    blocked_clients: all.filter((one) => one.blocked).length,
    tracking_clients: server.tracking.clients,
    clients_in_timeout_table: 0,
  });
}

/** Memory is that of the data: of the groups' primaries, added up. The router's own is in section towline. */
function memoryLines({ server, keyspace }: InfoInput): string[] {
  const of = (name: string) => keyspace.totals.get(name) ?? 0;
  const used = of('used_memory');
  const rss = Math.max(used, of('used_memory_rss'));
  const peak = Math.max(used, of('used_memory_peak'));
  const { machine } = server.usage();
  return fields({
    used_memory: used,
    used_memory_human: human(used),
    used_memory_rss: rss,
    used_memory_rss_human: human(rss),
    used_memory_peak: peak,
    used_memory_peak_human: human(peak),
    used_memory_peak_perc: `${ratio(used * 100, peak)}%`,
    used_memory_overhead: 0,
    used_memory_startup: 0,
    used_memory_dataset: used,
    used_memory_dataset_perc: '100.00%',
    total_system_memory: machine,
    total_system_memory_human: human(machine),
    used_memory_lua: 0,
    used_memory_vm_eval: 0,
    used_memory_lua_human: '0B',
    used_memory_scripts_eval: 0,
    number_of_cached_scripts: 0,
    number_of_functions: 0,
    number_of_libraries: 0,
    used_memory_vm_functions: 0,
    used_memory_vm_total: 0,
    used_memory_vm_total_human: '0B',
    used_memory_functions: 0,
    used_memory_scripts: 0,
    used_memory_scripts_human: '0B',
    maxmemory: 0,
    maxmemory_human: '0B',
    maxmemory_policy: 'noeviction',
    mem_fragmentation_ratio: ratio(rss, used),
    mem_fragmentation_bytes: Math.max(0, rss - used),
    mem_not_counted_for_evict: 0,
    mem_replication_backlog: 0,
    mem_total_replication_buffers: 0,
    mem_clients_slaves: 0,
    mem_clients_normal: 0,
    mem_cluster_links: 0,
    mem_aof_buffer: 0,
    mem_allocator: 'libc',
    active_defrag_running: 0,
    lazyfree_pending_objects: 0,
    lazyfreed_objects: 0,
  });
}

/** Nothing is ever saved: all that changed since the groups' primaries began to lead has changed since the last time. */
function persistenceLines({ server, keyspace }: InfoInput): string[] {
  return fields({
    loading: 0,
    async_loading: 0,
    current_cow_peak: 0,
    current_cow_size: 0,
    current_cow_size_age: 0,
    current_fork_perc: '0.00',
    current_save_keys_processed: 0,
    current_save_keys_total: 0,
    rdb_changes_since_last_save: keyspace.totals.get('changes') ?? 0,
    rdb_bgsave_in_progress: 0,
    rdb_last_save_time: Math.floor(server.startedAt / 1000),
    rdb_last_bgsave_status: 'ok',
    rdb_last_bgsave_time_sec: -1,
    rdb_current_bgsave_time_sec: -1,
    rdb_saves: 0,
    rdb_last_cow_size: 0,
    rdb_last_load_keys_expired: 0,
    rdb_last_load_keys_loaded: 0,
    aof_enabled: 0,
    aof_rewrite_in_progress: 0,
    aof_rewrite_scheduled: 0,
    aof_last_rewrite_time_sec: -1,
    aof_current_rewrite_time_sec: -1,
    aof_last_bgrewrite_status: 'ok',
    aof_rewrites: 0,
    aof_rewrites_consecutive_failures: 0,
    aof_last_write_status: 'ok',
    aof_last_cow_size: 0,
    module_fork_in_progress: 0,
    module_fork_last_cow_size: 0,
  });
}

function replicationLines({ server }: InfoInput): string[] {
  return fields({
    role: 'master',
    connected_slaves: 0,
    master_failover_state: 'no-failover',
    master_replid: server.runId,
    master_replid2: '0'.repeat(40),
    master_repl_offset: 0,
    second_repl_offset: -1,
    repl_backlog_active: 0,
    repl_backlog_size: 1048576,
    repl_backlog_first_byte_offset: 0,
    repl_backlog_histlen: 0,
  });
}

function cpuLines({ server }: InfoInput): string[] {
  const { userMicros, systemMicros } = server.usage();
  const user = (userMicros / 1e6).toFixed(6);
  const system = (systemMicros / 1e6).toFixed(6);
  return fields({
    used_cpu_sys: system,
    used_cpu_user: user,
    used_cpu_sys_children: '0.000000',
    used_cpu_user_children: '0.000000',
    used_cpu_sys_main_thread: system,
    used_cpu_user_main_thread: user,
  });
}

function keyspaceLines({ keyspace }: InfoInput): string[] {
  return [...keyspace.databases]
    .filter(([, { keys }]) => keys > 0)
    .sort(([a], [b]) => a - b)
    .map(([db, { keys, expires, ttlSum }]) => {
      const ttl = expires === 0 ? 0 : Math.floor(ttlSum / expires);
      return `db${db}:keys=${keys},expires=${expires},avg_ttl=${ttl}`;
    });
}

function section(
  title: string,
  lines: (input: InfoInput) => string[],
  { byDefault = true, asksGroups = false } = {},
): Section {
  return { name: title.toLowerCase(), title, byDefault, asksGroups, lines };
}

/** All sections, in the order in which they are shown. */
export const SECTIONS: readonly Section[] = [
  section('Server', serverLines),
  section('Clients', clientLines),
  section('Memory', memoryLines, { asksGroups: true }),
  section('Persistence', persistenceLines, { asksGroups: true }),
  section('Stats', statsLines, { asksGroups: true }),
  section('Replication', replicationLines),
  section('CPU', cpuLines),
  section('Modules', () => []),
  section('Commandstats', ({ server }) => commandStats(server.statistics), { byDefault: false }),
  section('Errorstats', ({ server }) => errorStats(server.statistics)),
  section('Cluster', () => ['cluster_enabled:0']),
  section('Keyspace', keyspaceLines, { asksGroups: true }),
  section('Towline', ({ server, keyspace }) => towlineLines(server, keyspace.silent)),
];
