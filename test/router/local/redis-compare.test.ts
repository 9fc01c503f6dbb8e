// The same command lines against redis-server and against our handlers: replies must be the same bytes.
// Lines are chosen so that the answer does not depend on what a Redis is; those that may differ are not here.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeCommand, replyEnd } from '../../../src/resp/index.js';
import { needs } from '../../needs.js';
import { FakeServer, run } from './fake.js';

const LINES = `
ping a b|ping x|echo hello|select a|select 16|select -1|select 99999999999|select 3|select 99999999999999999999
hello 4|hello abc|hello 3 foo|hello 3 setname|hello 3 auth x|hello 3 auth x y|hello 2 setname a\x01b|hello 1|hello -3
auth a|auth a b c|auth foo bar|auth default x
client getname|client setname a\x07|client setname ok|client getname|client getredir|client trackinginfo
client list type foo|client list id|client list id abc|client list foo|client list type|client list type normal id 3
client list type replica|client list type master|client list id 99999|client list id 99999999999999999999999
client kill foo|client kill 1.2.3.4:5|client kill id abc|client kill id 0|client kill id -1|client kill id 99999
client kill type foo|client kill type normal id 88888|client kill user nope|client kill skipme maybe
client kill addr 1.2.3.4:4 laddr|client kill addr 1.2.3.4:4 laddr 1.2.3.4:5|client kill foo bar|client kill id 1 maxage 1
client no-evict foo|client no-evict on|client no-evict off|client reply foo|client reply on|client tracking off|client tracking x
client caching yes|client caching x|client unblock 12|client unblock abc|client unblock 12 foo|client unblock 12 timeout
config get save|config get appendonly|config get nothing|config get maxmemory|config get databases|config get timeout
config get maxmemory-polic?|config get client-output-buffer-limit|config get proto-max-bulk-len|config get maxclients
config get hz|config get tcp-keepalive|config get notify-keyspace-events|config get client-query-buffer-limit
config set a b|config set maxclients 100 timeout|config set maxclients 100 foo bar|config set maxclients abc
config set maxclients 0|config set maxclients 99999999999|config set timeout -1|config set timeout 1k|config set timeout 01
config set timeout 5 timeout 6|config set databases 3|config set dir /|config set dbfilename foo|config set supervised no
config set tcp-keepalive -1|config set proto-max-bulk-len 1zb|config set enable-debug-command yes|config set DATABASES 3
config set client-output-buffer-limit normal|config set client-output-buffer-limit foo|config set maxclients 1.5
config set timeout 7|config get timeout|config set timeout 0|config set maxmemory 0|config set appendonly no|config rewrite
config set proto-max-bulk-len 2mb|config get proto-max-bulk-len|config set client-query-buffer-limit x
wait a b|wait 0 -1|wait 0 b|shutdown foo|shutdown nosave save|shutdown abort|shutdown abort now
replicaof no one|replicaof a b|replicaof a 70000|slaveof no one|lolwut version x|role
slowlog len|slowlog get|slowlog get x|slowlog get -2|slowlog get 1 2|slowlog reset
latency latest|latency reset|latency history x|latency graph x|module list|acl whoami|acl users|acl list|acl getuser nope
pubsub channels|pubsub channels x*|pubsub numpat|pubsub numsub|pubsub numsub a b|pubsub shardchannels|pubsub shardnumsub a
memory purge|info nope|failover|reset|quit
`;

/** As words, with the values of two settings that contain spaces. */
const commands = LINES.trim()
  .split(/[\n|]/)
  .map((line) => line.split(' '));
commands.splice(
  commands.findIndex(([name, sub]) => name === 'config' && sub === 'rewrite'),
  0,
  ...['normal 1 2', 'foo 1 2 3', 'normal -1 2 3', 'normal 1zb 2 3', 'normal 1mb 2kb 3 replica 4 5 6', ''].map(
    (value) => ['config', 'set', 'client-output-buffer-limit', value],
  ),
  ['config', 'get', 'client-output-buffer-limit'],
  ['config', 'set', 'requirepass', ''],
  ['client', 'setname', 'a b'],
  ['echo', ''],
  // To Redis a text ends at a zero byte.
  ['latency', 'graph', 'x\0y'],
  ['acl', 'getuser', 'no\0pe'],
  ['config', 'set', 'a\0b', 'c'],
  ['config', 'set', 'maxclients', '1\x000'],
  ['client', 'kill', 'fo\0o', '1'],
  ['client', 'no-evict', 'o\0n'],
  ['select', '1\0'],
  ['hello', '3', 'fo\0o'],
  ['slowlog', 'get', '1\0'],
);

