// The router's data lane: what is said again after a lost connection, in which order and under which counters (R10);
// who is answered what, and that everybody is answered once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { GroupConfig } from '../../src/commit/index.js';
import type { Address } from '../../src/net/host.js';
import type { Proto, Request } from '../../src/resp/index.js';
import { EMPTY_RING, type RingDocument } from '../../src/ring/index.js';
import { DataLane, type Sink } from '../../src/router/data-lane.js';
import type { LaneOwner } from '../../src/router/lane-owner.js';
import { FakeHost } from '../net/fake-host.js';
import { request } from './make.js';

const HELLO = '>5\r\n$12\r\nTOWLINE.LANE\r\n$2\r\ng1\r\n$1\r\n1\r\n$1\r\n1\r\n$1\r\n3\r\n';
const at = (counter: number) => `>2\r\n$10\r\nTOWLINE.AT\r\n:${counter}\r\n`;
const stale = (counter: number, ring: number) =>
  `>3\r\n$13\r\nTOWLINE.STALE\r\n$${String(counter).length}\r\n${counter}\r\n$${String(ring).length}\r\n${ring}\r\n`;
const START = ['TOWLINE.DB 0', 'TOWLINE.PROTO 2', 'TOWLINE.CLIENT 0', 'TOWLINE.RING 3'];

class World implements LaneOwner, Sink {
  readonly keyEvents = { flags: 0, tell() {} };
  readonly wanted = 0;
  readonly tracking = { changed() {}, missed() {} };
  readonly host = new FakeHost();
  readonly id = 'r1';
  readonly blocking = { opened() {}, said() {} };
  ring = 3;
  address: Address | null = { host: 'd1', port: 7001 };
  readonly replies: string[] = [];
  readonly stales: string[] = [];
  readonly heardRings: number[] = [];
  idles = 0;
  relieves = 0;
  readonly lane = new DataLane(this.host, this, 'g1');

  ringFence(): number {
    return this.ring;
  }
  primary(): Address | null {
    return this.address;
  }
  readonly configs: string[] = [];
  inSync = ['d1:7001@a', 'd2:7002@b', 'd3:7003@c'];
  groups() {
    return [{ id: 'g1', primary: { id: 'd1:7001@a' }, inSync: this.inSync }];
  }
  setConfig(group: string, { epoch, term, primary }: GroupConfig): void {
    this.configs.push(`${group} e${epoch} t${term} ${primary}`);
  }
  relieved(): void {
    this.relieves++;
  }
  ringDocument(): RingDocument {
    return { ...EMPTY_RING, version: this.ring };
  }
  heard(ring: number): void {
    this.heardRings.push(ring);
  }
  idle(): void {
    this.idles++;
  }
  reply(seq: number, buffer: Buffer, start: number, end: number): void {
    this.replies.push(`${seq} ${buffer.toString('latin1', start, end - 2)}`);
  }
  stale(seq: number, again: Request, db: number, proto: Proto): void {
    this.stales.push(`${seq} ${again.texts().join(' ')} db ${db} proto ${proto}`);
  }

  get conn() {
    return this.host.last;
  }
  /** Connected, greeted, nothing sent. */
  connected(): this {
    this.conn.open();
    this.conn.take();
    this.conn.deliver(HELLO);
    return this;
  }
  send(seq: number, text: string, { db = 0, proto = 2 as Proto, tag = 0, solo = 0 } = {}): number {
    return this.lane.send(this, seq, request(text), db, proto, tag, solo, false);
  }
  /** The connection breaks, and another one stands. */
  again(): string[] {
    this.conn.lose();
    this.host.turn();
    this.host.advance(1000);
    this.conn.open();
    return this.conn.commands();
  }
}

