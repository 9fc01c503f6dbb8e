// HELLO and AUTH: every option, and who is let in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authRequired } from '../../../src/router/local/index.js';
import { bulk, FakeServer, run, words } from './fake.js';

const WRONG = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';

test('HELLO describes the server in the version it switches to', async () => {
  const server = new FakeServer();
  const client = server.connect();
  const body = (proto: number) =>
    `${bulk('server')}${bulk('redis')}${bulk('version')}${bulk('7.0.15')}${bulk('proto')}:${proto}\r\n` +
    `${bulk('id')}:1\r\n${bulk('mode')}${bulk('standalone')}${bulk('role')}${bulk('master')}${bulk('modules')}*0\r\n`;
  assert.equal(await words('hello', server, client), `*14\r\n${body(2)}`);
  assert.equal(await words('HELLO 3', server, client), `%7\r\n${body(3)}`);
  assert.equal(await words('hello', server, client), `%7\r\n${body(3)}`);
  assert.equal(await words('hello 2', server, client), `*14\r\n${body(2)}`);
  assert.equal(client.proto, 2);
});

test('HELLO that fails changes nothing', async () => {
  const server = new FakeServer({ requirepass: 'secret' });
  const client = server.connect();
  const say = (...args: string[]) => run(server, client, 'hello', ...args);
  assert.match(await say('4'), /^-NOPROTO unsupported protocol version\r\n$/);
  assert.match(await say('x'), /^-ERR Protocol version is not an integer or out of range\r\n$/);
  assert.match(await say('3', 'setname', 'n'), /^-NOAUTH HELLO must be called with the client already auth/);
  assert.equal(await say('3', 'auth', 'default', 'nope', 'setname', 'n'), WRONG);
  assert.equal(await say('3', 'auth', 'other', 'secret'), WRONG);
  assert.match(await say('3', 'auth', 'default'), /^-ERR Syntax error in HELLO option 'auth'\r\n$/);
  assert.match(await say('3', 'setname', 'a b'), /^-ERR Client names cannot contain spaces/);
  assert.match(await say('3', 'setname', 'ok', 'zz'), /^-ERR Syntax error in HELLO option 'zz'\r\n$/);
  assert.deepEqual([client.proto, client.name, authRequired(client, server)], [2, '', true]);
  assert.match(await say('3', 'AUTH', 'default', 'secret', 'SetName', 'n'), /^%7\r\n/);
  assert.deepEqual([client.proto, client.name, authRequired(client, server)], [3, 'n', false]);
  // A name can be taken back.
  await say('3', 'setname', '');
  assert.equal(client.name, '');
});

test('AUTH with a password configured', async () => {
  const server = new FakeServer({ requirepass: 'pä' });
  const client = server.connect();
  const say = (...args: (string | Buffer)[]) => run(server, client, 'auth', ...args);
  assert.equal(authRequired(client, server), true);
  assert.equal(await say('nope'), WRONG);
  assert.equal(await say('other', 'pä'), WRONG);
  assert.equal(await say('a', 'b', 'c'), '-ERR syntax error\r\n');
  assert.equal(authRequired(client, server), true);
  assert.equal(await say('pä'), '+OK\r\n');
  assert.equal(authRequired(client, server), false);
  // A wrong password later does not take back what was given.
  assert.equal(await say('default', 'nope'), WRONG);
  assert.equal(authRequired(client, server), false);
});

test('AUTH without a password configured', async () => {
  assert.match(await words('auth x'), /^-ERR AUTH <password> called without any password configured/);
  assert.equal(await words('auth default x'), '+OK\r\n');
  assert.equal(await words('auth other x'), WRONG);
});

test('a password set later binds new clients only; taken back, nobody', async () => {
  const server = new FakeServer();
  const old = server.connect();
  assert.equal(await words('config set requirepass p', server, old), '+OK\r\n');
  const fresh = server.connect();
  assert.deepEqual([authRequired(old, server), authRequired(fresh, server)], [false, true]);
  assert.equal(await run(server, old, 'config', 'set', 'requirepass', ''), '+OK\r\n');
  assert.equal(authRequired(fresh, server), false);
});
