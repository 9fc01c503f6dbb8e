// A router that ZooKeeper does not reach finds a new primary by asking the members it knows (R7): when it asks, whom,
// how often at most, and what it does with the answers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressOf, type GroupConfig } from '../../src/commit/index.js';
import { tellConfig } from '../../src/net/config-message.js';
import { EMPTY_RING, type RingDocument } from '../../src/ring/index.js';
import { DataLane, type Sink } from '../../src/router/data-lane.js';
import type { LaneOwner } from '../../src/router/lane-owner.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';
import { request } from './make.js';

const [A, B, C] = ['a:1@x', 'b:2@x', 'c:3@x'] as const;
const GREETING = '>5\r\n$12\r\nTOWLINE.LANE\r\n$2\r\ng1\r\n$1\r\n1\r\n$1\r\n1\r\n$1\r\n1\r\n';
const sink: Sink = { reply() {}, stale() {} };

/** A router cut off from ZooKeeper, with one lane. */
class World implements LaneOwner {
  readonly keyEvents = { flags: 0, tell() {} };
  readonly wanted = 0;
  readonly tracking = { changed() {}, missed() {} };
  readonly host = new FakeHost();
  readonly id = 'r1';
  readonly blocking = { opened() {}, said() {} };
  config: GroupConfig = { epoch: 3, term: 2, primary: A, inSync: [A, B, C] };
  readonly lane = new DataLane(this.host, this, 'g1');

  ringDocument(): RingDocument {
    return EMPTY_RING;
  }
  ringFence(): number {
    return 1;
  }
  primary() {
    return addressOf(this.config.primary);
  }
  groups() {
    const { primary, inSync } = this.config;
    return [{ id: 'g1', primary: { id: primary }, inSync }];
  }
  /** As the router does it. */
  setConfig(group: string, config: GroupConfig): void {
    assert.equal(group, 'g1');
    if (config.epoch <= this.config.epoch) return;
    const before = this.config;
    this.config = config;
    if (before.primary !== config.primary) this.lane.primaryChanged();
  }
  relieved(): void {}
  heard(): void {}
  idle(): void {}

  /** The primary takes the lane. */
  greeted(): this {
    this.host.last.open();
    this.host.last.deliver(GREETING);
    return this;
  }
  send(): this {
    this.lane.send(sink, 1, request('GET a'), 0, 2, 0, 0, false);
    this.host.turn();
    return this;
  }
  /** Time passes; the router looks after its lanes every 100 ms. */
  pass(ms: number): FakeConn[] {
    const before = this.host.conns.length;
    for (let passed = 0; passed < ms; passed += 100) {
      this.host.advance(100);
      this.lane.expire(10_000, Buffer.alloc(0));
      this.host.turn();
    }
    // Without the lane's own attempts.
    return this.host.conns.slice(before).filter(({ to }) => to.host !== this.primary()!.host);
  }
}

describe('a router whose primary is silent', () => {
  it('asks the others in turn, one at a time, and follows who is newer', () => {
    const w = new World().greeted().send();
    assert.deepEqual(w.pass(200), []);
    const [first] = w.pass(200);
    assert.equal(first!.to.host, 'b');
    first!.open();
    assert.deepEqual(first!.commands(), ['TOWLINE.CONFIG g1']);
    assert.deepEqual(w.pass(500), [], 'it waits for an answer');
    // The member knows no more than the router.
    first!.deliver(tellConfig('g1', w.config));
    assert.ok(first!.closing);
    const [second] = w.pass(400);
    assert.equal(second!.to.host, 'c');
    second!.open();
    const next = { epoch: 5, term: 3, primary: C, inSync: [C, B] };
    second!.deliver(tellConfig('g1', next));
    w.host.turn();
    assert.deepEqual(w.config, next);
    const lane = w.host.last;
    assert.deepEqual(lane.to, { host: 'c', port: 3 });
    lane.open();
    assert.equal(lane.commands().at(-1), 'GET a', 'what was unanswered is said again');
    lane.deliver(`${GREETING}+x\r\n`);
    assert.deepEqual(w.pass(5000), [], 'and all is well');
  });
  it('asks too when its connection is lost, refused or not taken', () => {
    const lost = new World().greeted();
    lost.host.last.lose();
    assert.equal(lost.pass(500).length, 1);
    const untaken = new World();
    untaken.host.last.open();
    assert.equal(untaken.pass(500).length, 1);
  });
  it('asks nobody while it is idle, or answered in time, or when there is nobody else', () => {
    const idle = new World().greeted();
    assert.deepEqual(idle.pass(5000), []);
    const busy = new World().greeted();
    for (let i = 0; i < 20; i++) {
      busy.send();
      assert.deepEqual(busy.pass(100), []);
      busy.host.conns[0]!.deliver('+x\r\n');
    }
    const alone = new World().greeted().send();
    alone.config = { ...alone.config, inSync: [A] };
    assert.deepEqual(alone.pass(2000), []);
  });
  it('gives up on a member that does not answer, and on one that talks nonsense', () => {
    const w = new World().greeted().send();
    const [first] = w.pass(400);
    first!.open();
    const [second] = w.pass(1200);
    assert.ok(first!.closing);
    assert.notEqual(second!.to.host, first!.to.host);
    second!.open();
    second!.deliver(tellConfig('g2', { ...w.config, epoch: 9, primary: B }));
    assert.ok(second!.closing);
    const [third] = w.pass(300);
    third!.open();
    third!.deliver('*3\r\n$14\r\nTOWLINE.CONFIG\r\n$2\r\ng1\r\n$1\r\n{\r\n');
    assert.ok(third!.closing);
    assert.equal(w.config.epoch, 3);
  });
  it('asks four times a second at most', () => {
    const w = new World().greeted().send();
    const asked = w.pass(10_000);
    for (const conn of asked) conn.lose();
    let count = 0;
    for (let i = 0; i < 100; i++) {
      for (const conn of w.pass(100)) {
        conn.lose();
        count++;
      }
    }
    assert.ok(count > 20 && count <= 40, `${count} in 10 s`);
  });
  it('follows a backup that says who leads in place of a greeting', () => {
    const w = new World();
    w.host.last.open();
    const next = { epoch: 5, term: 3, primary: B, inSync: [B, C] };
    const push = tellConfig('g1', next);
    push[0] = '>'.charCodeAt(0);
    w.host.last.deliver(push);
    assert.equal(w.host.last.to.host, 'b');
    assert.ok(!w.lane.connected);
  });
  it('stops asking when it is stopped', () => {
    const w = new World().greeted().send();
    const [first] = w.pass(400);
    w.lane.stop();
    w.host.turn();
    assert.ok(first!.closing);
    assert.equal(w.host.waiting, 0);
  });
});
