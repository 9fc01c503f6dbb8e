// The judge and the parser of Redis's test output, on texts as runtest prints them: what must not pass unnoticed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type Unit } from './judge.js';
import { parseResults, type Result } from './results.js';
import { UNITS } from './table.js';

const ok = (name: string): Result => ({ name, outcome: 'ok', detail: '' });
const err = (name: string): Result => ({ name, outcome: 'err', detail: 'why\n' });
const unit = (exceptions: Unit['exceptions'], reaches = 2): Unit => ({ name: 'u', reaches, exceptions });

test('results are read with their colours, times and details', () => {
  const output = [
    'Starting test server at port 21079',
    '[\x1b[0;32;49mok\x1b[0m]: SET and GET (3 ms)',
    '[\x1b[0;31;49merr\x1b[0m]: EVAL in MULTI in tests/unit/multi.tcl',
    "Expected 'a' to be equal to 'b'",
    '[\x1b[0;36;49mignore\x1b[0m]: Tag: slow',
    '[err]: Executing test client: ERR nope.',
    'ERR nope',
    '[1/1 \x1b[0;33;49mdone\x1b[0m]: unit/multi (0 seconds)',
    'after the end',
  ].join('\n');
  assert.deepEqual(parseResults(output), [
    { name: 'SET and GET', outcome: 'ok', detail: '' },
    { name: 'EVAL in MULTI', outcome: 'err', detail: "Expected 'a' to be equal to 'b'\n" },
    { name: 'aborted: Executing test client: ERR nope.', outcome: 'err', detail: 'ERR nope\n' },
  ]);
});

test('all pass, or fail as expected: nothing is wrong', () => {
  assert.deepEqual(judge(unit({}), [ok('a'), ok('b')]).wrong, []);
  assert.deepEqual(judge(unit({ b: 'why' }), [ok('a'), err('b')]).wrong, []);
  assert.deepEqual(judge(unit({ b: 'why' }), [ok('a')]).wrong, [], 'not reached, as expected');
});

test('what is not expected is wrong, good news too', () => {
  assert.match(judge(unit({}), [ok('a'), err('b')]).wrong[0]!, /^fails: b/);
  assert.match(judge(unit({ b: 'why' }), [ok('a'), ok('b')]).wrong[0]!, /^passes/);
  assert.match(judge(unit({}), [ok('a')]).wrong[0]!, /^1 tests were never reached/);
  assert.match(judge(unit({}), []).wrong[0]!, /^2 tests were never reached/);
  assert.match(judge(unit({}), [ok('a'), ok('b'), ok('c')]).wrong[0]!, /^1 more/);
  assert.match(judge(unit({}), [ok('a'), ok('b'), err('aborted: x')]).wrong[0]!, /^fails: aborted/);
});

test('a test that fails sometimes may pass', () => {
  assert.deepEqual(judge(unit({ b: 'sometimes: why' }), [ok('a'), ok('b')]).wrong, []);
  assert.deepEqual(judge(unit({ b: 'sometimes: why' }), [ok('a'), err('b')]).wrong, []);
});

test('the table: protocol before list, and every exception has a reason', () => {
  const names = UNITS.map(({ name }) => name);
  assert.ok(names.indexOf('protocol') < names.indexOf('type/list'));
  for (const { exceptions, skips } of UNITS) {
    for (const reason of [...Object.values(exceptions), ...Object.values(skips ?? {})]) {
      assert.ok(reason.length > 5, reason);
    }
  }
});
