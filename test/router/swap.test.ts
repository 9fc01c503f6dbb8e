// SWAPDB over several groups as clients hear it: everything trades places at once, watched keys and blocked clients
// notice, copies stay equal, and it waits while keys move, as long as commands may wait.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCluster } from './exec-cluster.js';

const OK = '+OK\r\n';
const NIL = '*-1\r\n';
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

describe('SWAPDB', () => {
  it('swaps every key of every group with its expiry, in one step', () => {
    const cluster = new TestCluster();
    const [zero, one] = [cluster.client(), cluster.client(1)];
    one.ask('SELECT 1');
    const names = cluster.names('k', 3);
    for (const name of names) {
      zero.ask(`SET ${name} zero`);
      one.ask(`RPUSH ${name} one`);
    }
    zero.ask(`SET only ${'x'.repeat(10)} PX 5000`);
    one.ask('SET brief 1 PX 100');
    assert.equal(zero.ask('SWAPDB 0 1'), OK);
    for (const name of names) {
      assert.equal(zero.ask(`LINDEX ${name} 0`), bulk('one'));
      assert.equal(one.ask(`GET ${name}`), bulk('zero'));
    }
    assert.deepEqual(
      [zero.ask('DBSIZE'), one.ask('DBSIZE')],
      [`:${names.length + 1}\r\n`, `:${names.length + 1}\r\n`],
    );
    cluster.run(300);
    // What expires goes where it is now, met by nobody.
    assert.equal(zero.ask('DBSIZE'), `:${names.length}\r\n`);
    assert.equal(one.ask('EXISTS only'), ':1\r\n');
    cluster.run(6000);
    assert.equal(one.ask('DBSIZE'), `:${names.length}\r\n`);
    for (const group of ['g1', 'g2', 'g3']) cluster.killPrimary(group);
    for (const name of names) assert.equal(one.ask(`GET ${name}`), bulk('zero'));
    assert.equal(zero.ask('DBSIZE'), `:${names.length}\r\n`);
  });

  it('makes watched keys dirty that are, or were, and no others', () => {
    const cluster = new TestCluster();
    const [mine, other] = [cluster.client(), cluster.client(1)];
    const [a, b, c] = cluster.names('k');
    other.all('SELECT 1', `SET ${b} there`, 'SELECT 0', `SET ${a} here`);
    const after = (watched: string) => {
      mine.ask(`WATCH ${watched}`);
      assert.equal(other.ask('SWAPDB 0 1'), OK);
      return mine.all('MULTI', `GET ${c}`, 'EXEC')[2];
    };
    assert.equal(after(a!), NIL, 'it went');
    assert.equal(after(a!), NIL, 'it came');
    assert.equal(after(b!), NIL, 'it came');
    assert.equal(after(c!), '*1\r\n$-1\r\n', 'it never was');
    // It came and went: as absent as before, and yet another state.
    other.ask(`SET ${a} 1`);
    mine.all('SELECT 1', `DEL ${a}`, `WATCH ${a}`);
    other.all('SWAPDB 0 1', 'SWAPDB 0 1');
    assert.equal(mine.all('MULTI', `GET ${c}`, 'EXEC')[2], NIL);
  });

  it('wakes who waits for a key that comes', () => {
    const cluster = new TestCluster();
    const [waiting, other] = [cluster.client(), cluster.client(1)];
    const [a, b] = cluster.names('k');
    waiting.send(['BLPOP', a!, b!, '0']);
    cluster.run(50);
    other.all('SELECT 1', `RPUSH ${b} x`);
    cluster.run(50);
    assert.deepEqual(waiting.replies, []);
    assert.equal(other.ask('SWAPDB 1 0'), OK);
    assert.deepEqual(waiting.take(1), [`*2\r\n${bulk(b!)}${bulk('x')}`]);
    assert.equal(other.ask('DBSIZE'), ':0\r\n');
  });

  it('is one command of a transaction: what stands behind it acts on the swapped databases', () => {
    const cluster = new TestCluster();
    const client = cluster.client();
    const [a, b] = cluster.names('k');
    client.all('SELECT 1', `SET ${a} one`, 'SELECT 0', `SET ${a} zero`);
    const said = client.all(
      'MULTI',
      `APPEND ${a} !`,
      'SWAPDB 0 1',
      `GET ${a}`,
      `SET ${b} new`,
      'SWAPDB 1 2',
      'SELECT 2',
      `GET ${a}`,
      'SWAPDB 0 99',
      'EXEC',
    );
    assert.equal(
      said[9],
      `*8\r\n:5\r\n+OK\r\n${bulk('one')}+OK\r\n+OK\r\n+OK\r\n${bulk('zero!')}-ERR DB index is out of range\r\n`,
    );
    assert.deepEqual(client.all(`GET ${a}`, 'SELECT 0', `GET ${a}`, `GET ${b}`, 'SELECT 1', 'DBSIZE'), [
      bulk('zero!'),
      OK,
      bulk('one'),
      bulk('new'),
      OK,
      ':0\r\n',
    ]);
    const refused = client.all('MULTI', 'SWAPDB 0 1', `MOVE ${a} 2`, 'EXEC', 'DBSIZE');
    assert.match(refused[3]!, /^-EXECABORT .*MOVE/);
    assert.equal(refused[4], ':0\r\n');
  });

  it('waits while keys move, alone and within a transaction', () => {
    const cluster = new TestCluster({ groups: ['g1', 'g2'] });
    const [alone, within] = [cluster.client(), cluster.client(1)];
    const names = cluster.names('k', 20);
    for (const name of names) alone.ask(`SET ${name} 1`);
    alone.ask('SELECT 1');
    cluster.weigh('g1', 3);
    alone.send(['SWAPDB', '0', '1'], ['DBSIZE']);
    within.send(['SELECT', '2'], ['MULTI'], ['SWAPDB', '1', '2'], ['DBSIZE'], ['EXEC']);
    cluster.run(3000);
    assert.deepEqual([alone.replies, within.replies.length], [[], 4], 'neither is answered');
    cluster.drain();
    const all = `:${names.length}\r\n`;
    assert.equal(alone.take(2)[0], OK);
    // Whichever came first: the keys are where the second has put them.
    const [, , , , reply] = within.take(5);
    assert.match(reply!, /^\*2\r\n\+OK\r\n:(0|20)\r\n$/);
    within.all('SELECT 0');
    assert.equal(within.ask('DBSIZE'), ':0\r\n');
    assert.deepEqual([alone.ask('DBSIZE'), within.all('SELECT 2', 'DBSIZE')[1]].sort(), [':0\r\n', all]);
  });

  it('is refused when keys still move after so long, and nothing has happened', () => {
    const cluster = new TestCluster({ groups: ['g1', 'g2'] });
    const client = cluster.client();
    const names = cluster.names('k', 20);
    for (const name of names) client.ask(`SET ${name} 1`);
    cluster.weigh('g1', 3);
    client.send(['SWAPDB', '0', '1']);
    cluster.run(9000);
    assert.deepEqual(client.replies, []);
    assert.match(client.take(1)[0]!, /^-TRYAGAIN /);
    assert.match(client.all('MULTI', 'SWAPDB 0 1', 'EXEC')[2]!, /^-EXECABORT /);
    assert.equal(client.ask('DBSIZE'), `:${names.length}\r\n`);
    cluster.drain();
    assert.equal(client.ask('SWAPDB 0 1'), OK);
    client.ask('SELECT 1');
    for (const name of names) assert.equal(client.ask(`GET ${name}`), bulk('1'));
  });
});
