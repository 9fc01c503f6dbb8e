// Dynamic SYNC between shipping nodes: what a candidate holds when it is let in, and what becomes of one that is
// interrupted, too slow, or in the hands of two primaries (design, section 4; R3, R4, R7).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Assembly, LARGE } from '../../src/data/pieces.js';
import { encodeCommand, ProtocolError } from '../../src/resp/index.js';
import { type Group, type Link, type RouterLane, serving } from './group.js';

/** Gives the primary so many keys. */
function fill(group: Group, name: string, count: number): void {
  const lane = group.lane(name, 'filler');
  for (let i = 0; i < count; i++) lane.send('SET', `key${i}`, `value${i}`);
  assert.match(lane.replies(), /\+OK$/);
  group.run(20);
}

describe('SYNC', () => {
  it('gives a candidate everything, and lets it in', () => {
    const group = serving({ members: 2 });
    fill(group, 'a', 600);
    group.start('c');
    group.until(() => group.inSync === 'a b c', 3000, 'c is let in');
    group.run(20);
    assert.equal(group.keys('c').length, 600);
    assert.deepEqual(group.keys('c'), group.keys('a'));
  });

  it('is taken over by a newer one: the end of an older connection takes nothing away', () => {
    const group = serving({ members: 2 });
    fill(group, 'a', 600);
    group.start('c');
    const size = () => group.at('c').node.store.dbSize(0);
    group.share = () => 0.1;
    group.stuck = (link) => size() > 200 && group.connects(link, 'a', 'c');
    group.until(() => size() > 200, 2000, 'the first sync is under way');
    assert.equal(group.between('a', 'c').length, 1);
    group.freeze('a');
    group.until(() => group.leads('b'), 4000, 'b leads');
    // b tries the frozen one first, and then takes c; it stops in the middle of that.
    let begun = false;
    group.stuck = (link) => {
      if (size() === 0) begun = true;
      return begun && size() > 200 && group.connects(link, 'b', 'c');
    };
    group.until(() => begun, 5000, 'the new sync begins');
    group.run(100);
    assert.ok(size() > 200 && size() < 600, `${size()}`);
    group.stuck = (link) => group.connects(link, 'b', 'c');
    group.thaw('a');
    group.run(50);
    assert.deepEqual(group.at('a').failures.length, 1, 'a is deposed');
    group.stuck = () => false;
    group.share = () => 1;
    group.until(() => group.inSync === 'b c', 3000, 'c is let in');
    group.run(20);
    assert.deepEqual(group.keys('c'), group.keys('b'));
    assert.equal(group.keys('c').length, 600);
  });
});

describe('a member that says that it holds less than before', () => {
  it('is removed, and the primary goes on', () => {
    const group = serving({ members: 3 });
    fill(group, 'a', 20);
    const [link] = group.between('a', 'b').filter(({ client }) => client.handler !== null);
    assert.ok(link);
    // b's memory is damaged: it says so over its next connection.
    const { role } = group.at('b').node as unknown as {
      role: { log: { heldSeq: number; appliedSeq: number } };
    };
    role.log.heldSeq -= 1;
    role.log.appliedSeq -= 1;
    // It comes back before the configuration without it stands.
    group.held = true;
    for (const each of group.between('a', 'b')) group.drop(each);
    group.run(100);
    assert.ok(group.leads('a'));
    group.release();
    group.until(() => group.inSync === 'a c', 3000, 'b is removed');
    fill(group, 'a', 5);
    assert.ok(group.leads('a'));
    assert.deepEqual(group.at('a').failures, []);
  });

  it('is none that hears of an older head late: it keeps what it has acknowledged', () => {
    const group = serving({ members: 2 });
    fill(group, 'a', 10);
    const { id } = group.at('a');
    const hello = encodeCommand(['TOWLINE.REPLICATE', 'g1', 1, 1, id, 1, group.at('b').id]);
    const late = group.host.accept();
    late.handler = group.at('b').node.accept(late);
    late.deliver(hello);
    group.run(50);
    assert.equal(late.closing, true);
    assert.equal(group.inSync, 'a b');
    assert.deepEqual(group.keys('b'), group.keys('a'));
  });
});