describe('DataLane', () => {
  it('says who it is, then commands, in one write a turn, with what changes between them', () => {
    const w = new World();
    w.conn.open();
    assert.deepEqual(w.conn.commands(), ['TOWLINE.LANE r1 1 1 3', ...START]);
    w.send(10, 'GET a');
    w.send(11, 'GET b', { db: 4, tag: 9 });
    w.send(12, 'GET c', { db: 4, tag: 9, proto: 3 });
    assert.equal(w.conn.writes, 0);
    w.host.turn();
    assert.equal(w.conn.writes, 1);
    const wanted = ['GET a', 'TOWLINE.DB 4', 'TOWLINE.CLIENT 9', 'GET b', 'TOWLINE.PROTO 3', 'GET c'];
    assert.deepEqual(w.conn.commands(), wanted);
    w.ring = 4;
    w.send(13, 'GET d', { db: 4, tag: 9, proto: 3 });
    w.host.turn();
    assert.deepEqual(w.conn.commands(), [
      'TOWLINE.RING 4 {"version":4,"groups":[],"history":[],"abandoned":[]}',
      'GET d',
    ]);
  });
  it('names the untagged command of a client that goes on with a tag', () => {
    const w = new World().connected();
    const solo = w.send(1, 'GET a');
    w.send(2, 'GET b', { tag: 5, solo });
    w.host.turn();
    assert.deepEqual(w.conn.commands(), ['GET a', `TOWLINE.CLIENT 5 ${solo}`, 'GET b']);
  });
  it('answers in order, and where AT says', () => {
    const w = new World().connected();
    for (let i = 1; i <= 5; i++) w.send(i, `GET k${i}`);
    w.host.turn();
    w.conn.deliver(`+one\r\n+two\r\n${at(5)}+five\r\n${at(3)}$2\r\nab\r\n`);
    assert.deepEqual(w.replies, ['1 +one', '2 +two', '5 +five', '3 $2\r\nab']);
    assert.equal(w.idles, 0);
    w.conn.deliver('-ERR four\r\n');
    assert.equal(w.replies.at(-1), '4 -ERR four');
    assert.equal(w.lane.pending, 0);
    assert.equal(w.idles, 1);
  });
  it('sends a long command as it came, among the others', () => {
    const w = new World().connected();
    w.send(1, 'GET a');
    w.send(2, `SET big ${'v'.repeat(100_000)}`);
    w.send(3, 'GET b');
    w.host.turn();
    assert.deepEqual(w.conn.commands(), ['GET a', `SET big ${'v'.repeat(100_000)}`, 'GET b']);
  });
  it('tells who asked that the ring is newer, with what was sent', () => {
    const w = new World().connected();
    w.send(1, 'GET a', { db: 2 });
    w.send(2, 'SET b 1', { db: 2, proto: 3 });
    w.send(3, 'GET c');
    w.host.turn();
    w.conn.deliver(`+one\r\n${stale(2, 8)}+three\r\n`);
    assert.deepEqual(w.stales, ['2 SET b 1 db 2 proto 3']);
    assert.deepEqual(w.replies, ['1 +one', '3 +three']);
    assert.equal(w.heardRings.at(-1), 8);
    assert.equal(w.lane.pending, 0);
  });
  it('acknowledges now and then what it has', () => {
    const w = new World().connected();
    for (let i = 0; i < 600; i++) w.send(i, 'GET a');
    w.host.turn();
    w.conn.take();
    w.conn.deliver('+x\r\n'.repeat(511));
    assert.deepEqual(w.conn.commands(), []);
    w.conn.deliver('+x\r\n');
    assert.deepEqual(w.conn.commands(), ['TOWLINE.ACK 513']);
    w.conn.deliver('+x\r\n'.repeat(88));
    assert.equal(w.replies.length, 600);
  });
  it('is full with a million commands under way, and says when there is room again', () => {
    const w = new World().connected();
    const get = request('GET a');
    for (let i = 0; i < 1 << 20; i++) {
      assert.ok(!w.lane.full);
      w.lane.send(w, i, get, 0, 2, 0, 0, false);
    }
    assert.ok(w.lane.full);
    w.host.turn();
    assert.equal(w.relieves, 0);
    w.conn.deliver('+x\r\n+y\r\n');
    assert.equal(w.relieves, 1);
    assert.ok(!w.lane.full);
  });
  it('closes a connection that answers what was not asked', () => {
    for (const bytes of ['+early\r\n', `${at(9)}+x\r\n`, '>1\r\n$3\r\nfoo\r\n', 'garbage\r\n']) {
      const w = new World().connected();
      w.conn.deliver(bytes);
      assert.ok(w.host.conns[0]!.closing, bytes);
      assert.equal(w.replies.length, 0);
    }
  });
});

