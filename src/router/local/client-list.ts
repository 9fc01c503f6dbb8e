// CLIENT LIST, INFO and KILL: other connections of this router, seen and closed.
// Must never close its own client before the reply has left: that is `closeAfterReply`.
import { cut } from '../../command/index.js';
import type { Request } from '../../resp/index.js';
import type { ClientState, ClientType } from './client.js';
import type { ClientFilter } from './clients.js';
import { parseInteger } from './parse.js';
import type { LocalHandler } from './server.js';
import { NOT_INTEGER, SYNTAX } from './texts.js';

const TYPES: Readonly<Record<string, ClientType>> = {
  normal: 'normal',
  master: 'master',
  slave: 'replica',
  replica: 'replica',
  pubsub: 'pubsub',
};

/** One line of CLIENT LIST without its line end. @param now monotonic ms. */
function describeClient(client: ClientState, now: number): string {
  const seconds = (since: number) => Math.max(0, Math.floor((now - since) / 1000));
  const input = client.pendingInput();
  const output = client.pendingOutput();
  return (
    `id=${client.id} addr=${client.addr} laddr=${client.laddr} fd=${client.fd} name=${client.name} ` +
    `age=${seconds(client.createdAt)} idle=${seconds(client.lastInteraction)} flags=${client.flags} ` +
    `db=${client.db} sub=${client.sub} psub=${client.psub} ssub=${client.ssub} multi=${client.multi} ` +
    `qbuf=${input} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=${output > 0 ? 1 : 0} ` +
    `omem=${output} tot-mem=${input + output} events=r cmd=${client.lastCommand || 'NULL'} ` +
    `user=${client.user} redir=${client.tracking?.options.redirect ?? -1} resp=${client.proto} lib-name=${client.libName} lib-ver=${client.libVersion}`
  );
}

/** Reads the filter of CLIENT LIST; a text is the error to answer. */
function listFilter(request: Request): ClientFilter | string {
  if (request.argc === 2) return {};
  if (request.argc === 4 && request.is(2, 'type')) {
    const type = TYPES[request.text(3).toLowerCase()];
    return type === undefined ? `ERR Unknown client type '${cut(request.text(3))}'` : { type };
  }
  if (request.argc < 4 || !request.is(2, 'id')) return SYNTAX;
  const ids = new Set<number>();
  for (let i = 3; i < request.argc; i++) {
    const id = parseInteger(request.text(i));
    if (id === null) return 'ERR Invalid client ID';
    ids.add(Number(id));
  }
  return { ids };
}

const list: LocalHandler = (request, _client, server, reply) => {
  const filter = listFilter(request);
  if (typeof filter === 'string') return reply.error(filter);
  const now = server.clock.monotonic();
  reply.verbatim(
    server.clients
      .list(filter)
      .map((one) => `${describeClient(one, now)}\n`)
      .join(''),
  );
};

const info: LocalHandler = (_request, client, server, reply) =>
  reply.verbatim(`${describeClient(client, server.clock.monotonic())}\n`);

interface Kill {
  filter: ClientFilter;
  skipMe: boolean;
}

/** Reads the options of CLIENT KILL's new form; a text is the error to answer. */
function killOptions(request: Request): Kill | string {
  const filter: ClientFilter = {};
  let skipMe = true;
  for (let i = 2; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) return SYNTAX;
    const value = request.text(i + 1);
    if (request.is(i, 'id')) {
      const id = parseInteger(value);
      if (id === null || id < 1n) return 'ERR client-id should be greater than 0';
      filter.ids = new Set([Number(id)]);
    } else if (request.is(i, 'type')) {
      const type = TYPES[value.toLowerCase()];
      if (type === undefined) return `ERR Unknown client type '${cut(value)}'`;
      filter.type = type;
    } else if (request.is(i, 'addr')) filter.addr = value;
    else if (request.is(i, 'laddr')) filter.laddr = value;
    else if (request.is(i, 'user')) {
      if (value !== 'default') return `ERR No such user '${cut(value)}'`;
      filter.user = value;
    } else if (request.is(i, 'skipme')) {
      skipMe = request.is(i + 1, 'yes');
      if (!skipMe && !request.is(i + 1, 'no')) return SYNTAX;
    } else return SYNTAX;
  }
  return { filter, skipMe };
}

const kill: LocalHandler = (request, client, server, reply) => {
  const oldForm = request.argc === 3;
  const asked = oldForm ? { filter: { addr: request.text(2) }, skipMe: false } : killOptions(request);
  if (typeof asked === 'string') return reply.error(asked);
  let killed = 0;
  for (const victim of server.clients.list(asked.filter)) {
    if (victim === client) {
      if (asked.skipMe) continue;
      client.closeAfterReply = true;
    } else victim.kill();
    killed++;
  }
  if (!oldForm) reply.integer(killed);
  else if (killed > 0) reply.ok();
  else reply.error('ERR No such client');
};

const unblock: LocalHandler = (request, _client, server, reply) => {
  if (request.argc > 4) return reply.error(SYNTAX);
  const error = request.argc === 4 && request.is(3, 'error');
  if (request.argc === 4 && !error && !request.is(3, 'timeout')) {
    return reply.error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  }
  const id = parseInteger(request.text(2));
  if (id === null) return reply.error(NOT_INTEGER);
  const target = server.clients.byId(Number(id));
  reply.integer(target?.unblock(error ? 'error' : 'timeout') ? 1 : 0);
};

/** CLIENT subcommands about connections other than one's own. */
export const clientListHandlers: Readonly<Record<string, LocalHandler>> = {
  'client|list': list,
  'client|info': info,
  'client|kill': kill,
  'client|unblock': unblock,
};
