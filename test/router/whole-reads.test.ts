// KEYS, DBSIZE, SCAN and RANDOMKEY inside MULTI over several groups: each sees what the commands before it have done, and whatever else
// is there, once, wherever keys live and while they move.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from './exec-cluster.js';

const OK = '+OK\r\n';

/** Names in a reply of bulk strings, sorted. */
const names = (reply: string): string[] => {
  assert.match(reply, /^\*\d+\r\n/);
  return reply
    .split('\r\n')
    .slice(1, -1)
    .filter((_line, i) => i % 2 === 1)
    .sort();
};

describe('KEYS and DBSIZE inside MULTI', () => {
  it('over several groups: what is there, and what the commands before have done', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b, c, d] = cluster.names('k', 2);
    client.all(`MSET ${a} 1 ${b} 1 ${c} 1`, 'SELECT 3', `SET ${a} 1`, 'SELECT 0');
    assert.equal(client.all('MULTI', 'DBSIZE', 'EXEC')[2], '*1\r\n:3\r\n');
    const said = client.all(
      ...['MULTI', 'DBSIZE', `SET ${d} 1`, 'DBSIZE', `DEL ${a} ${b}`, `SET ${d} 2`, 'DBSIZE'],
      ...['SELECT 3', 'DBSIZE', `DEL ${a}`, 'DBSIZE', 'SELECT 9', 'DBSIZE', 'EXEC'],
    );
    assert.deepEqual(
      said.at(-1)!.split('\r\n').slice(1, -1).join(' '),
      ':3 +OK :4 :2 +OK :2 +OK :1 :1 :0 +OK :0',
    );
    client.ask('SELECT 0');
    const [, , , , reply] = client.all('MULTI', `SET ${a} 1`, `DEL ${d}`, 'KEYS *', 'EXEC');
    assert.deepEqual(names(reply!.slice('*3\r\n+OK\r\n:1\r\n'.length)), [a, c].sort());
    const one = client.all('MULTI', `SET ${b} 1`, `KEYS ${b}`, 'KEYS nothing', 'EXEC').at(-1);
    assert.equal(one, `*3\r\n+OK\r\n*1\r\n$${b!.length}\r\n${b}\r\n*0\r\n`);
    assert.equal(client.ask('DBSIZE'), ':3\r\n');
  });

  it('behind a flush, a swap of databases, and beside watched keys', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b, c] = cluster.names('k', 1);
    client.all(`MSET ${a} 1 ${b} 1`, 'SELECT 1', `SET ${a} 1`, 'SELECT 0');
    const last = (...lines: string[]) => client.all('MULTI', ...lines, 'EXEC').at(-1);
    assert.equal(last('FLUSHDB NOW', 'DBSIZE'), '*2\r\n-ERR syntax error\r\n:2\r\n');
    assert.equal(last('SWAPDB 0 1', 'DBSIZE', 'SWAPDB 0 1', 'DBSIZE'), '*4\r\n+OK\r\n:1\r\n+OK\r\n:2\r\n');
    client.ask(`WATCH ${a} ${c}`);
    assert.equal(last(`SET ${c} 1`, 'DBSIZE'), '*2\r\n+OK\r\n:3\r\n');
    client.ask(`WATCH ${a} ${c}`);
    cluster.client(1).ask(`SET ${a} 2`);
    assert.equal(last('DBSIZE'), '*-1\r\n');
    assert.equal(
      last(`SET ${a} 3`, 'FLUSHDB', 'DBSIZE', `SET ${b} 1`, 'DBSIZE', 'KEYS *'),
      `*6\r\n+OK\r\n+OK\r\n:0\r\n+OK\r\n:1\r\n*1\r\n$${b!.length}\r\n${b}\r\n`,
    );
    assert.deepEqual(client.all('SELECT 1', 'DBSIZE'), [OK, ':1\r\n']);
    assert.equal(
      last('DBSIZE', 'FLUSHALL', 'SELECT 0', 'DBSIZE', 'SELECT 1', 'DBSIZE')!.slice(4, 8),
      ':1\r\n',
    );
    assert.deepEqual(client.all('DBSIZE', 'SELECT 0', 'DBSIZE'), [':0\r\n', OK, ':0\r\n']);
  });

  it('in RESP3, with wrong arguments, and with one group together with a flush', () => {
    const client = new TestCluster({ groups: ['g1'] }).client();
    client.all('HELLO 3', 'SET k 1');
    assert.equal(
      client.all('MULTI', 'DBSIZE', 'FLUSHALL', 'KEYS *', 'EXEC').at(-1),
      '*3\r\n:1\r\n+OK\r\n*0\r\n',
    );
    assert.equal(client.all('MULTI', 'KEYS', 'EXEC')[2]!.slice(0, 10), '-EXECABORT');
  });

  it('while keys move, each is there once', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const all = cluster.names('k', 20);
    client.askAll(['MSET', ...all.flatMap((name) => [name, '1'])]);
    cluster.weigh('g1', 3);
    for (const [i, name] of all.entries()) {
      // Some of them have moved by now.
      const [, , size, , reply] = client.all('MULTI', `APPEND ${name} x`, 'EXEC', 'MULTI', 'DBSIZE', 'EXEC');
      assert.equal(size, '*1\r\n:2\r\n', `${i} ${reply}`);
    }
    const said = client.all(
      'MULTI',
      `DEL ${all[0]}`,
      'DBSIZE',
      'KEYS *',
      `SET ${all[0]} 1`,
      'DBSIZE',
      'EXEC',
    );
    const reply = said.at(-1)!;
    assert.ok(reply.startsWith('*5\r\n:1\r\n:59\r\n*59\r\n'), reply);
    assert.ok(reply.endsWith('+OK\r\n:60\r\n'), reply);
    cluster.drain();
    assert.equal(client.all('MULTI', 'DBSIZE', 'EXEC')[2], '*1\r\n:60\r\n');
  });

  it('as a write where a group has too few members', () => {
    const cluster = new TestCluster({ members: 2, minInSync: 2 });
    const client = cluster.client();
    cluster.killBackup('g2');
    assert.match(client.all('MULTI', 'DBSIZE', 'EXEC')[2]!, /^-NOREPLICAS/);
    assert.equal(client.ask('DBSIZE'), ':0\r\n');
  });

  it('nothing is counted by halves while others write', () => {
    const cluster = new TestCluster();
    const [one, other] = [cluster.client(), cluster.client(1)];
    const [a, b, c] = cluster.names('k', 1);
    for (let n = 0; n < 40; n++) {
      // Two keys come and go together, so that their number is even at any time.
      other.send(n % 2 === 0 ? ['MSET', a!, '1', b!, '1'] : ['DEL', a!, b!]);
      const said = one.all('MULTI', 'DBSIZE', `SET ${c} 1`, 'DBSIZE', `DEL ${c}`, 'EXEC').at(-1)!;
      assert.match(said, /^\*4\r\n:(0\r\n\+OK\r\n:1|2\r\n\+OK\r\n:3)\r\n:1\r\n$/);
      other.take(1);
    }
  });
});

