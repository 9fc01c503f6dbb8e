// Publish and subscribe, as far as a router has it: it refuses to subscribe and to publish, and says that nobody is
// subscribed. Must never answer a publish with 0: the sender would take the message for delivered to nobody.
import { helpOf, refuse } from './handler.js';
import type { LocalHandler } from './server.js';

const none: LocalHandler = (_request, _client, _server, reply) => reply.array(0);

/** Each channel asked about, with no subscriber. */
const numbers: LocalHandler = (request, _client, _server, reply) => {
  reply.array(2 * (request.argc - 2));
  for (let i = 2; i < request.argc; i++) {
    reply.bulk(request.bytes(i));
    reply.integer(0);
  }
};

const REFUSED = ['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'publish'];

/** SUBSCRIBE and its relatives, PUBLISH, PUBSUB. */
export const pubsubHandlers: Readonly<Record<string, LocalHandler>> = {
  ...Object.fromEntries(
    REFUSED.map((name) => [name, refuse(`ERR ${name.toUpperCase()} is not supported by Towline yet`)]),
  ),
  'pubsub|channels': none,
  'pubsub|numpat': (_request, _client, _server, reply) => reply.integer(0),
  'pubsub|numsub': numbers,
  'pubsub|shardchannels': none,
  'pubsub|shardnumsub': numbers,
  'pubsub|help': helpOf(
    'PUBSUB',
    ['CHANNELS [<pattern>]', 'Nothing: nobody is subscribed.'],
    ['NUMPAT', 'Always 0.'],
    ['NUMSUB [<channel> ...]', '0 for each channel.'],
    ['SHARDCHANNELS [<pattern>]', 'Nothing.'],
    ['SHARDNUMSUB [<shardchannel> ...]', '0 for each channel.'],
  ),
};
