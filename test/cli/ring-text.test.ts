// What `towline ring` shows: shares, what has not moved, progress and the time that is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from '../../src/cli/report-text.js';
import { drainLine, ringReport, ringText, TimeLeft } from '../../src/cli/ring-text.js';
import { type DrainProgress, drainText, isDrainProgress, rateIn } from '../../src/net/drain.js';
import { addGroup, type RingDocument, removeGroup, SLOTS, trim } from '../../src/ring/index.js';

const start: RingDocument = {
  version: 1,
  groups: ['a', 'b'].map((id) => ({ id, weight: 1 })),
  history: [],
  abandoned: [],
};
const moving = removeGroup(addGroup(start, 'c', 1) as RingDocument, 'a') as RingDocument;
const progress: DrainProgress = {
  version: 3,
  mover: 'r1',
  slotsLeft: 250,
  slotsTotal: 1000,
  keysMoved: 5000,
  bytesMoved: 1e6,
  keysPerSecond: 100,
  bytesPerSecond: 2048,
  keysLeft: 6100,
  at: 1000,
};
const nobody = { groups: [], routers: [], drain: null };

test('show: owners with shares that add up, who may hold what is others now, and for how much', () => {
  const ring = { version: 3, groups: [], history: [], abandoned: [], retired: [] };
  const report = ringReport(moving, { ...nobody, ring, drain: progress }, 'auto');
  assert.equal(
    report.groups.reduce((sum, { slots }) => sum + slots, 0),
    SLOTS,
  );
  assert.deepEqual(report.undrained.map(({ id }) => id).sort(), ['a', 'b']);
  // All that a owned at first is others' now.
  assert.ok(report.undrained.find(({ id }) => id === 'a')!.slots > SLOTS / 3);
  const text = ringText(report);
  assert.match(text, /^ring version 3\n {2}group {2}weight {2}slots {2}share {3}state\n/);
  assert.match(text, /oldest first\n {2}a \(1\), b \(1\)\n {2}a \(1\), b \(1\), c \(1\)\n/);
  assert.match(text, /drain, at rate auto: 250 of 1000 slots, 6100 keys left to drain, 100 keys\/s/);
  const drained = ringText(ringReport(trim(moving, () => true)!, { ...nobody, ring }, 'auto'));
  assert.match(drained, /released, may be stopped: a\n$/);
  assert.doesNotMatch(drained, /drain,|may hold/);
});

test('status: what stands beside a group that owns nothing', () => {
  const ring = { version: 3, groups: [], history: moving.history, abandoned: [], retired: [] };
  const members = [
    {
      id: 'm',
      address: 'h:1',
      pid: 1,
      role: 'primary',
      state: 'serving',
      keys: 0,
      bytes: 0,
      seq: 0,
      error: null,
    },
  ] as const;
  const group = { epoch: 1, state: 'serving', primary: 'm', inSync: ['m'], members: [...members] } as const;
  const text = (standing: 'draining' | 'released' | 'none' | 'owner', there = true) =>
    reportText({
      ...nobody,
      ring,
      groups: [{ ...group, inSync: ['m'], members: there ? [...members] : [], id: 'a', ring: standing }],
    });
  assert.match(text('draining'), /group a: serving.*keys left: do not stop it yet\n/);
  assert.match(text('released'), /group a: serving.*released: its processes may be stopped\n/);
  assert.match(text('none'), /group a: serving.*not in the ring\n/);
  assert.match(text('owner'), /primary m\n/);
  assert.match(text('released', false), /group a: released, no processes\n/);
  assert.match(text('owner'), /2 of at most 4 earlier lists left; no mover has reported/);
});

test('the bar and the time left', () => {
  assert.equal(
    drainLine(progress, 61),
    '[##################......]  75 %  5000 keys moved, 100 keys/s, 2.0 KiB/s, 1 min 1 s left',
  );
  assert.match(
    drainLine({ ...progress, slotsLeft: 0, slotsTotal: 0 }, null),
    /^\[#{24}\] 100 % .*not known$/,
  );
  assert.equal(new TimeLeft().of(progress), 61);
  // Without a count of keys: from how fast slots went.
  const time = new TimeLeft();
  const unknown = { ...progress, keysLeft: null };
  assert.equal(time.of(unknown), null);
  assert.equal(time.of({ ...unknown, at: 3000, slotsLeft: 150 }), 3);
  assert.equal(
    time.of({ ...unknown, at: 4000, version: 4, slotsLeft: 100 }),
    null,
    'another version begins anew',
  );
  assert.equal(new TimeLeft().of({ ...progress, keysPerSecond: 0 }), null, 'a drain that pauses has no end');
});

test('documents of the drain', () => {
  assert.ok(isDrainProgress(progress));
  assert.ok(isDrainProgress({ ...progress, keysLeft: null }));
  for (const bad of [
    null,
    {},
    { ...progress, at: 'x' },
    { ...progress, slotsLeft: -1 },
    { ...progress, mover: 1 },
  ]) {
    assert.ok(!isDrainProgress(bad));
  }
  assert.deepEqual([null, {}, { rate: 'max' }, { rate: 0 }, { rate: -1 }, { rate: 'x' }].map(rateIn), [
    'auto',
    'auto',
    'max',
    0,
    'auto',
    'auto',
  ]);
  assert.match(drainText(progress, 4), /no mover has reported/);
});
