// What the tour draws: shares that add up, a picture drawn over itself on a terminal, one line elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, type Moment, pictureOf, Screen } from '../../src/cli/tour/picture.js';

const moment: Moment = {
  done: {
    reads: 100,
    writes: 40,
    groups: { g0: { reads: 75, writes: 10 }, g1: { reads: 25, writes: 30 } },
    lost: 0,
    wrong: 0,
    errors: 0,
    moves: 0,
    repeated: 0,
  },
  seconds: 2,
  keys: { g0: 12 },
  moved: 7,
  p99: 1.25,
  judgement: { lost: 1, wrong: 2, errors: 3 },
};

test('the picture: a line for each group, its shares, its keys, and the judgement', () => {
  const lines = pictureOf(moment);
  assert.equal(lines.length, 4);
  assert.match(lines[1]!, /^ {2}g0 +75% #{18}\.{6} +25% #{6}\.{18} +12$/);
  assert.match(lines[2]!, /^ {2}g1 +25% .* 75% .* -$/, 'a group that does not say has no count');
  assert.match(lines[3]!, /7 keys have moved; 70 commands\/s, p99 1\.3 ms; lost 1, wrong 2, errors 3/);
  assert.match(pictureOf({ ...moment, moved: null })[3]!, /nothing has to move/);
  const idle = {
    ...moment,
    seconds: 0,
    done: { ...moment.done, reads: 0, writes: 0, groups: { g0: { reads: 0, writes: 0 } } },
  };
  assert.match(pictureOf(idle)[1]!, / 0% \.{24} +0% /, 'nothing done is no share');
});

test('elsewhere it is one line', () => {
  assert.equal(
    lineOf(moment),
    '  g0: 75% of reads, 25% of writes, 12 keys | g1: 25% of reads, 75% of writes, - keys | 7 moved | lost 1, wrong 2, errors 3',
  );
});

test('a terminal sees the picture change in place, until words follow it', () => {
  let out = '';
  const screen = new Screen((text) => {
    out += text;
  }, true);
  const drawn = () => {
    out = '';
    screen.draw(moment);
    return out;
  };
  assert.ok(!drawn().includes('\u001b[4A'));
  assert.ok(drawn().startsWith('\u001b[4A'), 'over the one before');
  screen.say('words');
  assert.ok(!drawn().includes('\u001b[4A'), 'words stay');
  const plain: string[] = [];
  new Screen((text) => void plain.push(text), false).draw(moment);
  assert.deepEqual(plain, [`${lineOf(moment)}\n`]);
});
