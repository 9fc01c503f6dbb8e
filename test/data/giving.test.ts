// Keys that leave a primary, and come to one, in pieces: what a router is answered that asks again, too late, or for
// what has changed; what is staged on every member, and dropped.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Group, type RouterLane, serving } from './group.js';

const LONG = 600_000;

/** An array of two integers and a bulk string, of which only the length counts. */
function shape(reply: string): string {
  return reply.replace(/\$(\d+) [\s\S]*$/, 'bytes of $1');
}

function filled(): { group: Group; lane: RouterLane } {
  const group = serving({ members: 2 });
  const lane = group.lane('a', 'r1');
  lane.send('SETRANGE', 'long', LONG - 1, 'z').send('SET', 'short', 'v');
  lane.replies();
  return { group, lane };
}

describe('TOWLINE.PIECE', () => {
  it('gives piece after piece, the last one once more when it is asked for again', () => {
    const { lane } = filled();
    const ask = (n: number) => shape(lane.send('TOWLINE.PIECE', 'long', 'm1', n).replies());
    const first = ask(0);
    assert.match(first, /^\*3 :1 :0 bytes of 262153$/);
    const second = ask(1);
    assert.match(second, /^\*3 :1 :0 bytes of 262144$/);
    assert.equal(ask(1), second);
    const last = ask(2);
    assert.match(last, /^\*3 :1 :1 bytes of \d+$/);
    assert.equal(ask(2), last);
    assert.match(ask(3), /^-PIECE there is no more$/);
    assert.match(ask(0), /^\*3 :1 :0 /);
  });
  it('tells moves apart, by their names', () => {
    const { lane } = filled();
    const ask = (name: string, n: number) => shape(lane.send('TOWLINE.PIECE', 'long', name, n).replies());
    ask('m1', 0);
    ask('m1', 1);
    assert.match(ask('m2', 0), /262153$/);
    assert.match(ask('m1', 2), /:1 bytes/);
    assert.match(ask('m2', 1), /262144$/);
  });
  it('says that the key has changed, is another one, or is gone', () => {
    const { lane } = filled();
    const ask = (key: string, n: number) => shape(lane.send('TOWLINE.PIECE', key, 'm1', n).replies());
    assert.match(ask('long', 1), /^-PIECE the key has changed/);
    ask('long', 0);
    lane.send('APPEND', 'long', 'x').replies();
    assert.match(ask('long', 1), /^-PIECE the key has changed/);
    ask('long', 0);
    assert.match(ask('short', 1), /^-PIECE the key has changed/);
    ask('long', 0);
    lane.send('DEL', 'long').replies();
    assert.equal(ask('long', 1), '$-1');
    assert.match(ask('short', 0), /^\*3 :2 :1 bytes of 14$/);
  });
  it('is of a value that is not written any more under the same seq', () => {
    const { group, lane } = filled();
    // In one turn: what follows the piece must not look like what the piece is of.
    lane.send('SET', 'short', 'w').send('TOWLINE.PIECE', 'short', 'm1', 0).send('SET', 'short', 'x');
    lane.send('TOWLINE.PIECE', 'short', 'm1', 1);
    assert.match(lane.replies(), /^\+OK \*3 :3 :1 \$14 [\s\S]* \+OK -PIECE the key has changed/);
    assert.equal(group.at('a').node.store.peek(0, 'short')?.seq, 4);
  });
  it('forgets who asked for nothing for long, and of many the one that did so longest', () => {
    const { group, lane } = filled();
    const ask = (name: string, n: number) => shape(lane.send('TOWLINE.PIECE', 'long', name, n).replies());
    ask('m0', 0);
    group.run(5);
    for (let i = 1; i <= 16; i++) ask(`m${i}`, 0);
    assert.match(ask('m0', 1), /^-PIECE/);
    assert.match(ask('m16', 1), /262144$/);
    group.run(31_000);
    assert.match(ask('m16', 2), /^-PIECE/);
  });
  it('without a number is no message at all', () => {
    const { lane } = filled();
    lane.send('TOWLINE.PIECE', 'long', 'm1', 'x').replies();
    assert.ok(lane.closed);
  });
});

describe('TOWLINE.STAGE', () => {
  const HEAD = '\0'.repeat(9);
  const stages = (group: Group) =>
    ['a', 'b'].map((name) => group.at(name).node.store.stages.names().join(' '));

  it('is on every member, until it is given up', () => {
    const { group, lane } = filled();
    lane.send('TOWLINE.STAGE', 's1', 0, 0, HEAD).send('TOWLINE.STAGE', 's2', 0, 1, `${HEAD}\0\0\0\x01v`);
    assert.equal(lane.replies(), '+OK +OK');
    group.run(20);
    assert.deepEqual(stages(group), ['s1 s2', 's1 s2']);
    assert.equal(lane.send('TOWLINE.UNSTAGE', 's1').send('TOWLINE.UNSTAGE', 'none').replies(), '+OK +OK');
    assert.equal(lane.send('TOWLINE.STAGE', 's2', 0, 1, HEAD).replies(), '-STAGE it is whole');
    group.run(20);
    assert.deepEqual(stages(group), ['s2', 's2']);
    group.run(31_000);
    assert.deepEqual(stages(group), ['', '']);
  });
  it('that is refused is dropped everywhere', () => {
    const { group, lane } = filled();
    lane.send('TOWLINE.STAGE', 's1', 0, 0, HEAD).send('TOWLINE.STAGE', 's1', 2, 0, 'x');
    lane.send('TOWLINE.STAGE', 's1', 1, 0, 'x').send('TOWLINE.STAGE', 's2', 0, 1, HEAD);
    lane.send('TOWLINE.STAGE', 's3', 'x', 1, HEAD).send('TOWLINE.STAGE', 's4', 0, 2, HEAD);
    assert.equal(
      lane.replies(),
      '+OK -STAGE a piece that does not follow -STAGE no such stage -STAGE a value that is cut short ' +
        '-STAGE a piece without a place -STAGE a piece without a place',
    );
    group.run(20);
    assert.deepEqual(stages(group), ['', '']);
  });
  it('goes to a candidate too, which is told of none that was there before', () => {
    const group = serving({ members: 1 });
    const lane = group.lane('a', 'r1');
    lane
      .send('SETRANGE', 'long', LONG - 1, 'z')
      .send('TOWLINE.STAGE', 'old', 0, 0, HEAD)
      .replies();
    group.start('b');
    let begun = false;
    group.stuck = (link) => {
      if (!group.connects(link, 'a', 'b') || link.client.queued === 0) return false;
      const words = link.client.take();
      link.client.write(words);
      if (begun || !words.includes('TOWLINE.PART')) return false;
      begun = true;
      lane.send('TOWLINE.STAGE', 'new', 0, 0, HEAD).send('TOWLINE.STAGE', 'old', 1, 0, 'x');
      return false;
    };
    group.until(() => group.inSync === 'a b', 8000, 'b is let in');
    group.run(30);
    assert.deepEqual(stages(group), ['new', 'new']);
    assert.match(lane.send('TOWLINE.STAGE', 'new', 1, 1, '\0\0\0\x01v').replies(), /\+OK$/);
    group.run(30);
    assert.ok(['a', 'b'].every((name) => group.at(name).node.store.stages.whole('new')));
  });
});
