// The embedded server's parts by themselves: frames, the tree's undo, its bounds, its edge.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Op, OpError } from '../../src/zookeeper/embedded/codes.js';
import { JuteWriter } from '../../src/zookeeper/embedded/jute.js';
import { Sessions } from '../../src/zookeeper/embedded/sessions.js';
import { Change, Tree } from '../../src/zookeeper/embedded/tree.js';
import type { WriteRequest } from '../../src/zookeeper/embedded/wire.js';
import { FrameError, FrameSplitter } from '../../src/zookeeper/frames.js';
import { startEmbedded } from '../../src/zookeeper/index.js';
import { parseServers } from '../../src/zookeeper/servers.js';
import { embedded, until } from './helpers.js';
import { OPEN_ACL, RawClient } from './raw-client.js';

const code = (wanted: number) => (error: unknown) => error instanceof OpError && error.code === wanted;

describe('frames', () => {
  const frame = (body: string) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(body.length);
    return Buffer.concat([head, Buffer.from(body)]);
  };

  test('come out the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 })),
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        (bodies, cuts) => {
          const all = Buffer.concat(bodies.map(frame));
          const splitter = new FrameSplitter(100);
          const out: string[] = [];
          let at = 0;
          for (const size of cuts) {
            if (at >= all.length) break;
            for (const one of splitter.push(all.subarray(at, at + size))) out.push(one.toString());
            at += size;
          }
          assert.deepEqual(
            out,
            bodies.map((body) => frame(body).toString()),
          );
        },
      ),
    );
  });

  test('of a length out of bounds are refused as soon as the length is known', () => {
    assert.throws(() => new FrameSplitter(10).push(Buffer.from([0, 0, 0, 11])), FrameError);
    assert.throws(() => new FrameSplitter(10).push(Buffer.from([0xff, 0, 0, 0])), FrameError);
    const slow = new FrameSplitter(10);
    for (const byte of [0, 0, 1]) slow.push(Buffer.from([byte]));
    assert.throws(() => slow.push(Buffer.from([0])), FrameError);
  });
});

describe('the tree', () => {
  const paths = ['/a', '/b', '/a/x', '/a/y', '/a/x/z', '/b/s-'];
  const request: fc.Arbitrary<WriteRequest> = fc.oneof(
    fc.record({
      type: fc.constant('create' as const),
      path: fc.constantFrom(...paths),
      data: fc.constantFrom(null, Buffer.from('d')),
      acl: fc.constant(OPEN_ACL),
      flags: fc.integer({ min: 0, max: 3 }),
      withStat: fc.constant(false),
    }),
    fc.record({
      type: fc.constant('delete' as const),
      path: fc.constantFrom(...paths),
      version: fc.integer({ min: -1, max: 1 }),
    }),
    fc.record({
      type: fc.constant('setData' as const),
      path: fc.constantFrom(...paths),
      data: fc.constantFrom(null, Buffer.from('longer')),
      version: fc.integer({ min: -1, max: 1 }),
    }),
    fc.record({
      type: fc.constant('setACL' as const),
      path: fc.constantFrom(...paths),
      acl: fc.constant(OPEN_ACL),
      version: fc.constant(-1),
    }),
  );
  const dump = (tree: Tree, path = '/'): unknown => {
    const { children, stat } = tree.getChildren(path);
    const below = children
      .toSorted()
      .map((name) => dump(tree, path === '/' ? `/${name}` : `${path}/${name}`));
    return [path, stat, tree.getData(path).data, below];
  };
  const attempt = (tree: Tree, write: WriteRequest, change: Change) => {
    try {
      tree.write(write, change);
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
    }
  };

  test('is after a rollback what it was before, ephemeral bookkeeping included', () => {
    fc.assert(
      fc.property(
        fc.array(request, { maxLength: 20 }),
        fc.array(request, { maxLength: 20 }),
        (first, second) => {
          const tree = new Tree(1e6);
          first.forEach((write, i) => {
            attempt(tree, write, new Change(BigInt(i + 1), i, 5n));
          });
          const before = dump(tree);
          const size = tree.size;
          const change = new Change(100n, 100, 5n);
          for (const write of second) attempt(tree, write, change);
          change.rollback();
          assert.deepEqual(dump(tree), before);
          assert.equal(tree.size, size);
          assert.deepEqual(change.events, []);
          // The session's nodes are still known, and no others.
          tree.endSession(5n, new Change(101n, 101, 5n));
          assert.ok(
            !JSON.stringify(dump(tree), (_, value) =>
              typeof value === 'bigint' ? `${value}` : value,
            ).includes('"ephemeralOwner":"5"'),
          );
        },
      ),
    );
  });

  test('refuses to grow beyond its bound, and room comes back with deletes', () => {
    const tree = new Tree(3000);
    const create = (path: string, size: number) =>
      tree.write(
        { type: 'create', path, data: Buffer.alloc(size), acl: OPEN_ACL, flags: 0, withStat: false },
        new Change(1n, 1, 0n),
      );
    create('/a', 1000);
    create('/b', 1000);
    assert.throws(() => create('/c', 1000), code(-1));
    const grow = (size: number) =>
      tree.write(
        { type: 'setData', path: '/a', data: Buffer.alloc(size), version: -1 },
        new Change(2n, 2, 0n),
      );
    assert.throws(() => grow(2000), code(-1));
    tree.write({ type: 'delete', path: '/b', version: -1 }, new Change(3n, 3, 0n));
    grow(1500);
    grow(0);
    create('/c', 1500);
  });
});