/** Cursor and names of a SCAN's reply. */
const scanned = (reply: string): { cursor: string; found: string[] } => {
  const [array, , cursor, , ...rest] = reply.split('\r\n');
  assert.equal(array, '*2');
  return { cursor: cursor!, found: rest.filter((_line, i) => i % 2 === 1) };
};

describe('SCAN and RANDOMKEY inside MULTI', () => {
  it('SCAN walks through every group, with what the commands before have made and deleted', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const all = cluster.names('k', 20);
    const [made, gone, ...others] = all;
    client.askAll(['MSET', ...[gone!, ...others].flatMap((name) => [name, '1'])]);
    for (const count of [1, 7, 1000]) {
      const found: string[] = [];
      let steps = 0;
      for (let cursor = '0'; steps === 0 || cursor !== '0'; steps++) {
        const said = client.all(
          ...['MULTI', `SET ${made} 1`, `DEL ${gone}`, `SCAN ${cursor} COUNT ${count}`],
          ...[`DEL ${made}`, `SET ${gone} 1`, 'EXEC'],
        );
        const step = scanned(/^\*5\r\n\+OK\r\n:1\r\n(.*):1\r\n\+OK\r\n$/s.exec(said.at(-1)!)![1]!);
        found.push(...step.found);
        cursor = step.cursor;
        assert.ok(steps < 200);
      }
      assert.deepEqual(found.sort(), [made!, ...others].sort(), `COUNT ${count}`);
      if (count === 1000) assert.equal(steps, 1);
      else assert.ok(steps > 20 / count, `${steps} steps`);
    }
  });

  it('SCAN by name and type; the same places as outside of a transaction', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const all = cluster.names('k', 10);
    client.askAll(['MSET', ...all.flatMap((name) => [name, '1'])]);
    const outside = scanned(client.ask('SCAN 0 COUNT 11')!);
    const inside = client.all('MULTI', `APPEND ${all[3]} x`, 'SCAN 0 COUNT 11', 'EXEC').at(-1)!;
    assert.deepEqual(scanned(inside.slice('*2\r\n:2\r\n'.length)).cursor, outside.cursor);
    assert.deepEqual(scanned(inside.slice('*2\r\n:2\r\n'.length)).found.sort(), outside.found.sort());
    const typed = client.all(
      ...['MULTI', `DEL ${all[0]}`, `RPUSH ${all[0]} x`, 'SCAN 0 COUNT 1000 TYPE list', 'EXEC'],
    );
    assert.deepEqual(scanned(typed.at(-1)!.slice('*3\r\n:1\r\n:1\r\n'.length)).found, [all[0]]);
    const named = client.all('MULTI', `SCAN 0 COUNT 1000 MATCH ${all[5]}`, 'EXEC').at(-1)!;
    assert.deepEqual(scanned(named.slice('*1\r\n'.length)).found, [all[5]]);
    for (const [command, error] of [
      ['SCAN x', 'ERR invalid cursor'],
      ['SCAN 0 COUNT 0', 'ERR syntax error'],
      ['SCAN 0 MATCH', 'ERR syntax error'],
    ])
      assert.equal(
        client.all('MULTI', `SET ${all[0]} 1`, command!, 'EXEC').at(-1),
        `*2\r\n+OK\r\n-${error}\r\n`,
      );
  });

  it('RANDOMKEY names a key that is there, as the commands before have left it', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b, c] = cluster.names('k', 1);
    const last = (...lines: string[]) => client.all('MULTI', ...lines, 'EXEC').at(-1)!;
    const bulk = (name: string) => `$${name.length}\r\n${name}\r\n`;
    assert.equal(
      last('RANDOMKEY', 'SELECT 5', 'RANDOMKEY', 'SELECT 0'),
      '*4\r\n$-1\r\n+OK\r\n$-1\r\n+OK\r\n',
    );
    client.ask(`MSET ${a} 1 ${b} 1`);
    // The only other one, however often it is asked.
    for (let i = 0; i < 20; i++)
      assert.equal(last(`DEL ${a}`, 'RANDOMKEY', `SET ${a} 1`), `*3\r\n:1\r\n${bulk(b!)}+OK\r\n`);
    assert.equal(last(`DEL ${a} ${b}`, 'RANDOMKEY', `SET ${a} 1`), '*3\r\n:2\r\n$-1\r\n+OK\r\n');
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) seen.add(last(`SET ${c} 1`, 'RANDOMKEY', `DEL ${c}`));
    assert.deepEqual([...seen].sort(), [a, c].map((name) => `*3\r\n+OK\r\n${bulk(name!)}:1\r\n`).sort());
    assert.equal(last('FLUSHALL', 'RANDOMKEY', 'SCAN 0'), '*3\r\n+OK\r\n$-1\r\n*2\r\n$1\r\n0\r\n*0\r\n');
    assert.equal(client.ask('RANDOMKEY'), '$-1\r\n');
    client.all('HELLO 3');
    assert.equal(last('RANDOMKEY', `SET ${a} 1`), '*2\r\n_\r\n+OK\r\n');
  });

  it('of many keys, some that the transaction holds', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const all = cluster.names('k', 30);
    client.askAll(['MSET', ...all.flatMap((name) => [name, '1'])]);
    const gone = all.slice(0, 89);
    for (let i = 0; i < 10; i++) {
      const said = client.all(
        'MULTI',
        `DEL ${gone.join(' ')}`,
        'RANDOMKEY',
        `MSET ${gone.join(' 1 ')} 1`,
        'EXEC',
      );
      assert.equal(said.at(-1), `*3\r\n:89\r\n$${all[89]!.length}\r\n${all[89]}\r\n+OK\r\n`);
    }
  });

  it('while keys move, SCAN finds each once; PFSELFTEST, too, is executed', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const all = cluster.names('k', 20);
    client.askAll(['MSET', ...all.flatMap((name) => [name, '1'])]);
    cluster.weigh('g1', 3);
    for (const name of all.slice(0, 30)) client.ask(`APPEND ${name} x`);
    const found: string[] = [];
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const said = client
        .all('MULTI', `APPEND ${all[7]} x`, `SCAN ${cursor} COUNT 9`, 'RANDOMKEY', 'EXEC')
        .at(-1)!;
      const [, reply, key] = /^\*3\r\n:\d+\r\n(.*)\$\d+\r\n(k[^\r]*)\r\n$/s.exec(said)!;
      assert.ok(all.includes(key!));
      const step = scanned(reply!);
      found.push(...step.found);
      cursor = step.cursor;
    }
    assert.deepEqual(found.sort(), [...all].sort());
    assert.equal(
      client.all('MULTI', `GET ${all[0]}`, 'PFSELFTEST', 'EXEC').at(-1),
      '*2\r\n$2\r\n1x\r\n+OK\r\n',
    );
  });
});
