// The hardened client against everything measured on the package: each weakness of design section 5 has a test here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { JuteWriter } from '../../src/zookeeper/embedded/jute.js';
import { startEmbedded, type WatchEvent, ZooKeeper, ZooKeeperError } from '../../src/zookeeper/index.js';
import { answerBasics, reply, startFake } from './fake-server.js';
import { client, embedded, next, until } from './helpers.js';

const failsWith = (code: string) => (error: unknown) =>
  error instanceof ZooKeeperError && error.code === code;

describe('hung servers', () => {
  test('a frozen server: suspended after the watchdog, requests end, and all is well after it thaws', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address, { sessionTimeoutMs: 600, requestTimeoutMs: 5000 });
    server.faults.freeze();
    const write = assert.rejects(zk.create('/a'), failsWith('CONNECTION_LOSS'));
    const read = zk.exists('/');
    await next(zk, 'suspended');
    await write;
    server.faults.unfreeze();
    assert.equal((await read)?.version, 0); // asked again on the next connection
    assert.equal(states[1], 'suspended');
    assert.equal(zk.state, 'connected');
  });

  test('a server that accepts and never greets is left for the next one', async (t) => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    const server = await embedded(t);
    // Both orders of dialling occur over a few clients.
    for (let i = 0; i < 4; i++) {
      const { zk } = await client(t, `127.0.0.1:${address.port},${server.address}`, {
        sessionTimeoutMs: 800,
      });
      await zk.exists('/');
      await zk.close();
    }
  });

  test('close() while connecting neither throws nor hangs, and what waited is CLOSED', async (t) => {
    const fake = await startFake(
      () => {},
      () => {},
    );
    t.after(() => fake.close());
    const zk = new ZooKeeper({ servers: fake.address });
    const connected = assert.rejects(zk.connect(), failsWith('CLOSED'));
    const queued = assert.rejects(zk.create('/x'), failsWith('CLOSED'));
    await zk.close();
    await connected;
    await queued;
    assert.equal(zk.state, 'closed');
    await assert.rejects(zk.get('/x'), failsWith('CLOSED'));
    await assert.rejects(zk.connect(), failsWith('CLOSED'));
  });

  test('connect() has a deadline of its own and the client goes on trying', async (t) => {
    const port = await (async () => {
      const server = await startEmbedded();
      await server.close();
      return server.port;
    })();
    const zk = new ZooKeeper({ servers: `127.0.0.1:${port}` });
    t.after(() => zk.close());
    await assert.rejects(zk.connect(100), failsWith('TIMEOUT'));
    await embedded(t, { port });
    await zk.connect();
  });
});