describe('DataLane after a lost connection', () => {
  it('says everything unanswered again, in the original order, before anything new', () => {
    const w = new World().connected();
    w.send(1, 'SET a 1');
    w.send(2, 'SET b 2', { db: 3 });
    w.host.turn();
    w.send(3, 'SET c 3', { db: 3 });
    w.host.turn();
    w.conn.deliver('+one\r\n');
    w.send(4, 'SET d 4', { db: 3 });
    // What was not flushed yet goes to the end of the line.
    const said = w.again();
    const wanted = ['TOWLINE.LANE r1 2 5 3', ...START, 'TOWLINE.DB 3', 'SET b 2', 'SET c 3', 'SET d 4'];
    assert.deepEqual(said, wanted);
    w.send(5, 'SET e 5', { db: 3 });
    w.host.turn();
    assert.deepEqual(w.conn.commands(), ['SET e 5']);
    w.conn.deliver(`${HELLO}${at(2)}+two\r\n+three\r\n+four\r\n+five\r\n`);
    assert.deepEqual(w.replies, ['1 +one', '2 +two', '3 +three', '4 +four', '5 +five']);
  });
  it('leaves out what was answered in between, and says so', () => {
    const w = new World().connected();
    for (let i = 1; i <= 6; i++) w.send(i, `SET k ${i}`);
    w.host.turn();
    w.conn.deliver(`${at(2)}+two\r\n+three\r\n${at(6)}+six\r\n`);
    const wanted = [
      'TOWLINE.LANE r1 1 7 3',
      ...START,
      'SET k 1',
      'TOWLINE.AT 4',
      'SET k 4',
      'SET k 5',
      'TOWLINE.AT 7',
    ];
    assert.deepEqual(w.again(), wanted);
    w.conn.deliver(`${HELLO}+one\r\n${at(4)}+four\r\n+five\r\n`);
    assert.deepEqual(w.replies.slice(3), ['1 +one', '4 +four', '5 +five']);
    assert.equal(w.lane.pending, 0);
  });
  it('forgets half a reply of the old connection', () => {
    const w = new World().connected();
    w.send(1, 'GET a');
    w.host.turn();
    w.conn.deliver('$10\r\n01234');
    assert.deepEqual(w.again().slice(-1), ['GET a']);
    w.conn.deliver(`${HELLO}$2\r\nok\r\n`);
    assert.deepEqual(w.replies, ['1 $2\r\nok']);
  });
  it('ignores what the old connection still says', () => {
    const w = new World().connected();
    w.send(1, 'GET a');
    w.host.turn();
    const old = w.conn;
    w.again();
    old.deliver('+old\r\n');
    assert.deepEqual(w.replies, []);
  });
  it('waits for a primary, and goes where it is', () => {
    const w = new World().connected();
    w.address = null;
    w.conn.lose();
    w.host.turn();
    w.host.advance(1000);
    assert.equal(w.host.conns.length, 1);
    assert.ok(!w.lane.connected);
    w.send(1, 'GET a');
    w.host.turn();
    w.address = { host: 'd2', port: 7002 };
    w.host.advance(1000);
    assert.deepEqual(w.conn.to, { host: 'd2', port: 7002 });
    w.conn.open();
    assert.deepEqual(w.conn.commands().at(-1), 'GET a');
    w.address = { host: 'd3', port: 7003 };
    w.lane.primaryChanged();
    w.host.turn();
    w.host.advance(1000);
    assert.deepEqual(w.conn.to, { host: 'd3', port: 7003 });
  });
  it('leaves nothing behind when it stops', () => {
    const w = new World().connected();
    w.lane.stop();
    w.host.turn();
    w.host.advance(10_000);
    assert.ok(w.conn.closing);
    assert.equal(w.host.conns.length, 1);
    assert.equal(w.host.waiting, 0);
  });
});

