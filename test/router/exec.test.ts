// MULTI, EXEC and WATCH as a client hears them, on a cluster without faults: errors, bounds, what makes a watched key
// dirty, and that nothing is executed by halves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from './exec-cluster.js';

const NIL2 = '*-1\r\n';
const NIL3 = '_\r\n';
const OK = '+OK\r\n';
const ABORT = '-EXECABORT Transaction discarded because of previous errors.\r\n';

describe('EXEC', () => {
  it('executes over one group and over several, in order, with the errors of each command', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b, c] = cluster.names('k');
    const one = client.all('MULTI', `SET ${a} x`, `INCR ${a}`, `GET ${a}`, 'EXEC');
    assert.deepEqual(one.slice(0, 4), [OK, '+QUEUED\r\n', '+QUEUED\r\n', '+QUEUED\r\n']);
    assert.equal(one[4], '*3\r\n+OK\r\n-ERR value is not an integer or out of range\r\n$1\r\nx\r\n');
    const several = client.all(
      'MULTI',
      `SET ${a} 1`,
      `SET ${b} y`,
      `INCR ${b}`,
      `INCRBY ${a} 4`,
      `GET ${c}`,
      'EXEC',
    );
    assert.equal(
      several[6],
      '*5\r\n+OK\r\n+OK\r\n-ERR value is not an integer or out of range\r\n:5\r\n$-1\r\n',
    );
    assert.deepEqual(client.all(`GET ${a}`, `GET ${b}`), ['$1\r\n5\r\n', '$1\r\ny\r\n']);
  });

  it('executes nothing after a refused command, and nothing at all without commands', () => {
    const client = new TestCluster().client();
    assert.deepEqual(client.all('EXEC', 'DISCARD', 'MULTI', 'EXEC'), [
      '-ERR EXEC without MULTI\r\n',
      '-ERR DISCARD without MULTI\r\n',
      OK,
      '*0\r\n',
    ]);
    const said = client.all('MULTI', 'SET k 1', 'SET k', 'GET k', 'EXEC', 'GET k');
    assert.deepEqual([said[4], said[5]], [ABORT, '$-1\r\n']);
    assert.equal(client.all('MULTI', 'NONSENSE', 'EXEC')[2], ABORT);
    assert.deepEqual(client.all('MULTI', 'SET k 1', 'DISCARD', 'GET k').slice(2), [OK, '$-1\r\n']);
    assert.deepEqual(client.all('MULTI', 'MULTI', 'WATCH k', 'PING', 'EXEC').slice(1), [
      '-ERR MULTI calls can not be nested\r\n',
      '-ERR WATCH inside MULTI is not allowed\r\n',
      '+QUEUED\r\n',
      '*1\r\n+PONG\r\n',
    ]);
  });

  it("puts the router's own commands in their places, and follows SELECT", () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    const said = client.all(
      'MULTI',
      `SET ${a} 0`,
      'SELECT 3',
      'ECHO x',
      `SET ${b} 3`,
      'SELECT 99',
      `GET ${b}`,
      'EXEC',
    );
    assert.equal(
      said[7],
      '*6\r\n+OK\r\n+OK\r\n$1\r\nx\r\n+OK\r\n-ERR DB index is out of range\r\n$1\r\n3\r\n',
    );
    assert.deepEqual(client.all(`GET ${b}`, 'SELECT 0', `GET ${b}`, `GET ${a}`), [
      '$1\r\n3\r\n',
      OK,
      '$-1\r\n',
      '$1\r\n0\r\n',
    ]);
    // What SELECT refuses selects nothing for what is queued behind it.
    assert.equal(client.all('MULTI', 'SELECT 01', `SET ${b} 0`, 'EXEC')[3]!.split('\r\n')[2], '+OK');
    assert.deepEqual(client.all(`GET ${b}`), ['$1\r\n0\r\n']);
  });

  it('an error of the whole EXEC leaves the router’s own commands unexecuted', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    client.all('WATCH k', 'MULTI', 'SELECT 5', 'SET k 1');
    other.ask('SET k other');
    assert.equal(client.ask('EXEC'), NIL2);
    assert.equal(client.ask('GET k'), '$5\r\nother\r\n');
  });

  it('commands behind EXEC in one pipeline come after it, also of other groups', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b, c] = cluster.names('k');
    const said = client.all(
      'MULTI',
      `SET ${a} 1`,
      `SET ${b} 1`,
      'EXEC',
      `GET ${b}`,
      `INCR ${a}`,
      `SET ${c} 1`,
      'MULTI',
      `GET ${c}`,
      'EXEC',
    );
    assert.deepEqual(said.slice(3), [
      '*2\r\n+OK\r\n+OK\r\n',
      '$1\r\n1\r\n',
      ':2\r\n',
      OK,
      OK,
      '+QUEUED\r\n',
      '*1\r\n$1\r\n1\r\n',
    ]);
  });

  it('RESET ends the transaction and the watching; QUIT is not queued', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    const said = client.all('WATCH k', 'MULTI', 'SET k 1', 'RESET', 'EXEC', 'GET k');
    assert.deepEqual(said.slice(3), ['+RESET\r\n', '-ERR EXEC without MULTI\r\n', '$-1\r\n']);
    other.ask('SET k 1');
    assert.equal(client.all('MULTI', 'GET k', 'EXEC')[2], '*1\r\n$1\r\n1\r\n');
    assert.deepEqual(client.all('MULTI', 'SET k 2', 'QUIT').slice(2), [OK]);
    assert.equal(other.ask('GET k'), '$1\r\n1\r\n');
  });

  it('CLIENT REPLY OFF and SKIP: executed, not answered', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    client.send(
      ['CLIENT', 'REPLY', 'OFF'],
      ['MULTI'],
      ['INCR', a!],
      ['INCR', b!],
      ['EXEC'],
      ['CLIENT', 'REPLY', 'ON'],
    );
    assert.deepEqual(client.take(1), [OK]);
    client.send(['CLIENT', 'REPLY', 'SKIP'], ['MULTI'], ['INCR', a!], ['INCR', b!], ['EXEC'], ['GET', b!]);
    assert.deepEqual(client.take(4), ['+QUEUED\r\n', '+QUEUED\r\n', '*2\r\n:2\r\n:2\r\n', '$1\r\n2\r\n']);
  });

  it('a client that disconnects during EXEC leaves all of it or nothing', () => {
    const cluster = new TestCluster();
    const [a, b] = cluster.names('k');
    const reader = cluster.client(1);
    for (let i = 0; i < 30; i++) {
      const client = cluster.client();
      client.send(['MULTI'], ['SET', a!, `v${i}`], ['SET', b!, `v${i}`], ['EXEC']);
      cluster.run(i * 0.2);
      client.disconnect();
      cluster.run(50);
      const [x, y] = reader.all(`GET ${a}`, `GET ${b}`);
      assert.equal(x, y);
    }
  });

  it('EXEC with wrong arguments aborts, as in Redis', () => {
    const client = new TestCluster().client();
    const said = client.all('MULTI', 'SET k 1', 'EXEC x', 'GET k');
    assert.deepEqual(said.slice(2), [
      "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n",
      '$-1\r\n',
    ]);
  });

  it('a key of 3 MB moves along', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    const large = 'x'.repeat(3 << 20);
    assert.deepEqual(
      client.askAll(['MULTI'], ['SET', a!, large], ['APPEND', b!, large], ['STRLEN', a!], ['EXEC']).at(-1),
      `*3\r\n+OK\r\n:${3 << 20}\r\n:${3 << 20}\r\n`,
    );
    cluster.weigh('g2', 8);
    cluster.weigh('g3', 8);
    const said = client.askAll(['MULTI'], ['APPEND', a!, '1'], ['APPEND', b!, '1'], ['EXEC']).at(-1);
    assert.equal(said, `*2\r\n:${(3 << 20) + 1}\r\n:${(3 << 20) + 1}\r\n`);
  });
});

