// A person with redis-cli: the commands of the first minute give what Redis gives.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needs } from '../needs.js';
import { startCluster } from './cluster.js';

const run = promisify(execFile);

test('redis-cli against a cluster', needs('redis-cli'), async (t) => {
  const cluster = await startCluster({ groups: 2, members: 2, routers: 1 });
  const cli = async (...args: string[]) => {
    const { stdout, stderr } = await run('redis-cli', ['-p', String(cluster.routerPorts[0]), ...args], {
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.equal(stderr, '');
    return stdout.trimEnd();
  };
  try {
    await t.test('SET, GET, EXPIRE, TTL', async () => {
      assert.equal(await cli('PING'), 'PONG');
      assert.equal(await cli('SET', 'greeting', 'hello world'), 'OK');
      assert.equal(await cli('GET', 'greeting'), 'hello world');
      assert.equal(await cli('GET', 'absent'), '');
      assert.equal(await cli('TTL', 'greeting'), '-1');
      assert.equal(await cli('EXPIRE', 'greeting', '100'), '1');
      assert.match(await cli('TTL', 'greeting'), /^(99|100)$/);
      assert.equal(await cli('TTL', 'absent'), '-2');
    });
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    await t.test('MSET and MGET over both groups', async () => {
      assert.equal(await cli('MSET', ...keys.flatMap((key, i) => [key, String(i)])), 'OK');
      assert.equal(await cli('MGET', ...keys, 'absent'), [...keys.keys(), ''].join('\n').trimEnd());
      const { groups } = await cluster.status();
      for (const { members } of groups) {
        for (const member of members) assert.ok(member.keys! > 0, 'keys are spread');
      }
    });
    await t.test('SCAN finds every key once, DBSIZE counts them', async () => {
      const found = (await cli('--scan', '--pattern', 'k*')).split('\n');
      assert.deepEqual(found.sort(), [...keys].sort());
      assert.equal(await cli('DBSIZE'), String(keys.length + 1));
      assert.equal(await cli('-n', '3', 'DBSIZE'), '0');
    });
    await t.test('INFO has the sections that Redis has', async () => {
      const info = await cli('INFO');
      for (const section of [
        'Server',
        'Clients',
        'Memory',
        'Persistence',
        'Stats',
        'Replication',
        'CPU',
        'Keyspace',
      ]) {
        assert.match(info, new RegExp(`^# ${section}\r?$`, 'm'));
      }
      assert.match(info, /^redis_version:\d+\.\d+\.\d+\r?$/m);
      assert.match(info, /^db0:keys=31,expires=1/m);
    });
    await t.test('COMMAND DOCS and COUNT', async () => {
      assert.match(await cli('COMMAND', 'DOCS', 'get'), /summary[\s\S]*since[\s\S]*group/);
      assert.ok(Number(await cli('COMMAND', 'COUNT')) > 80);
      assert.match(await cli('COMMAND', 'DOCS'), /^mset$/m);
    });
    await t.test("errors are Redis's", async () => {
      // Redis ends the last with a space, which `cli` takes off.
      assert.equal(await cli('INCR', 'greeting'), 'ERR value is not an integer or out of range');
      assert.equal(await cli('GET'), "ERR wrong number of arguments for 'get' command");
      assert.equal(await cli('NOPE', 'x'), "ERR unknown command 'NOPE', with args beginning with: 'x'");
    });
    await t.test('DEL over both groups', async () => {
      assert.equal(await cli('DEL', ...keys, 'absent'), '30');
      assert.equal(await cli('DBSIZE'), '1');
    });
  } finally {
    await cluster.stop();
  }
});