describe('what a server may send', () => {
  test('a cut in the middle of a reply is a lost connection, not an expired session', async (t) => {
    const server = await embedded(t);
    let cutNext = false;
    const proxy = createServer((down) => {
      const up = connect(server.port, '127.0.0.1');
      down.on('data', (chunk) => up.write(chunk));
      up.on('data', (chunk: Buffer) => {
        if (!cutNext) return down.write(chunk);
        cutNext = false;
        // Half a reply whose beginning, read as a handshake, would say "timeout 0": expired.
        down.write(chunk.subarray(0, chunk.length - 3), () => down.destroy());
        return up.destroy();
      });
      for (const socket of [up, down]) socket.on('error', () => {});
      down.on('close', () => up.destroy());
      up.on('close', () => down.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => proxy.close());
    const address = proxy.address();
    assert.ok(address !== null && typeof address === 'object');
    const { zk, states } = await client(t, `127.0.0.1:${address.port}`);
    const session = zk.sessionId;
    await zk.create('/data', 'x'.repeat(100));
    for (let i = 0; i < 3; i++) {
      const again = next(zk, 'connected');
      cutNext = true;
      assert.equal((await zk.get('/data')).data.length, 100);
      await again;
    }
    assert.equal(zk.sessionId, session);
    assert.ok(!states.includes('lost'));
  });

  test('an unknown error code fails that request only, in a reply and inside a multi', async (t) => {
    const fake = await startFake((request) => {
      const { type, xid, socket } = request;
      if (type === 4) socket.write(reply(xid, -125).frame());
      else if (type === 14 && fake.requests.filter((r) => r.type === 14).length > 1) {
        socket.write(
          reply(xid, 0).int(-1).bool(false).int(-127).int(-127).int(-1).bool(true).int(-1).frame(),
        );
      } else answerBasics(request);
    });
    t.after(() => fake.close());
    const { zk, states } = await client(t, fake.address);
    await assert.rejects(zk.get('/a'), failsWith('SERVER_ERROR'));
    await assert.rejects(zk.multi([{ type: 'check', path: '/a' }]), failsWith('SERVER_ERROR'));
    await assert.rejects(zk.get('/b'), failsWith('SERVER_ERROR'));
    assert.deepEqual(states, ['connected']);
  });

  test('an unknown event type is passed over', async (t) => {
    const fake = await startFake((request) => {
      if (request.type === 3) {
        request.socket.write(reply(-1, 0).int(99).int(3).string('/a').frame());
        request.socket.write(reply(request.xid, -101).frame());
      } else answerBasics(request);
    });
    t.after(() => fake.close());
    const { zk, states } = await client(t, fake.address);
    assert.equal(await zk.exists('/a'), null);
    assert.deepEqual(states, ['connected']);
  });

  test('garbage: bad lengths, cut bodies, answers nobody asked for, a stunted handshake', async (t) => {
    const nasty = [
      Buffer.from([0xff, 0xff, 0xff, 0xff]),
      Buffer.from([0x7f, 0xff, 0xff, 0xff]),
      Buffer.from([0, 0, 0, 2, 1, 2]),
      Buffer.from([0, 0, 0, 0]),
      reply(4711, 0).frame(),
      reply(0, 0).frame(),
    ];
    let turn = 0;
    const fake = await startFake(
      (request) => {
        if (request.type === 3) request.socket.write(nasty[turn++ % nasty.length]!);
        else answerBasics(request);
      },
      (socket) => {
        if (turn === 3) {
          turn++;
          socket.write(new JuteWriter().int(0).frame());
        } else socket.write(new JuteWriter().int(0).int(2000).long(7n).buffer(Buffer.alloc(16, 7)).frame());
      },
    );
    t.after(() => fake.close());
    const { zk } = await client(t, fake.address, { requestTimeoutMs: 3000 });
    await assert.rejects(zk.exists('/a'), failsWith('TIMEOUT')); // a read: asked again and again
    assert.ok(turn > nasty.length);
    assert.notEqual(zk.state, 'closed');
  });

  test('a stream of events does not starve pings', async (t) => {
    let stream: NodeJS.Timeout | undefined;
    const fake = await startFake((request) => {
      answerBasics(request);
      stream ??= setInterval(
        () => request.socket.write(reply(-1, 0).int(3).int(3).string('/noise').frame()),
        20,
      );
    });
    t.after(() => {
      clearInterval(stream);
      return fake.close();
    });
    const { states } = await client(t, fake.address);
    await until('three pings', () => fake.requests.filter(({ type }) => type === 11).length >= 3);
    assert.deepEqual(states, ['connected']);
  });
});

describe('sessions', () => {
  test('is not connected before the barrier is answered', async (t) => {
    let barriers = 0;
    const fake = await startFake((request) => {
      if (request.type === 14 && barriers++ < 2) return; // as a server that lost its leader
      if (request.type === 3) request.socket.write(reply(request.xid, -101).frame());
      else answerBasics(request);
    });
    t.after(() => fake.close());
    const zk = new ZooKeeper({ servers: fake.address, sessionTimeoutMs: 2000 });
    t.after(() => zk.close());
    const connected = zk.connect();
    const read = zk.exists('/a');
    await until('pings are answered', () => fake.requests.some(({ type }) => type === 11));
    assert.equal(zk.state, 'suspended');
    assert.ok(!fake.requests.some(({ type }) => type === 3));
    await connected; // it gave that connection up, and the next one
    assert.equal(barriers, 3);
    assert.equal(await read, null);
  });

  test('after expiry: lost, then a new session; queued writes are SESSION_EXPIRED, reads are served', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address);
    const old = zk.sessionId;
    await zk.create('/e', '', { ephemeral: true });
    assert.ok(server.faults.expireSession(old));
    await next(zk, 'suspended');
    const write = assert.rejects(zk.create('/late'), failsWith('SESSION_EXPIRED'));
    const read = zk.exists('/e');
    await write;
    assert.equal(zk.state, 'lost');
    assert.equal(await read, null);
    assert.equal(zk.state, 'connected');
    assert.notEqual(zk.sessionId, old);
    assert.deepEqual(states, ['connected', 'suspended', 'lost', 'connected']);
    assert.equal(await zk.exists('/late'), null);
  });

  test('a cut connection keeps its session and its ephemeral nodes', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address);
    await zk.create('/e', '', { ephemeral: true });
    const session = zk.sessionId;
    server.faults.cut();
    await next(zk, 'connected');
    assert.equal((await zk.exists('/e'))?.ephemeralOwner, session);
    assert.deepEqual(states, ['connected', 'suspended', 'connected']);
  });

  test('after a restart of the embedded server its old clients hear EXPIRED and begin anew', async (t) => {
    const first = await embedded(t);
    const { zk, states } = await client(t, first.address);
    await zk.create('/gone');
    await first.close();
    await embedded(t, { port: first.port });
    await next(zk, 'connected');
    assert.ok(states.includes('lost'));
    assert.equal(await zk.exists('/gone'), null);
  });

  test('close() ends the session: its ephemeral nodes go at once', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    await a.create('/e', '', { ephemeral: true });
    const gone = new Promise<WatchEvent>((resolve) => {
      void b.exists('/e', resolve);
    });
    await b.barrier();
    await a.close();
    assert.deepEqual(await gone, { type: 'deleted', path: '/e' });
    assert.deepEqual(server.faults.sessions(), [b.sessionId]);
  });
});