describe('the whole keyspace inside MULTI', () => {
  it('FLUSHALL and FLUSHDB over several groups, in their places', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const names = cluster.names('k', 2);
    client.askAll(['MSET', ...names.flatMap((name) => [name, 'old'])]);
    client.all('SELECT 4', `SET ${names[0]} four`, 'SELECT 0');
    const said = client.all(
      'MULTI',
      `SET ${names[0]} new`,
      'FLUSHDB',
      `GET ${names[0]}`,
      `SET ${names[1]} new`,
      'EXEC',
    );
    assert.equal(said[5], '*4\r\n+OK\r\n+OK\r\n$-1\r\n+OK\r\n');
    assert.equal(client.ask('DBSIZE'), ':1\r\n');
    assert.deepEqual(client.all('SELECT 4', `GET ${names[0]}`, 'SELECT 0')[1], '$4\r\nfour\r\n');
    assert.equal(client.all('MULTI', 'FLUSHALL', 'EXEC')[2], '*1\r\n+OK\r\n');
    assert.deepEqual(client.all('DBSIZE', 'SELECT 4', 'DBSIZE'), [':0\r\n', OK, ':0\r\n']);
  });

  it('FLUSHALL with a bad argument flushes nothing', () => {
    for (const groups of [['g1'], ['g1', 'g2', 'g3']]) {
      const client = new TestCluster({ groups }).client();
      client.ask('SET k v');
      assert.equal(client.all('MULTI', 'FLUSHALL NOW', 'EXEC')[2], '*1\r\n-ERR syntax error\r\n');
      assert.equal(
        client.all('MULTI', 'FLUSHDB SYNC NOW', 'SET j 1', 'EXEC')[3],
        '*2\r\n-ERR syntax error\r\n+OK\r\n',
      );
      assert.equal(client.ask('GET k'), '$1\r\nv\r\n');
    }
  });

  it('SCAN and RANDOMKEY: with one group, also together with a flush, and with several', () => {
    const one = new TestCluster({ groups: ['g1'] }).client();
    assert.equal(one.all('MULTI', 'SET k 1', 'RANDOMKEY', 'EXEC')[3], '*2\r\n+OK\r\n$1\r\nk\r\n');
    // Together with a flush it is no single message.
    const k = '*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n';
    assert.equal(one.all('MULTI', 'SCAN 0', 'FLUSHALL', 'EXEC')[3], `*2\r\n${k}+OK\r\n`);
    assert.equal(one.ask('DBSIZE'), ':0\r\n');
    const several = new TestCluster().client().all('MULTI', 'SET k 1', 'SCAN 0', 'GET k', 'EXEC')[4]!;
    assert.equal(several, `*3\r\n+OK\r\n${k}$1\r\n1\r\n`);
  });

  describe('SORT with patterns that name keys', () => {
    const bulks = (...texts: string[]) =>
      `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`;

    it('sees what the commands before have done, over keys of any groups', () => {
      const cluster = new TestCluster();
      const client = cluster.client();
      client.all('RPUSH l 1 2 3', 'MSET w1 3 w2 2 w3 1 o1 a o2 b o3 c');
      const said = client.all(
        ...['MULTI', 'SORT l BY w*', 'SET w1 0', 'RPUSH l 4', 'SET w4 9', 'SORT l BY w* GET o* DESC', 'EXEC'],
      );
      assert.equal(
        said.at(-1),
        `*5\r\n${bulks('3', '2', '1')}+OK\r\n:4\r\n+OK\r\n*4\r\n$-1\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\na\r\n`,
      );
      assert.equal(client.ask('LRANGE l 0 -1'), bulks('1', '2', '3', '4'));
    });

    it('stored, and sorted again by what was stored; hashes; other databases', () => {
      const cluster = new TestCluster();
      const client = cluster.client();
      client.all('SELECT 2', 'RPUSH l x y', 'HSET h:x f 2', 'HSET h:y f 1', 'SET v:2 two', 'SET v:1 one');
      const said = client.all(
        ...[
          'MULTI',
          'SORT l BY h:*->f GET h:*->f STORE d',
          'SORT d DESC GET v:* GET #',
          'LRANGE d 0 -1',
          'EXEC',
        ],
      );
      assert.equal(said.at(-1), `*3\r\n:2\r\n${bulks('two', '2', 'one', '1')}${bulks('1', '2')}`);
      assert.equal(client.all('SELECT 0', 'EXISTS d')[1], ':0\r\n');
    });

    it('with a list of another type, beside watched keys, a flush and DBSIZE', () => {
      const cluster = new TestCluster();
      const client = cluster.client();
      client.all('SET s 1', 'RPUSH l a', 'SET w_a 1', 'WATCH l w_a');
      assert.match(
        client.all('MULTI', 'SORT s BY w_*', 'SORT l ALPHA GET w_*', 'DBSIZE', 'EXEC').at(-1)!,
        /^\*3\r\n-WRONGTYPE [^\r]*\r\n\*1\r\n\$1\r\n1\r\n:3\r\n$/,
      );
      client.ask('WATCH w_a');
      cluster.client(1).ask('SET w_a 2');
      assert.equal(client.all('MULTI', 'SORT l ALPHA GET w_*', 'EXEC').at(-1), '*-1\r\n');
      assert.equal(
        client.all('MULTI', 'FLUSHALL', 'RPUSH l b', 'SORT l ALPHA GET w_*', 'DBSIZE', 'EXEC').at(-1),
        '*4\r\n+OK\r\n:1\r\n*1\r\n$-1\r\n:1\r\n',
      );
    });

    it('with one group; while keys move', () => {
      const one = new TestCluster({ groups: ['g1'] }).client();
      one.all('RPUSH l b a', 'MSET w_a 1 w_b 2');
      assert.equal(one.all('MULTI', 'SORT l BY w_*', 'EXEC').at(-1), `*1\r\n${bulks('a', 'b')}`);
      const cluster = new TestCluster();
      const client = cluster.client();
      const elements = Array.from({ length: 40 }, (_, i) => String(i));
      client.askAll(['RPUSH', 'l', ...elements]);
      client.askAll(['MSET', ...elements.flatMap((each) => [`w_${each}`, String(-each)])]);
      cluster.weigh('g1', 3);
      for (const each of elements.slice(0, 9)) client.ask(`APPEND w_${each} 0`);
      const want = [...elements].sort((a, b) => weightOf(+a) - weightOf(+b));
      assert.equal(client.all('MULTI', 'SORT l BY w_*', 'EXEC').at(-1), `*1\r\n${bulks(...want)}`);
    });

    it('behind what chooses by chance: it chooses the same each time that it is run', () => {
      const client = new TestCluster().client();
      const members = Array.from({ length: 30 }, (_, i) => `m${i}`);
      client.askAll(['MSET', ...members.flatMap((each, i) => [`w_${each}`, String(i)])]);
      const popped = new Set<string>();
      for (let round = 0; round < 12; round++) {
        client.askAll(['DEL', 's', 't'], ['SADD', 's', ...members]);
        const reply = client.all(
          'MULTI',
          'SPOP s',
          'SPOP s 3',
          'SORT s BY w_* STORE t',
          'LRANGE t 0 -1',
          'EXEC',
        );
        const words = reply
          .at(-1)!
          .split('\r\n')
          .filter((word) => word.startsWith('m'));
        const [gone, left] = [words.slice(0, 4), words.slice(4)];
        assert.deepEqual(
          left,
          members.filter((each) => !gone.includes(each)),
        );
        popped.add(gone.join());
      }
      assert.ok(popped.size > 8, `${popped.size} of 12 are different`);
    });

    it('of what expires in the middle of it: at one moment', () => {
      const client = new TestCluster().client();
      const members = Array.from({ length: 9 }, (_, i) => `m${i}`);
      client.askAll(['MSET', ...members.flatMap((each, i) => [`w_${each}`, String(-i)])]);
      const sizes = new Set<number>();
      for (let round = 0; round < 80; round++) {
        client.askAll(['DEL', 'e', 'd'], ['SADD', 'e', ...members.slice(0, 5)], ['SADD', 'k', ...members]);
        client.send(['PEXPIRE', 'e', String(1 + (round % 20))], ['MULTI'], ['SDIFFSTORE', 'd', 'k', 'e']);
        client.send(['SORT', 'd', 'BY', 'w_*', 'GET', '#'], ['EXEC']);
        const reply = client.take(5).at(-1)!;
        const size = Number(/^\*2\r\n:(\d+)\r\n/.exec(reply)?.[1]);
        sizes.add(size);
        const want = [...(size === 9 ? members : members.slice(5))].reverse();
        assert.equal(reply, `*2\r\n:${size}\r\n${bulks(...want)}`);
      }
      assert.deepEqual([...sizes].sort(), [4, 9]);
    });
  });

  it('a second group joins between WATCH and EXEC with a read of everything', () => {
    const cluster = new TestCluster({ groups: ['g1', 'g2'], owners: ['g1'] });
    const client = cluster.client();
    client.all('SET k 1', 'WATCH k', 'MULTI', 'DBSIZE', 'GET k');
    const { directory } = cluster.cluster;
    const { ring } = directory;
    const groups = [...ring.groups, { id: 'g2', weight: 1 }];
    directory.publishRing({ ...ring, version: 2, groups, history: [ring.groups] });
    const said = client.ask('EXEC');
    assert.ok(said === NIL2 || said === '*2\r\n:1\r\n$1\r\n1\r\n', said);
    assert.equal(client.ask('GET k'), '$1\r\n1\r\n');
  });
});

