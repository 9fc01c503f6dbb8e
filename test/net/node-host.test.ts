// The real machine keeps what Conn and Host promise: order, one `closed` at the end, turns, back-pressure.
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Conn, ConnHandler } from '../../src/net/host.js';
import { incarnation, type Listener, listen, NodeHost, readingInto } from '../../src/net/node-host.js';

const host = new NodeHost();

/** Collects what a connection is told; `until(n)` resolves when so many bytes have come, or it is closed. */
class Collector implements ConnHandler {
  readonly events: string[] = [];
  bytes = Buffer.alloc(0);
  private wake: () => void = () => {};
  opened(): void {
    this.events.push('opened');
    this.wake();
  }
  data(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.wake();
  }
  drained(): void {
    this.events.push('drained');
    this.wake();
  }
  closed(): void {
    this.events.push('closed');
    this.wake();
  }
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

/** A listener whose connections are given to `use`. */
async function serve(use: (conn: Conn) => ConnHandler | null, work: (to: Listener) => Promise<void>) {
  const listener = await listen('127.0.0.1', 0, use);
  try {
    await work(listener);
  } finally {
    await listener.close();
  }
}

describe('NodeHost', () => {
  it('carries bytes in order, and end() lets what was written leave', async () => {
    const accept = (conn: Conn): ConnHandler => ({
      data: (chunk) => {
        conn.write(chunk);
        if (chunk.includes(33)) conn.end();
      },
      closed: () => {},
    });
    await serve(accept, async ({ port }) => {
      const client = new Collector();
      const conn = host.connect({ host: '127.0.0.1', port }, client);
      const sent = `${Array.from({ length: 20_000 }, (_, i) => i).join(' ')}!`;
      conn.write(Buffer.from(sent));
      await client.until(() => client.events.includes('closed'));
      assert.equal(client.bytes.toString(), sent);
      assert.deepEqual(
        client.events.filter((event) => event !== 'drained'),
        ['opened', 'closed'],
      );
      conn.write(Buffer.from('after the end'));
      assert.equal(conn.queued, 0);
    });
  });
  it('tells of a connection that never came to be by closed alone', async () => {
    const listener = await listen('127.0.0.1', 0, () => null);
    await listener.close();
    const client = new Collector();
    host.connect({ host: '127.0.0.1', port: listener.port }, client);
    await client.until(() => client.events.length > 0);
    assert.deepEqual(client.events, ['closed']);
  });
  it('closes a connection that nobody wants', async () => {
    await serve(
      (conn) => {
        conn.write(Buffer.from('-ERR max number of clients reached\r\n'));
        return null;
      },
      async ({ port }) => {
        const client = new Collector();
        host.connect({ host: '127.0.0.1', port }, client);
        await client.until(() => client.events.includes('closed'));
        assert.equal(client.bytes.toString(), '-ERR max number of clients reached\r\n');
      },
    );
  });
  it('counts what the kernel has not taken, and says when it has', async () => {
    const server: { conn: Conn | null } = { conn: null };
    const got = new Collector();
    const accept = (conn: Conn) => {
      server.conn = conn;
      conn.pause();
      return got;
    };
    await serve(accept, async ({ port }) => {
      const client = new Collector();
      const conn = host.connect({ host: '127.0.0.1', port }, client);
      await client.until(() => client.events.includes('opened'));
      const size = 32 * 1024 * 1024;
      conn.write(Buffer.alloc(size, 1));
      assert.ok(conn.queued > 0);
      const late = setInterval(() => server.conn?.resume(), 5);
      await client.until(() => client.events.includes('drained'));
      clearInterval(late);
      server.conn!.resume();
      await got.until(() => got.bytes.length === size);
      assert.equal(conn.queued, 0);
      conn.destroy();
      await client.until(() => client.events.includes('closed'));
    });
  });
  it('reads what was accepted without an allocation for each read', async () => {
    // On a Node where this fails, connections are served all the same, and slower: see readingInto.
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
      client.end('some bytes'),
    );
    const read: string[] = [];
    await new Promise<void>((done) => {
      server.once('connection', (first: Socket) => {
        const socket = readingInto({ buffer, callback }, first);
        assert.notEqual(socket, first);
        socket.once('end', done);
        socket.once('end', () => socket.end());
      });
      const buffer = Buffer.alloc(4);
      const callback = (length: number, bytes: Uint8Array) =>
        read.push(Buffer.from(bytes.subarray(0, length)).toString()) > 0;
    });
    assert.equal(read.join(''), 'some bytes');
    await new Promise((done) => server.close(done));
  });
  it('reads all from a socket whose handle cannot be had', () => {
    const first = new PassThrough();
    const sizes: number[] = [];
    const bytes: Buffer[] = [];
    const callback = (length: number, into: Uint8Array) => {
      bytes.push(Buffer.from(into.subarray(0, length)));
      return sizes.push(length) > 0;
    };
    const socket = readingInto({ buffer: Buffer.alloc(65_536), callback }, first as unknown as Socket);
    assert.equal(socket, first as unknown as Socket);
    const sent = Buffer.alloc(150_000, 'abc');
    first.emit('data', sent);
    assert.deepEqual(sizes, [65_536, 65_536, 18_928]);
    assert.deepEqual(Buffer.concat(bytes), sent);
  });
  it('refuses a port that is taken', async () => {
    await serve(
      () => null,
      async ({ port }) => {
        await assert.rejects(
          listen('127.0.0.1', port, () => null),
          { code: 'EADDRINUSE' },
        );
      },
    );
  });
  it('ends a turn once, with what the work itself adds', async () => {
    const order: string[] = [];
    host.endOfTurn(() => {
      order.push('first');
      host.endOfTurn(() => order.push('added'));
    });
    host.endOfTurn(() => order.push('second'));
    assert.deepEqual(order, []);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.deepEqual(order, ['first', 'second', 'added']);
  });
  it('has what is young collected, however often it is asked', () => {
    // A collection empties the space for what is young, but for what survives it.
    const young = () =>
      getHeapSpaceStatistics().find((each) => each.space_name === 'new_space')!.space_used_size;
    let kept: unknown[] = Array.from({ length: 20_000 }, (_, i) => ({ i }));
    const before = young();
    assert.equal(kept.length, 20_000);
    kept = [];
    host.madeToStay();
    host.madeToStay();
    assert.ok(young() < before - 400_000, `${before} bytes before, ${young()} after`);
  });
  it('gives every start a name of its own', () => {
    const names = new Set(Array.from({ length: 1000 }, () => incarnation('r')));
    assert.equal(names.size, 1000);
  });
});
