// Server commands that a router answers or refuses by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulk, FakeServer, group, run, textOf, words } from './fake.js';

test('TIME is the wall clock in seconds and microseconds', async () => {
  const server = new FakeServer();
  server.wallNow = 1_700_000_000_012.345;
  assert.equal(await words('time', server), `*2\r\n${bulk('1700000000')}${bulk('12345')}`);
});

test('ROLE and LASTSAVE', async () => {
  assert.equal(await words('role'), `*3\r\n${bulk('master')}:0\r\n*0\r\n`);
  assert.equal(await words('lastsave'), ':1699909939\r\n');
});

test('WAIT tells on how many backups every write is, and never waits', async () => {
  const server = new FakeServer();
  assert.equal(await words('wait 5 0', server), ':1\r\n');
  server.groupList = [group('g1', 3), group('g2', 0)];
  assert.equal(await words('wait 1 100', server), ':0\r\n');
  server.groupList = [];
  assert.equal(await words('wait 1 100', server), ':0\r\n');
  assert.equal(await words('wait a 0', server), '-ERR value is not an integer or out of range\r\n');
  assert.equal(await words('wait 0 b', server), '-ERR timeout is not an integer or out of range\r\n');
  assert.equal(await words('wait 0 -1', server), '-ERR timeout is negative\r\n');
});

test('DEBUG SLEEP holds back its own reply only', async () => {
  const server = new FakeServer();
  const client = server.connect();
  let answered = false;
  const sleeping = words('debug sleep 0.25', server, client).then((reply) => {
    answered = true;
    return reply;
  });
  assert.equal(await words('ping', server), '+PONG\r\n');
  assert.deepEqual([server.delays, answered], [[250], false]);
  server.wake[0]!();
  assert.equal(await sleeping, '+OK\r\n');
  assert.equal(await words('debug sleep -1', server, client), '+OK\r\n');
  assert.equal(await words('debug sleep abc', server, client), '+OK\r\n');
  words('debug sleep 1e300', server, client);
  assert.deepEqual(server.delays, [250, 3_600_000]);
  assert.match(
    await words('debug jmap', server, client),
    /^-ERR unknown subcommand or wrong number of arguments for 'jmap'/,
  );
});

test('DEBUG is for those whom enable-debug-command names', async () => {
  const refused = /^-ERR DEBUG command not allowed\. If the enable-debug-command option is set to "local"/;
  const far = (server: FakeServer) => server.clients.open('10.0.0.9:5', '10.0.0.1:6380', 3, 0)!;
  const near = new FakeServer();
  assert.equal(await words('debug sleep 0', near, near.clients.open('[::1]:5', '[::1]:1', 3, 0)!), '+OK\r\n');
  assert.match(await words('debug sleep 0', near, far(near)), refused);
  const all = new FakeServer({ 'enable-debug-command': 'yes' });
  assert.equal(await words('debug sleep 0', all, far(all)), '+OK\r\n');
  assert.match(await words('debug sleep 0', new FakeServer({ 'enable-debug-command': 'no' })), refused);
});

test('SHUTDOWN only where the setting allows it', async () => {
  const server = new FakeServer();
  assert.match(await words('shutdown nosave', server), /^-ERR SHUTDOWN command not allowed/);
  assert.equal(server.shutdowns, 0);
  const open = new FakeServer({ 'enable-shutdown-command': 'local' });
  const client = open.connect();
  for (const bad of ['foo', 'save nosave', 'abort now']) {
    assert.equal(await words(`shutdown ${bad}`, open, client), '-ERR syntax error\r\n');
  }
  assert.equal(await words('shutdown abort', open, client), '-ERR No shutdown in progress.\r\n');
  assert.match(await words('shutdown save', open, client), /^-ERR a router keeps no data/);
  assert.deepEqual([open.shutdowns, client.closeAfterReply], [0, false]);
  assert.equal(await words('shutdown NOSAVE now force', open, client), '');
  assert.deepEqual([open.shutdowns, client.closeAfterReply], [1, true]);
});

test('what a router cannot do says so', async () => {
  for (const line of ['save', 'bgsave', 'bgrewriteaof', 'replicaof h 1']) {
    assert.match(await words(line), /^-ERR .*(Towline|router)/, line);
  }
  assert.equal(await words('replicaof no one'), '+OK\r\n');
  assert.equal(await words('replicaof h x'), '-ERR Invalid master port\r\n');
});

test('switched-off introspection answers empty', async () => {
  for (const line of ['slowlog get', 'slowlog get 5', 'latency latest', 'latency history x', 'module list']) {
    assert.equal(await words(line), '*0\r\n', line);
  }
  assert.equal(await words('slowlog len'), ':0\r\n');
  assert.equal(await words('slowlog get -2'), '-ERR count should be greater than or equal to -1\r\n');
  assert.equal(await words('acl whoami'), bulk('default'));
  assert.equal(await words('acl list'), `*1\r\n${bulk('user default on nopass ~* &* +@all')}`);
});

test('LOLWUT draws a barge for each group, and checks its argument', async () => {
  const art = textOf(await words('lolwut'));
  assert.equal(art.match(/\[_____\]/g)?.length, 2);
  assert.match(art, /Redis ver\. 7\.0\.15\n$/);
  assert.match(await run(new FakeServer(), new FakeServer().connect(), 'lolwut', 'version', '5'), /^\$/);
});