describe('WATCH', () => {
  /** What EXEC says after WATCH, `between` by another client (or itself), and a write of the key. */
  function story(
    cluster: TestCluster,
    key: string,
    before: string[],
    between: string[],
    own = false,
  ): string {
    const client = cluster.client();
    const other = own ? client : cluster.client(1);
    client.ask('FLUSHALL');
    if (before.length > 0) client.all(...before);
    client.ask(`WATCH ${key}`);
    if (between.length > 0) other.all(...between);
    return client.all('SELECT 0', 'MULTI', 'PING', 'EXEC')[3]!;
  }
  const clean = '*1\r\n+PONG\r\n';

  it('notices every change of the key', () => {
    const cluster = new TestCluster();
    const [k, other] = cluster.names('k');
    const dirty: [string[], string[]][] = [
      [[], [`SET ${k} 1`]],
      [[], [`SET ${k} 1`, `DEL ${k}`]],
      [[`SET ${k} 1`], [`DEL ${k}`]],
      [[`SET ${k} 1`], [`SET ${k} 1`]],
      [[`SET ${k} 1`], [`DEL ${k}`, `SET ${k} 1`]],
      [[`SET ${k} 1`], [`EXPIRE ${k} 1000`]],
      [[`SET ${k} 1`], ['FLUSHALL']],
      [[`SET ${k} 1`], ['FLUSHDB']],
      [[`SET ${k} 1`], [`RENAME ${k} ${other}`]],
      [[`SET ${other} 1`], [`RENAME ${other} ${k}`]],
      [[`SET ${k} 1`, `SET ${other} 1`], [`RENAME ${other} ${k}`]],
      [[`SET ${other} 1`], [`COPY ${other} ${k}`]],
      [[`SET ${k} 1`], [`MSET ${k} 2 ${other} 2`]],
      [[`SET ${k} 1`], ['MULTI', `SET ${k} 2`, 'EXEC']],
      [[`SET ${k} 1`], ['MULTI', `SET ${k} 2`, `SET ${other} 1`, 'EXEC']],
      [[], ['SELECT 1', `SET ${k} 1`, `MOVE ${k} 0`]],
    ];
    for (const [before, between] of dirty) {
      assert.equal(story(cluster, k!, before, between), NIL2, `${before} | ${between}`);
      // Its own EXEC would end the watching.
      if (!between.includes('EXEC'))
        assert.equal(story(cluster, k!, before, between, true), NIL2, `its own: ${before} | ${between}`);
    }
  });

  it('is no false alarm: reads, other keys, other databases, commands without effect', () => {
    const cluster = new TestCluster();
    const [k, other] = cluster.names('k');
    const quiet: [string[], string[]][] = [
      [[`SET ${k} 1`], [`GET ${k}`, `TTL ${k}`, `EXISTS ${k}`]],
      [[`SET ${k} 1`], [`SET ${other} 1`]],
      [[`SET ${k} 1`], ['SELECT 2', `SET ${k} 2`, `DEL ${k}`]],
      [[`SET ${k} 1`], [`SETNX ${k} 2`, `SET ${k} 3 NX`, `RENAMENX ${k} ${k}`]],
      [[], [`GET ${k}`, `DEL ${k}`, `SET ${k} 1 XX`]],
      [[`SET ${k} 1`], ['MULTI', `GET ${k}`, `SET ${other} 1`, 'EXEC']],
      [[`SET ${k} 1`], ['SELECT 2', 'FLUSHDB']],
    ];
    for (const [before, between] of quiet)
      assert.equal(story(cluster, k!, before, between), clean, `${before} | ${between}`);
  });

  it('in the same turn, and the same log entry, as the change', () => {
    const cluster = new TestCluster({ routers: 1, members: 1 });
    const k = cluster.names('k')[0]!;
    for (let i = 0; i < 40; i++) {
      const clients = Array.from({ length: 4 }, () => cluster.client());
      clients[0]!.ask('PING');
      clients[0]!.ask(i % 2 === 0 ? `DEL ${k}` : `SET ${k} old`);
      // All of it travels in one batch: a change before it, the watch, a change behind it.
      clients[1]!.send(['SET', k, 'before']);
      clients[0]!.send(['WATCH', k]);
      clients[2]!.send(['SET', k, 'behind']);
      const [watched] = clients[0]!.take(1);
      assert.equal(watched, OK);
      clients[1]!.take(1);
      clients[2]!.take(1);
      const value = clients[0]!.ask(`GET ${k}`);
      const said = clients[0]!.all('MULTI', `SET ${k} mine`, 'EXEC')[2];
      if (said !== NIL2) {
        // Nothing came between WATCH and EXEC: then both were before the WATCH.
        assert.equal(said, '*1\r\n+OK\r\n');
        assert.equal(clients[0]!.ask(`GET ${k}`), '$4\r\nmine\r\n');
      } else assert.equal(clients[0]!.ask(`GET ${k}`), value);
    }
  });

  it('expiry: before WATCH it is no change, behind it is one', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    const [k, j] = cluster.names('k');
    for (const run of [`SET ${k} 2`, 'PING', `MSET ${k} 1 ${j} 2`]) {
      other.ask(`SET ${k} 1 PX 40`);
      client.ask(`WATCH ${k}`);
      cluster.run(60);
      assert.equal(client.all('MULTI', run, 'EXEC')[2], NIL2, run);
      other.ask(`SET ${k} 1 PX 1`);
      cluster.run(3);
      client.ask(`WATCH ${k}`);
      cluster.run(300);
      assert.notEqual(client.all('MULTI', run, 'EXEC')[2], NIL2, run);
    }
  });

  it('its own EXEC may write the key; afterwards nothing is watched; UNWATCH and DISCARD forget', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    assert.equal(client.all('WATCH k', 'MULTI', 'SET k 1', 'SET k 2', 'EXEC')[4], '*2\r\n+OK\r\n+OK\r\n');
    assert.equal(client.all('MULTI', 'GET k', 'EXEC')[2], '*1\r\n$1\r\n2\r\n');
    for (const forget of ['UNWATCH', 'MULTI|DISCARD', 'MULTI|SET|EXEC']) {
      client.ask('WATCH k');
      client.all(...forget.split('|'));
      other.ask('SET k 3');
      assert.equal(client.all('MULTI', 'PING', 'EXEC')[2], '*1\r\n+PONG\r\n', forget);
    }
    // Watched again, the first state counts.
    client.ask('WATCH k');
    other.ask('SET k 4');
    assert.equal(client.all('WATCH k', 'MULTI', 'PING', 'EXEC')[3], NIL2);
    // Queued, UNWATCH changes nothing.
    client.ask('WATCH k');
    other.ask('SET k 5');
    assert.equal(client.all('MULTI', 'UNWATCH', 'EXEC')[2], NIL2);
  });

  it('nil in RESP3', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    const [a, b] = cluster.names('k');
    client.ask('HELLO 3');
    client.ask(`WATCH ${a}`);
    other.ask(`SET ${a} 1`);
    assert.equal(client.all('MULTI', `GET ${a}`, 'EXEC')[2], NIL3);
    client.ask(`WATCH ${a}`);
    other.ask(`SET ${a} 1`);
    assert.equal(client.all('MULTI', `GET ${a}`, `GET ${b}`, 'EXEC')[3], NIL3);
    assert.equal(client.all('MULTI', `GET ${b}`, `GET ${a}`, 'EXEC')[3], '*2\r\n_\r\n$1\r\n1\r\n');
  });

  it('a new primary may make it dirty, and never lets a change pass', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    const [k, j] = cluster.names('k');
    for (const run of [`SET ${k} mine`, `MSET ${k} mine ${j} mine`]) {
      client.all(`SET ${k} 1`, `WATCH ${k}`);
      other.ask(`SET ${k} 2`);
      cluster.killPrimary('g1');
      assert.equal(client.all('MULTI', run, 'EXEC')[2], NIL2);
      assert.equal(client.ask(`GET ${k}`), '$1\r\n2\r\n');
      cluster.cluster.restartNode(cluster.cluster.membersOf('g1').find(({ host }) => !host.alive)!);
      cluster.run(5000);
    }
  });

  it('a key that moves, changes, and moves back; that is created elsewhere and deleted', () => {
    for (const drains of [false, true]) {
      const cluster = new TestCluster();
      const [client, other] = [cluster.client(), cluster.client(1)];
      const keys = cluster.names('k', 4).slice(0, 4);
      const back = (between: (key: string) => string[]) => {
        client.ask('UNWATCH');
        client.ask(`WATCH ${keys.join(' ')}`);
        for (const weight of [1, 8, 1]) {
          cluster.weigh('g2', weight);
          if (weight === 8) for (const key of keys) other.all(...between(key));
          if (drains || weight === 1) cluster.drain();
        }
        for (const run of [`SET ${keys[0]} mine`]) assert.equal(client.all('MULTI', run, 'EXEC')[2], NIL2);
      };
      back((key) => [`SET ${key} 1`, `DEL ${key}`]);
      client.askAll(['MSET', ...keys.flatMap((key) => [key, '1'])]);
      back((key) => [`DEL ${key}`, `SET ${key} 1`]);
    }
  });

  it('an unsettled key: no false alarm while it stays where it is', () => {
    const cluster = new TestCluster();
    const [client, other] = [cluster.client(), cluster.client(1)];
    const keys = cluster.names('k', 3);
    client.askAll(['MSET', ...keys.flatMap((key) => [key, '1'])]);
    cluster.weigh('g2', 8);
    for (const key of [...keys, ...cluster.names('absent', 3)]) {
      client.ask(`WATCH ${key}`);
      other.ask(`GET ${key}`);
      assert.equal(client.all('MULTI', `APPEND ${key} 2`, 'EXEC')[2]!.slice(0, 5), '*1\r\n:', key);
      client.ask(`WATCH ${key}`);
      assert.equal(client.all('MULTI', `GET ${key}`, 'EXEC')[2]!.slice(0, 5), '*1\r\n$', key);
      client.ask(`WATCH ${key}`);
      other.ask(`APPEND ${key} 3`);
      assert.equal(client.all('MULTI', `GET ${key}`, 'EXEC')[2], NIL2, key);
    }
  });
});