describe('a candidate that freezes when it has been told everything', () => {
  it('is removed, and its connections are closed', () => {
    const group = serving({ members: 1 });
    fill(group, 'a', 300);
    group.start('b');
    const frozen = (link: Link) => {
      if (group.connects(link, 'a', 'b') && link.client.queued > 0) lastWords(group, link);
      return false;
    };
    group.stuck = frozen;
    group.until(() => group.at('b').machine.frozen, 3000, 'the last word is said');
    const open = group.between('a', 'b');
    assert.ok(open.length > 0);
    group.run(15_000);
    for (const { client } of open) assert.ok(client.closing);
    assert.equal(group.inSync, 'a');
    fill(group, 'a', 3);
  });
});

/** Freezes the candidate right before it hears the end. */
function lastWords(group: Group, link: Link): void {
  const words = link.client.take();
  if (words.includes('TOWLINE.SYNCED')) group.freeze('b');
  link.client.write(words);
}

/** What transactions this member knows, and its locks. */
const locksOf = (group: Group, name: string) =>
  (group.at(name).node as unknown as { role: { transactions: { locks: { size: number } } } }).role
    .transactions.locks;

describe('a large value', () => {
  const LONG = 3_000_000;
  /** A candidate is being given a value in pieces: `written` sees the number of pieces that have left. */
  function given(written: (pieces: number, lane: RouterLane) => void, held = false): Group {
    const group = serving({ members: 1 });
    fill(group, 'a', 200);
    const lane = group.lane('a', 'writer');
    lane.send('SETRANGE', 'long', LONG - 1, 'z');
    lane.replies();
    group.start('b');
    let pieces = 0;
    group.stuck = (link) => {
      if (!group.connects(link, 'a', 'b') || link.client.queued === 0) return false;
      const words = link.client.take();
      link.client.write(words);
      const said = words.toString('latin1').split('TOWLINE.PART').length - 1;
      if (said > 0) written((pieces += said), lane);
      return held;
    };
    group.until(() => group.inSync === 'a b', 8000, 'b is let in');
    group.run(30);
    assert.deepEqual(group.keys('b'), group.keys('a'));
    assert.ok(pieces >= LONG / LARGE, `${pieces} pieces`);
    return group;
  }
  const value = (group: Group) => group.at('b').node.store.exportKey(0, 'long');

  it('is given in pieces', () => {
    assert.equal(value(given(() => {}))?.length, LONG + 9);
  });
  it('is begun anew when it is written meanwhile', () => {
    let most = 0;
    const group = given((pieces, lane) => {
      most = pieces;
      if (pieces === 4) lane.send('SETRANGE', 'long', 5, 'new');
      if (pieces === 8) lane.send('APPEND', 'long', 'end');
    });
    const bytes = value(group)!;
    assert.equal(bytes.toString('latin1', 14, 17), 'new');
    assert.equal(bytes.toString('latin1', bytes.length - 3), 'end');
    assert.ok(most > LONG / LARGE + 4, `${most} pieces`);
  });
  it('is held still when it is written again and again', () => {
    let count = 0;
    const group = given((_, lane) => {
      lane.send('APPEND', 'long', `<${count++}>`);
    });
    assert.ok(count > 2);
    assert.ok(
      value(group)!
        .toString('latin1')
        .endsWith(`<${count - 1}>`),
    );
  });
  it('is held still, and given piece by piece all the same: also a collection', () => {
    const group = serving({ members: 1 });
    const lane = group.lane('a', 'writer');
    const FIELDS = 8000;
    for (let i = 0; i < FIELDS; i += 100)
      lane.send(
        'HSET',
        'long',
        ...Array.from({ length: 100 }, (_, n) => [`f${i + n}`, 'v'.repeat(40)]).flat(),
      );
    lane.replies();
    group.start('b');
    let pieces = 0;
    let longest = 0;
    const held: string[] = [];
    group.stuck = (link) => {
      if (!group.connects(link, 'a', 'b') || link.client.queued === 0) return false;
      const words = link.client.take();
      link.client.write(words);
      const said = words.toString('latin1').split('TOWLINE.PART').length - 1;
      if (said === 0) return false;
      pieces += said;
      longest = Math.max(longest, said);
      lane.send('HSET', 'long', 'count', pieces);
      if (locksOf(group, 'a').size > 0) held.push(`${pieces}`);
      return false;
    };
    group.until(() => group.inSync === 'a b', 8000, 'b is let in');
    group.run(30);
    assert.ok(held.length > 2, `held at pieces ${held.join(' ')}`);
    assert.equal(longest, 1);
    assert.equal(locksOf(group, 'a').size, 0);
    const payload = (name: string) => group.at(name).node.store.exportKey(0, 'long')!;
    assert.ok(payload('a').equals(payload('b')));
    assert.match(group.lane('a', 'last').send('HGET', 'long', 'count').replies(), new RegExp(`${pieces}$`));
  });
  it('that a command over several keys changes at the end is given once more, before the last turn', () => {
    const group = serving({ members: 1 });
    const lane = group.lane('a', 'writer');
    lane.send('SETRANGE', 'long', LONG - 1, 'z').send('SET', 'small', '1');
    lane.replies();
    group.start('b');
    let marks = 0;
    group.stuck = (link) => {
      if (!group.connects(link, 'a', 'b') || link.client.queued === 0) return false;
      const words = link.client.take();
      link.client.write(words);
      if (words.includes('TOWLINE.MARK') && marks++ === 0)
        lane.send('RENAME', 'long', 'longer').send('APPEND', 'longer', '!').send('COPY', 'small', 'other');
      return false;
    };
    group.until(() => group.inSync === 'a b', 8000, 'b is let in');
    group.run(30);
    assert.ok(marks >= 1);
    assert.equal(group.at('b').node.store.exportKey(0, 'longer')?.length, LONG + 1 + 9);
    assert.deepEqual(group.keys('b'), group.keys('a'));
  });
  it('is not given when it was deleted meanwhile', () => {
    const group = given((pieces, lane) => {
      if (pieces === LONG_ENOUGH) lane.send('DEL', 'long');
      if (pieces === 3) lane.send('RENAME', 'long', 'other').send('RENAME', 'other', 'long');
    });
    assert.equal(value(group), null);
  });
  const LONG_ENOUGH = Math.ceil(LONG / LARGE) + 2;

  it('whose pieces do not follow one another is refused', () => {
    const head = Buffer.concat([Buffer.from([0]), Buffer.alloc(8)]);
    const first = Buffer.concat([head, Buffer.from([0, 0, 0, 3]), Buffer.from('a')]);
    const assembly = new Assembly();
    assert.throws(() => assembly.take(0, 'k', 1, false, Buffer.from('bc')), ProtocolError);
    assert.equal(assembly.take(0, 'k', 0, false, first), null);
    assert.throws(() => assembly.take(0, 'other', 1, true, Buffer.from('bc')), ProtocolError);
    assert.throws(() => assembly.take(0, 'k', 2, true, Buffer.from('bc')), ProtocolError);
    assert.deepEqual(assembly.take(0, 'k', 1, true, Buffer.from('bc')), {
      type: 0,
      value: 'abc',
      expireAt: 0,
    });
    assert.throws(() => assembly.take(0, 'k', 2, true, Buffer.from('bc')), ProtocolError);
    const endless = Buffer.concat([head, Buffer.alloc(4, 0xff)]);
    assert.throws(() => assembly.take(0, 'k', 0, false, endless), ProtocolError);
    assert.throws(() => assembly.take(0, 'k', 0, true, first), ProtocolError);
    assert.throws(() => assembly.take(0, 'k', 0, true, Buffer.from([250])), ProtocolError);
  });
});

