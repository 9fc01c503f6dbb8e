// Follower link and backup over connections that the test cuts: the backup gets every entry once and in order,
// acknowledges only what it holds, and applies only what is committed (R4, R7, R8).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GroupLog, lockName, Participant, Remembered } from '../../src/commit/index.js';
import { Applier } from '../../src/data/applier.js';
import { Backup } from '../../src/data/backup.js';
import { GroupClock } from '../../src/data/clock.js';
import { batchFrame, OpenEntry, txnFrame } from '../../src/data/entry.js';
import { FollowerLink, type FollowerOwner } from '../../src/data/follower.js';
import type { Address } from '../../src/net/host.js';
import { encodeTxnEntry } from '../../src/net/wire.js';
import { encodeCommand, RequestParser } from '../../src/resp/index.js';
import { SLOTS } from '../../src/ring/index.js';
import { Store } from '../../src/store/index.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';

const CLOCK = 1_700_000_000_000;

class World implements FollowerOwner {
  readonly host = new FakeHost();
  readonly log = new GroupLog(0, 2, 1_000_000);
  readonly group = 'g1';
  readonly id = 'primary';
  readonly epoch = 1;
  term = 4;
  deposals = 0;
  readonly store = new Store();
  readonly clock = new GroupClock(() => 0, CLOCK - 1000);
  readonly backup = new Backup(
    this.host,
    this.clock,
    new Applier(this.store, new Remembered(), new Participant(3)),
    3,
    0,
    1250,
    () => {},
  );
  readonly link: FollowerLink;
  /** The backup's end of the newest connection, and what is under way in both directions. */
  private end: FakeConn | null = null;
  private near: FakeConn | null = null;
  private toBackup = Buffer.alloc(0);
  private toPrimary = Buffer.alloc(0);

  constructor() {
    this.log.join('backup', 0);
    this.link = new FollowerLink(this.host, this, 'backup');
  }
  address(): Address | null {
    return { host: 'b', port: 1 };
  }
  now(): number {
    return CLOCK;
  }
  advanced(): void {}
  lost(): void {}
  deposed(): void {
    this.deposals++;
  }

  /** The link's newest connection stands at both ends. */
  connect(): void {
    this.host.advance(100);
    this.near = this.host.last;
    this.end = this.host.accept();
    this.toBackup = Buffer.alloc(0);
    this.toPrimary = Buffer.alloc(0);
    this.near.open();
    const hello = new RequestParser();
    hello.feed(this.near.take());
    assert.ok(hello.next());
    const { head } = this.log;
    assert.deepEqual(hello.request.texts(), [
      'TOWLINE.REPLICATE',
      'g1',
      `${this.term}`,
      '1',
      'primary',
      `${head}`,
      'backup',
    ]);
    this.end.handler = this.backup.follow(this.end, this.term, head, new RequestParser());
    this.host.turn();
  }
  cut(): void {
    this.near!.lose();
    this.end!.lose();
    this.host.turn();
  }
  /** An entry that sets key `seq` in the middle database. */
  append(): void {
    const open = new OpenEntry();
    const seq = this.log.head + 1;
    open.begin(3);
    open.effects.command(['SET', `k${seq}`, `${seq}`]);
    open.end(3);
    open.router = 'r1';
    open.answered(seq, Buffer.from('+OK\r\n'), 0, 5);
    const head = { term: this.term, seq, commit: this.log.committed, clock: CLOCK + seq };
    this.log.append(...batchFrame(head, open.take()));
  }
  flush(): void {
    this.link.flush([]);
  }
  /** Some of the bytes under way arrive. */
  move(share = 1): void {
    if (this.near === null || this.end === null || this.near.closing) return;
    this.toBackup = Buffer.concat([this.toBackup, this.near.take()]);
    const there = Math.ceil(this.toBackup.length * share);
    if (there > 0) this.end.deliver(Buffer.from(this.toBackup.subarray(0, there)));
    this.toBackup = this.toBackup.subarray(there);
    this.toPrimary = Buffer.concat([this.toPrimary, this.end.take()]);
    const back = Math.ceil(this.toPrimary.length * share);
    if (back > 0) this.near.deliver(Buffer.from(this.toPrimary.subarray(0, back)));
    this.toPrimary = this.toPrimary.subarray(back);
  }
  /** Everything that is to be said is said. */
  settle(): void {
    for (let i = 0; i < 4; i++) {
      this.flush();
      this.move();
      // The commit index is said a little later.
      this.host.advance(10);
    }
  }
  keys(): number {
    let count = 0;
    for (const db of [0, 3]) for (let slot = 0; slot < SLOTS; slot++) count += this.store.keyCount(db, slot);
    return count;
  }
}

