// Who a client is and which protocol it speaks: HELLO and AUTH. Who may: authentication.ts.
import { cut } from '../../command/index.js';
import type { ReplyWriter } from '../../resp/index.js';
import { authenticate, authRequired } from './authentication.js';
import type { ClientState } from './client.js';
import { isNiceName } from './client-name.js';
import { parseInteger } from './parse.js';
import { type LocalHandler, REDIS_VERSION } from './server.js';
import { BAD_NAME, SYNTAX, WRONG_PASSWORD } from './texts.js';

const NO_PASSWORD =
  'ERR AUTH <password> called without any password configured for the default user. ' +
  'Are you sure your configuration is correct?';
const HELLO_NOAUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH ' +
  '<user> <pass> option can be used to authenticate the client and select the RESP protocol version at ' +
  'the same time';

const auth: LocalHandler = (request, client, server, reply) => {
  if (request.argc > 3) reply.error(SYNTAX);
  else if (request.argc === 2 && server.settings.values.requirepass === '') reply.error(NO_PASSWORD);
  else {
    const user = request.argc === 2 ? 'default' : request.text(1);
    const right = authenticate(client, server.settings, user, request.text(request.argc - 1));
    if (right) reply.ok();
    else reply.error(WRONG_PASSWORD);
  }
};

const hello: LocalHandler = (request, client, server, reply) => {
  let version: bigint | null = null;
  if (request.argc >= 2) {
    version = parseInteger(request.text(1));
    if (version === null) return reply.error('ERR Protocol version is not an integer or out of range');
    if (version !== 2n && version !== 3n) return reply.error('NOPROTO unsupported protocol version');
  }
  let login: [string, string] | null = null;
  let name: string | null = null;
  for (let i = 2; i < request.argc; i++) {
    const more = request.argc - 1 - i;
    if (request.is(i, 'auth') && more >= 2) {
      login = [request.text(i + 1), request.text(i + 2)];
      i += 2;
    } else if (request.is(i, 'setname') && more >= 1) {
      name = request.text(++i);
      if (!isNiceName(name)) return reply.error(BAD_NAME);
    } else return reply.error(`ERR Syntax error in HELLO option '${cut(request.text(i))}'`);
  }
  if (login !== null && !authenticate(client, server.settings, login[0], login[1]))
    return reply.error(WRONG_PASSWORD);
  if (authRequired(client, server)) return reply.error(HELLO_NOAUTH);
  if (name !== null) client.name = name;
  if (version !== null) client.proto = reply.proto = version === 3n ? 3 : 2;
  describe(client, reply);
};

function describe(client: ClientState, reply: ReplyWriter): void {
  reply.map(7);
  reply.bulk('server');
  reply.bulk('redis');
  reply.bulk('version');
  reply.bulk(REDIS_VERSION);
  reply.bulk('proto');
  reply.integer(client.proto);
  reply.bulk('id');
  reply.integer(client.id);
  reply.bulk('mode');
  reply.bulk('standalone');
  reply.bulk('role');
  reply.bulk('master');
  reply.bulk('modules');
  reply.array(0);
}

/** HELLO and AUTH. */
export const helloHandlers: Readonly<Record<string, LocalHandler>> = { hello, auth };
