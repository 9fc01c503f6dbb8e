// Locks for clients against the embedded ZooKeeper: whose a lock is, when it goes, bounds, and its faults.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ClientLocks } from '../../src/router/client-locks.js';
import { type ClientState, Clients, type LockAnswer, Settings } from '../../src/router/local/index.js';
import type { Embedded, ZooKeeper } from '../../src/zookeeper/index.js';
import { needs, ZOOKEEPER } from '../needs.js';
import { client as connect, embedded, next, until } from '../zookeeper/helpers.js';
import { startRealZooKeeper } from '../zookeeper/real-server.js';

const FOLDER = '/towline/locks/clients';

/** One router's locks, as far as they need one. */
class Desk {
  readonly clients = new Clients(new Settings());
  private constructor(
    readonly zk: ZooKeeper,
    readonly locks: ClientLocks,
  ) {}
  static open(t: TestContext, { address }: Embedded, limits = {}): Promise<Desk> {
    return Desk.at(t, address, limits);
  }
  static async at(t: TestContext, servers: string, limits = {}): Promise<Desk> {
    const { zk } = await connect(t, servers);
    const locks = new ClientLocks(zk, limits);
    await locks.start();
    t.after(() => locks.stop());
    return new Desk(zk, locks);
  }
  client(): ClientState {
    return this.clients.open('127.0.0.1:1', '127.0.0.1:2', -1, 0)!;
  }
  lock(client: ClientState, name: string, mode: 'read' | 'write', ms?: number, lost = () => {}) {
    return this.locks.lock(client, name, mode, ms, lost);
  }
  /** Takes a lock that must be free. @returns its token */
  async take(client: ClientState, name: string, mode: 'read' | 'write' = 'write'): Promise<bigint> {
    return tokenOf(await this.lock(client, name, mode, 20_000));
  }
}

function tokenOf(answer: LockAnswer): bigint {
  if (answer.kind !== 'granted') throw new Error(`not granted: ${answer.kind}`);
  return answer.token;
}

/** Nodes of a lock's folder. */
const nodes = (zk: ZooKeeper, name: string) =>
  zk.children(`${FOLDER}/${name}`).then(
    ({ names }) => names.length,
    () => 0,
  );

/** Many clients of two routers take one lock in turn; `each` is called with it held. */
async function contend(t: TestContext, servers: string, each: () => void): Promise<void> {
  const desks = [await Desk.at(t, servers), await Desk.at(t, servers)];
  let inside = 0;
  const tokens: bigint[] = [];
  const work = async (who: number) => {
    const desk = desks[who % 2]!;
    for (let i = 0; i < 10; i++) {
      const client = desk.client();
      const token = await desk.take(client, 'x');
      assert.equal(++inside, 1);
      tokens.push(token);
      each();
      await new Promise(setImmediate);
      inside--;
      if (i % 2 === 0) assert.equal(await desk.locks.unlock(client, 'x'), 'released');
      desk.clients.remove(client);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, who) => work(who)));
  assert.equal(tokens.length, 80);
  assert.deepEqual(
    tokens,
    tokens.toSorted((p, q) => (p < q ? -1 : 1)),
  );
  await until('nothing is left', async () => (await nodes(desks[0]!.zk, 'x')) === 0);
}

