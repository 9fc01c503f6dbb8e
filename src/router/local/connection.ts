// Commands about the connection itself, other than who it is (hello.ts) and CLIENT (client-*.ts).
import { resetAuthentication } from './authentication.js';
import { alwaysOk } from './handler.js';
import { parseInteger } from './parse.js';
import type { LocalHandler } from './server.js';
import { NOT_INTEGER } from './texts.js';

const ping: LocalHandler = (request, client, _server, reply) => {
  if (request.argc > 2) reply.error("ERR wrong number of arguments for 'ping' command");
  else if (client.type === 'pubsub' && client.proto === 2) {
    reply.array(2);
    reply.bulk('pong');
    reply.bulk(request.argc === 2 ? request.bytes(1) : '');
  } else if (request.argc === 2) reply.bulk(request.bytes(1));
  else reply.simple('PONG');
};

const echo: LocalHandler = (request, _client, _server, reply) => reply.bulk(request.bytes(1));

const quit: LocalHandler = (_request, client, _server, reply) => {
  client.closeAfterReply = true;
  client.freeLocks();
  reply.ok();
};

const reset: LocalHandler = (_request, client, server, reply) => {
  client.reset();
  resetAuthentication(client, server.settings);
  client.onReset();
  client.freeLocks();
  client.unsubscribe();
  client.unmonitor();
  client.untrack();
  reply.proto = 2;
  reply.simple('RESET');
};

const DATABASES = 16n;
const INT_MAX = 2147483647n;

const select: LocalHandler = (request, client, _server, reply) => {
  const db = parseInteger(request.text(1));
  if (db === null) reply.error(NOT_INTEGER);
  else if (db > INT_MAX || db < -INT_MAX - 1n) {
    reply.error('ERR value is out of range, value must between -2147483648 and 2147483647');
  } else if (db < 0n || db >= DATABASES) reply.error('ERR DB index is out of range');
  else {
    client.db = Number(db);
    reply.ok();
  }
};

/** PING, ECHO, QUIT, RESET, SELECT and what cluster clients send first. */
export const connectionHandlers: Readonly<Record<string, LocalHandler>> = {
  ping,
  echo,
  quit,
  reset,
  // Queued by MULTI; EXEC has forgotten them already.
  unwatch: alwaysOk,
  select,
  // A router answers reads and writes for every slot: the modes of a replica change nothing.
  readonly: alwaysOk,
  readwrite: alwaysOk,
  asking: alwaysOk,
};
