// CLIENT commands by which a connection tells or changes what it is.
import { helpOf } from './handler.js';
import type { LocalHandler } from './server.js';
import { BAD_NAME, SYNTAX } from './texts.js';

/** Whether a latin1 text may be a name: printable ASCII without spaces, so that CLIENT LIST stays readable. */
export function isNiceName(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

const setName: LocalHandler = (request, client, _server, reply) => {
  const name = request.text(2);
  if (!isNiceName(name)) return reply.error(BAD_NAME);
  client.name = name;
  reply.ok();
};

const getName: LocalHandler = (_request, client, _server, reply) => {
  if (client.name === '') reply.nil();
  else reply.bulk(client.name);
};

/** A command of Redis 7.2, with its texts: clients send it when they connect. */
const setInfo: LocalHandler = (request, client, _server, reply) => {
  const attribute = request.text(2);
  const value = request.text(3);
  const name = request.is(2, 'lib-name');
  if (!name && !request.is(2, 'lib-ver')) {
    return reply.error(`ERR Unrecognized option '${attribute}'`);
  }
  if (!isNiceName(value)) {
    return reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  }
  if (name) client.libName = value;
  else client.libVersion = value;
  reply.ok();
};

/** NO-EVICT and NO-TOUCH: remembered and shown; a router evicts no client and keeps no access times. */
const flag = (field: 'noEvict' | 'noTouch'): LocalHandler => {
  return (request, client, _server, reply) => {
    const on = request.is(2, 'on');
    if (!on && !request.is(2, 'off')) return reply.error(SYNTAX);
    client[field] = on;
    reply.ok();
  };
};

/** OFF and SKIP answer nothing themselves; ON answers OK. */
const replyMode: LocalHandler = (request, client, _server, reply) => {
  if (request.is(2, 'on')) {
    client.replyMode = 'on';
    client.muted = false;
    reply.ok();
  } else if (request.is(2, 'off')) {
    client.replyMode = 'off';
    client.muted = true;
  } else if (request.is(2, 'skip')) {
    if (client.replyMode !== 'off') client.replyMode = 'skip';
    client.muted = true;
  } else reply.error(SYNTAX);
};

/** CLIENT subcommands about one's own connection. */
export const clientNameHandlers: Readonly<Record<string, LocalHandler>> = {
  'client|id': (_request, client, _server, reply) => reply.integer(client.id),
  'client|setname': setName,
  'client|getname': getName,
  'client|setinfo': setInfo,
  'client|no-evict': flag('noEvict'),
  'client|no-touch': flag('noTouch'),
  'client|reply': replyMode,
  'client|help': helpOf(
    'CLIENT',
    ['GETNAME', 'Return the name of this connection.'],
    ['CACHING (YES|NO)', 'Whether the keys of the next command are tracked (OPTIN, OPTOUT).'],
    ['GETREDIR', 'Return the id of the client that is told of invalidations instead; -1: tracking is off.'],
    ['ID', 'Return the id of this connection.'],
    ['INFO', 'Describe this connection.'],
    ['KILL <ip:port>', 'Close the connection from that address.'],
    [
      'KILL <option> <value> [<option> <value> [...]]',
      'Close every connection for which all options hold. Options are:',
      '* ID <client-id>',
      '* ADDR <ip:port>, LADDR <ip:port>: its own end, the end at the router',
      '* TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
      '* USER <username>',
      '* SKIPME (YES|NO): leave out this connection (default: yes)',
    ],
    ['LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [...]]', 'Describe connections.'],
    ['NO-EVICT (ON|OFF)', 'Remembered; a router evicts no connection.'],
    ['NO-TOUCH (ON|OFF)', 'Remembered; Towline keeps no access times.'],
    [
      'PAUSE <timeout> [WRITE|ALL]',
      'Hold back the clients of this router, for so many milliseconds at most.',
    ],
    ['REPLY (ON|OFF|SKIP)', 'Whether commands of this connection are answered.'],
    ['SETINFO <LIB-NAME|LIB-VER> <value>', 'Tell the name or version of the client library.'],
    ['SETNAME <name>', 'Name this connection.'],
    [
      'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]',
      'Tell this connection when keys that it has read change. <id> is a client of this router.',
    ],
    ['TRACKINGINFO', 'Describe the tracking of this connection.'],
    ['UNPAUSE', 'Let them go on.'],
  ),
};
