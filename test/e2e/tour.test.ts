// `towline tour` as people run it, but with shorter pauses: each scene is judged by what it measured.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Measured } from '../../src/cli/tour.js';
import { allGone, launch, runTowline } from '../cli/program.js';

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0);
const spotless = ({ lost, wrong, errors }: { lost: number; wrong: number; errors: number }) =>
  assert.deepEqual({ lost, wrong, errors }, { lost: 0, wrong: 0, errors: 0 });

test('the tour plays its five scenes to the end, and each shows what it says', async (t) => {
  const { code, out, err } = await runTowline(['tour', '--fast', '--json']);
  assert.equal(code, 0, err);
  const { keys, pids, spread, growth, absence, sync, succession, total } = JSON.parse(out) as Measured;

  await t.test('1: both groups have a share of reads, writes and keys', () => {
    assert.deepEqual(Object.keys(spread.shares).sort(), ['g0', 'g1']);
    for (const [group, { reads, writes }] of Object.entries(spread.shares)) {
      assert.ok(reads > 0.25 && writes > 0.25, `${group} answers ${reads} of reads, ${writes} of writes`);
      assert.ok(spread.keys[group]! > keys / 4, `${group} has ${spread.keys[group]} keys`);
    }
    assert.equal(sum(spread.keys), keys);
    assert.ok(spread.clients.commands > 0);
    spotless(spread.clients);
  });

  await t.test('2: old keys are still read, writes move keys, the share of the new group grows', () => {
    const { reading, writing, drained } = growth;
    assert.ok(reading.reads > 0);
    assert.deepEqual(reading.keys, { ...growth.keys, g2: 0 }, 'reading moves nothing');
    for (const { clients } of [reading, writing, drained]) spotless(clients);
    assert.ok(writing.moved > 0 && writing.moved < keys / 2, `${writing.moved} keys were moved by writes`);
    assert.ok(writing.shares['g2']!.writes > 0.05 && writing.shares['g2']!.reads > 0);
    assert.equal(drained.history, 0);
    assert.equal(sum(drained.keys), keys, 'no key is in two groups, none in no group');
    assert.ok(drained.keys['g2']! > writing.moved);
    assert.ok(drained.keys['g2']! > keys / 5 && drained.keys['g2']! < keys / 2, `${drained.keys['g2']}`);
    assert.ok(drained.shares['g2']!.reads > writing.shares['g2']!.reads, 'its share of reads grows');
  });

  await t.test('3: a router, a backup and ZooKeeper are away, and the clients see no error', () => {
    assert.match(absence.router, /^router\//);
    assert.match(absence.backup, /^g1\//);
    spotless(absence.clients);
    assert.ok(absence.moves > 0, 'the clients of that router went on at the other');
    assert.ok(absence.clients.commands > 0);
    for (const { reads, writes } of Object.values(absence.shares)) assert.ok(reads > 0 && writes > 0);
  });

  await t.test('4: a backup with hotfix 1 is synced: its data equals the primary’s', () => {
    assert.equal(sync.held, growth.drained.keys['g2']);
    assert.deepEqual([sync.different, sync.keys.backup], [0, sync.keys.primary]);
    assert.equal(sync.keys.primary, sync.held);
    spotless(sync.clients);
  });

  await t.test('5: the first remaining member leads after the primary, and every key is readable', () => {
    assert.notEqual(succession.primary, succession.killed);
    // The first of them, unless the machine kept it from running for longer than its lead (R5).
    assert.ok(succession.primary !== null && succession.remaining.includes(succession.primary));
    if (succession.primary !== succession.expected) t.diagnostic('another than the first member was faster');
    assert.equal(succession.readable, keys);
    spotless(succession.clients);
  });

  spotless(total);
  assert.equal(pids.length, 10, 'ZooKeeper, three groups of 2, one more member, two routers');
  await allGone(pids);
  for (let scene = 1; scene <= 5; scene++) assert.match(err, new RegExp(`^Scene ${scene}: `, 'm'));
  assert.ok(!err.includes('\u001b'), 'plain lines where there is no terminal');
});

const noProc = existsSync('/proc/self/task') ? false : 'no /proc to find its processes in';
test('the tour that is stopped leaves nothing behind', { skip: noProc }, async () => {
  const { child, finished, out } = launch(['tour', '--fast']);
  while (!out().includes('Scene 2')) {
    assert.equal(child.exitCode, null, out());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const pids = children.trim().split(' ').map(Number);
  assert.ok(pids.length >= 7);
  child.kill('SIGINT');
  const { code, err } = await finished;
  assert.deepEqual([code, err], [1, 'towline: the tour was stopped\n']);
  await allGone(pids);
});
