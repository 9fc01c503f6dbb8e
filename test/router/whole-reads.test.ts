// KEYS and DBSIZE inside MULTI over several groups: each sees what the commands before it have done, and whatever else
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
