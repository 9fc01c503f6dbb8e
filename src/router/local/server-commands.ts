// Commands about the server as a whole that are no container: TIME, ROLE, WAIT, DEBUG, SHUTDOWN, LOLWUT, and
// refusals of what a router has nothing to do it with. A refusal must say what is missing.
import { cut } from '../../command/index.js';
import type { ClientState } from './client.js';
import { refuse } from './handler.js';
import { parseInteger, parseSmall } from './parse.js';
import type { LocalHandler } from './server.js';
import type { Allowed } from './settings.js';
import { NOT_INTEGER, SYNTAX } from './texts.js';

const time: LocalHandler = (_request, _client, server, reply) => {
  const micros = Math.floor(server.clock.wall() * 1000);
  reply.array(2);
  reply.bulk(String(Math.floor(micros / 1e6)));
  reply.bulk(String(micros % 1e6));
};

const role: LocalHandler = (_request, _client, _server, reply) => {
  reply.array(3);
  reply.bulk('master');
  reply.integer(0);
  reply.array(0);
};

/** Every acknowledged write is on all in-sync members already (R4), so there is nothing to wait for. */
const wait: LocalHandler = (request, _client, server, reply) => {
  if (parseInteger(request.text(1)) === null) return reply.error(NOT_INTEGER);
  const timeout = parseInteger(request.text(2));
  if (timeout === null) return reply.error('ERR timeout is not an integer or out of range');
  if (timeout < 0n) return reply.error('ERR timeout is negative');
  const backups = server.groups().map((group) => Math.max(0, group.inSync.length - 1));
  reply.integer(backups.length === 0 ? 0 : Math.min(...backups));
};

function permits(allowed: Allowed, { addr }: ClientState): boolean {
  return allowed === 'yes' || (allowed === 'local' && (addr.startsWith('127.') || addr.startsWith('[::1]')));
}

const notAllowed = (command: string, option: string) =>
  `ERR ${command} command not allowed. If the ${option} option is set to "local", you can run it from a local ` +
  'connection, otherwise you need to set this option in the configuration file, and then restart the server.';

/** Longest DEBUG SLEEP, seconds. */
const MAX_SLEEP = 3600;

/** SLEEP delays the replies of this client only; nobody else waits. */
const debug: LocalHandler = (request, client, server, reply) => {
  if (!permits(server.settings.values.debugCommand, client)) {
    return reply.error(notAllowed('DEBUG', 'enable-debug-command'));
  }
  if (request.is(1, 'sleep') && request.argc === 3) {
    const seconds = Number.parseFloat(request.text(2)) || 0;
    const ms = Math.min(Math.max(seconds, 0), MAX_SLEEP) * 1000;
    if (ms === 0) return reply.ok();
    return server.delay(ms).then(() => reply.ok());
  }
  const given = cut(request.text(1), 128);
  reply.error(`ERR unknown subcommand or wrong number of arguments for '${given}'. Try DEBUG HELP.`);
};

/** Ends this router, if the setting lets it; data stays where it is. No reply when it does, as in Redis. */
const shutdown: LocalHandler = (request, client, server, reply) => {
  const words = new Set<string>();
  for (let i = 1; i < request.argc; i++) words.add(request.text(i).toLowerCase());
  for (const word of words) {
    if (!['save', 'nosave', 'now', 'force', 'abort'].includes(word)) return reply.error(SYNTAX);
  }
  const abort = words.has('abort');
  if ((words.has('save') && words.has('nosave')) || (abort && words.size > 1)) return reply.error(SYNTAX);
  if (abort) return reply.error('ERR No shutdown in progress.');
  if (!permits(server.settings.values.shutdownCommand, client)) {
    return reply.error(notAllowed('SHUTDOWN', 'enable-shutdown-command'));
  }
  if (words.has('save')) return reply.error('ERR a router keeps no data to save: use SHUTDOWN NOSAVE');
  client.closeAfterReply = true;
  server.shutdown();
};

const replicaOf: LocalHandler = (request, _client, _server, reply) => {
  if (request.is(1, 'no') && request.is(2, 'one')) return reply.ok();
  const port = parseSmall(request.text(2));
  if (port === null || port < 0 || port > 65535) return reply.error('ERR Invalid master port');
  reply.error('ERR a router cannot be a replica: data nodes of a group copy each other by themselves');
};

const ON_DISK = 'ERR Towline keeps data in memory on several nodes, not on disk';

/** TIME, ROLE, WAIT, DEBUG, SHUTDOWN, persistence and replication commands. */
export const serverHandlers: Readonly<Record<string, LocalHandler>> = {
  time,
  role,
  wait,
  debug,
  shutdown,
  replicaof: replicaOf,
  slaveof: replicaOf,
  save: refuse(ON_DISK),
  bgsave: refuse(ON_DISK),
  bgrewriteaof: refuse(ON_DISK),
  // A Redis that never saved tells when it started.
  lastsave: (_request, _client, server, reply) => reply.integer(Math.floor(server.startedAt / 1000)),
  failover: refuse('ERR FAILOVER requires connected replicas.'),
};

/** Those of them that may return a promise: DEBUG SLEEP. */
export const serverWaits: readonly string[] = ['debug'];
