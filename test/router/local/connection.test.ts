// PING, ECHO, QUIT, RESET, SELECT: replies and what they do to the client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authRequired } from '../../../src/router/local/index.js';
import { bulk, FakeServer, run, words } from './fake.js';

test('PING and ECHO return what they are given, bytes included', async () => {
  const server = new FakeServer();
  const client = server.connect();
  assert.equal(await words('PING', server, client), '+PONG\r\n');
  assert.equal(await run(server, client, 'ping', Buffer.from([0, 13, 10, 255])), bulk('\0\r\n\xff'));
  assert.equal(await run(server, client, 'echo', Buffer.from([255, 0])), bulk('\xff\0'));
  assert.equal(
    await words('ping a b', server, client),
    "-ERR wrong number of arguments for 'ping' command\r\n",
  );
});

test('PING of a subscribed RESP2 client is an array, of a RESP3 client a status', async () => {
  const server = new FakeServer();
  const client = server.connect();
  client.sub = 1;
  assert.equal(await words('ping', server, client), `*2\r\n${bulk('pong')}${bulk('')}`);
  assert.equal(await words('ping hi', server, client), `*2\r\n${bulk('pong')}${bulk('hi')}`);
  client.proto = 3;
  assert.equal(await words('ping', server, client), '+PONG\r\n');
});

test('SELECT takes 0 to 15 and changes nothing otherwise', async () => {
  const server = new FakeServer();
  const client = server.connect();
  assert.equal(await words('select 15', server, client), '+OK\r\n');
  assert.equal(client.db, 15);
  for (const bad of ['16', '-1', 'x', '', '01', '1.0', '99999999999', '18446744073709551616']) {
    assert.match(await run(server, client, 'select', bad), /^-ERR /);
    assert.equal(client.db, 15);
  }
});

test('QUIT answers first and closes then', async () => {
  const server = new FakeServer();
  const client = server.connect();
  assert.equal(await words('quit', server, client), '+OK\r\n');
  assert.equal(client.closeAfterReply, true);
});

test('RESET puts a client back to where it began, and answers even after REPLY OFF', async () => {
  const server = new FakeServer();
  const client = server.connect();
  let dropped = 0;
  client.onReset = () => dropped++;
  await words('hello 3 setname me', server, client);
  await words('select 3', server, client);
  await words('client no-touch on', server, client);
  await words('client reply off', server, client);
  assert.equal(await words('reset', server, client), '+RESET\r\n');
  assert.deepEqual(
    [client.name, client.db, client.proto, client.noTouch, client.replyMode, dropped],
    ['', 0, 2, false, 'on', 1],
  );
  assert.equal(await words('ping', server, client), '+PONG\r\n');
});

test('RESET asks for the password again', async () => {
  const server = new FakeServer({ requirepass: 'p' });
  const client = server.connect();
  await words('auth p', server, client);
  assert.equal(authRequired(client, server), false);
  await words('reset', server, client);
  assert.equal(authRequired(client, server), true);
});

test('CLIENT REPLY: OFF until ON, SKIP for one command', async () => {
  const server = new FakeServer();
  const client = server.connect();
  const say = (line: string) => words(line, server, client);
  assert.deepEqual(
    [await say('client reply skip'), await say('ping'), await say('ping')],
    ['', '', '+PONG\r\n'],
  );
  // A SKIP that is itself skipped mutes the command after it.
  assert.deepEqual(
    [await say('client reply skip'), await say('client reply skip'), await say('ping'), await say('ping')],
    ['', '', '', '+PONG\r\n'],
  );
  assert.deepEqual(
    [await say('client reply off'), await say('ping'), await say('client reply skip'), await say('ping')],
    ['', '', '', ''],
  );
  assert.equal(await say('client reply nonsense'), '');
  assert.deepEqual([await say('client reply on'), await say('ping')], ['+OK\r\n', '+PONG\r\n']);
  assert.deepEqual([await say('client reply skip'), await say('client reply on')], ['', '+OK\r\n']);
  assert.equal(await say('client reply nonsense'), '-ERR syntax error\r\n');
});

test('cluster clients may say READONLY, READWRITE and ASKING', async () => {
  for (const name of ['readonly', 'readwrite', 'asking']) assert.equal(await words(name), '+OK\r\n');
});
