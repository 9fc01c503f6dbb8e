// Locks for clients over two routers, as real processes: exclusion, order, and every way in which a lock can go.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { ZooKeeper } from '../../src/zookeeper/index.js';
import { ByHand, type Running, type Said, until } from './by-hand.js';

const FOLDER = '/towline/locks/clients';
/** Far beyond what any wait here takes, ms. */
const LONG = 60_000;

type Ask = (...command: (string | number)[]) => Promise<Said>;

/** A client that shows the bytes it gets, and ends when it is told. */
class Raw {
  private text = '';
  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
  }
  static async open(port: number): Promise<Raw> {
    const socket = connect(port, '127.0.0.1');
    const raw = new Raw(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    return raw;
  }
  say(...lines: string[]): void {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(''));
  }
  /** Everything up to and with the first match; later calls see what comes after. */
  async hear(pattern: RegExp): Promise<string> {
    await until(`${pattern} in ${JSON.stringify(this.text)}`, () => pattern.test(this.text));
    const { index, 0: found } = pattern.exec(this.text)!;
    const heard = this.text.slice(0, index + found.length);
    this.text = this.text.slice(heard.length);
    return heard;
  }
  /** What came and was not heard. */
  get rest(): string {
    return this.text;
  }
}

describe('locks for clients', { timeout: 240_000 }, () => {
  let world: ByHand;
  let routers: Running[];
  let zk: ZooKeeper;
  const raws: Raw[] = [];
  let clients: Redis[] = [];

  before(async () => {
    world = await ByHand.begin();
    routers = [await world.router(), await world.router()];
    zk = new ZooKeeper({ servers: world.servers, sessionTimeoutMs: 1500 });
    await zk.connect();
  });
  after(async () => {
    for (const { socket } of raws) socket.destroy();
    hangUp();
    await zk?.close();
    await world?.stop();
  });

  /** A client of a router. */
  const clientOf = (port: number): Ask => {
    const redis = new Redis({
      port,
      protocol: 2,
      enableReadyCheck: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => {});
    clients.push(redis);
    return (name, ...args) =>
      redis.call(String(name), ...args).then(
        (reply) => reply as Said,
        (error: Error) => error.message,
      );
  };
  const client = (router: number): Ask => clientOf(routers[router]!.port);
  /** Ends all clients' connections. */
  const hangUp = () => {
    for (const redis of clients) redis.disconnect();
    clients = [];
  };
  const raw = async (router: number): Promise<Raw> => {
    const made = await Raw.open(routers[router]!.port);
    raws.push(made);
    return made;
  };
  /** Contenders for a lock. */
  const queued = (name: string) =>
    zk.children(`${FOLDER}/${name}`).then(
      ({ names }) => names.length,
      () => 0,
    );
  const untilQueued = (name: string, count: number) =>
    until(`${count} at ${name}`, async () => (await queued(name)) === count);
  const tokenOf = (said: Said): number => {
    if (!Number.isSafeInteger(said)) throw new Error(`no token: ${said}`);
    return said as number;
  };
  const take = async (ask: Ask, name: string, mode = 'WRITE') =>
    tokenOf(await ask('TOWLINE.LOCK', name, mode, 'TIMEOUT', LONG));

  test('one writer at a time, whoever asks where; tokens grow', async () => {
    let inside = 0;
    const tokens: number[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, who) => {
        const ask = client(who % 2);
        for (let round = 0; round < 12; round++) {
          const token = await take(ask, 'counter');
          assert.equal(++inside, 1);
          tokens.push(token);
          await ask('PING');
          inside--;
          assert.equal(await ask('TOWLINE.UNLOCK', 'counter'), 1);
        }
      }),
    );
    assert.equal(tokens.length, 144);
    for (let i = 1; i < tokens.length; i++) assert.ok(tokens[i]! > tokens[i - 1]!);
    await untilQueued('counter', 0);
  });

  test('in the order of asking: readers share, a writer waits for all before it, a reader for the writers', async () => {
    const granted: string[] = [];
    const asks: Record<string, Ask> = {};
    const line = ['r1', 'r2', 'w1', 'r3', 'r4', 'w2', 'r5'];
    for (const [i, who] of line.entries()) {
      const ask = client(i % 2);
      asks[who] = ask;
      void take(ask, 'line', who.startsWith('r') ? 'READ' : 'WRITE').then(() => granted.push(who));
      await untilQueued('line', i + 1);
    }
    const leave = async (...who: string[]) => {
      for (const each of who) assert.equal(await asks[each]!('TOWLINE.UNLOCK', 'line'), 1);
    };
    const came = (count: number) => until(`${count} have it`, () => granted.length === count);
    await came(2);
    await leave('r1');
    // A reader gone, one is left: the writer must wait. A round trip of each router shows that it does.
    for (const router of [0, 1]) assert.equal(await client(router)('PING'), 'PONG');
    assert.deepEqual(granted.toSorted(), ['r1', 'r2']);
    await leave('r2');
    await came(3);
    await leave('w1');
    await came(5);
    await leave('r4', 'r3');
    await came(6);
    await leave('w2');
    await came(7);
    await leave('r5');
    assert.deepEqual(
      [granted[2], granted.slice(3, 5).toSorted(), granted.slice(5)],
      ['w1', ['r3', 'r4'], ['w2', 'r5']],
    );
  });

  test('what is answered: nil in time, errors by their names, arguments', async () => {
    const [a, b] = [client(0), client(1)];
    await take(a, 'e');
    assert.equal(await b('TOWLINE.LOCK', 'e', 'read', 'timeout', 0), null);
    assert.equal(await b('TOWLINE.LOCK', 'e', 'WRITE', 'TIMEOUT', 20), null);
    assert.match(String(await a('TOWLINE.LOCK', 'e', 'READ')), /^LOCKHELD /);
    assert.match(String(await b('TOWLINE.UNLOCK', 'e')), /^NOTHELD /);
    const [entry] = (await a('TOWLINE.LOCKS')) as [[string, string, number, string]];
    assert.deepEqual([entry[0], entry[1], entry[3]], ['e', 'WRITE', 'held']);
    for (const [words, error] of [
      ['e', /wrong number of arguments/],
      ['e SHARED', /^ERR syntax error/],
      ['e READ TIMEOUT', /^ERR syntax error/],
      ['e READ FOR 5', /^ERR syntax error/],
      ['e READ TIMEOUT 5 6', /^ERR syntax error/],
      ['e READ TIMEOUT x', /^ERR timeout is not an integer/],
      ['e READ TIMEOUT -1', /^ERR timeout is negative/],
      ['e READ TIMEOUT 2147483648', /^ERR timeout is not an integer or out of range/],
    ] as const) {
      assert.match(String(await b('TOWLINE.LOCK', ...words.split(' '))), error, words);
    }
    assert.match(String(await b('TOWLINE.LOCK', '', 'READ')), /1 to 512 bytes/);
    assert.match(String(await b('TOWLINE.LOCK', 'x'.repeat(513), 'READ')), /1 to 512 bytes/);
    assert.equal(await a('TOWLINE.UNLOCK', 'e'), 1);
  });

  test('a wait holds up its own connection only, and in order', async () => {
    const holder = client(0);
    await take(holder, 'w');
    const waiter = await raw(0);
    waiter.say(
      'PING one',
      `TOWLINE.LOCK w WRITE TIMEOUT ${LONG}`,
      'PING two',
      'TOWLINE.UNLOCK w',
      'PING three',
    );
    await untilQueued('w', 2);
    await waiter.hear(/^\$3\r\none\r\n/);
    assert.match(String(await client(0)('CLIENT', 'LIST')), /flags=b .*cmd=towline.lock/);
    assert.equal(waiter.rest, '');
    assert.equal(await holder('TOWLINE.UNLOCK', 'w'), 1);
    assert.match(await waiter.hear(/three\r\n/), /^:\d+\r\n\$3\r\ntwo\r\n:1\r\n\$5\r\nthree\r\n$/);
  });

  test('whoever goes while it waits withdraws: closed, half closed, reset, killed', async () => {
    const holder = client(0);
    await take(holder, 'gone');
    const ways: ((waiter: Raw, id: string) => unknown)[] = [
      (waiter) => waiter.socket.destroy(),
      (waiter) => waiter.socket.end(),
      (waiter) => waiter.socket.resetAndDestroy(),
      (_, id) => client(1)('CLIENT', 'KILL', 'ID', id),
    ];
    for (const go of ways) {
      const waiter = await raw(1);
      waiter.say('CLIENT ID');
      const id = /:(\d+)/.exec(await waiter.hear(/^:\d+\r\n/))![1]!;
      waiter.say('TOWLINE.LOCK gone WRITE');
      await untilQueued('gone', 2);
      // What is sent behind it does not hide the end of the connection.
      waiter.say('PING', 'PING');
      await go(waiter, id);
      await untilQueued('gone', 1);
    }
    assert.equal(await holder('TOWLINE.UNLOCK', 'gone'), 1);
  });

  test('QUIT, RESET, CLIENT KILL and the end of a connection free its locks', async () => {
    const ways: ((holder: Raw, id: string) => unknown)[] = [
      (holder) => holder.say('QUIT'),
      (holder) => holder.say('RESET'),
      (holder) => holder.socket.destroy(),
      (_, id) => client(0)('CLIENT', 'KILL', 'ID', id),
    ];
    let last = 0;
    for (const go of ways) {
      const holder = await raw(0);
      holder.say('CLIENT ID', 'TOWLINE.LOCK f WRITE', 'TOWLINE.LOCK g READ');
      const [, id] = /^:(\d+)\r\n/.exec(await holder.hear(/^:\d+\r\n:\d+\r\n:\d+\r\n/))!;
      const waiting = take(client(1), 'f');
      await untilQueued('f', 2);
      await go(holder, id!);
      const token = await waiting;
      assert.ok(token > last);
      last = token;
      await untilQueued('g', 0);
      // The waiter goes too.
      hangUp();
      await untilQueued('f', 0);
    }
  });

  test('RESP3: nil, tokens, and a lost lock is told at once', async () => {
    const holder = await raw(0);
    holder.say('HELLO 3', 'TOWLINE.LOCK three WRITE', 'TOWLINE.LOCKS');
    const heard = await holder.hear(/held\r\n$/);
    const token =
      /\r\n:(\d+)\r\n\*1\r\n\*4\r\n\$5\r\nthree\r\n\$5\r\nWRITE\r\n:(\d+)\r\n\$4\r\nheld\r\n$/.exec(heard);
    assert.ok(token !== null && token[1] === token[2], heard);
    const other = await raw(1);
    other.say('HELLO 3', 'TOWLINE.LOCK three WRITE TIMEOUT 10');
    await other.hear(/_\r\n$/);
    // The session's end takes the lock: here, an operator deletes the node.
    const [name] = (await zk.children(`${FOLDER}/three`)).names;
    await zk.remove(`${FOLDER}/three/${name}`, -1);
    await holder.hear(/^>2\r\n\$17\r\ntowline.lock-lost\r\n\$5\r\nthree\r\n$/);
    holder.say('TOWLINE.UNLOCK three', 'TOWLINE.UNLOCK three');
    await holder.hear(/^-LOCKLOST [^\r]*\r\n-NOTHELD [^\r]*\r\n$/);
  });

  test('a router that dies frees its locks when its session ends; one that stops, at once', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const dying = await world.router();
      const holder = clientOf(dying.port);
      const token = await take(holder, 'd');
      const waiting = take(client(1), 'd');
      await untilQueued('d', 2);
      dying.kill(signal);
      await dying.finished;
      assert.ok((await waiting) > token);
      hangUp();
      await untilQueued('d', 0);
    }
  });

  test('a ZooKeeper that forgets everything takes all locks; tokens still grow', async () => {
    const holder = client(0);
    const token = await take(holder, 'z');
    await zk.close();
    await world.forgetZooKeeper();
    const later = tokenOf(await client(1)('TOWLINE.LOCK', 'z', 'WRITE', 'TIMEOUT', LONG));
    assert.ok(later > token);
    await until('the holder knows', async () => {
      const [entry] = (await holder('TOWLINE.LOCKS')) as [unknown[]];
      return entry[3] === 'lost';
    });
    assert.match(String(await holder('TOWLINE.UNLOCK', 'z')), /^LOCKLOST /);
  });
});