describe('sessions', () => {
  test('expire at the first tick after their timeout, and a touch puts it off', () => {
    const limits = { tickMs: 100, minTimeoutMs: 200, maxTimeoutMs: 2000, maxSessions: 2 };
    const sessions = new Sessions(limits, 1000, () => Buffer.alloc(16));
    const one = sessions.open(1, 0)!;
    assert.equal(one.timeoutMs, 200);
    assert.equal(one.dueMs, 300);
    const two = sessions.open(9999, 50)!;
    assert.equal(two.timeoutMs, 2000);
    assert.equal(two.dueMs, 2100);
    assert.equal(sessions.open(1, 0), undefined);
    assert.deepEqual(sessions.overdue(299), []);
    assert.deepEqual(sessions.overdue(300), [one]);
    sessions.touch(one, 299);
    assert.equal(one.dueMs, 500);
    assert.equal(sessions.resume(one.id, Buffer.alloc(16, 1), 200, 300), undefined);
    assert.equal(sessions.resume(one.id, Buffer.alloc(16), 400, 300)?.dueMs, 800);
  });
});

describe('the edge', () => {
  test('serves loopback only, and says so when the port is taken', async (t) => {
    for (const host of ['0.0.0.0', '::', 'example.org', '10.0.0.1']) {
      await assert.rejects(startEmbedded({ host }), RangeError);
    }
    const { port } = await embedded(t);
    await assert.rejects(startEmbedded({ port }), { code: 'EADDRINUSE' });
  });

  test('answers the four-letter words', async (t) => {
    const { port } = await embedded(t);
    for (const [word, answer] of [
      ['ruok', /^imok$/],
      ['srvr', /Mode: standalone/],
    ] as const) {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.write(word);
      await once(socket, 'close');
      assert.match(text, answer);
    }
  });

  test('refuses containers and nodes with a time to live, and operations it does not know', async (t) => {
    const { port } = await embedded(t);
    const raw = await RawClient.open(port, 5000);
    for (const flags of [4, 5, 6]) {
      const reply = await raw.ask(Op.create, (out) => {
        out.string('/c').buffer(null);
        out.vector(OPEN_ACL, ({ perms, scheme, id }) => out.int(perms).string(scheme).string(id)).int(flags);
      });
      assert.equal(reply.err, -6);
    }
    for (const op of [Op.createContainer, Op.createTTL, 18, 105, 106, 12345]) {
      assert.equal((await raw.ask(op, (out) => out.int(0))).err, -6);
    }
    raw.cut();
  });

  test('accepts auth packets; cuts what does not parse', async (t) => {
    const { port } = await embedded(t);
    const raw = await RawClient.open(port, 5000);
    const auth = await raw.ask(Op.auth, (out) => out.int(0).string('digest').buffer(Buffer.from('a:b')), -4);
    assert.deepEqual([auth.xid, auth.err], [-4, 0]);
    for (const body of [
      [Op.create, 0x7fffffff],
      [Op.multi, Op.setACL],
      [Op.setWatches, 0],
    ] as const) {
      const victim = await RawClient.open(port, 5000);
      await assert.rejects(
        victim.ask(body[0], (out) => out.int(body[1])),
        /closed/,
      );
    }
    assert.equal((await raw.ask(Op.exists, (out) => out.string('/').bool(false))).err, 0);
    raw.cut();
  });

  test('a client that does not read is not worked for; others are served, and it gets all in the end', async (t) => {
    const { port } = await embedded(t);
    const good = await RawClient.open(port, 5000);
    await good.ask(Op.create, (out) => {
      out.string('/big').buffer(Buffer.alloc(900_000, 1));
      out.vector(OPEN_ACL, ({ perms, scheme, id }) => out.int(perms).string(scheme).string(id)).int(0);
    });
    // Greets, then asks for the big node again and again without reading an answer.
    const greedy = connect(port, '127.0.0.1').pause();
    const ask = new JuteWriter().int(1).int(Op.getData).string('/big').bool(false).frame();
    const greeting = new JuteWriter().int(0).long(0n).int(60_000).long(0n).buffer(Buffer.alloc(16)).frame();
    const before = process.memoryUsage().arrayBuffers;
    greedy.write(Buffer.concat([greeting, ...Array.from({ length: 200 }, () => ask)]));
    for (let i = 0; i < 50; i++) {
      assert.equal((await good.ask(Op.exists, (out) => out.string('/big').bool(false))).err, 0);
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 60e6, '180 MB were asked for');
    let got = 0;
    greedy.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    greedy.resume();
    await until('all answers', () => got > 200 * 900_000);
    greedy.destroy();
    good.cut();
  });
});

test('connection strings', () => {
  assert.deepEqual(parseServers('a:1, b,[::1]:3/x/y'), {
    servers: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: '::1', port: 3 },
    ],
    chroot: '/x/y',
  });
  assert.equal(parseServers('a/').chroot, '');
  for (const bad of ['', ',', 'a:0', 'a:b', 'a:1:2', '/x', 'a/x/'])
    assert.throws(() => parseServers(bad), RangeError, bad);
});
