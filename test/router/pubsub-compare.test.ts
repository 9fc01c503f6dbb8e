// Publish and subscribe as redis-server does it: the same commands on several connections to it and to a router, and
// the whole streams that each connection was sent must be the same bytes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { listen, NodeHost } from '../../src/net/node-host.js';
import { encodeCommand } from '../../src/resp/index.js';
import { Router } from '../../src/router/router.js';
import { needs } from '../needs.js';

/** A connection by its letter, and what it says; several commands between bars go in one piece; `~`: no answer. */
const SCRIPTS = `
a:SUBSCRIBE x y x; a:PING; a:PING m; a:GET k; a:CLIENT LIST; a:NOSUCH; a:GET; a:UNSUBSCRIBE y; a:UNSUBSCRIBE; a:ECHO o
a:UNSUBSCRIBE; a:PUNSUBSCRIBE; a:SUNSUBSCRIBE; a:UNSUBSCRIBE p q; a:PUNSUBSCRIBE p; a:SUNSUBSCRIBE p
a:HELLO 3; a:UNSUBSCRIBE; a:SUBSCRIBE x; a:PUBLISH x m; a:PSUBSCRIBE x*; a:PUBLISH x n; a:PING; a:CLIENT INFO; a:UNSUBSCRIBE q
a:HELLO 3; a:CLIENT LIST TYPE pubsub; a:SSUBSCRIBE s; a:CLIENT LIST TYPE pubsub; a:CLIENT LIST TYPE normal
a:SSUBSCRIBE s t; b:SPUBLISH s m; b:PUBLISH s m; a:SUBSCRIBE x; a:SUNSUBSCRIBE s; a:UNSUBSCRIBE; a:SUNSUBSCRIBE; a:ECHO o
a:SUBSCRIBE x; b:PUBLISH x 1|PUBLISH x 2|PUBLISH y 3|PUBLISH x 4; a:PSUBSCRIBE x; b:PUBLISH x 5; a:UNSUBSCRIBE x; b:PUBLISH x 6
a:SUBSCRIBE x|PSUBSCRIBE p*|PING|UNSUBSCRIBE|PUNSUBSCRIBE p*|ECHO o
a:SUBSCRIBE x; a:RESET; a:ECHO o; b:PUBLISH x m; a:CLIENT INFO
a:HELLO 3; a:SUBSCRIBE x; a:HELLO 2; a:GET k; b:PUBLISH x m; a:PING; a:UNSUBSCRIBE; a:ECHO o
~a:HELLO 3|CLIENT REPLY OFF|SUBSCRIBE x|PUBLISH x m|UNSUBSCRIBE x|PING; a:CLIENT REPLY ON; a:CLIENT REPLY SKIP|SUBSCRIBE x|PING
~a:CLIENT REPLY OFF|SUBSCRIBE x|PING|UNSUBSCRIBE x|UNSUBSCRIBE|PING|CLIENT REPLY ON; a:ECHO o
~a:CLIENT REPLY SKIP|SUBSCRIBE x; b:PUBLISH x m; a:UNSUBSCRIBE x
~a:CLIENT REPLY OFF|SUBSCRIBE x|GET k|UNSUBSCRIBE x|CLIENT REPLY ON; a:ECHO o
~b:CLIENT REPLY SKIP|PUBLISH x m; b:PING; ~b:CLIENT REPLY OFF|PUBLISH x m|PUBLISH y m|CLIENT REPLY ON; b:PING
a:SUBSCRIBE x; a:MULTI; a:EXEC; a:UNSUBSCRIBE; a:MULTI|PUBLISH x m|PUBSUB NUMSUB x|EXEC
a:MULTI|SUBSCRIBE x|EXEC; a:GET k; b:PUBLISH x m; a:UNSUBSCRIBE x
a:HELLO 3; a:SUBSCRIBE x; b:PUBSUB CHANNELS; b:PUBSUB CHANNELS y*; b:PUBSUB NUMSUB x y x; b:PUBSUB NUMPAT; b:PUBSUB NUMSUB; b:PUBSUB SHARDNUMSUB; b:PUBSUB SHARDNUMSUB x; b:PUBSUB SHARDCHANNELS; b:PUBSUB CHANNELS a b; b:PUBSUB NOSUCH; b:PUBSUB
a:PUBLISH x; a:SPUBLISH x; a:SUBSCRIBE; a:SSUBSCRIBE; a:PSUBSCRIBE; a:PUBLISH x m n
a:PSUBSCRIBE h[ae]llo; b:PUBLISH hello 1; b:PUBLISH hallo 2; b:PUBLISH hillo 3; a:PUNSUBSCRIBE; a:ECHO o
a:AUTH x; a:SUBSCRIBE x; a:AUTH x; a:HELLO 3; a:QUIT
`;

interface Step {
  on: string;
  commands: string[][];
  silent: boolean;
}

function stepsOf(script: string): Step[] {
  return script.split('; ').map((text) => {
    const silent = text.startsWith('~');
    const [on, rest] = [text[silent ? 1 : 0]!, text.slice(silent ? 3 : 2)];
    return { on, silent, commands: rest.split('|').map((line) => line.split(' ')) };
  });
}