describe('DataLane at the deadline', () => {
  const ERROR = Buffer.from('-UNCERTAIN\r\n');
  it('answers with an error, once, and drops the reply that comes late', () => {
    const w = new World().connected();
    w.send(1, 'SET a 1');
    w.host.turn();
    w.host.time += 50;
    w.send(2, 'SET b 2');
    w.host.turn();
    w.host.time += 60;
    w.lane.expire(100, ERROR);
    w.lane.expire(100, ERROR);
    assert.deepEqual(w.replies, ['1 -UNCERTAIN']);
    assert.equal(w.lane.pending, 1);
    w.conn.deliver('+late\r\n+two\r\n');
    assert.deepEqual(w.replies, ['1 -UNCERTAIN', '2 +two']);
  });
  it('answers what was never sent for want of a connection', () => {
    const w = new World();
    w.send(1, 'SET a 1');
    w.host.turn();
    w.host.time += 200;
    w.lane.expire(100, ERROR);
    assert.deepEqual(w.replies, ['1 -UNCERTAIN']);
    assert.equal(w.idles, 1);
  });
  it('still says again what it has answered so: it may have been executed', () => {
    const w = new World().connected();
    w.send(1, 'SET a 1');
    w.host.turn();
    w.host.time += 200;
    w.lane.expire(100, ERROR);
    assert.deepEqual(w.again().at(-1), 'SET a 1');
    w.conn.deliver(`${HELLO}${stale(1, 9)}`);
    assert.deepEqual(w.stales, []);
    assert.deepEqual(w.replies, ['1 -UNCERTAIN']);
  });
});

describe('DataLane against a primary that counts', () => {
  /** What a primary makes of a lane: counters of plain commands, in the database they were meant for. */
  function read(said: string[], state: { next: number; db: number }): { counter: number; text: string }[] {
    const found: { counter: number; text: string }[] = [];
    for (const line of said) {
      const [name, word] = line.split(' ');
      if (name === 'TOWLINE.LANE') state.next = Number(line.split(' ')[2]);
      else if (name === 'TOWLINE.AT') state.next = Number(word);
      else if (name === 'TOWLINE.DB') state.db = Number(word);
      else if (!name!.startsWith('TOWLINE.'))
        found.push({ counter: state.next++, text: `${line} in ${state.db}` });
    }
    return found;
  }
  it('every command keeps its counter and database over any losses, and is answered once', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), db: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const w = new World().connected();
        const state = { next: 1, db: 0 };
        const meant = new Map<number, string>();
        let open: number[] = [];
        let sent = 0;
        const look = (said: string[]) => {
          for (const { counter, text } of read(said, state)) {
            assert.equal(text, meant.get(counter), `counter ${counter}`);
            open.push(counter);
          }
        };
        const answer = (counter: number) => {
          open = open.filter((each) => each !== counter);
          w.conn.deliver(`${at(counter)}+reply ${counter}\r\n`);
        };
        const lose = () => {
          const before = w.replies.length;
          open = [];
          look(w.again());
          assert.deepEqual(
            open,
            [...open].sort((a, b) => a - b),
          );
          assert.equal(open.length, sent - before, 'everything unanswered, once');
        };
        for (const each of steps) {
          if (each.do === 'send') {
            meant.set(++sent, `SET k ${sent} in ${each.db}`);
            assert.equal(w.send(sent, `SET k ${sent}`, { db: each.db }), sent);
          } else if (each.do === 'turn') {
            w.host.turn();
            look(w.conn.commands());
          } else if (each.do === 'answer' && open.length > 0) answer(open[each.which % open.length]!);
          else if (each.do === 'lose') lose();
        }
        lose();
        for (const counter of [...open]) answer(counter);
        const wanted = Array.from({ length: sent }, (_, i) => `${i + 1} +reply ${i + 1}`);
        assert.deepEqual([...w.replies].sort(), wanted.sort());
        assert.equal(w.lane.pending, 0);
      }),
      { numRuns: 300 },
    );
  });
});