describe('what is remembered', () => {
  it('is told before the last turn, which says what came since', () => {
    const group = serving({ members: 1 });
    const lane = group.lane('a', 'r1');
    const size = 400;
    for (let n = 1; n <= size; n++) {
      lane.send('SET', `k${n % 7}`, 'v'.repeat(2000)).send('SET', `k${n % 7}`, `${n}`, 'GET');
      if (n % 10 === 0) lane.replies();
    }
    group.start('b');
    let last: Buffer = Buffer.alloc(0);
    let before = 0;
    group.stuck = (link) => {
      if (!group.connects(link, 'a', 'b') || link.client.queued === 0) return false;
      const words = link.client.take();
      link.client.write(words);
      if (words.includes('TOWLINE.MARK')) lane.send('SET', 'late', '1');
      if (words.includes('TOWLINE.SYNCED')) last = words;
      else before += words.length;
      return false;
    };
    group.until(() => group.inSync === 'a b', 5000, 'b is let in');
    group.run(20);
    assert.ok(before > 2000 * size, `${before} bytes before the last turn`);
    assert.ok(
      last.includes('TOWLINE.ANSWERS') && last.length < 2000,
      `${last.length} bytes in the last turn`,
    );
    assert.deepEqual(group.memory('b', 'r1', 2 * size + 1), group.memory('a', 'r1', 2 * size + 1));
  });
});
