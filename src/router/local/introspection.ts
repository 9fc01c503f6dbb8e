// What tools look at and a router has none of: modules, memory reports, users.
// Answers are what a Redis says that has these switched off; nothing here has a state.
import { bulks, helpOf } from './handler.js';
import type { LocalHandler } from './server.js';
import { SYNTAX } from './texts.js';

const none: LocalHandler = (_request, _client, _server, reply) => reply.array(0);
const ok: LocalHandler = (_request, _client, _server, reply) => reply.ok();

const userLine = (password: string) => `user default on ${password === '' ? 'nopass ' : ''}~* &* +@all`;

const aclUser: LocalHandler = (request, _client, server, reply) => {
  if (request.argc !== 3) return reply.error(SYNTAX);
  if (request.text(2) !== 'default') return reply.nil();
  const open = server.settings.values.requirepass === '';
  reply.map(6);
  reply.bulk('flags');
  reply.set(open ? 2 : 1);
  reply.bulk('on');
  if (open) reply.bulk('nopass');
  reply.bulk('passwords');
  reply.array(0);
  for (const [name, value] of [
    ['commands', '+@all'],
    ['keys', '~*'],
    ['channels', '&*'],
  ] as const) {
    reply.bulk(name);
    reply.bulk(value);
  }
  reply.bulk('selectors');
  reply.array(0);
};

/** MODULE, MEMORY and OBJECT (but what asks for a key) and ACL, as far as they are read only. */
export const introspectionHandlers: Readonly<Record<string, LocalHandler>> = {
  'module|list': none,
  'module|help': helpOf('MODULE', ['LIST', 'Nothing: Towline loads no modules.']),
  'memory|doctor': (_request, _client, _server, reply) =>
    reply.verbatim('Towline has no memory problems to report about this router.\n'),
  'memory|purge': ok,
  'memory|malloc-stats': (_request, _client, _server, reply) =>
    reply.verbatim('Stats not supported for the current allocator'),
  'memory|help': helpOf(
    'MEMORY',
    ['DOCTOR', 'Report memory problems.'],
    ['MALLOC-STATS', 'Nothing: the allocator keeps none.'],
    ['PURGE', 'Does nothing: memory is collected by itself.'],
  ),
  'object|help': helpOf(
    'OBJECT',
    ['ENCODING <key>', 'How the value of a key is held.'],
    ['FREQ <key>', 'Refused: Towline counts no accesses.'],
    ['IDLETIME <key>', 'Seconds since the key was used.'],
    ['REFCOUNT <key>', 'Always 1.'],
  ),
  'xgroup|help': helpOf(
    'XGROUP',
    [
      'CREATE <key> <groupname> <id|$> [option]',
      'Create a new consumer group. Options are:',
      '* MKSTREAM',
      '  Create the empty stream if it does not exist.',
      '* ENTRIESREAD entries_read',
      "  Set the group's entries_read counter (internal use).",
    ],
    ['CREATECONSUMER <key> <groupname> <consumer>', 'Create a new consumer in the specified group.'],
    ['DELCONSUMER <key> <groupname> <consumer>', 'Remove the specified consumer.'],
    ['DESTROY <key> <groupname>', 'Remove the specified group.'],
    [
      'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
      'Set the current group ID and entries_read counter.',
    ],
  ),
  'xinfo|help': helpOf(
    'XINFO',
    ['CONSUMERS <key> <groupname>', 'Show consumers of <groupname>.'],
    ['GROUPS <key>', 'Show the stream consumer groups.'],
    ['STREAM <key> [FULL [COUNT <count>]', 'Show information about the stream.'],
  ),
  'acl|whoami': (_request, client, _server, reply) => reply.bulk(client.user),
  'acl|users': (_request, client, _server, reply) => bulks(reply, [client.user]),
  'acl|list': (_request, _client, server, reply) =>
    bulks(reply, [userLine(server.settings.values.requirepass)]),
  'acl|getuser': aclUser,
  'acl|help': helpOf(
    'ACL',
    ['GETUSER <username>', 'What a user may do.'],
    ['LIST', 'The users in the form of an ACL file.'],
    ['USERS', 'Names of the users: only `default`.'],
    ['WHOAMI', 'Name of the user of this connection.'],
  ),
};
