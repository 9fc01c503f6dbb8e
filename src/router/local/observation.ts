// MONITOR, SLOWLOG and LATENCY: what observe/ has seen of this router's clients, in the forms of Redis 7.0.
import { cut, LEAVES } from '../../command/index.js';
import type { ReplyWriter } from '../../resp/index.js';
import type { LatencyEvent } from '../observe/latency.js';
import { helpOf } from './handler.js';
import { parseInteger } from './parse.js';
import type { LocalHandler, RouterServer } from './server.js';

const monitor: LocalHandler = (_request, client, { observer }, reply) => {
  observer.monitor(client);
  reply.ok();
};

// ---- SLOWLOG

const slowlogGet: LocalHandler = (request, _client, { observer }, reply) => {
  if (request.argc > 3) {
    return reply.error("ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.");
  }
  const count = request.argc === 3 ? parseInteger(request.text(2)) : 10n;
  if (count === null || count < -1n) return reply.error('ERR count should be greater than or equal to -1');
  const entries = observer.slowLog.newest(Number(count));
  reply.array(entries.length);
  for (const { id, time, duration, words, address, name } of entries) {
    reply.array(6);
    reply.integer(id);
    reply.integer(time);
    reply.integer(duration);
    reply.array(words.length);
    for (const word of words) reply.bulk(word);
    reply.bulk(address);
    reply.bulk(name);
  }
};

// ---- LATENCY

const eventOf = ({ observer }: RouterServer, name: string): LatencyEvent | undefined =>
  observer.latency.events().find((event) => event.name === name);

const latest: LocalHandler = (_request, _client, { observer }, reply) => {
  const events = observer.latency.events();
  reply.array(events.length);
  for (const { name, samples, worst } of events) {
    const { time, ms } = samples.at(-1)!;
    reply.array(4);
    reply.bulk(name);
    for (const number of [time, ms, worst]) reply.integer(number);
  }
};

const history: LocalHandler = (request, _client, server, reply) => {
  const samples = eventOf(server, request.text(2))?.samples ?? [];
  reply.array(samples.length);
  for (const { time, ms } of samples) {
    reply.array(2);
    reply.integer(time);
    reply.integer(ms);
  }
};

/** Rows of a graph. */
const HEIGHT = 4;

/** A bar for each sample, the oldest first, and below it how long ago that was. */
function graphOf({ name, samples, worst }: LatencyEvent, now: number): string {
  const all = samples.map(({ ms }) => ms);
  const [high, low] = [Math.max(...all), Math.min(...all)];
  const lines = [`${name} - high ${high} ms, low ${low} ms (all time high ${worst} ms)`, '-'.repeat(80)];
  const heights = all.map((ms) => (high === low ? 1 : Math.ceil(((ms - low) / (high - low)) * HEIGHT)));
  for (let row = HEIGHT; row > 0; row--) {
    lines.push(heights.map((height) => (height >= row ? '#' : row === 1 ? '_' : ' ')).join(''));
  }
  const ages = samples.map(({ time }) => age(now - time));
  lines.push('');
  const longest = Math.max(...ages.map((text) => text.length));
  for (let i = 0; i < longest; i++) lines.push(ages.map((text) => text[i] ?? ' ').join(''));
  return `${lines.join('\n')}\n`;
}

/** Seconds as people say them: 5s, 3m, 2h, 1d. */
function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

const graph: LocalHandler = (request, _client, server, reply) => {
  const event = eventOf(server, request.text(2));
  if (event === undefined) return reply.error(`ERR No samples available for event '${cut(request.text(2))}'`);
  reply.verbatim(graphOf(event, Math.floor(server.clock.wall() / 1000)));
};

const doctor: LocalHandler = (_request, _client, { observer, settings }, reply) => {
  const { latencyThreshold } = settings.values;
  const events = observer.latency.events();
  if (events.length === 0) {
    return reply.verbatim(
      latencyThreshold === 0
        ? 'Latency monitoring is off at this router: CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n'
        : `No command of this router's clients has taken ${latencyThreshold} ms or more.\n`,
    );
  }
  const lines = events.map(({ name, samples, worst }) => {
    const mean = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length;
    return `${name}: ${samples.length} spikes, ${Math.round(mean)} ms in the mean, ${worst} ms at worst.`;
  });
  lines.push(
    'A time here goes from a command to its reply, and so includes the network to the data nodes, their backups, and',
    'a failover. SLOWLOG GET names the commands; TOWLINE.STATUS and `towline status` show groups that are in trouble.',
  );
  reply.verbatim(`${lines.join('\n')}\n`);
};

/** Names of rows, or of containers, whose histograms are asked for. */
function asked(names: readonly string[]): number[] {
  const all = LEAVES.map((_, i) => i);
  if (names.length === 0) return all;
  const lower = names.map((name) => name.toLowerCase());
  return lower.flatMap((name) =>
    all.filter((i) => LEAVES[i]!.name === name || LEAVES[i]!.name.startsWith(`${name}|`)),
  );
}

const histogram: LocalHandler = (request, _client, { observer }, reply) => {
  const found = asked(request.texts().slice(2)).flatMap((i) => {
    const one = observer.latency.histogram(i);
    return one === null ? [] : [{ name: LEAVES[i]!.name, ...one }];
  });
  reply.map(found.length);
  for (const { name, calls, cumulative } of found) writeHistogram(reply, name, calls, cumulative);
};

function writeHistogram(reply: ReplyWriter, name: string, calls: number, buckets: [number, number][]): void {
  reply.bulk(name);
  reply.map(2);
  reply.bulk('calls');
  reply.integer(calls);
  reply.bulk('histogram_usec');
  reply.map(buckets.length);
  for (const [end, count] of buckets) {
    reply.integer(end);
    reply.integer(count);
  }
}

/** MONITOR, SLOWLOG, LATENCY. */
export const observationHandlers: Readonly<Record<string, LocalHandler>> = {
  monitor,
  'slowlog|get': slowlogGet,
  'slowlog|len': (_request, _client, { observer }, reply) => reply.integer(observer.slowLog.length),
  'slowlog|reset': (_request, _client, { observer }, reply) => {
    observer.slowLog.reset();
    reply.ok();
  },
  'slowlog|help': helpOf(
    'SLOWLOG',
    [
      'GET [<count>]',
      'The newest slow commands of this router (default: 10, -1: all): id, time, microseconds from the',
      'command to its reply, arguments, address and name of the client.',
    ],
    ['LEN', 'How many there are.'],
    ['RESET', 'Forget them.'],
  ),
  'latency|latest': latest,
  'latency|history': history,
  'latency|reset': (request, _client, { observer }, reply) =>
    reply.integer(observer.latency.reset(request.texts().slice(2))),
  'latency|graph': graph,
  'latency|histogram': histogram,
  'latency|doctor': doctor,
  'latency|help': helpOf(
    'LATENCY',
    ['DOCTOR', 'What the spikes of this router look like, in words.'],
    ['GRAPH <event>', 'The spikes of an event (command, fast-command) as bars.'],
    ['HISTORY <event>', 'The worst of each second, up to 160 of them.'],
    ['LATEST', 'The newest and the worst spike of every event.'],
    ['RESET [<event> ...]', 'Forget these events, or all.'],
    ['HISTOGRAM [<command> ...]', 'How many calls took how long, for these commands, or all.'],
  ),
};
