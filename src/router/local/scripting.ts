// SCRIPT and FUNCTION where there is no Lua: nothing is cached and nothing can be loaded, so flushing succeeds and every
// listing is empty. What would run or load a script is no row of the table and is refused there.
import { cut } from '../../command/index.js';
import type { Request } from '../../resp/index.js';
import { helpOf } from './handler.js';
import type { LocalHandler } from './server.js';

/** Whether the only argument behind the subcommand, if any, is ASYNC or SYNC. */
const mode = (request: Request) =>
  request.argc === 2 || (request.argc === 3 && (request.is(2, 'async') || request.is(2, 'sync')));

const scriptFlush: LocalHandler = (request, _client, _server, reply) => {
  if (mode(request)) reply.ok();
  else reply.error('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
};

const functionFlush: LocalHandler = (request, _client, _server, reply) => {
  if (mode(request)) reply.ok();
  else reply.error('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
};

const exists: LocalHandler = (request, _client, _server, reply) => {
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) reply.integer(0);
};

const list: LocalHandler = (request, _client, _server, reply) => {
  for (let i = 2; i < request.argc; i++) {
    if (request.is(i, 'withcode')) continue;
    if (!request.is(i, 'libraryname')) return reply.error(`ERR Unknown argument ${cut(request.text(i))}`);
    if (++i === request.argc) return reply.error('ERR library name argument was not given');
  }
  reply.array(0);
};

const stats: LocalHandler = (_request, _client, _server, reply) => {
  reply.map(2);
  reply.bulk('running_script');
  reply.nil();
  reply.bulk('engines');
  reply.map(0);
};

/** SCRIPT and FUNCTION, as far as they need no Lua. */
export const scriptingHandlers: Readonly<Record<string, LocalHandler>> = {
  'script|flush': scriptFlush,
  'script|exists': exists,
  'script|help': helpOf(
    'SCRIPT',
    ['EXISTS <sha1> [<sha1> ...]', 'Always 0: Towline runs no scripts.'],
    ['FLUSH [ASYNC|SYNC]', 'Nothing to flush.'],
  ),
  'function|flush': functionFlush,
  'function|list': list,
  'function|stats': stats,
  'function|help': helpOf(
    'FUNCTION',
    ['FLUSH [ASYNC|SYNC]', 'Nothing to flush: Towline has no functions.'],
    ['LIST [LIBRARYNAME <pattern>] [WITHCODE]', 'Nothing.'],
    ['STATS', 'That nothing runs.'],
  ),
};
