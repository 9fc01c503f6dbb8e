// The read-write lock: exclusion, order, no herd, lost replies, lost sessions, time limits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HeldLock, type LockMode, ReadWriteLock, ZooKeeperError } from '../../src/zookeeper/index.js';
import { contenders } from '../../src/zookeeper/recipes/own-node.js';
import { client, embedded, next, until } from './helpers.js';

const failsWith = (code: string) => (error: unknown) =>
  error instanceof ZooKeeperError && error.code === code;

describe('the read-write lock', () => {
  test('contenders are sorted by number, not by name', () => {
    const names = [
      'ff-1-WRITE-0000000010',
      '00-1-READ-0000000011',
      'x',
      'aa-2-WRITE-2147483647',
      'zz-9-READ-0000000009',
    ];
    assert.deepEqual(
      contenders(names).map(({ kind, sequence }) => [kind, sequence]),
      [
        ['READ', 9],
        ['WRITE', 10],
        ['READ', 11],
        ['WRITE', 2147483647],
      ],
    );
  });

  test('readers share, writers exclude, and the queue is served in order with growing tokens', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const order: string[] = [];
    const held: Record<string, HeldLock> = {};
    const queue = async (name: string, mode: LockMode) => {
      const { zk: own } = await client(t, server.address);
      const count = () =>
        zk.children('/locks/l').then(
          ({ names }) => names.length,
          () => 0,
        );
      const before = await count();
      void new ReadWriteLock(own, '/locks/l').acquire(mode).then((lock) => {
        order.push(name);
        held[name] = lock;
      });
      await until(`${name} is queued`, async () => (await count()) > before);
    };
    await queue('r1', 'read');
    await queue('r2', 'read');
    await queue('w1', 'write');
    await queue('r3', 'read');
    await queue('w2', 'write');
    await until('both readers hold it', () => order.length === 2);
    await held['r1']!.release();
    await zk.barrier();
    assert.deepEqual(order.toSorted(), ['r1', 'r2']);
    await held['r2']!.release();
    await until('the writer holds it', () => order.includes('w1'));
    await zk.barrier();
    assert.equal(order.length, 3);
    assert.ok(held['w1']!.safe);
    await held['w1']!.release();
    await until('the late reader holds it', () => order.includes('r3'));
    await held['r3']!.release();
    await until('the second writer holds it', () => order.includes('w2'));
    await held['w2']!.release();
    await held['w2']!.release();
    const tokens = ['w1', 'r3', 'w2'].map((name) => BigInt(held[name]!.token));
    assert.ok(tokens[0]! < tokens[1]! && tokens[1]! < tokens[2]!);
    await until('the folder is gone', async () => (await zk.exists('/locks/l')) === null);
  });

  test('a release wakes only who may go on', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const first = await new ReadWriteLock(zk, '/l').acquire('write');
    const waiting = await Promise.all(
      [1, 2, 3, 4, 5].map(async () => {
        const { zk: own } = await client(t, server.address);
        let looks = 0;
        const { children } = own;
        own.children = (...args) => {
          looks++;
          return children.apply(own, args);
        };
        const acquired = new ReadWriteLock(own, '/l').acquire('write');
        return { acquired, looks: () => looks };
      }),
    );
    await until('all are queued', async () => (await zk.children('/l')).names.length === 6);
    const before = waiting.map(({ looks }) => looks());
    await first.release();
    const lock = await Promise.race(waiting.map(({ acquired }) => acquired));
    await zk.barrier();
    const woken = waiting.filter(({ looks }, at) => looks() > before[at]!).length;
    assert.equal(woken, 1);
    await lock.release();
    await Promise.all(waiting.map(({ acquired }) => acquired.then((held) => held.release())));
  });

  test('a time limit: not held, not queued any more; 0 does not wait; an abort is a time limit', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const held = await new ReadWriteLock(a, '/l').acquire('read');
    const lock = new ReadWriteLock(b, '/l');
    await assert.rejects(lock.acquire('write', { timeoutMs: 0 }), failsWith('TIMEOUT'));
    assert.equal((await a.children('/l')).names.length, 1);
    await assert.rejects(lock.acquire('write', { timeoutMs: 100 }), failsWith('TIMEOUT'));
    const abort = new AbortController();
    const aborted = assert.rejects(lock.acquire('write', { signal: abort.signal }), failsWith('TIMEOUT'));
    await until('it is queued', async () => (await a.children('/l')).names.length === 2);
    abort.abort();
    await aborted;
    await until('nobody else is queued', async () => (await a.children('/l')).names.length === 1);
    await (await lock.acquire('read', { timeoutMs: 0 })).release();
    await held.release();
    await (await lock.acquire('write', { timeoutMs: 0 })).release();
  });

  test('a lost reply to the create makes one contender; a lost reply to the release is released', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const lock = new ReadWriteLock(zk, '/l');
    await zk.ensure('/l');
    for (let round = 0; round < 3; round++) {
      server.faults.loseReply({ type: 'create', path: '/l/', times: 1 });
      const held = await lock.acquire('write', { timeoutMs: 10_000 });
      const { names } = await zk.children('/l');
      assert.equal(names.length, 1);
      assert.equal(String((await zk.exists(`/l/${names[0]}`))?.czxid), held.token);
      server.faults.loseReply({ type: 'delete', path: '/l/', times: 2 });
      await held.release();
      await until('it is free', async () => (await zk.exists('/l')) === null);
    }
  });

  test('a lost session or a deleted node is told to the holder, and others go on', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    for (const how of ['expire', 'delete'] as const) {
      const held = await new ReadWriteLock(a, '/l').acquire('write');
      const lost = new Promise<void>((resolve) => held.onLost(resolve));
      const waiting = new ReadWriteLock(b, '/l').acquire('write');
      await until('the other is queued', async () => (await b.children('/l')).names.length === 2);
      // With the session it is lost as soon as that is known, not when the next session has looked.
      const known = next(a, 'lost').then(() => assert.ok(held.lost));
      if (how === 'expire') server.faults.expireSession(a.sessionId);
      else {
        const { names } = await b.children('/l');
        const own = contenders(names)[0]!.name;
        await b.remove(`/l/${own}`, -1);
      }
      await lost;
      if (how === 'expire') {
        assert.equal(a.state, 'lost');
        await known;
      }
      assert.ok(held.lost);
      assert.equal(held.safe, false);
      const theirs = await waiting;
      assert.ok(BigInt(theirs.token) > BigInt(held.token));
      await held.release();
      assert.ok(theirs.safe);
      await theirs.release();
    }
  });

  test('a cut connection keeps the lock, unsafe only while it lasts', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const held = await new ReadWriteLock(zk, '/l').acquire('write');
    server.faults.cut();
    await next(zk, 'suspended');
    assert.equal(held.safe, false);
    await next(zk, 'connected');
    assert.equal(held.safe, true);
    assert.equal(held.lost, false);
    await held.release();
  });

  test('a waiter whose session expires queues again in the next one', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const held = await new ReadWriteLock(a, '/l').acquire('write');
    const waiting = new ReadWriteLock(b, '/l').acquire('read');
    await until('it is queued', async () => (await a.children('/l')).names.length === 2);
    server.faults.expireSession(b.sessionId);
    await until(
      'it is queued again',
      async () => b.state === 'connected' && (await a.children('/l')).names.length === 2,
    );
    await held.release();
    const theirs = await waiting;
    const { names } = await a.children('/l');
    assert.equal((await a.exists(`/l/${names[0]}`))?.ephemeralOwner, b.sessionId);
    await theirs.release();
  });

  test('a waiter whose folder has gone, with its own node, queues again', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const held = await new ReadWriteLock(a, '/l').acquire('write');
    const waiting = new ReadWriteLock(b, '/l').acquire('write');
    await until('it is queued', async () => (await a.children('/l')).names.length === 2);
    const { names } = await a.children('/l');
    const nodes = names.map((name) => ({ type: 'remove' as const, path: `/l/${name}` }));
    await a.multi([...nodes, { type: 'remove', path: '/l' }]);
    const theirs = await waiting;
    assert.ok(theirs.safe && BigInt(theirs.token) > BigInt(held.token));
    assert.equal(await held.release(), false);
    assert.equal(await theirs.release(), true);
  });

  test('the folder may come and go between others: everybody gets the lock', async (t) => {
    const server = await embedded(t);
    const clients = await Promise.all([1, 2, 3, 4].map(() => client(t, server.address)));
    let inside = 0;
    let granted = 0;
    await Promise.all(
      clients.map(async ({ zk }) => {
        for (let i = 0; i < 50; i++) {
          const held = await new ReadWriteLock(zk, '/deep/er/l').acquire('write');
          assert.equal(++inside, 1);
          granted++;
          inside--;
          assert.equal(await held.release(), true);
        }
      }),
    );
    assert.equal(granted, 200);
  });

  test('release tells whether it was held until then: not if the session went while nobody could know', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const held = await new ReadWriteLock(zk, '/l').acquire('write');
    server.faults.loseReply({ type: 'delete', path: '/l/' });
    assert.equal(await held.release(), true);
    const again = await new ReadWriteLock(zk, '/l').acquire('write');
    const { sessionId } = zk;
    server.faults.cut();
    await next(zk, 'suspended');
    server.faults.expireSession(sessionId);
    const released = again.release();
    assert.equal(again.safe, false);
    assert.equal(await released, false);
  });

  test('without ZooKeeper: 0 does not wait, and whoever gives up leaves nothing behind', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address);
    const lock = new ReadWriteLock(zk, '/l');
    await zk.ensure('/l');
    server.faults.freeze();
    await next(zk, 'suspended');
    await assert.rejects(lock.acquire('write', { timeoutMs: 0 }), failsWith('TIMEOUT'));
    let settled = 0;
    const few = Array.from({ length: 20 }, () =>
      lock.acquire('write', { timeoutMs: 10, settled: () => settled++ }),
    );
    for (const { status } of await Promise.allSettled(few)) assert.equal(status, 'rejected');
    await until('nothing of them is left', () => settled === 20);
    server.faults.unfreeze();
    await next(zk, 'connected');
    assert.deepEqual((await zk.children('/l')).names, []);
  });

  test('given up with the answer to the create lost: no node of the living session stays', async (t) => {
    const server = await embedded(t);
    const [{ zk: a }, { zk: b }] = [await client(t, server.address), await client(t, server.address)];
    const held = await new ReadWriteLock(a, '/l').acquire('write');
    const { sessionId } = b;
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      let settled = false;
      server.faults.loseReply({ type: 'create', path: '/l/' });
      const lost = next(b, 'suspended');
      const waiting = new ReadWriteLock(b, '/l').acquire('write', {
        signal: abort.signal,
        settled: () => {
          settled = true;
        },
      });
      await lost;
      abort.abort();
      await assert.rejects(waiting, failsWith('TIMEOUT'));
      await until('it has settled', () => settled);
      await a.barrier();
      assert.equal((await a.children('/l')).names.length, 1);
    }
    assert.equal(b.sessionId, sessionId);
    await held.release();
  });

  test('a removal that finds the queue full is tried until it is done', async (t) => {
    const server = await embedded(t);
    const { zk } = await client(t, server.address, { maxRequests: 4 });
    const { zk: other } = await client(t, server.address);
    const held = await new ReadWriteLock(zk, '/l').acquire('write');
    // More looks than one removal was once tried.
    let full = 0;
    let flooding = true;
    const flood = async () => {
      while (flooding) {
        await zk.exists('/l').catch(() => full++);
        await new Promise(setImmediate);
      }
    };
    const floods = Array.from({ length: 24 }, flood);
    const released = held.release();
    await until('the queue was full', () => full > 200);
    flooding = false;
    await Promise.all(floods);
    assert.equal(await released, true);
    await until(
      'it is free',
      async () => (await other.exists('/l')) === null || (await other.children('/l')).names.length === 0,
    );
  });

  test('nobody is ever inside together with a writer, while replies are lost and connections cut', async (t) => {
    const server = await embedded(t);
    const inside = { readers: 0, writers: 0, most: 0 };
    let faults = 0;
    const writes: bigint[] = [];
    const work = async (who: number) => {
      const { zk } = await client(t, server.address, { sessionTimeoutMs: 20_000 });
      const lock = new ReadWriteLock(zk, '/busy');
      for (let i = 0; i < 6; i++) {
        const mode: LockMode = (who + i) % 3 === 0 ? 'write' : 'read';
        const held = await lock.acquire(mode);
        if (mode === 'write') {
          assert.deepEqual([inside.readers, inside.writers], [0, 0]);
          writes.push(BigInt(held.token));
          inside.writers++;
        } else {
          assert.equal(inside.writers, 0);
          inside.readers++;
        }
        inside.most = Math.max(inside.most, inside.readers);
        if (faults++ % 4 === 0) server.faults.loseReply({ type: faults % 8 === 1 ? 'create' : 'delete' });
        if (faults % 7 === 0) server.faults.cut();
        await zk.barrier();
        if (mode === 'write') inside.writers--;
        else inside.readers--;
        await held.release();
      }
    };
    await Promise.all([0, 1, 2, 3, 4].map(work));
    assert.ok(writes.length >= 8);
    assert.deepEqual(
      writes,
      writes.toSorted((x, y) => (x < y ? -1 : 1)),
    );
  });
});
