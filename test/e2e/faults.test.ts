// The short version of `npm run test:faults`: one group of two loses its primary, twice, so that the second time the
// node that was synced takes over; then a frozen primary, one that is told to stop, and a killed backup, all under load.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type Kind } from '../faults/kinds.js';
import { runFaults } from '../faults/run.js';

/** Beyond this a client would have been told UNCERTAIN. */
const DEADLINE_MS = 10_000;

const kind = (name: string): Kind => {
  const found = KINDS.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};

test('killed, frozen and stopped members lose nothing and cost clients time only', async (t) => {
  const kinds = [
    'SIGKILL primary',
    'SIGKILL primary',
    'SIGSTOP primary 3-5 s',
    'SIGTERM primary',
    'SIGKILL backup',
  ].map(kind);
  const outcome = await runFaults({
    shape: { groups: 2, members: 2, routers: 2, real: false, network: null },
    seed: 5,
    kinds,
    inOrder: true,
    group: 'g1',
    seconds: 120,
    rounds: kinds.length,
    awayMs: 0,
    say: (line) => t.diagnostic(line),
  });
  assert.deepEqual(outcome.findings, []);
  assert.deepEqual(outcome.notHealed, []);
  assert.equal(outcome.faults.length, kinds.length);
  const { lost, wrong, unread, violations, undecided } = outcome;
  assert.deepEqual(
    { lost, wrong, unread, violations, undecided },
    { lost: 0, wrong: 0, unread: 0, violations: 0, undecided: 0 },
  );
  const { transactions: moved } = outcome;
  assert.deepEqual(
    [moved.lost, moved.wrong, moved.unread, moved.violations, moved.undecided],
    [0, 0, 0, 0, 0],
    JSON.stringify(moved),
  );
  assert.ok(moved.transfers > 300 && moved.watched > 50 && moved.reads > 100, JSON.stringify(moved));
  for (const fault of outcome.faults) {
    assert.deepEqual(fault.errors, {}, `${fault.kind}: clients saw errors`);
    assert.ok(fault.gapMs < DEADLINE_MS, `${fault.kind}: no writes for ${fault.gapMs} ms`);
  }
  assert.deepEqual(outcome.differences, []);
  assert.ok(outcome.keys > 0 && outcome.acknowledged > 1000 && outcome.checked > 1000, 'there was a load');
});
