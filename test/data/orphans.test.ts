// A primary that finishes what coordinators have left: when it begins, whom it asks, what it does with the answers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Answer,
  type GroupConfig,
  Participant,
  type ParticipantAction,
} from '../../src/commit/index.js';
import type { Parked } from '../../src/data/lane.js';
import { Orphans, type OrphansOwner } from '../../src/data/orphans.js';
import { encodeAnswer } from '../../src/net/wire.js';
import { showParticipant } from '../commit/show.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';

const KEYS = [{ db: 0, key: 'k', exclusive: true }];

class World implements OrphansOwner {
  readonly host = new FakeHost();
  readonly self = 'g1';
  readonly id = 'member-1';
  readonly orphanMs = 2000;
  readonly transactions = new Participant<Parked>(1);
  connectedTo = new Set<string>();
  readonly done: string[] = [];
  private seq = 0;
  readonly orphans = new Orphans(this.host, this);

  active(): boolean {
    return true;
  }
  connected(coordinator: string): boolean {
    return this.connectedTo.has(coordinator);
  }
  abandoned(): boolean {
    return false;
  }
  configOf(group: string): GroupConfig | undefined {
    const primary = `${group}:1@1`;
    return { epoch: 1, term: 1, primary, inSync: [primary], created: 1 };
  }
  perform(actions: ParticipantAction<Parked>[]): void {
    for (const action of actions) {
      if (action.do === 'log') this.transactions.logged(action.entry.txn, ++this.seq);
      this.done.push(showParticipant(action as ParticipantAction<never>));
    }
  }
  /** The log is committed up to its head. */
  commit(): void {
    this.perform(this.transactions.committed(this.seq));
  }
  prepared(txn: string, ...participants: string[]): void {
    const effects = Buffer.from('E');
    this.transactions.restore({ kind: 'prepare', txn, participants, keys: KEYS, everything: false, effects });
  }
  private readonly opened = new Set<FakeConn>();
  /** The connection to this group's primary, which stands. */
  peer(group: string): FakeConn {
    const conn = this.host.conns.findLast(({ to }) => to.host === group)!;
    if (!this.opened.has(conn)) conn.open();
    this.opened.add(conn);
    return conn;
  }
  say(group: string, answer: Answer): void {
    this.peer(group).deliver(encodeAnswer(answer));
  }
}

const INQUIRE = ['TOWLINE.CONTROL member-1', 'TOWLINE.INQUIRE r1:1'];

describe('Orphans', () => {
  it('are left alone while their coordinator is connected, and for a while after', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.connectedTo.add('r1');
    w.host.advance(10_000);
    assert.equal(w.host.conns.length, 0);
    w.connectedTo.clear();
    w.host.advance(1900);
    assert.equal(w.host.conns.length, 0);
    w.host.advance(1500);
    assert.deepEqual(w.peer('g2').commands().slice(0, 2), INQUIRE);
  });
  it('start anew when the coordinator was back in between', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.host.advance(1900);
    w.connectedTo.add('r1');
    w.host.advance(600);
    w.connectedTo.clear();
    w.host.advance(1900);
    assert.equal(w.host.conns.length, 0);
  });
  it('commit when everybody is prepared, spread it, and are forgotten with their coordinator fenced', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2', 'g3');
    w.host.advance(3000);
    w.say('g2', { kind: 'state', txn: 'r1:1', state: 'prepared' });
    assert.deepEqual(w.done, []);
    w.say('g3', { kind: 'state', txn: 'r1:1', state: 'prepared' });
    assert.deepEqual(w.done.splice(0), ['log commit', 'apply "E"']);
    w.commit();
    w.peer('g2').take();
    w.say('g2', { kind: 'done', txn: 'r1:1' });
    assert.deepEqual(w.done.splice(0), ['send 0 done']);
    w.say('g3', { kind: 'done', txn: 'r1:1' });
    assert.deepEqual(w.done, ['log forget and fence']);
    assert.ok(w.transactions.isFenced('r1'));
  });
  it('abort when one promised NEVER', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2', 'g3');
    w.host.advance(3000);
    w.say('g3', { kind: 'state', txn: 'r1:1', state: 'never' });
    assert.deepEqual(w.done, ['log abort']);
  });
  it('ask again, over a new connection, until they are answered', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.host.advance(2500);
    const first = w.peer('g2');
    assert.deepEqual(first.commands(), INQUIRE);
    w.host.advance(500);
    assert.deepEqual(first.commands(), INQUIRE.slice(1));
    first.lose();
    w.host.turn();
    w.host.advance(500);
    assert.notEqual(w.peer('g2'), first);
    assert.deepEqual(w.peer('g2').commands(), INQUIRE);
  });
  it('are not decided by late news: what is over here is over, and an idle promise is given back', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.host.advance(2500);
    w.peer('g2').take();
    w.connectedTo.add('r1');
    w.perform(w.transactions.ask(1, { kind: 'outcome', txn: 'r1:1', commit: true }));
    w.done.length = 0;
    w.say('g2', { kind: 'state', txn: 'r1:1', state: 'never' });
    assert.deepEqual(w.done, []);
    assert.deepEqual(w.peer('g2').commands(), ['TOWLINE.FORGET r1:1']);
  });
  it('drop a connection that does not speak the protocol', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.host.advance(2500);
    w.peer('g2').deliver('GET x\r\n*2\r\n');
    assert.ok(w.peer('g2').closing);
    w.host.turn();
    w.host.advance(1000);
    assert.equal(w.host.conns.length, 2);
  });
  it('stop for good', () => {
    const w = new World();
    w.prepared('r1:1', 'g1', 'g2');
    w.host.advance(2500);
    w.orphans.stop();
    w.host.turn();
    w.host.advance(10_000);
    assert.equal(w.host.conns.length, 1);
    assert.equal(w.host.waiting, 0);
  });
});
