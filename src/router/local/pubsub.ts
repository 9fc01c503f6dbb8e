// The commands of publish and subscribe: arguments in, confirmations and counts out, as Redis 7.0 forms them. Who is
// subscribed, and how a message gets there, is behind the PubSubDesk. Must never confirm what is not so yet.
import { cut, globMatch } from '../../command/index.js';
import type { ReplyWriter } from '../../resp/index.js';
import type { ClientState } from './client.js';
import { bulks, helpOf } from './handler.js';
import type { ChannelKind, Kind } from './pubsub-desk.js';
import type { LocalHandler } from './server.js';

/** The number that a confirmation ends with: shard channels are counted by themselves. */
const countOf = (client: ClientState, kind: Kind) =>
  kind === 'shard' ? client.ssub : client.sub + client.psub;

function confirm(reply: ReplyWriter, verb: string, name: string | null, count: number): void {
  reply.push(3);
  reply.bulk(verb);
  if (name === null) reply.nil();
  else reply.bulk(name);
  reply.integer(count);
}

const subscribe =
  (verb: string, kind: Kind): LocalHandler =>
  (request, client, { pubsub }, reply) => {
    const names = request.texts().slice(1);
    return new Promise((resolve) => {
      const each = (name: string) => confirm(reply, verb, name, countOf(client, kind));
      const wrong = pubsub.subscribe(client, kind, names, each, () => {
        // A confirmation is no reply: CLIENT REPLY does not keep it back.
        client.muted = false;
        resolve();
      });
      if (wrong === null) return;
      reply.error(wrong);
      resolve();
    });
  };

const unsubscribe =
  (verb: string, kind: Kind): LocalHandler =>
  async (request, client, { pubsub }, reply) => {
    const names = request.argc > 1 ? request.texts().slice(1) : pubsub.of(client, kind);
    for (const name of names) {
      pubsub.unsubscribe(client, kind, name);
      confirm(reply, verb, name, countOf(client, kind));
    }
    if (names.length === 0) confirm(reply, verb, null, countOf(client, kind));
    client.muted = false;
  };

/** Where MULTI queued it; else the session publishes, and lets the client's next command go on meanwhile. */
const publish =
  (kind: ChannelKind): LocalHandler =>
  (request, _client, { pubsub }, reply) =>
    new Promise((resolve) => {
      pubsub.publish(kind, request.bytes(1), request.bytes(2), (receivers) => {
        reply.integer(receivers);
        resolve();
      });
    });

const names =
  (kind: ChannelKind): LocalHandler =>
  (request, _client, { pubsub }, reply) => {
    if (request.argc > 3) {
      return reply.error(
        `ERR unknown subcommand or wrong number of arguments for '${cut(request.text(1), 128)}'. Try PUBSUB HELP.`,
      );
    }
    const pattern = request.argc === 3 ? request.text(2) : '*';
    bulks(
      reply,
      [...pubsub.names(kind)].filter((name) => globMatch(pattern, name)),
    );
  };

const numbers =
  (kind: ChannelKind): LocalHandler =>
  (request, _client, { pubsub }, reply) => {
    const asked = request.texts().slice(2);
    return new Promise((resolve) => {
      pubsub.subscribers(kind, asked, (counts) => {
        reply.array(2 * asked.length);
        asked.forEach((name, i) => {
          reply.bulk(name);
          reply.integer(counts[i]!);
        });
        resolve();
      });
    });
  };

/** SUBSCRIBE and its relatives, PUBLISH, PUBSUB. */
export const pubsubHandlers: Readonly<Record<string, LocalHandler>> = {
  subscribe: subscribe('subscribe', 'channel'),
  psubscribe: subscribe('psubscribe', 'pattern'),
  ssubscribe: subscribe('ssubscribe', 'shard'),
  unsubscribe: unsubscribe('unsubscribe', 'channel'),
  punsubscribe: unsubscribe('punsubscribe', 'pattern'),
  sunsubscribe: unsubscribe('sunsubscribe', 'shard'),
  publish: publish('channel'),
  spublish: publish('shard'),
  'pubsub|channels': names('channel'),
  'pubsub|numpat': (_request, _client, { pubsub }, reply) => reply.integer(pubsub.count('pattern')),
  'pubsub|numsub': numbers('channel'),
  'pubsub|shardchannels': names('shard'),
  'pubsub|shardnumsub': numbers('shard'),
  'pubsub|help': helpOf(
    'PUBSUB',
    ['CHANNELS [<pattern>]', 'List the channels that have a subscriber at any router.'],
    ['NUMPAT', 'Count the patterns that have a subscriber at any router.'],
    ['NUMSUB [<channel> ...]', 'Count the subscribers of each channel at all routers, patterns excepted.'],
    ['SHARDCHANNELS [<pattern>]', 'List the shard channels that have a subscriber at any router.'],
    ['SHARDNUMSUB [<shardchannel> ...]', 'Count the subscribers of each shard channel at all routers.'],
  ),
};

const SUBSCRIBING = ['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'];

/** Those that wait for other routers, or whose confirmations must not overtake the answers before them. */
export const pubsubWaits: readonly string[] = [
  ...SUBSCRIBING,
  'publish',
  'spublish',
  'pubsub|numsub',
  'pubsub|shardnumsub',
];

/** What a row publishes to, by its name; undefined: it does not publish. */
export const publishes: Readonly<Record<string, ChannelKind | undefined>> = {
  publish: 'channel',
  spublish: 'shard',
};

/** What a RESP2 client may say that is subscribed to anything. */
const WHILE_SUBSCRIBED: ReadonlySet<string> = new Set([...SUBSCRIBING, 'ping', 'quit', 'reset']);

/** Why a client may not execute this command now, since it is subscribed; null: it may. @param name of the row */
export function subscribedRefusal(client: ClientState, name: string): string | null {
  if (client.proto !== 2 || client.type !== 'pubsub' || WHILE_SUBSCRIBED.has(name)) return null;
  // As Redis says of every EXEC that it refuses.
  const code = name === 'exec' ? 'EXECABORT Transaction discarded because of:' : 'ERR';
  return `${code} Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
}
