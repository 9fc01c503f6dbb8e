// Cluster-mode clients that are pointed at a router: here a small server that answers with our handlers, and keeps
// GET and SET in a map. They must find their way with what CLUSTER says, and talk to nobody else.
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { ReplyWriter, type Request, RequestParser } from '../../../src/resp/index.js';
import {
  addressText,
  type ClientState,
  localHandlers,
  type RouterServer,
} from '../../../src/router/local/index.js';
import { FakeServer } from './fake.js';

/** A router that listens: its port is what the system gave. */
class Listening {
  readonly fake = new FakeServer();
  readonly seen = new Set<string>();
  private readonly data = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private readonly listener: Server = createServer((socket) => this.serve(socket));
  private view!: RouterServer;

  async start(): Promise<number> {
    this.listener.listen(0, '127.0.0.1');
    await new Promise((resolve) => this.listener.once('listening', resolve));
    const { port } = this.listener.address() as { port: number };
    this.fake.routerList = [{ id: this.fake.id, host: '127.0.0.1', port }];
    this.view = Object.create(this.fake, { port: { value: port } }) as RouterServer;
    return port;
  }
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.listener.close(resolve));
  }
  private serve(socket: Socket): void {
    this.sockets.add(socket);
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    const client = this.fake.clients.open(
      addressText(remoteAddress!, remotePort!),
      addressText(localAddress!, localPort!),
      3,
      0,
    )!;
    const parser = new RequestParser();
    const reply = new ReplyWriter();
    socket.on('error', () => socket.destroy());
    let turn = Promise.resolve();
    socket.on('data', (chunk) => {
      parser.feed(chunk as Buffer);
      while (parser.next()) {
        const request = parser.request.clone();
        turn = turn.then(async () => {
          reply.proto = client.proto;
          await this.execute(request, client, reply);
          socket.write(reply.take());
          if (client.closeAfterReply) socket.end();
        });
      }
    });
  }
  private execute(request: Request, client: ClientState, reply: ReplyWriter): void | Promise<void> {
    const name = request.text(0).toLowerCase();
    const row =
      localHandlers[name] === undefined && request.argc > 1
        ? `${name}|${request.text(1).toLowerCase()}`
        : name;
    this.seen.add(row);
    const handler = localHandlers[row];
    if (name === 'set') {
      this.data.set(request.text(1), request.text(2));
      reply.ok();
    } else if (name === 'get') {
      const value = this.data.get(request.text(1));
      if (value === undefined) reply.nil();
      else reply.bulk(value);
    } else if (handler === undefined) reply.error(`ERR unknown command '${name}'`);
    else return handler(request, client, this.view, reply);
  }
}

test('ioredis Cluster', async (t) => {
  const router = new Listening();
  const port = await router.start();
  t.after(() => router.stop());
  for (const scaleReads of ['master', 'all'] as const) {
    const cluster = new Cluster([{ host: '127.0.0.1', port }], { scaleReads });
    try {
      for (let i = 0; i < 50; i++) assert.equal(await cluster.set(`k${i}`, `v${i}`), 'OK');
      for (let i = 0; i < 50; i++) assert.equal(await cluster.get(`k${i}`), `v${i}`);
      assert.deepEqual(
        cluster.nodes('all').map(({ options }) => `${options.host}:${options.port}`),
        [`127.0.0.1:${port}`],
      );
    } finally {
      cluster.disconnect();
    }
  }
  assert.ok(router.seen.has('cluster|slots'));
});

test('node-redis cluster, RESP2 and RESP3', async (t) => {
  const router = new Listening();
  const port = await router.start();
  t.after(() => router.stop());
  for (const RESP of [2, 3] as const) {
    const cluster = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }], RESP });
    await cluster.connect();
    try {
      for (let i = 0; i < 50; i++) assert.equal(await cluster.set(`k${i}`, `v${i}`), 'OK');
      for (let i = 0; i < 50; i++) assert.equal(await cluster.get(`k${i}`), `v${i}`);
      assert.deepEqual(
        [cluster.masters.map((node) => node.address), cluster.replicas.length],
        [[`127.0.0.1:${port}`], 0],
      );
    } finally {
      cluster.destroy();
    }
  }
});

test('a client that loses its router goes on at another, of which CLUSTER SLOTS told it', async (t) => {
  const first = new Listening();
  const second = new Listening();
  const ports = [await first.start(), await second.start()] as const;
  t.after(() => second.stop());
  for (const router of [first, second]) {
    router.fake.routerList = [
      { id: 'router-a', host: '127.0.0.1', port: ports[0] },
      { id: 'router-b', host: '127.0.0.1', port: ports[1] },
    ];
  }
  Object.defineProperty(second.fake, 'id', { value: 'router-b' });
  const cluster = new Cluster([{ host: '127.0.0.1', port: ports[0] }], {
    clusterRetryStrategy: () => 20,
    retryDelayOnFailover: 20,
  });
  // Lost connections are what this test is about: they are not failures of it.
  cluster.on('error', () => {});
  t.after(() => cluster.disconnect());
  assert.equal(await cluster.set('k', '1'), 'OK');
  await first.stop();
  assert.equal(await cluster.set('k', '2'), 'OK');
  assert.equal(await cluster.get('k'), '2');
  assert.ok(second.seen.has('set|k'));
});
