// INFO's counters: stats, commandstats, errorstats. What happens at data nodes is added up from their answers.
import type { RouterServer } from './server.js';
import type { Statistics } from './statistics.js';

/** Section stats. */
export function statsLines({
  server,
  keyspace,
}: {
  server: RouterServer;
  keyspace: { totals: ReadonlyMap<string, number> };
}): string[] {
  const { statistics } = server;
  const of = (name: string) => keyspace.totals.get(name) ?? 0;
  const fields: Record<string, string | number> = {
    total_connections_received: statistics.connections,
    total_commands_processed: statistics.commands,
    instantaneous_ops_per_sec: Math.round(statistics.operationsPerSecond),
    total_net_input_bytes: statistics.bytesIn,
    total_net_output_bytes: statistics.bytesOut,
    total_net_repl_input_bytes: 0,
    total_net_repl_output_bytes: 0,
    instantaneous_input_kbps: statistics.inputKbps.toFixed(2),
    instantaneous_output_kbps: statistics.outputKbps.toFixed(2),
    instantaneous_input_repl_kbps: '0.00',
    instantaneous_output_repl_kbps: '0.00',
    rejected_connections: statistics.rejectedConnections,
    sync_full: 0,
    sync_partial_ok: 0,
    sync_partial_err: 0,
    expired_keys: of('expired_keys'),
    expired_stale_perc: '0.00',
    expired_time_cap_reached_count: 0,
    expire_cycle_cpu_milliseconds: 0,
    evicted_keys: 0,
    evicted_clients: 0,
    total_eviction_exceeded_time: 0,
    current_eviction_exceeded_time: 0,
    keyspace_hits: of('keyspace_hits'),
    keyspace_misses: of('keyspace_misses'),
    pubsub_channels: server.pubsub.count('channel'),
    pubsub_patterns: server.pubsub.count('pattern'),
    pubsubshard_channels: server.pubsub.count('shard'),
    latest_fork_usec: 0,
    total_forks: 0,
    migrate_cached_sockets: 0,
    slave_expires_tracked_keys: 0,
    active_defrag_hits: 0,
    active_defrag_misses: 0,
    active_defrag_key_hits: 0,
    active_defrag_key_misses: 0,
    total_active_defrag_time: 0,
    current_active_defrag_time: 0,
    tracking_total_keys: server.tracking.keys,
    tracking_total_items: server.tracking.items,
    tracking_total_prefixes: server.tracking.prefixes,
    unexpected_error_replies: 0,
    total_error_replies: statistics.errors,
    dump_payload_sanitizations: 0,
    total_reads_processed: statistics.reads,
    total_writes_processed: statistics.writes,
    io_threaded_reads_processed: 0,
    io_threaded_writes_processed: 0,
    reply_buffer_shrinks: 0,
    reply_buffer_expands: 0,
    client_output_buffer_limit_disconnections: statistics.outputLimitDisconnections,
  };
  return Object.entries(fields).map(([name, value]) => `${name}:${value}`);
}

/** Section commandstats: commands that were called. Their time goes from begin to reply (observe/observer.ts). */
export function commandStats({ names, calls, usec, rejected, failed }: Statistics): string[] {
  const lines: string[] = [];
  names.forEach((name, i) => {
    if (calls[i] === 0 && rejected[i] === 0) return;
    const time = Math.floor(usec[i]!);
    const each = calls[i] === 0 ? 0 : time / calls[i]!;
    lines.push(
      `cmdstat_${name}:calls=${calls[i]},usec=${time},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected[i]},failed_calls=${failed[i]}`,
    );
  });
  return lines;
}

/** Section errorstats: by the first word of the error, in alphabetical order. */
export function errorStats(statistics: Statistics): string[] {
  return [...statistics.errorsByPrefix]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([prefix, count]) => `errorstat_${prefix.replace(/[:\s]/g, '_')}:count=${count}`);
}
