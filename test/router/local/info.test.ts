// INFO: sections, field names, and what the groups add.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { human } from '../../../src/router/local/info-sections.js';
import { FakeServer, textOf, words } from './fake.js';

const titles = (text: string) => [...text.matchAll(/^# (.*)\r$/gm)].map((match) => match[1]);

/** Fields of an INFO text. */
function fields(text: string): Map<string, string> {
  const all = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(all.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

async function info(line = 'info', server = new FakeServer()): Promise<string> {
  return textOf(await words(line, server));
}

const DEFAULT =
  'Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace Towline'.split(
    ' ',
  );

test('sections: default, all, by name in any case and order, unknown ones are left out', async () => {
  assert.deepEqual(titles(await info()), DEFAULT);
  assert.deepEqual(titles(await info('info DEFAULT')), DEFAULT);
  const all = DEFAULT.toSpliced(8, 0, 'Commandstats');
  assert.deepEqual(titles(await info('info all')), all);
  assert.deepEqual(titles(await info('info cpu everything')), all);
  assert.deepEqual(titles(await info('info keyspace CPU server nope')), ['Server', 'CPU', 'Keyspace']);
  assert.deepEqual(titles(await info('info default commandstats')), all);
  assert.equal(await info('info nope'), '');
  assert.match(await info('info cluster modules'), /^# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n$/);
});

test('RESP3 gives INFO as verbatim text', async () => {
  const server = new FakeServer();
  const client = server.connect();
  client.proto = 3;
  assert.equal(textOf(await words('info cluster', server, client), 3), '# Cluster\r\ncluster_enabled:0\r\n');
});

test('server, clients, replication: what clients look at', async () => {
  const server = new FakeServer();
  server.connect(2).blocked = true;
  const seen = fields(await info('info server clients replication cpu', server));
  const expected = {
    redis_version: '7.0.15',
    redis_mode: 'standalone',
    process_id: '4242',
    run_id: 'ab'.repeat(20),
    tcp_port: '6380',
    uptime_in_seconds: '90061',
    uptime_in_days: '1',
    server_time_usec: '1700000000000000',
    connected_clients: '2',
    blocked_clients: '1',
    maxclients: '10000',
    role: 'master',
    connected_slaves: '0',
    used_cpu_user: '1.500000',
    used_cpu_sys: '0.250000',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen.get(name), value, name);
  // None of these needed a data node.
  assert.deepEqual(server.asked, []);
});

test('memory, stats and keyspace are summed over the groups that answer', async () => {
  const server = new FakeServer();
  server.answers.set(
    'g1',
    '# Memory\r\nused_memory:1048576\r\nused_memory_rss:4194304\r\n\r\n# Stats\r\nkeyspace_hits:5\r\n' +
      '\r\n# Keyspace\r\ndb0:keys=10,expires=2,avg_ttl=1000\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n',
  );
  server.answers.set(
    'g2',
    Buffer.from(
      'used_memory:524288\r\nkeyspace_hits:2\r\nexpired_keys:9\r\ndb0:keys=5,expires=6,avg_ttl=5000\r\n',
    ),
  );
  server.answers.set('g3', new Error('timeout'));
  const text = await info('info', server);
  const seen = fields(text);
  assert.equal(seen.get('used_memory'), '1572864');
  assert.equal(seen.get('used_memory_human'), '1.50M');
  assert.equal(seen.get('used_memory_rss'), '4194304');
  assert.equal(seen.get('keyspace_hits'), '7');
  assert.equal(seen.get('expired_keys'), '9');
  assert.match(
    text,
    /# Keyspace\r\ndb0:keys=15,expires=8,avg_ttl=4000\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n\r\n# Towline/,
  );
  assert.equal(seen.get('groups_silent'), 'g3');
  assert.deepEqual(server.asked, [
    { text: '*4\r\n$4\r\nINFO\r\n$6\r\nmemory\r\n$5\r\nstats\r\n$8\r\nkeyspace\r\n', db: 0 },
  ]);
});

test('stats, commandstats and errorstats are the counters', async () => {
  const server = new FakeServer();
  const { statistics } = server;
  Object.assign(statistics, {
    commands: 9,
    connections: 4,
    rejectedConnections: 1,
    bytesIn: 100,
    bytesOut: 200,
  });
  statistics.calls[1] = 3;
  statistics.failed[1] = 2;
  statistics.rejected[2] = 1;
  statistics.error('WRONGTYPE x');
  statistics.error('ERR x');
  const text = await info('info stats commandstats errorstats', server);
  const seen = fields(text);
  assert.equal(seen.get('total_commands_processed'), '9');
  assert.equal(seen.get('total_connections_received'), '4');
  assert.equal(seen.get('rejected_connections'), '1');
  assert.equal(seen.get('total_net_output_bytes'), '200');
  assert.equal(seen.get('total_error_replies'), '2');
  const zero = 'usec=0,usec_per_call=0.00';
  assert.equal(seen.get('cmdstat_client|list'), `calls=3,${zero},rejected_calls=0,failed_calls=2`);
  assert.equal(seen.get('cmdstat_set'), `calls=0,${zero},rejected_calls=1,failed_calls=0`);
  assert.equal(seen.has('cmdstat_get'), false);
  assert.match(text, /# Errorstats\r\nerrorstat_ERR:count=1\r\nerrorstat_WRONGTYPE:count=1\r\n/);
});

test('section towline', async () => {
  const server = new FakeServer();
  server.groupList[1]!.primary = null;
  const seen = fields(await info('info towline', server));
  const expected = {
    ring_version: '7',
    groups: '2',
    group_g1: 'state=serving,epoch=3,term=2,primary=10.9.9.9:7001,in_sync=3',
    group_g2: 'state=serving,epoch=3,term=2,primary=none,in_sync=2',
    routers: '3',
    router_id: 'router-a',
    'router_router-b': '10.0.0.2:6381',
    zookeeper: '127.0.0.1:2181,127.0.0.1:2182',
    zookeeper_state: 'connected',
    pid: '4242',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(seen.get(name), value, name);
});

test('bytes for people', () => {
  assert.deepEqual([0, 1023, 1024, 1536 * 1024, 5 * 2 ** 30, 2 ** 50].map(human), [
    '0B',
    '1023B',
    '1.00K',
    '1.50M',
    '5.00G',
    '1.00P',
  ]);
});
