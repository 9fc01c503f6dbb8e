// `towline ring` and joining with real processes: who may own keys, what is refused and why, what the drain's end means.
// No router runs, so that nobody drains but this test: it trims history as the mover would.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RingReport } from '../../src/cli/ring-text.js';
import { PATHS } from '../../src/net/directory.js';
import { DRAIN_PATHS, type DrainProgress } from '../../src/net/drain.js';
import { type RingDocument, trim } from '../../src/ring/index.js';
import { CasDocument, ZooKeeper } from '../../src/zookeeper/index.js';
import { ByHand, type Running, until } from './by-hand.js';

let cluster: ByHand;
let zk: ZooKeeper;
let one: Running;
let two: Running;
let four: Running;

before(async () => {
  cluster = await ByHand.begin();
  zk = new ZooKeeper({ servers: cluster.servers });
  await zk.connect();
  one = await cluster.data('g1');
  await until('g1 has joined', async () => (await shown()).version === 1);
});
after(async () => {
  await zk.close();
  await cluster.stop();
});

const ring = (...args: string[]) => cluster.towline('ring', ...args);
async function shown(): Promise<RingReport> {
  const { code, out, err } = await ring('show', '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out) as RingReport;
}
async function done(...args: string[]): Promise<string> {
  const { code, out, err } = await ring(...args);
  assert.equal(code, 0, err);
  return out;
}
async function refused(words: RegExp, ...args: string[]): Promise<void> {
  const { version } = await shown();
  const { code, err } = await ring(...args);
  assert.equal(code, 1);
  assert.match(err, words);
  assert.equal((await shown()).version, version);
}
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a group that is to wait for ring add does, and add gives it its share', async () => {
  two = await cluster.data('g2', 1, '--join', 'manual');
  await cluster.untilGroup('g2', 'serving', 1);
  await wait(500);
  assert.deepEqual([(await shown()).version, (await cluster.group('g2'))!.ring], [1, 'none']);
  await refused(/group g9 does not exist: start its data nodes first/, 'add', 'g9');
  await refused(/group g1 is in the ring already/, 'add', 'g1');
  await done('add', 'g2', '--weight', '2');
  const { version, groups, history, undrained } = await shown();
  assert.deepEqual([version, history], [2, [[{ id: 'g1', weight: 1 }]]]);
  assert.ok(groups[1]!.share > 0.55 && groups[1]!.share < 0.75, String(groups[1]!.share));
  assert.deepEqual(undrained, [{ id: 'g1', slots: groups[1]!.slots }]);
  assert.match((await ring('show')).out, /earlier lists whose keys have not all moved: 1 of at most 4/);
});

test('too few members in sync, a frozen primary: refused', async () => {
  await cluster.data('g5', 1, '--join', 'manual', '--min-in-sync', '2');
  await cluster.untilGroup('g5', 'serving', 1);
  await refused(/group g5 has 1 of at least 2 members in sync/, 'add', 'g5');
  process.kill(two.pid, 'SIGSTOP');
  try {
    await refused(
      /group g2 (has no living primary|does not answer)|primary of group g2 does not answer/,
      'weight',
      'g1',
      '2',
    );
  } finally {
    process.kill(two.pid, 'SIGCONT');
  }
  await cluster.untilGroup('g2', 'serving', 1);
});

test('weight, remove; a name that was used is not used again', async () => {
  await until('g2 serves again', async () => (await ring('weight', 'g2', '3')).code === 0);
  assert.equal(await done('weight', 'g2', '3'), 'nothing to change\n');
  const bad = await ring('weight', 'g2', '1000');
  assert.deepEqual([bad.code, (await shown()).version], [1, 3]);
  await done('remove', 'g2');
  await refused(/is the last one/, 'remove', 'g1');
  await refused(/never reused/, 'add', 'g2');
  assert.equal((await cluster.group('g2'))!.ring, 'draining');
});

test('a full history refuses, and says how far the drain is; who joins by itself waits for it', async () => {
  await cluster.data('g3');
  await until('g3 has joined', async () => (await shown()).version === 5);
  assert.equal((await shown()).history.length, 4);
  four = await cluster.data('g4');
  await cluster.untilGroup('g4', 'serving', 1);
  await refused(/keys of 4 earlier group lists have not all moved.*no mover has reported/, 'add', 'g4');
  const progress: DrainProgress = {
    version: 5,
    mover: 'test',
    slotsLeft: 12,
    slotsTotal: 99,
    keysMoved: 7,
    bytesMoved: 700,
    keysPerSecond: 3,
    bytesPerSecond: 300,
    keysLeft: 6,
    at: 1,
  };
  await new CasDocument<DrainProgress>(zk, DRAIN_PATHS.progress).create(progress);
  await refused(/12 of 99 slots, 6 keys left to drain/, 'add', 'g4');
  assert.match(await done('drain', '--rate', '250'), /rate 250\n4 earlier lists left: 12 of 99/);
  assert.equal((await shown()).rate, 250);
  assert.equal((await ring('drain', '--rate', 'fast')).code, 2);
  assert.match((await cluster.towline('status')).out, /4 of at most 4 earlier lists left; 12 of 99 slots/);
});

test('when history is trimmed, the watch sees it, the group that waited joins, and the removed one is released', async () => {
  const document = new CasDocument<RingDocument>(zk, PATHS.ring);
  // One entry less makes room for the one that waits, and only for it.
  await document.update((now) => trim(now!, () => true)!);
  await until('g4 has joined', async () => (await shown()).groups.some(({ id }) => id === 'g4'));
  const watching = ring('drain', '--watch');
  await wait(300);
  await document.update((now) => (now!.history.length === 0 ? null : trim(now!, () => true)));
  const { code, out } = await watching;
  assert.equal(code, 0);
  assert.match(out, /nothing left to drain\n$/);
  const { released, history } = await shown();
  assert.deepEqual([released, history], [['g2'], []]);
  assert.equal((await cluster.group('g2'))!.ring, 'released');
  assert.match(
    (await cluster.towline('status')).out,
    /group g2: serving.*released: its processes may be stopped/,
  );
  two.kill('SIGTERM');
  await two.finished;
  await until('it is gone', async () => (await cluster.group('g2'))!.members.length === 0);
  assert.match((await cluster.towline('status')).out, /group g2: released, no processes\n/);
});

test('abandon: only with the word, only a group that does not serve; its name is gone for good', async () => {
  assert.equal((await ring('abandon', 'g4')).code, 2);
  await refused(/group g4 serves: remove it instead/, 'abandon', 'g4', '--accept-loss');
  four.kill();
  await four.finished;
  await cluster.untilGroup('g4', 'lost');
  await refused(/group g4 has no living primary/, 'weight', 'g1', '5');
  await done('abandon', 'g4', '--accept-loss');
  const { abandoned, groups, history } = await shown();
  assert.deepEqual([abandoned, groups.map(({ id }) => id)], [['g4'], ['g1', 'g3']]);
  assert.deepEqual(history, [], 'what the old list says beyond the new one is lost');
  assert.equal((await cluster.group('g4'))!.ring, 'abandoned');
  const reset = await cluster.towline('group', 'reset', 'g4', '--accept-data-loss');
  assert.match(reset.err, /group g4 was abandoned: the ring will not name it again/);
  await refused(/was abandoned; names of groups are never reused/, 'add', 'g4');
  await done('weight', 'g1', '5');
  assert.ok(one.pid > 0);
});