describe('requests', () => {
  test('a lost reply is CONNECTION_LOSS for a write, though it happened, and nothing for a read', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    server.faults.loseReply({ type: 'create' });
    await assert.rejects(zk.create('/a', 'x'), failsWith('CONNECTION_LOSS'));
    server.faults.loseReply({ type: 'getData' });
    assert.equal((await zk.get('/a')).data.toString(), 'x');
  });

  test('the queue is bounded, and what was never sent is TIMEOUT', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address, { requestTimeoutMs: 300 });
    await server.close();
    await next(zk, 'suspended');
    const waiting = Array.from({ length: 256 }, (_, i) => zk.set(`/n${i}`, '', -1));
    await assert.rejects(zk.set('/more', '', -1), failsWith('QUEUE_FULL'));
    for (const one of waiting) await assert.rejects(one, failsWith('TIMEOUT'));
    await assert.rejects(zk.set('/more', '', -1), failsWith('TIMEOUT'));
  });

  test('sent but unanswered at its deadline is CONNECTION_LOSS; the connection may live', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address, { requestTimeoutMs: 200, sessionTimeoutMs: 8000 });
    server.faults.delay(500);
    await assert.rejects(zk.create('/a'), failsWith('CONNECTION_LOSS'));
    server.faults.delay(0);
    await until('the node is seen', async () => (await zk.exists('/a').catch(() => null)) !== null);
    assert.deepEqual(states, ['connected']);
  });

  test('more requests than the window go out in order', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    await zk.create('/s');
    const paths = await Promise.all(
      Array.from({ length: 250 }, () => zk.create('/s/n-', '', { sequential: true })),
    );
    assert.deepEqual(
      paths,
      paths.map((_, i) => `/s/n-${String(i).padStart(10, '0')}`),
    );
  });

  test('a multi with version 0 means version 0', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    await zk.create('/a', '0');
    await zk.set('/a', '1', 0);
    for (const type of ['check', 'remove', 'set'] as const) {
      await assert.rejects(
        zk.multi([
          { type: 'create', path: '/b' },
          { type, path: '/a', version: 0, data: 'x' },
        ]),
        (error: unknown) => failsWith('BAD_VERSION')(error) && (error as ZooKeeperError).index === 1,
      );
    }
    assert.equal(await zk.exists('/b'), null);
    const done = await zk.multi([
      { type: 'create', path: '/b', ephemeral: true, sequential: true },
      { type: 'set', path: '/a', data: '2', version: 1 },
      { type: 'check', path: '/a' },
    ]);
    assert.equal(done[0]?.path, '/b0000000001');
    assert.equal(done[1]?.stat?.version, 2);
    assert.deepEqual(await zk.multi([]), []);
  });

  test('arguments that no server should see', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address);
    await assert.rejects(zk.create('relative'), failsWith('BAD_ARGUMENTS'));
    await assert.rejects(zk.multi([{ type: 'check', path: '/x/' }]), failsWith('BAD_ARGUMENTS'));
    await assert.rejects(zk.create('/big', Buffer.alloc(1_100_000)), failsWith('BAD_ARGUMENTS'));
    await zk.create('/big', Buffer.alloc(999_000, 1));
    assert.equal((await zk.get('/big')).data.length, 999_000);
    assert.deepEqual(states, ['connected']);
    assert.throws(() => new ZooKeeper({ servers: '' }), RangeError);
    assert.throws(() => new ZooKeeper({ servers: 'host:99999' }), RangeError);
    assert.throws(() => new ZooKeeper({ servers: 'host:1/chroot/' }), RangeError);
  });

  test('a chroot is put before every path and taken off every answer', async (t) => {
    const server = await embedded(t);
    const { zk: plain } = await client(t, server.address);
    await plain.ensure('/base/deep');
    const { zk } = await client(t, `${server.address}/base/deep`);
    const events: WatchEvent[] = [];
    await zk.children('/', (event) => events.push(event));
    assert.equal(await zk.create('/n-', '', { sequential: true }), '/n-0000000000');
    await until('the event', () => events.length === 1);
    assert.deepEqual(events, [{ type: 'children', path: '/' }]);
    assert.deepEqual((await plain.children('/base/deep')).names, ['n-0000000000']);
    assert.deepEqual((await zk.multi([{ type: 'create', path: '/m' }]))[0], { path: '/m' });
  });

  test('a barrier shows what another client did before', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    await a.ensure('/x/y/z');
    await b.barrier();
    assert.notEqual(await b.exists('/x/y/z'), null);
  });
});