describe('locks for clients', () => {
  test('given, refused, given back; tokens grow and a number holds them exactly', async (t) => {
    const server = await embedded(t);
    const [one, two] = [await Desk.open(t, server), await Desk.open(t, server)];
    const [a, b] = [one.client(), two.client()];
    const first = await one.take(a, 'x');
    assert.ok(first > 0n && first < BigInt(Number.MAX_SAFE_INTEGER));
    assert.deepEqual(one.locks.list(a), [{ name: 'x', mode: 'write', token: first, state: 'held' }]);
    assert.equal((await two.lock(b, 'x', 'read', 0)).kind, 'timeout');
    assert.equal((await two.lock(b, 'x', 'write', 20)).kind, 'timeout');
    assert.equal(await two.locks.unlock(b, 'x'), 'not-held');
    for (const mode of ['read', 'write'] as const) {
      assert.equal((await one.lock(a, 'x', mode)).kind, 'held-already');
    }
    assert.equal(await one.locks.unlock(a, 'x'), 'released');
    assert.equal(await one.locks.unlock(a, 'x'), 'not-held');
    const second = await two.take(b, 'x');
    assert.ok(second > first);
    assert.deepEqual(one.locks.list(a), []);
  });

  test('names are bytes: none is taken for another, and none leaves its folder', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server);
    const names = [
      '.',
      '..',
      'a',
      'A',
      '%61',
      'a/b',
      '/',
      '\0',
      '\xff\xfe',
      ' ',
      'x'.repeat(512),
      '\n'.repeat(512),
    ];
    const clients = names.map(() => desk.client());
    await Promise.all(names.map((name, i) => desk.take(clients[i]!, name)));
    for (const name of names) assert.equal((await desk.lock(desk.client(), name, 'read', 0)).kind, 'timeout');
    assert.equal((await desk.zk.children(FOLDER)).names.length, names.length);
    for (const [i, name] of names.entries())
      assert.equal(await desk.locks.unlock(clients[i]!, name), 'released');
    await until('all folders are gone', async () => (await desk.zk.children(FOLDER)).names.length === 0);
  });

  test('a lock goes with its connection; whoever waits withdraws with his', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server);
    const [holder, waiter, last] = [desk.client(), desk.client(), desk.client()];
    await desk.take(holder, 'x');
    await desk.take(holder, 'y');
    const waits = desk.lock(waiter, 'x', 'write');
    await until('it waits', async () => (await nodes(desk.zk, 'x')) === 2);
    assert.ok(waiter.blocked);
    const behind = desk.lock(last, 'x', 'read');
    await until('a third waits', async () => (await nodes(desk.zk, 'x')) === 3);
    desk.clients.remove(waiter);
    assert.equal((await waits).kind, 'timeout');
    assert.equal(waiter.blocked, false);
    await until('it has withdrawn', async () => (await nodes(desk.zk, 'x')) === 2);
    desk.clients.remove(holder);
    tokenOf(await behind);
    await until('the other lock is free too', async () => (await nodes(desk.zk, 'y')) === 0);
  });

  test('a connection that ends in the moment of the grant keeps nothing', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server);
    for (let round = 0; round < 40; round++) {
      const client = desk.client();
      const asked = desk.lock(client, 'x', 'write');
      // Some turns later each time: before, while, and after it is granted.
      for (let turns = round; turns > 0; turns--) await new Promise(setImmediate);
      desk.clients.remove(client);
      await asked;
      await desk.take(desk.client(), `other${round}`);
      await until('it is free', async () => (await nodes(desk.zk, 'x')) === 0);
    }
  });

  test('a session that ends takes all locks, and each holder is told', async (t) => {
    const server = await embedded(t);
    const [one, two] = [await Desk.open(t, server), await Desk.open(t, server)];
    const [a, b] = [one.client(), two.client()];
    const told: string[] = [];
    const token = tokenOf(await one.lock(a, 'x', 'write', 20_000, () => told.push('x')));
    await one.lock(a, 'y', 'read', 20_000, () => told.push('y'));
    const waits = two.lock(b, 'x', 'write');
    await until('the other waits', async () => (await nodes(two.zk, 'x')) === 2);
    const lost = next(one.zk, 'lost');
    server.faults.expireSession(one.zk.sessionId);
    const later = tokenOf(await waits);
    assert.ok(later > token);
    await lost;
    assert.deepEqual(told.toSorted(), ['x', 'y']);
    assert.deepEqual(
      one.locks.list(a).map(({ name, state }) => [name, state]),
      [
        ['x', 'lost'],
        ['y', 'lost'],
      ],
    );
    assert.equal(await one.locks.unlock(a, 'x'), 'lost');
    assert.equal(await one.locks.unlock(a, 'x'), 'not-held');
    // What was lost may be taken anew, with a larger token.
    await until('there is a session again', () => one.zk.state === 'connected');
    assert.ok((await one.take(a, 'y')) > later);
    assert.equal(await one.locks.unlock(a, 'y'), 'released');
  });

  test('while ZooKeeper is away: a wait lasts its time, holders are unsure, and an unlock does not guess', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server, { unlockMs: 50 });
    const [a, b] = [desk.client(), desk.client()];
    await desk.take(a, 'x');
    await desk.take(a, 'y');
    server.faults.freeze();
    await next(desk.zk, 'suspended');
    assert.equal((await desk.lock(b, 'z', 'write', 0)).kind, 'away');
    assert.equal((await desk.lock(b, 'z', 'write', 30)).kind, 'away');
    assert.deepEqual(
      desk.locks.list(a).map(({ state }) => state),
      ['unsure', 'unsure'],
    );
    assert.equal(await desk.locks.unlock(a, 'x'), 'unknown');
    assert.equal(await desk.locks.unlock(a, 'x'), 'not-held');
    const waits = desk.lock(b, 'x', 'write', 20_000);
    server.faults.unfreeze();
    // The one was given back meanwhile, and the wait went on.
    tokenOf(await waits);
    assert.equal(await desk.locks.unlock(a, 'y'), 'released');
  });

  test('bounds: locks of a connection, of a router, waiting clients in all and for one lock', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server, { held: 2, waiting: 3, waitingForOne: 2, nodes: 6 });
    const failed = async (client: ClientState, name: string, why: RegExp) => {
      const answer = await desk.lock(client, name, 'write', 20_000);
      assert.match(answer.kind === 'failed' ? answer.message : answer.kind, why);
    };
    const a = desk.client();
    await desk.take(a, 'x');
    await desk.take(a, 'y');
    await failed(a, 'z', /may hold 2 locks/);
    const waiters = [desk.client(), desk.client(), desk.client()];
    const waiting = [
      desk.lock(waiters[0]!, 'x', 'write'),
      desk.lock(waiters[1]!, 'x', 'write'),
      desk.lock(waiters[2]!, 'y', 'write'),
    ];
    await failed(desk.client(), 'x', /2 clients of this router wait for this lock/);
    await failed(desk.client(), 'y', /3 clients of this router wait for locks/);
    for (const waiter of waiters) desk.clients.remove(waiter);
    for (const { kind } of await Promise.all(waiting)) assert.equal(kind, 'timeout');
    await until(
      'nobody is queued',
      async () => (await nodes(desk.zk, 'x')) + (await nodes(desk.zk, 'y')) === 2,
    );
    const others = [desk.client(), desk.client()];
    for (const [i, other] of others.entries()) for (const n of ['p', 'q']) await desk.take(other, `${n}${i}`);
    await failed(desk.client(), 'r', /clients have 6 locks/);
    assert.equal(await desk.locks.unlock(a, 'x'), 'released');
    await desk.take(desk.client(), 'r');
  });

  test('folders that a dead router left empty are swept away; those in use stay', async (t) => {
    const server = await embedded(t);
    const desk = await Desk.open(t, server);
    await desk.take(desk.client(), 'used');
    for (let i = 0; i < 5; i++) await desk.zk.ensure(`${FOLDER}/left${i}`);
    await Desk.open(t, server);
    await until('they are gone', async () => (await desk.zk.children(FOLDER)).names.length === 1);
    assert.equal(await nodes(desk.zk, 'used'), 1);
  });

  test('contention of many clients of two routers, with lost replies and cut connections', async (t) => {
    const server = await embedded(t);
    let faults = 0;
    await contend(t, server.address, () => {
      if (++faults % 5 === 0) {
        server.faults.loseReply({ type: faults % 2 === 0 ? 'create' : 'delete', path: FOLDER });
      }
      if (faults % 17 === 0) server.faults.cut();
    });
  });

  test("contention over Debian's ZooKeeper", needs(...ZOOKEEPER), async (t) => {
    const server = await startRealZooKeeper();
    t.after(() => server.close());
    await contend(t, server.address, () => {});
  });
});
