// The rehearsal of a change of the ring that routers and data nodes begin with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rehearse } from '../../src/cli/rehearsal.js';

/** What it tells the log. */
async function outcomeOf(mostMs?: number): Promise<string> {
  const told: unknown[] = [];
  await rehearse({ debug: (fields: unknown) => void told.push(fields) }, mostMs);
  assert.equal(told.length, 1);
  return (told[0] as { outcome: string }).outcome;
}
const sockets = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
/** A connection that was destroyed is gone a turn later. */
async function untilGone(before: number): Promise<void> {
  for (let i = 0; i < 200 && sockets().length > before; i++) await sleep(10);
  assert.equal(sockets().length, before, sockets().join(' '));
}

test('a rehearsal is played to its end, writes move keys in it, and it leaves no port, connection or timer', async () => {
  const before = sockets().length;
  assert.match(await outcomeOf(30_000), /^played, [1-9]\d* keys moved$/);
  await untilGone(before);
});

test('one that takes too long ends, and leaves as little', async () => {
  const before = sockets().length;
  assert.equal(await outcomeOf(0), 'late');
  await untilGone(before);
});
