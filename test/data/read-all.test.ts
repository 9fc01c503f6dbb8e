// Reads of all keys beside transactions whose outcome a client may have heard before their group did.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LOCKS_DB, MOVES } from '../../src/commit/index.js';
import { encodeCommand } from '../../src/resp/index.js';
import { serving } from './group.js';

/** What a router asks a group for when its client reads all keys; how it reads here before and after `gone` is deleted. */
const READS: { words: (string | number | Buffer)[]; before: RegExp; after: RegExp }[] = [
  { words: ['TOWLINE.SCAN', 0, 10], before: /gone/, after: /^\*3 :-1 \$4 left / },
  { words: ['KEYS', '*'], before: /gone/, after: /^\*1 \$4 left$/ },
  { words: ['DBSIZE'], before: /^:2$/, after: /^:1$/ },
  { words: ['TOWLINE.WITHIN', 1, encodeCommand(['KEYS', 'g*'])], before: /gone/, after: /^\*0$/ },
  {
    words: ['TOWLINE.EXEC', 0, 0, encodeCommand(['DBSIZE']), 0, encodeCommand(['GET', 'none'])],
    before: /^\*2 :2 \$-1$/,
    after: /^\*2 :1 \$-1$/,
  },
];

describe('a read of all keys', () => {
  for (const { words, before, after } of READS) {
    it(`waits for what may have been decided: ${String(words[0])}`, () => {
      const group = serving();
      const lane = group.lane('a');
      lane.send('MSET', 'gone', '1', 'left', '2');
      assert.match(lane.replies(), /\+OK/);
      const control = group.control('a', 'r2');
      const token = control.lock('r2:1', 'gone');
      // Only locked: nobody can have been told anything.
      lane.send(...words);
      assert.match(lane.replies(), before);
      control.prepare('r2:1', token, ['TOWLINE.DB', 0], ['DEL', 'gone']);
      assert.deepEqual(control.answers(), [{ kind: 'vote', txn: 'r2:1', vote: 'prepared' }]);
      // From here on the coordinator's client may have heard that it is deleted.
      lane.send(...words);
      assert.equal(lane.replies(), '');
      lane.send('GET', 'left');
      assert.match(lane.replies(), /\$1 2$/, 'nothing else waits');
      control.ask({ kind: 'outcome', txn: 'r2:1', commit: true });
      control.answers();
      assert.match(lane.replies().replace(/^>2 \$10 TOWLINE.AT :\d+ /, ''), after);
    });
  }

  it('waits for what may have been decided: a count while keys move', () => {
    const group = serving();
    const lane = group.lane('a');
    lane.send('MSET', 'gone', '1', 'left', '2');
    assert.match(lane.replies(), /\+OK/);
    const control = group.control('a', 'r2');
    const token = control.lock('r2:1', 'gone');
    control.prepare('r2:1', token, ['TOWLINE.DB', 0], ['DEL', 'gone']);
    control.answers();
    const counting = group.control('a', 'r3');
    counting.ask({
      kind: 'lock',
      txn: 'r3:1',
      ring: group.ring.version,
      keys: [{ db: LOCKS_DB, key: MOVES, exclusive: true }],
      everything: false,
      fetch: false,
      read: { db: 0, proto: 2, command: encodeCommand(['DBSIZE']) },
    });
    assert.deepEqual(counting.answers(), []);
    control.ask({ kind: 'outcome', txn: 'r2:1', commit: true });
    group.settle();
    const [answer] = counting.answers();
    assert.equal(answer?.kind === 'locked' && answer.reply.toString(), ':1\r\n');
  });
});