describe('watches', () => {
  test('each kind fires once, with what happened', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const seen: string[] = [];
    const watcher = (event: WatchEvent) => seen.push(`${event.type} ${event.path}`);
    await zk.exists('/a', watcher);
    await zk.create('/a');
    await zk.get('/a', watcher);
    await zk.get('/a', watcher); // the same watcher counts once
    await zk.set('/a', 'x', -1);
    await zk.set('/a', 'y', -1);
    await zk.children('/a', watcher);
    await zk.create('/a/b');
    await zk.get('/a/b', watcher);
    await zk.children('/a/b', watcher);
    await zk.remove('/a/b', -1);
    assert.deepEqual(seen, ['created /a', 'changed /a', 'children /a', 'deleted /a/b']);
    await zk.get('/a', watcher);
    zk.unwatch('/a', watcher);
    await zk.set('/a', 'z', -1);
    assert.equal(seen.length, 4);
  });

  test('after a reconnection every watch fires once as reconnected; no setWatches is ever sent', async (t) => {
    const server = await embedded(t);
    const { zk, states } = await client(t, server.address);
    // Together longer than one request may be: the package would send all of them in one setWatches.
    const paths = Array.from({ length: 1300 }, (_, i) => `/${'x'.repeat(1000)}${i}`);
    for (let round = 0; round < 3; round++) {
      const events: WatchEvent[] = [];
      for (let at = 0; at < paths.length; at += 100) {
        const some = paths.slice(at, at + 100);
        await Promise.all(some.map((path) => zk.exists(path, (event) => events.push(event))));
      }
      server.faults.cut();
      await next(zk, 'connected');
      await zk.barrier();
      assert.equal(events.length, paths.length);
      assert.ok(events.every(({ type }) => type === 'reconnected'));
      await zk.create(paths[0]!); // nobody watches any more
      await zk.remove(paths[0]!, -1);
      assert.equal(events.length, paths.length);
    }
    assert.ok(!states.includes('lost'));
  });

  test('a watcher or state listener that throws is reported and harms nobody', async (t) => {
    const server = await embedded(t);
    const reports: string[] = [];
    const log = { info() {}, warn: (_: object, message: string) => void reports.push(message) };
    const { zk } = await client(t, server.address, { log });
    zk.onState(() => {
      throw new Error('listener');
    });
    await zk.exists('/a', () => {
      throw new Error('watcher');
    });
    await zk.create('/a');
    server.faults.cut();
    await next(zk, 'connected');
    assert.notEqual(await zk.exists('/a'), null);
    assert.ok(reports.filter((message) => message === 'a ZooKeeper listener threw').length >= 3);
  });
});
