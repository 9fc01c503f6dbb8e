// CLIENT commands: ids, names, lists, filters and kills, against a fake server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText, TOO_MANY_CLIENTS } from '../../../src/router/local/index.js';
import { bulk, FakeServer, run, textOf, words } from './fake.js';

test('addresses are written as Redis writes them', () => {
  assert.equal(addressText('127.0.0.1', 5), '127.0.0.1:5');
  assert.equal(addressText('::ffff:10.0.0.1', 5), '10.0.0.1:5');
  assert.equal(addressText('::1', 5), '[::1]:5');
});

test('maxclients bounds the registry, at the value it has now', () => {
  const server = new FakeServer({ maxclients: '2' });
  const first = server.connect(1);
  server.connect(2);
  assert.equal(server.clients.open('a:1', 'b:2', 3, 0), null);
  assert.equal(TOO_MANY_CLIENTS, 'ERR max number of clients reached');
  server.clients.remove(first);
  assert.equal(server.connect(3).id, 3);
  assert.equal(server.settings.set([['maxclients', '3']]), null);
  assert.equal(server.connect(4).id, 4);
});

test('CLIENT LIST and INFO: one line a client with the fields of Redis', async () => {
  const server = new FakeServer();
  const client = server.connect(1);
  const other = server.connect(2);
  other.pendingOutput = () => 77;
  other.pendingInput = () => 5;
  other.multi = 2;
  other.blocked = true;
  await words('client setname me', server, client);
  await words('client setinfo lib-name thing', server, client);
  await words('client setinfo LIB-VER 1.2', server, client);
  await words('select 4', server, client);
  server.monotonicNow += 3_999;
  const mine =
    'id=1 addr=127.0.0.1:1 laddr=127.0.0.1:6380 fd=9 name=me age=3 idle=3 flags=N db=4 sub=0 psub=0 ssub=0 ' +
    'multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r ' +
    'cmd=client|info user=default redir=-1 resp=2 lib-name=thing lib-ver=1.2\n';
  assert.equal(textOf(await words('client info', server, client)), mine);
  const lines = textOf(await words('client list', server, client)).split('\n');
  assert.equal(`${lines[0]}\n`, mine.replace('client|info', 'client|list'));
  assert.match(
    lines[1]!,
    /^id=2 .* flags=xb .* multi=2 qbuf=5 .* oll=1 omem=77 tot-mem=82 events=r cmd=NULL /,
  );
  assert.deepEqual(lines.slice(2), ['']);
  client.proto = 3;
  assert.equal(textOf(await words('client info', server, client), 3), mine.replace('resp=2', 'resp=3'));
});

test('CLIENT LIST filters by type and ids', async () => {
  const server = new FakeServer();
  const client = server.connect(1);
  server.connect(2).psub = 1;
  const ids = async (filter: string) =>
    [...textOf(await words(`client list ${filter}`, server, client)).matchAll(/^id=(\d+)/gm)].map((m) =>
      Number(m[1]),
    );
  assert.deepEqual(await ids('type normal'), [1]);
  assert.deepEqual(await ids('TYPE PUBSUB'), [2]);
  assert.deepEqual(await ids('type replica'), []);
  assert.deepEqual(await ids('id 2 99 -1'), [2]);
  for (const [bad, error] of [
    ['type foo', "ERR Unknown client type 'foo'"],
    ['type', 'ERR syntax error'],
    ['type normal id 3', 'ERR syntax error'],
    ['id', 'ERR syntax error'],
    ['id x', 'ERR Invalid client ID'],
    ['foo', 'ERR syntax error'],
  ] as const) {
    assert.equal(await words(`client list ${bad}`, server, client), `-${error}\r\n`);
  }
});

test('CLIENT KILL, old and new form', async () => {
  const server = new FakeServer();
  const killed: number[] = [];
  const connect = (port: number) => {
    const client = server.connect(port);
    client.kill = () => {
      killed.push(client.id);
      server.clients.remove(client);
    };
    return client;
  };
  const me = connect(1);
  for (const port of [2, 3, 4, 5]) connect(port);
  const say = (line: string) => words(`client kill ${line}`, server, me);
  assert.equal(await say('127.0.0.1:9'), '-ERR No such client\r\n');
  assert.equal(await say('127.0.0.1:2'), '+OK\r\n');
  assert.equal(await say('id 3'), ':1\r\n');
  assert.equal(await say('id 3'), ':0\r\n');
  assert.equal(await say('addr 127.0.0.1:4 type pubsub'), ':0\r\n');
  assert.equal(await say('addr 127.0.0.1:4 user default laddr 127.0.0.1:6380'), ':1\r\n');
  assert.deepEqual(killed, [2, 3, 4]);
  assert.equal(await say('type normal'), ':1\r\n');
  assert.deepEqual([killed, me.closeAfterReply], [[2, 3, 4, 5], false]);
  assert.equal(await say('type normal skipme no'), ':1\r\n');
  // Its own connection ends after the reply, not through the hook.
  assert.deepEqual([killed, me.closeAfterReply], [[2, 3, 4, 5], true]);
});

test('CLIENT SETNAME, GETNAME, SETINFO and flags', async () => {
  const server = new FakeServer();
  const client = server.connect();
  const say = (...args: string[]) => run(server, client, 'client', ...args);
  assert.equal(await say('id'), ':1\r\n');
  assert.equal(await say('getname'), '$-1\r\n');
  assert.equal(
    await say('setname', 'x\ny'),
    '-ERR Client names cannot contain spaces, newlines or special characters.\r\n',
  );
  assert.equal(await say('setname', 'x'), '+OK\r\n');
  assert.equal(await say('getname'), bulk('x'));
  assert.equal(await say('setname', ''), '+OK\r\n');
  client.proto = 3;
  assert.equal(await say('getname'), '_\r\n');
  client.proto = 2;
  assert.equal(await say('setinfo', 'lib-foo', 'x'), "-ERR Unrecognized option 'lib-foo'\r\n");
  assert.equal(
    await say('setinfo', 'lib-name', 'a b'),
    '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
  );
  assert.equal(await say('no-evict', 'on'), '+OK\r\n');
  assert.equal(await say('no-touch', 'ON'), '+OK\r\n');
  assert.equal(client.flags, 'eT');
  assert.equal(await say('no-evict', 'maybe'), '-ERR syntax error\r\n');
  assert.equal(await say('getredir'), ':-1\r\n');
  assert.equal(
    await say('trackinginfo'),
    `*6\r\n${bulk('flags')}*1\r\n${bulk('off')}${bulk('redirect')}:-1\r\n${bulk('prefixes')}*0\r\n`,
  );
  assert.match(await say('help'), /^\*\d+\r\n\+CLIENT <subcommand>/);
});
