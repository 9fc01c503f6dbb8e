// SORT with patterns: the keys that its elements name are found out, locked, and asked for again when they have changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyValue, Locked, Next, Plan } from '../../src/commit/index.js';
import { encodeCommand } from '../../src/resp/index.js';
import { SortPlanner } from '../../src/router/sort-plan.js';
import { commands, request, route, rowOf } from './make.js';

const ROUTE = route(3, 'g1', 'g2');
const planner = (text: string) => {
  const asked = request(text);
  return new SortPlanner(rowOf(asked), asked, { db: 0, proto: 2 });
};
const lockedBy = (plan: Plan): string[] =>
  plan.shares
    .flatMap(({ keys }) => keys)
    .map(({ key, exclusive }) => key + (exclusive ? '!' : ''))
    .sort();
/** Every key absent: the state machines need no values. */
const answers = (plan: Plan) =>
  new Map<string, Locked>(
    plan.shares.map(({ group, keys }) => [
      group,
      {
        values: keys.map(({ db, key }): KeyValue => ({ db, key, payload: null })),
        reply: Buffer.alloc(0),
        firm: true,
      },
    ]),
  );
const runsOf = (next: Next): string[] =>
  next.kind === 'aside' ? next.runs.flatMap(({ command }) => commands(command)) : [next.kind];
const elements = (...names: string[]) => encodeCommand(names);

test('the first plan finds the names out, the second one locks them and sorts', () => {
  const sort = planner('SORT l BY w_* GET o_*->f STORE dst');
  const first = sort.plan(ROUTE) as Plan;
  assert.deepEqual(lockedBy(first), ['dst!', 'l!']);
  assert.deepEqual(runsOf(first.locked(answers(first))), ['SORT_RO l BY nosort']);
  assert.deepEqual(runsOf(first.ran!(elements('1', '2'), [])), ['settled']);
  const second = sort.plan(ROUTE) as Plan;
  assert.deepEqual(lockedBy(second), ['dst!', 'l!', 'o_1', 'o_2', 'w_1', 'w_2']);
  assert.deepEqual(runsOf(second.locked(answers(second))), ['SORT_RO l BY nosort']);
  assert.deepEqual(runsOf(second.ran!(elements('2', '1'), [])), ['SORT l BY w_* GET o_*->f STORE dst']);
  const change = { db: 0, key: 'dst', payload: Buffer.from('v') };
  const last = second.ran!(Buffer.from(':2\r\n'), [change]);
  assert.equal(last.kind, 'write');
});

test('another element that came meanwhile is looked for too, and not for ever', () => {
  const sort = planner('SORT_RO l BY w_*');
  const first = sort.plan(ROUTE) as Plan;
  first.locked(answers(first));
  assert.deepEqual(runsOf(first.ran!(elements('1'), [])), ['settled']);
  for (let round = 0; round < 31; round++) {
    const next = sort.plan(ROUTE) as Plan;
    next.locked(answers(next));
    assert.deepEqual(runsOf(next.ran!(elements(`other${round}`), [])), ['settled']);
  }
  assert.match((sort.plan(ROUTE) as Buffer).toString(), /^-BUSY/);
});

test('a key of another type is told by the command itself', () => {
  const plan = planner('SORT l BY w_*').plan(ROUTE) as Plan;
  plan.locked(answers(plan));
  assert.deepEqual(runsOf(plan.ran!(Buffer.from('-WRONGTYPE no\r\n'), [])), ['SORT l BY w_*']);
});

test('attempts that were not executed for another reason do not count', () => {
  const sort = planner('SORT_RO l BY w_*');
  for (let attempt = 0; attempt < 100; attempt++) assert.ok(!Buffer.isBuffer(sort.plan(ROUTE)));
});