/** Redis's own, which the first pass changes. */
const LIMITS = 'normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRedis(dir: string): Promise<{ redis: ChildProcess; port: number }> {
  const port = await freePort();
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', dir];
  const redis = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    redis.once('exit', () => reject(new Error(`redis-server ended: ${log}`)));
    redis.stdout!.on('data', (chunk) => {
      log += chunk;
      if (log.includes('Ready to accept connections')) resolve();
    });
  });
  return { redis, port };
}

/** Sends one command and waits for its whole reply. */
function ask(socket: Socket, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const take = (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (replyEnd(got, 0, got.length) < 0) return;
      socket.off('data', take);
      socket.off('close', closed);
      resolve(got.toString('latin1'));
    };
    const closed = () => reject(new Error(`closed at ${args.join(' ')}`));
    socket.on('data', take);
    socket.once('close', closed);
    socket.write(encodeCommand(args));
  });
}

/** Runs every command on both and gives those whose replies differ. */
async function compare(socket: Socket, proto: '2' | '3'): Promise<string[]> {
  const server = new FakeServer({ 'enable-shutdown-command': 'yes' });
  const client = server.connect();
  await ask(socket, ['hello', proto]);
  await run(server, client, 'hello', proto);
  const different: string[] = [];
  for (const args of commands) {
    const theirs = await ask(socket, args);
    const ours = await run(server, client, ...args);
    if (ours === theirs) continue;
    different.push(`${args.join(' ')}\n  redis ${JSON.stringify(theirs)}\n  ours  ${JSON.stringify(ours)}`);
  }
  return different;
}

/** Fields of Redis's INFO that would say something about its allocator. */
const ALLOCATOR = /^(allocator|rss_overhead)_/;

/** Every field that INFO and CLIENT LIST have there is here, in the same order. */
async function compareFields(socket: Socket): Promise<void> {
  const server = new FakeServer();
  const client = server.connect();
  const names = (text: string, field: RegExp) => [...text.matchAll(field)].map((match) => match[1]!);
  const sections = 'server clients memory persistence stats replication cpu modules cluster'.split(' ');
  for (const section of sections) {
    const field = /^([a-z_0-9]+):/gm;
    const ours = names(await run(server, client, 'info', section), field);
    const theirs = names(await ask(socket, ['info', section]), field).filter((name) => !ALLOCATOR.test(name));
    assert.deepEqual(ours.slice(0, theirs.length), theirs, section);
  }
  const field = /([a-z-]+)=/g;
  const ours = names(await run(server, client, 'client', 'info'), field);
  const theirs = names(await ask(socket, ['client', 'info']), field);
  assert.deepEqual(ours, [...theirs, 'lib-name', 'lib-ver']);
}

test('replies are those of redis-server 7.0, byte for byte', needs('redis-server'), async (t) => {
  assert.ok(commands.length > 150);
  const dir = mkdtempSync(join(tmpdir(), 'towline-local-'));
  const { redis, port } = await startRedis(dir);
  t.after(async () => {
    const ended = new Promise((resolve) => redis.once('exit', resolve));
    if (redis.exitCode === null && redis.kill('SIGKILL')) await ended;
    rmSync(dir, { recursive: true });
  });
  for (const proto of ['2', '3'] as const) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    const version = /redis_version:(\S+)/.exec(await ask(socket, ['info', 'server']))?.[1];
    if (!version?.startsWith('7.0.')) return t.skip(`skipped: redis-server is ${version}, not 7.0`);
    await ask(socket, ['config', 'set', 'proto-max-bulk-len', '512mb', 'client-output-buffer-limit', LIMITS]);
    await compareFields(socket);
    assert.equal((await compare(socket, proto)).join('\n'), '', `RESP${proto}`);
  }
});
