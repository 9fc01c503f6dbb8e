// The control lane: messages of one turn in one write, answers back, and what is told when the connection is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Ask } from '../../src/commit/index.js';
import type { Address } from '../../src/net/host.js';
import { encodeAnswer } from '../../src/net/wire.js';
import { encodeCommand } from '../../src/resp/index.js';
import { ControlLane, type ControlOwner } from '../../src/router/control-lane.js';
import { showAnswer } from '../commit/show.js';
import { FakeHost } from '../net/fake-host.js';

class World implements ControlOwner {
  readonly host = new FakeHost();
  readonly coordinator = 'r1.1';
  address: Address | null = { host: 'd1', port: 7001 };
  readonly events: string[] = [];
  readonly lane = new ControlLane(this.host, this, 'g1');
  primary(): Address | null {
    return this.address;
  }
  answered(group: string, answer: Answer): void {
    this.events.push(`${group} ${answer.txn} ${showAnswer(answer)}`);
  }
  linkUp(group: string): void {
    this.events.push(`up ${group}`);
  }
  linkLost(group: string): void {
    this.events.push(`lost ${group}`);
  }
  fenced(): void {
    this.events.push('fenced');
  }
  get conn() {
    return this.host.last;
  }
}

const release: Ask = { kind: 'release', txn: 'r1.1:1' };
const forget: Ask = { kind: 'forget', txn: 'r1.1:1' };
const done = (txn: string) => encodeAnswer({ kind: 'done', txn });

describe('ControlLane', () => {
  it('says who it is, tells that it stands, and sends what one turn brings in one write', () => {
    const w = new World();
    w.lane.send(release);
    w.conn.open();
    assert.deepEqual(w.conn.commands(), ['TOWLINE.CONTROL r1.1']);
    assert.deepEqual(w.events, ['up g1']);
    w.lane.send(release);
    w.lane.send(forget);
    w.host.turn();
    assert.equal(w.conn.writes, 1);
    assert.deepEqual(w.conn.commands(), ['TOWLINE.RELEASE r1.1:1', 'TOWLINE.FORGET r1.1:1']);
  });
  it('passes answers on, in whatever pieces they come', () => {
    const w = new World();
    w.conn.open();
    const bytes = Buffer.concat([done('r1.1:1'), encodeCommand(['TOWLINE.FENCED']), done('r1.1:2')]);
    for (const byte of bytes) w.conn.deliver(Buffer.from([byte]));
    assert.deepEqual(w.events, ['up g1', 'g1 r1.1:1 done', 'fenced', 'g1 r1.1:2 done']);
  });
  it('tells of a loss once, forgets what was not sent, and connects again', () => {
    const w = new World();
    w.conn.open();
    w.lane.send(release);
    w.conn.lose();
    w.host.turn();
    assert.ok(!w.lane.connected);
    w.lane.send(release);
    w.host.advance(1000);
    assert.deepEqual(w.events, ['up g1', 'lost g1']);
    w.conn.open();
    assert.deepEqual(w.conn.commands(), ['TOWLINE.CONTROL r1.1']);
    assert.deepEqual(w.events, ['up g1', 'lost g1', 'up g1']);
  });
  it('does not tell of the loss of what never stood', () => {
    const w = new World();
    w.conn.lose();
    w.host.turn();
    w.host.advance(1000);
    assert.equal(w.host.conns.length, 2);
    assert.deepEqual(w.events, []);
  });
  it('closes a connection that does not speak the protocol', () => {
    for (const bytes of ['GET x\r\n', '*1\r\nx\r\n', '*2\r\n$12\r\nTOWLINE.VOTE\r\n$1\r\nx\r\n']) {
      const w = new World();
      w.conn.open();
      w.conn.deliver(bytes);
      assert.ok(w.host.conns[0]!.closing, bytes);
    }
  });
  it('goes to another primary, and stops for good', () => {
    const w = new World();
    w.conn.open();
    w.address = { host: 'd2', port: 7002 };
    w.lane.primaryChanged();
    w.host.turn();
    w.host.advance(1000);
    assert.deepEqual(w.conn.to, { host: 'd2', port: 7002 });
    w.lane.stop();
    w.host.turn();
    w.host.advance(10_000);
    assert.equal(w.host.conns.length, 2);
    assert.equal(w.host.waiting, 0);
  });
});