describe('what cannot be served', () => {
  it('no group yet: CLUSTERDOWN, and the router lives', () => {
    const cluster = new TestCluster({ groups: ['g1'], owners: [] });
    const client = cluster.client();
    const down = '-CLUSTERDOWN no group of data nodes has joined yet\r\n';
    assert.deepEqual(
      client
        .all('WATCH k', 'MULTI', 'SET k 1', 'EXEC', 'MULTI', 'FLUSHALL', 'EXEC')
        .filter((said) => said[0] === '-'),
      [down, down, down],
    );
    assert.equal(client.all('MULTI', 'PING', 'EXEC')[2], '*1\r\n+PONG\r\n');
  });

  it('NOREPLICAS: below minInSync an EXEC that writes executes nothing; one that reads is served', () => {
    const cluster = new TestCluster({ members: 2, minInSync: 2 });
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    client.all(`SET ${a} 1`, `SET ${b} 1`);
    cluster.killBackup('g1');
    assert.match(client.all('MULTI', `SET ${a} 2`, 'EXEC')[2]!, /^-NOREPLICAS/);
    assert.match(client.all('MULTI', `SET ${b} 2`, `SET ${a} 2`, 'EXEC')[3]!, /^-NOREPLICAS/);
    assert.equal(
      client.all(`WATCH ${a}`, 'MULTI', `GET ${b}`, `GET ${a}`, 'EXEC')[4],
      '*2\r\n$1\r\n1\r\n$1\r\n1\r\n',
    );
  });

  it('NOREPLICAS and a key that expires while its deletion cannot be logged: WATCH notices', () => {
    const cluster = new TestCluster({ members: 2, minInSync: 2 });
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    client.ask(`SET ${a} 1 PX 6000`);
    cluster.killBackup('g1');
    assert.equal(client.ask(`GET ${a}`), '$1\r\n1\r\n');
    client.ask(`WATCH ${a}`);
    cluster.run(7000);
    assert.equal(client.all('MULTI', `GET ${a}`, 'EXEC')[2], NIL2);
    client.ask(`WATCH ${a}`);
    assert.equal(client.all('MULTI', `GET ${a}`, `GET ${b}`, 'EXEC')[3], '*2\r\n$-1\r\n$-1\r\n');
  });

  it('GROUPLOST at once, for WATCH too', () => {
    const cluster = new TestCluster({ members: 1 });
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    client.ask(`SET ${b} 1`);
    cluster.killPrimary('g1');
    cluster.run(15_000);
    const before = cluster.world.time;
    assert.match(client.ask(`WATCH ${a}`), /^-GROUPLOST group g1/);
    assert.match(client.all('MULTI', `SET ${a} 2`, 'EXEC')[2]!, /^-GROUPLOST group g1/);
    assert.match(client.all('MULTI', `SET ${b} 2`, `SET ${a} 2`, 'EXEC')[3]!, /^-GROUPLOST group g1/);
    assert.match(client.all('MULTI', 'FLUSHALL', 'EXEC')[2]!, /^-GROUPLOST group g1/);
    assert.equal(client.all('MULTI', `GET ${b}`, 'EXEC')[2], '*1\r\n$1\r\n1\r\n');
    assert.ok(cluster.world.time - before < 1000, 'nothing waited for the deadline');
  });
});

/** What `APPEND w_<n> 0` made of the weight -n of the first nine. */
const weightOf = (n: number): number => (n < 9 ? -10 * n : -n);
