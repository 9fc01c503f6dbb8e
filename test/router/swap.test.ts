// SWAPDB over several groups as clients hear it: everything trades places at once, watched keys and blocked clients
// notice, copies stay equal, and what routers know of keys that move is forgotten.
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
    // In 1 there is nothing; 0 has `a` and `b`, 2 has `a`.
    const moved = client.all(
      'MULTI',
      'SWAPDB 0 1',
      `MOVE ${b} 3`,
      `COPY ${a} ${b} DB 2`,
      'SWAPDB 2 3',
      'EXEC',
    );
    assert.equal(moved.at(-1), `*4\r\n${OK}:1\r\n:1\r\n${OK}`);
    const left = [0, 1, 2, 3].map((db) => client.all(`SELECT ${db}`, `GET ${a}`, `GET ${b}`).slice(1));
    assert.deepEqual(left, [
      ['$-1\r\n', '$-1\r\n'],
      [bulk('one'), '$-1\r\n'],
      ['$-1\r\n', bulk('new')],
      [bulk('zero!'), bulk('one')],
    ]);
  });

  /** Keys of both databases that are to move, of which one router knows that half of those in database 0 have. */
  function halfMoved() {
    const cluster = new TestCluster({ groups: ['g1', 'g2', 'g3'] });
    const [knows, other] = [cluster.client(), cluster.client(1)];
    const names = cluster.names('k', 12);
    for (const db of ['0', '1']) {
      knows.ask(`SELECT ${db}`);
      for (const name of names) knows.ask(`SET ${name} of${db}`);
    }
    knows.ask('SELECT 0');
    cluster.weigh('g1', 3);
    for (const name of names.filter((_, i) => i % 2 === 0)) knows.ask(`APPEND ${name} !`);
    const valuesIn = (client: typeof knows, db: string) => {
      client.ask(`SELECT ${db}`);
      return names.map((name) => client.ask(`GET ${name}`));
    };
    const first = names.map((_, i) => bulk(i % 2 === 0 ? 'of0!' : 'of0'));
    return { cluster, knows, other, names, valuesIn, first, second: names.map(() => bulk('of1')) };
  }

  for (const inside of [false, true])
    it(`while keys move what routers know of them is forgotten, ${inside ? 'within a transaction' : 'alone'}`, () => {
      const { cluster, knows, other, names, valuesIn, first, second } = halfMoved();
      assert.deepEqual(valuesIn(knows, '0'), first);
      if (inside) assert.equal(other.all('MULTI', 'SWAPDB 0 1', 'EXEC')[2], `*1\r\n${OK}`);
      else assert.equal(other.ask('SWAPDB 0 1'), OK);
      // The router that has moved them would find nothing of what has come in their place and not moved yet.
      assert.deepEqual([valuesIn(knows, '0'), valuesIn(knows, '1')], [second, first]);
      assert.deepEqual([valuesIn(other, '0'), valuesIn(other, '1')], [second, first]);
      assert.equal(knows.ask('SWAPDB 0 1'), OK);
      assert.deepEqual([valuesIn(other, '0'), valuesIn(knows, '1')], [first, second]);
      assert.equal(knows.ask('DBSIZE'), `:${names.length}\r\n`);
      cluster.drain();
      assert.deepEqual([valuesIn(knows, '0'), valuesIn(other, '1')], [first, second]);
      assert.equal(other.ask('SWAPDB 1 0'), OK);
      assert.deepEqual([valuesIn(knows, '0'), valuesIn(other, '1')], [second, first]);
    });
});
