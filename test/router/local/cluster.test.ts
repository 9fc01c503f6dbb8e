// CLUSTER: one shard whose nodes are the routers; a data node is never named.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bulk, FakeServer, textOf, words } from './fake.js';

const id = (name: string) => createHash('sha1').update(name).digest('hex');
const [A, B, C] = [id('router-a'), id('router-b'), id('router-c')];

test('CLUSTER SLOTS: this router by the address the client used, the others as replicas, no data node', async () => {
  const node = (host: string, port: number, name: string) =>
    `*4\r\n${bulk(host)}:${port}\r\n${bulk(name)}*0\r\n`;
  const others = node('10.0.0.2', 6381, B) + node('10.0.0.3', 6382, C);
  assert.equal(
    await words('cluster slots'),
    `*1\r\n*5\r\n:0\r\n:16383\r\n${node('127.0.0.1', 6380, A)}${others}`,
  );
  const server = new FakeServer();
  server.announceHost = 'redis.example';
  const reply = await words('cluster slots', server);
  assert.equal(reply, `*1\r\n*5\r\n:0\r\n:16383\r\n${node('redis.example', 6380, A)}${others}`);
  for (const kind of ['slots', 'shards', 'nodes', 'replicas']) {
    const text = await words(`cluster ${kind} ${kind === 'replicas' ? A : ''}`.trim());
    assert.ok(text.includes('10.0.0.2'), kind);
    assert.ok(!text.includes('10.9.9.9') && !text.includes('7001'), kind);
  }
});

test('an IPv6 client is told an address without brackets', async () => {
  const server = new FakeServer();
  server.routerList = [];
  const client = server.clients.open('[::1]:5', '[::1]:6380', 3, 0)!;
  assert.ok((await words('cluster slots', server, client)).includes(`${bulk('::1')}:6380`));
});

test('CLUSTER NODES, MYID, REPLICAS, LINKS', async () => {
  const lines = [
    `${A} 127.0.0.1:6380@0 myself,master - 0 0 1 connected 0-16383`,
    `${B} 10.0.0.2:6381@0 slave ${A} 0 0 1 connected`,
    `${C} 10.0.0.3:6382@0 slave ${A} 0 0 1 connected`,
  ];
  assert.equal(textOf(await words('cluster nodes')), lines.map((line) => `${line}\n`).join(''));
  assert.equal(await words('cluster myid'), bulk(A));
  assert.equal(await words(`cluster replicas ${A}`), `*2\r\n${bulk(lines[1]!)}${bulk(lines[2]!)}`);
  assert.equal(await words('cluster replicas abc'), '-ERR Unknown node abc\r\n');
  assert.equal(await words('cluster replicas abc\0d'), '-ERR Unknown node abc\r\n');
  assert.equal(await words(`cluster replicas ${B}`), '-ERR The specified node is not a master\r\n');
  assert.equal(await words('cluster links'), '*0\r\n');
});

test('CLUSTER INFO is ok while any group has a primary', async () => {
  const server = new FakeServer();
  assert.match(await words('cluster info', server), /cluster_state:ok\r\n[\s\S]*cluster_known_nodes:3\r\n/);
  for (const group of server.groupList) group.primary = null;
  assert.match(await words('cluster info', server), /cluster_state:fail\r\n/);
});

test('CLUSTER SHARDS in RESP3', async () => {
  const server = new FakeServer();
  server.routerList = [];
  const client = server.connect();
  client.proto = 3;
  assert.equal(
    await words('cluster shards', server, client),
    `*1\r\n%2\r\n${bulk('slots')}*2\r\n:0\r\n:16383\r\n${bulk('nodes')}*1\r\n%7\r\n${bulk('id')}${bulk(A)}` +
      `${bulk('port')}:6380\r\n${bulk('ip')}${bulk('127.0.0.1')}${bulk('endpoint')}${bulk('127.0.0.1')}` +
      `${bulk('role')}${bulk('master')}${bulk('replication-offset')}:0\r\n${bulk('health')}${bulk('online')}`,
  );
});

test('CLUSTER KEYSLOT knows hash tags', async () => {
  assert.equal(await words('cluster keyslot foo'), ':12182\r\n');
  assert.equal(await words('cluster keyslot {foo}bar'), ':12182\r\n');
});

test('COUNTKEYSINSLOT and GETKEYSINSLOT ask every group', async () => {
  const server = new FakeServer();
  const client = server.connect();
  client.db = 2;
  server.answers.set('g1', 3);
  server.answers.set('g2', 4);
  assert.equal(await words('cluster countkeysinslot 5', server, client), ':7\r\n');
  assert.deepEqual(server.asked, [
    { text: '*3\r\n$7\r\nCLUSTER\r\n$15\r\nCOUNTKEYSINSLOT\r\n$1\r\n5\r\n', db: 2 },
  ]);
  server.answers.set('g1', ['a', Buffer.from([255])]);
  server.answers.set('g2', ['c']);
  assert.equal(
    await words('cluster getkeysinslot 5 9', server, client),
    `*3\r\n${bulk('a')}${bulk('\xff')}${bulk('c')}`,
  );
  assert.equal(await words('cluster getkeysinslot 5 1', server, client), `*1\r\n${bulk('a')}`);
  server.answers.set('g2', new Error('GROUPLOST gone'));
  assert.equal(await words('cluster countkeysinslot 5', server, client), '-GROUPLOST gone\r\n');
  server.answers.set('g2', new Error('no answer in time'));
  assert.equal(
    await words('cluster countkeysinslot 5', server, client),
    '-ERR group g2: no answer in time\r\n',
  );
  for (const [line, error] of [
    ['countkeysinslot a', 'ERR value is not an integer or out of range'],
    ['countkeysinslot 16384', 'ERR Invalid slot'],
    ['getkeysinslot 1 -1', 'ERR Invalid slot or number of keys'],
    ['getkeysinslot 1 a', 'ERR value is not an integer or out of range'],
  ] as const) {
    assert.equal(await words(`cluster ${line}`, server, client), `-${error}\r\n`);
  }
});

test('the layout is not changed by clients', async () => {
  for (const sub of ['meet a 1', 'addslots 1', 'failover', 'reset', 'setslot 1 stable', 'forget a']) {
    assert.match(await words(`cluster ${sub}`), /^-ERR Towline has no cluster bus/);
  }
});
