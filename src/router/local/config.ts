// CONFIG: settings.ts knows the settings, this file their commands.
import { helpOf } from './handler.js';
import type { LocalHandler } from './server.js';
import { SYNTAX } from './texts.js';

const get: LocalHandler = (request, _client, server, reply) => {
  const found = server.settings.get(request.texts().slice(2));
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.bulk(name);
    reply.bulk(value);
  }
};

const set: LocalHandler = (request, _client, server, reply) => {
  if (request.argc % 2 !== 0) return reply.error(SYNTAX);
  const pairs: [string, string][] = [];
  for (let i = 2; i < request.argc; i += 2) pairs.push([request.text(i), request.text(i + 1)]);
  const wrong = server.settings.set(pairs);
  if (wrong !== null) return reply.error(wrong);
  reply.ok();
  if (!pairs.some(([name]) => name.toLowerCase() === 'notify-keyspace-events')) return;
  // Of the whole cluster: events are told by the router that a command came through.
  return new Promise((resolve) => server.pubsub.shareEvents(server.settings.values.keyEvents, resolve));
};

/** Those that wait for other routers. */
export const configWaits: readonly string[] = ['config|set'];

const resetStat: LocalHandler = (_request, _client, server, reply) => {
  server.statistics.reset();
  server.observer.latency.resetHistograms();
  reply.ok();
};

/** CONFIG subcommands. */
export const configHandlers: Readonly<Record<string, LocalHandler>> = {
  'config|get': get,
  'config|set': set,
  'config|resetstat': resetStat,
  'config|rewrite': (_request, _client, _server, reply) =>
    reply.error('ERR The server is running without a config file'),
  'config|help': helpOf(
    'CONFIG',
    ['GET <pattern> [<pattern> ...]', 'Show the settings that match any of the glob patterns.'],
    [
      'SET <name> <value> [<name> <value> ...]',
      'Change settings of this router: all of them, or none.',
      'notify-keyspace-events is a setting of all routers together.',
    ],
    ['RESETSTAT', "Set the counters of INFO's stats, commandstats and errorstats to zero."],
    ['REWRITE', 'Refused: a router does not write its configuration file.'],
  ),
};
