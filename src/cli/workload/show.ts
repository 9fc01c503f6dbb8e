// A workload in words and in JSON. Only the form: what is counted, and how, is decided elsewhere.
import type { GroupCounts } from './group-counts.js';
import { Histogram } from './histogram.js';
import type { Finding, Kinds, Tally } from './tally.js';

/** A run's result, as `--json` prints it. Times in ms, throughput in commands a second. */
export interface Result {
  seconds: number;
  clients: number;
  keys: number;
  operations: number;
  reads: number;
  writes: number;
  throughput: number;
  latencyMs: { p50: number; p99: number; p999: number; max: number };
  groups: GroupCounts;
  verified: number;
  unverified: number;
  lost: number;
  wrong: number;
  errors: number;
  /** The first of what was lost or wrong. */
  findings: Finding[];
  replyErrors: Kinds;
  connectionErrors: Kinds;
  connectionErrorsByRouter: Kinds;
}

const thousands = (n: number) => Math.round(n).toLocaleString('en-US');
const ms = (micros: number) => (micros / 1000).toFixed(2);

function latencies(histogram: Histogram): Result['latencyMs'] {
  const at = (share: number) => histogram.quantile(share) / 1000;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: histogram.max / 1000 };
}

function judgement({ lost, wrong, errors }: { lost: number; wrong: number; errors: number }): string {
  return `lost ${lost}, wrong ${wrong}, errors ${errors}`;
}

/** The line for one interval: rates of each group and of the clients, latencies, and the judgement so far. */
export function liveLine(
  at: number,
  interval: number,
  tally: Tally,
  now: GroupCounts,
  before: GroupCounts,
): string {
  const groups = Object.entries(now).map(([group, { reads, writes }]) => {
    const last = before[group] ?? { reads: 0, writes: 0 };
    const rate = (to: number, from: number) => thousands((to - from) / interval);
    return `${group} ${rate(reads, last.reads)} reads/s ${rate(writes, last.writes)} writes/s`;
  });
  const { recent } = tally;
  return [
    `${at.toFixed(0).padStart(4)} s`,
    `${thousands(recent.count / interval).padStart(8)} commands/s`,
    ...groups,
    `p50 ${ms(recent.quantile(0.5))} p99 ${ms(recent.quantile(0.99))} p99.9 ${ms(recent.quantile(0.999))} max ${ms(recent.max)} ms`,
    judgement(tally),
  ].join(' | ');
}

/** The result of a run of so many seconds. */
export function resultOf(
  seconds: number,
  settings: { clients: number; keys: number },
  tally: Tally,
  groups: GroupCounts,
): Result {
  const all = new Histogram();
  all.add(tally.earlier);
  all.add(tally.recent);
  const operations = tally.reads + tally.writes;
  const { reads, writes, verified, unverified, lost, wrong, errors } = tally;
  const { findings, replyErrors, connectionErrors, connectionErrorsByRouter } = tally;
  return {
    seconds,
    clients: settings.clients,
    keys: settings.keys,
    operations,
    reads,
    writes,
    throughput: seconds > 0 ? operations / seconds : 0,
    latencyMs: latencies(all),
    groups,
    verified,
    unverified,
    lost,
    wrong,
    errors,
    findings,
    replyErrors,
    connectionErrors,
    connectionErrorsByRouter,
  };
}

/** The result as lines for people; the last is the judgement. */
export function resultText(result: Result): string {
  const { p50, p99, p999, max } = result.latencyMs;
  const kinds = (title: string, counts: Kinds) =>
    Object.entries(counts).map(([kind, n]) => `${title} ${kind}: ${thousands(n)}`);
  return [
    `${thousands(result.operations)} commands in ${result.seconds.toFixed(1)} s, ${thousands(result.throughput)}/s: ` +
      `${thousands(result.reads)} reads, ${thousands(result.writes)} writes`,
    `latency p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, p99.9 ${p999.toFixed(2)} ms, max ${max.toFixed(2)} ms`,
    ...Object.entries(result.groups).map(
      ([group, { reads, writes }]) =>
        `group ${group} answered ${thousands(reads)} reads, ${thousands(writes)} writes`,
    ),
    ...kinds('error reply', result.replyErrors),
    ...kinds('connection error', result.connectionErrors),
    ...kinds('connection errors at', result.connectionErrorsByRouter),
    ...result.findings.map(
      ({ verdict, key, value, least, greatest, unknown }) =>
        `${verdict}: ${key} read as ${value ?? 'nothing'}; expected ${least} to ${greatest}` +
        (unknown.length > 0 ? `, or of unknown outcome ${unknown.join(' ')}` : ''),
    ),
    ...(result.unverified > 0 ? [`keys that could not be read at the end: ${result.unverified}`] : []),
    `${thousands(result.verified)} of ${thousands(result.keys)} keys read again at the end`,
    judgement(result),
    '',
  ].join('\n');
}