/** One connection, and all that it was ever sent. */
class Stream {
  text = '';
  private wake = () => {};
  readonly over: Promise<void>;
  constructor(readonly socket: Socket) {
    this.over = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
      this.wake();
    });
    socket.on('close', () => this.wake());
  }
  async until(token: string): Promise<void> {
    while (!this.text.includes(token) && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

/** What each connection was sent, without what differs between any two servers. */
async function play(to: NetConnectOpts, steps: readonly Step[]): Promise<Record<string, string>> {
  const streams = new Map<string, Stream>();
  for (const on of new Set(steps.map((step) => step.on))) streams.set(on, new Stream(connect(to)));
  try {
    let tokens = 0;
    for (const { on, commands, silent } of steps) {
      const stream = streams.get(on)!;
      const token = `token-${++tokens}.`;
      const all = silent ? commands : [...commands, ['PING', token]];
      stream.socket.write(Buffer.concat(all.map((words) => encodeCommand(words))));
      // Its echo, not what an error repeats of it: a refused PING does not occur.
      if (!silent) await stream.until(token);
    }
    for (const { socket } of streams.values()) socket.write(encodeCommand(['QUIT']));
    await Promise.all([...streams.values()].map(({ over }) => over));
  } finally {
    for (const { socket } of streams.values()) socket.destroy();
  }
  return Object.fromEntries([...streams].map(([on, { text }]) => [on, plain(text)]));
}

function plain(text: string): string {
  const about = /[$=]\d+\r\n(?:txt:)?(?:id=.*? (flags=\S+ db=\d+ sub=\d+ psub=\d+ ssub=\d+)[^\n]*\n)+\r\n/g;
  // Redis listens on a socket file here, and says so with a U.
  return text
    .replace(about, '<$1>')
    .replace(/<flags=(\w*)U/g, (_, flags: string) => `<flags=${flags || 'N'}`)
    .replace(/(\$2\r\nid\r\n):\d+/g, '$1:id');
}

async function startRedis(t: TestContext): Promise<NetConnectOpts> {
  const dir = mkdtempSync(join(tmpdir(), 'towline-pubsub-'));
  const path = join(dir, 'redis.sock');
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', dir]);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    child.once('exit', () => reject(new Error(`redis-server ended: ${log}`)));
    child.stdout.on('data', (chunk) => {
      log += chunk;
      if (log.includes('now ready to accept')) resolve();
    });
  });
  return { path };
}

async function startRouter(t: TestContext): Promise<NetConnectOpts> {
  let router: Router | null = null;
  const listener = await listen('127.0.0.1', 0, (conn) => router!.accept(conn));
  const { port } = listener;
  router = new Router(new NodeHost(), {
    id: 'router-1',
    deadlineMs: 10_000,
    password: '',
    maxClients: 1000,
    port,
    pid: 1,
    runId: 'r',
    version: '0',
    zookeeper: 'none',
    zookeeperState: () => 'connected',
    routers: () => [],
    usage: () => ({ rss: 1, heapUsed: 1, heapTotal: 1, machine: 1, userMicros: 1, systemMicros: 1 }),
    refresh: () => {},
    shutdown: () => {},
  });
  t.after(async () => {
    router.stop();
    await listener.close();
  });
  return { host: '127.0.0.1', port };
}

test('scripts: every connection is sent the same bytes', needs('redis-server'), async (t) => {
  const [redis, router] = [await startRedis(t), await startRouter(t)];
  for (const script of SCRIPTS.trim().split('\n')) {
    const steps = stepsOf(script);
    assert.deepEqual(await play(router, steps), await play(redis, steps), script);
  }
});

test('any order of subscribing, unsubscribing and publishing', needs('redis-server'), async (t) => {
  const [redis, router] = [await startRedis(t), await startRouter(t)];
  const channel = fc.constantFrom('a', 'ab', 'b', 'bb', 'c\xff');
  // No two of them match one channel: the order of patterns in Redis is that of a hash table.
  const pattern = fc.constantFrom('a*', 'b*', 'c?', '[xyz]');
  const channels = fc.array(channel, { minLength: 1, maxLength: 3 });
  const patterns = fc.array(pattern, { minLength: 1, maxLength: 2 });
  const subscriber = fc.oneof(
    fc.tuple(fc.constantFrom('SUBSCRIBE', 'UNSUBSCRIBE', 'SSUBSCRIBE', 'SUNSUBSCRIBE'), channels),
    fc.tuple(fc.constantFrom('PSUBSCRIBE', 'PUNSUBSCRIBE'), patterns),
    fc.constantFrom<[string, string[]]>(['RESET', []], ['HELLO', ['3']], ['GET', ['k', 'k']], ['PING', []]),
  );
  const publisher = fc.oneof(
    fc.tuple(fc.constantFrom('PUBLISH', 'SPUBLISH'), fc.tuple(channel, fc.constantFrom('m', '', 'l\r\nl'))),
    fc.tuple(fc.constant('PUBSUB'), fc.constantFrom(['NUMSUB', 'a', 'b'], ['NUMPAT'], ['SHARDNUMSUB', 'a'])),
  );
  const said = ([verb, args]: readonly [string, readonly string[]]) => [verb, ...args];
  const step = fc.oneof(
    fc.record({
      on: fc.constantFrom('a', 'b'),
      commands: fc.array(subscriber.map(said), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      on: fc.constant('p'),
      commands: fc.array(publisher.map(said), { minLength: 1, maxLength: 4 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (list) => {
      const steps = list.map((each) => ({ ...each, silent: false }));
      assert.deepEqual(await play(router, steps), await play(redis, steps));
    }),
    { numRuns: 60 },
  );
});
