// The skeleton of every link: when it connects, pauses and gives up, in how many writes things leave, and that nothing
// of a lost connection reaches the next one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from '../../src/net/host.js';
import { Link, type LinkOwner, type Pauses } from '../../src/net/link.js';
import { encodeCommand, ProtocolError } from '../../src/resp/index.js';
import { FakeHost } from './fake-host.js';

class World implements LinkOwner {
  readonly host = new FakeHost();
  at: Address | null = { host: 'a', port: 1 };
  readonly events: string[] = [];
  readonly link: Link;

  constructor(pauses: Pauses | null = { first: 2, last: 20 }) {
    this.link = new Link(this.host, this, pauses);
  }
  address(): Address | null {
    return this.at;
  }
  hello(): Buffer {
    this.events.push(`hello, open ${this.link.open}`);
    return word('HELLO');
  }
  opened(): void {
    this.events.push(`opened, open ${this.link.open}`);
  }
  data(chunk: Buffer): void {
    if (chunk.includes('bad')) throw new ProtocolError('bad');
    this.events.push(chunk.toString());
  }
  closed(was: boolean): void {
    this.events.push(`closed ${was}`);
  }
  get conn() {
    return this.host.last;
  }
  /** Connections asked for within so many ms, of which each is lost at once. */
  attempts(ms: number): number {
    const before = this.host.conns.length;
    for (let passed = 0; passed < ms; passed++) {
      this.conn.lose();
      this.host.advance(1);
    }
    return this.host.conns.length - before;
  }
}

const word = (text: string) => encodeCommand([text]);

describe('Link', () => {
  it('says hello first, then what waited, then what follows, each turn in one write', () => {
    const w = new World();
    w.link.push(word('EARLY'));
    w.link.write(word('DROPPED'));
    w.host.turn();
    w.conn.open();
    assert.equal(w.conn.writes, 1);
    assert.deepEqual(w.conn.commands(), ['HELLO', 'EARLY']);
    assert.deepEqual(w.events, ['hello, open false', 'opened, open true']);
    w.link.push(word('A'));
    w.link.push(word('B'));
    w.host.turn();
    assert.equal(w.conn.writes, 1);
    assert.deepEqual(w.conn.commands(), ['A', 'B']);
  });
  it('lets what has time ride on what follows, or go alone when its time is over', () => {
    const w = new World();
    w.conn.open();
    w.conn.take();
    w.link.push(word('LAZY'), 10);
    w.host.advance(5);
    assert.deepEqual(w.conn.commands(), []);
    w.link.push(word('URGENT'));
    w.host.turn();
    assert.deepEqual(w.conn.commands(), ['LAZY', 'URGENT']);
    w.link.push(word('LAZY'), 10);
    w.host.advance(10);
    assert.deepEqual(w.conn.commands(), ['LAZY']);
    assert.equal(w.host.waiting, 0);
  });
  it('connects again after pauses that double up to the last', () => {
    const w = new World();
    // 2 + 4 + 8 + 16, then 20 each.
    assert.equal(w.attempts(30), 4);
    assert.equal(w.attempts(100), 5);
    assert.ok(w.events.every((event) => event === 'closed false'));
  });
  it('begins with the first pause again after a connection that lasted, not after one that did not', () => {
    const w = new World();
    w.attempts(100);
    w.host.advance(20);
    w.conn.open();
    w.conn.lose();
    w.host.turn();
    const before = w.host.conns.length;
    w.host.advance(19);
    assert.equal(w.host.conns.length, before);
    w.host.advance(1);
    w.conn.open();
    w.host.advance(1000);
    w.conn.lose();
    w.host.turn();
    w.host.advance(2);
    assert.equal(w.host.conns.length, before + 2);
  });
  it('goes elsewhere at once when told, whether connected, connecting or in a pause', () => {
    const w = new World();
    w.conn.open();
    for (const [i, prepare] of [() => {}, () => {}, () => w.conn.lose()].entries()) {
      prepare();
      w.host.turn();
      w.at = { host: `b${i}`, port: 1 };
      const before = w.host.conns.length;
      w.link.again();
      w.host.turn();
      assert.equal(w.host.conns.length, before + 1);
      assert.equal(w.conn.to.host, `b${i}`);
    }
    assert.equal(w.host.waiting, 0);
  });
  it('waits for an address', () => {
    const w = new World();
    w.at = null;
    w.conn.lose();
    w.host.advance(200);
    assert.equal(w.host.conns.length, 1);
    w.at = { host: 'c', port: 1 };
    w.host.advance(20);
    assert.equal(w.conn.to.host, 'c');
  });
  it('gives up a connection whose peer breaks the protocol, and passes other errors on', () => {
    const w = new World();
    w.conn.open();
    w.conn.deliver('fine');
    w.conn.deliver('bad');
    assert.ok(w.host.conns[0]!.closing);
    assert.deepEqual(w.events.slice(-2), ['fine', 'closed true']);
    w.host.advance(2);
    w.conn.open();
    w.data = () => {
      throw new Error('a broken assertion');
    };
    assert.throws(() => w.conn.deliver('x'), /a broken assertion/);
  });
  it('takes nothing of a lost connection to the next one', () => {
    const w = new World();
    const [first] = w.host.conns;
    first!.open();
    first!.take();
    w.link.push(word('LOST'));
    w.link.drop();
    w.host.turn();
    w.host.advance(2);
    w.conn.open();
    assert.notEqual(w.conn, first);
    assert.deepEqual(w.conn.commands(), ['HELLO']);
    const before = w.events.length;
    first!.handler!.data(Buffer.from('late'));
    first!.handler!.closed();
    assert.equal(w.events.length, before);
    assert.ok(w.link.open);
  });
  it('keeps a bounded number of messages while it connects', () => {
    const w = new World();
    for (let i = 0; i < 10_000; i++) w.link.push(word('X'));
    w.host.turn();
    w.conn.open();
    assert.equal(w.conn.commands().length, 4097);
  });
  it('without pauses connects once', () => {
    const w = new World(null);
    w.conn.open();
    w.conn.lose();
    w.host.advance(10_000);
    assert.equal(w.host.conns.length, 1);
    assert.equal(w.events.at(-1), 'closed true');
  });
  it('stops for good, wherever it is', () => {
    for (const prepare of [(_: World) => {}, (w: World) => w.conn.open(), (w: World) => w.conn.lose()]) {
      const w = new World();
      prepare(w);
      w.link.push(word('X'), 5);
      w.link.stop();
      const told = w.events.length;
      w.link.again();
      w.link.push(word('X'));
      w.host.turn();
      w.host.advance(10_000);
      assert.equal(w.host.conns.length, 1);
      assert.equal(w.host.waiting, 0);
      assert.equal(w.events.length, told);
    }
  });
});