describe('replication', () => {
  it('holds, acknowledges, applies when it hears that it is committed', () => {
    const w = new World();
    w.connect();
    w.move();
    w.append();
    w.append();
    w.flush();
    assert.equal(w.log.committed, 0);
    w.move();
    assert.equal(w.backup.log.held, 2);
    assert.equal(w.log.committed, 2);
    assert.equal(w.keys(), 0, 'the backup does not know yet');
    w.settle();
    assert.equal(w.backup.log.applied, 2);
    assert.equal(w.keys(), 2);
    assert.deepEqual(w.backup.remembered.recall('r1', 2), {
      kind: 'answered',
      seq: 2,
      reply: Buffer.from('+OK\r\n'),
    });
    assert.ok(w.clock.now() >= CLOCK + 2);
  });
  it('sends again what was lost under way', () => {
    const w = new World();
    w.connect();
    w.move();
    w.append();
    w.append();
    w.flush();
    w.cut();
    w.connect();
    w.settle();
    assert.equal(w.backup.log.held, 2);
    assert.equal(w.backup.log.applied, 2);
  });
  it('begins where the backup is after a lost connection, however much was under way', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('append' as const) },
      { weight: 3, arbitrary: fc.constant('flush' as const) },
      { weight: 4, arbitrary: fc.double({ min: 0.01, max: 1, noNaN: true }) },
      { weight: 2, arbitrary: fc.constant('cut' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const w = new World();
        w.connect();
        for (const each of steps) {
          if (each === 'append') w.append();
          else if (each === 'flush') w.flush();
          else if (each === 'cut') {
            w.cut();
            w.connect();
          } else w.move(each);
          assert.ok(w.log.committed <= w.backup.log.held, 'R4');
          assert.ok(w.backup.log.applied <= w.log.committed, 'R8');
        }
        w.settle();
        assert.equal(w.backup.log.held, w.log.head);
        assert.equal(w.log.committed, w.log.head);
        assert.equal(w.backup.log.applied, w.log.head);
        assert.equal(w.keys(), w.log.head);
      }),
      { numRuns: 300 },
    );
  });
  it('refuses a primary of an older term, which then knows that it is deposed (R7)', () => {
    const w = new World();
    w.backup.log.follow(9);
    w.connect();
    w.move();
    assert.equal(w.deposals, 1);
    assert.ok(!w.link.live);
  });
  it('drops the older of two connections', () => {
    const w = new World();
    w.connect();
    const other = w.host.accept();
    other.handler = w.backup.follow(other, 5, 0, new RequestParser());
    w.append();
    w.flush();
    w.move();
    assert.equal(w.backup.log.held, 0);
    assert.deepEqual(other.commands(), ['TOWLINE.HELD 5 0']);
  });
  it('keeps prepared effects until their outcome, and what a new primary must know', () => {
    const w = new World();
    w.connect();
    w.move();
    const keys = [{ db: 0, key: 'a', exclusive: true }];
    const effects = encodeCommand(['SET', 'a', '1']);
    const entries = [
      { kind: 'prepare', txn: 'r1:1', participants: ['g1', 'g2'], keys, everything: false, effects },
      { kind: 'prepare', txn: 'r1:2', participants: ['g1', 'g2'], keys: [], everything: false, effects },
      { kind: 'outcome', txn: 'r1:2', commit: false },
      { kind: 'never', txn: 'r1:3' },
    ] as const;
    const append = (entry: Parameters<typeof encodeTxnEntry>[0]) => {
      const head = { term: 4, seq: w.log.head + 1, commit: w.log.committed, clock: CLOCK };
      w.log.append(txnFrame(head, encodeTxnEntry(entry)));
      w.settle();
    };
    for (const entry of entries) append(entry as Parameters<typeof encodeTxnEntry>[0]);
    assert.equal(w.keys(), 0);
    assert.deepEqual(
      w.backup.transactions.undecided().map(({ txn, commit }) => `${txn} ${commit}`),
      ['r1:1 null', 'r1:2 false', 'r1:3 false'],
    );
    assert.ok(w.backup.transactions.locks.blocks(lockName(0, 'a'), false));
    append({ kind: 'outcome', txn: 'r1:1', commit: true });
    assert.equal(w.keys(), 1);
    assert.ok(!w.backup.transactions.locks.blocks(lockName(0, 'a'), false));
  });
  it('closes a connection that skips an entry or speaks for another term', () => {
    const parts = {
      router: '',
      effects: [Buffer.alloc(0)],
      index: Buffer.alloc(0),
      replies: Buffer.alloc(0),
    };
    const frames = [
      batchFrame({ term: 4, seq: 2, commit: 0, clock: CLOCK }, parts)[0]!,
      batchFrame({ term: 5, seq: 1, commit: 0, clock: CLOCK }, parts)[0]!,
      encodeCommand(['TOWLINE.ENTRY', 4, 1, 0, CLOCK, 'batch', 'r1']),
      encodeCommand(['TOWLINE.ENTRY', 4, 'x', 0, CLOCK, 'batch', '', '', '', '']),
      encodeCommand(['GET', 'x']),
    ];
    for (const frame of frames) {
      const w = new World();
      const conn = w.host.accept();
      conn.handler = w.backup.follow(conn, 4, 9, new RequestParser());
      conn.deliver(frame);
      assert.ok(conn.closing, frame.toString());
      assert.equal(w.backup.log.held, 0);
    }
  });
});

describe('a backup that misbehaves', () => {
  it('loses its connection, and nothing else', () => {
    for (const words of [
      ['TOWLINE.HELD', '4', '7'],
      ['TOWLINE.HELD', '5', '0'],
      ['TOWLINE.HELD', '4', 'x'],
      ['GET', 'x', 'y'],
    ]) {
      const w = new World();
      w.host.advance(100);
      const near = w.host.last;
      near.open();
      near.deliver(encodeCommand(words));
      assert.ok(near.closing, words.join(' '));
      assert.ok(!w.link.live);
      assert.equal(w.log.committed, 0);
    }
  });
});
