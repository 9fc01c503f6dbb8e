// Transfers and watched increments over groups under faults, from seeds; and that the runs would notice a WATCH that
// misses changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TxnLocks } from '../../src/commit/txn-locks.js';
import { PrimaryRing } from '../../src/data/primary-ring.js';
import { SyncSource } from '../../src/data/sync-source.js';
import type { Request } from '../../src/resp/index.js';
import type { RingDocument } from '../../src/ring/index.js';
import { Everywhere, type EverywhereOwner } from '../../src/router/everywhere.js';
import { planForAll } from '../../src/router/plan.js';
import { Store } from '../../src/store/index.js';
import { runExecs } from './exec-run.js';

const SEEDS = 40;
const BLOCK = 10;

test('the same seed gives the same run', () => {
  assert.deepEqual(runExecs(7), runExecs(7));
});

let watched = 0;
let nils = 0;
let unknown = 0;
let undecided = 0;
for (let first = 1; first <= SEEDS; first += BLOCK) {
  test(`transactions, seeds ${first} to ${first + BLOCK - 1}`, () => {
    for (let seed = first; seed < first + BLOCK; seed++) {
      const report = runExecs(seed);
      assert.equal(
        report.failure,
        null,
        `seed ${seed}: ${report.failure}\nrepeat it with: node dist/test/sim/exec-main.js --seeds 1 --seed ${seed} --verbose`,
      );
      watched += report.watched;
      nils += report.nils;
      unknown += report.unknown;
      undecided += report.undecided;
    }
  });
}

test('transactions that count, scan and sort, ten seeds from 1002', () => {
  for (let seed = 1002; seed < 1052; seed += 5) assert.equal(runExecs(seed).failure, null, `seed ${seed}`);
});

test('SWAPDB while keys move all the time, and primaries change, ten seeds from 700003', () => {
  for (let seed = 700_003; seed < 700_053; seed += 5)
    assert.equal(runExecs(seed).failure, null, `seed ${seed}`);
});

test('the runs were worth running', () => {
  assert.ok(watched > SEEDS * 10, `${watched} watched EXECs succeeded`);
  assert.ok(nils > SEEDS && nils < 2 * watched, `${nils} EXECs were refused because of WATCH`);
  assert.ok(unknown > SEEDS, `${unknown} of unknown outcome`);
  assert.ok(undecided <= SEEDS / 20, `${undecided} parts of histories were not decided`);
});

/** Whether one of the first seeds fails while `name` of a store is `broken`. */
function finds(broken: (right: string) => string): string | null {
  const { stateOf } = Store.prototype;
  Store.prototype.stateOf = function (db, key) {
    return broken(stateOf.call(this, db, key));
  };
  try {
    for (let seed = 1; seed <= 10; seed++) {
      const { failure } = runExecs(seed);
      if (failure !== null) return failure;
    }
    return null;
  } finally {
    Store.prototype.stateOf = stateOf;
  }
}

test('a WATCH that notices nothing but creation and deletion is found', () => {
  assert.match(finds((state) => `${state[0]}1`) ?? '', /saw .* not 0|cannot|no legal|history/i);
});

test('a SWAPDB while keys move that leaves the fence of the ring as it was is found (R2)', () => {
  const { everywhere } = Everywhere.prototype;
  Everywhere.prototype.everywhere = function (row, request, asker, answer) {
    if (row.swaps === undefined) return everywhere.call(this, row, request, asker, answer);
    const { owner } = this as unknown as { owner: EverywhereOwner };
    const kept = request.clone();
    owner.coordinators.start({
      plan: () => planForAll(owner.route, kept.raw(), 0, Buffer.from('+OK\r\n')),
      answer: (reply) => answer(reply!),
    });
  };
  try {
    const failures = [3, 8, 13, 18].map((seed) => runExecs(seed).failure);
    assert.ok(
      failures.some((failure) => /R1|R2/.test(failure ?? '')),
      failures.join('\n'),
    );
  } finally {
    Everywhere.prototype.everywhere = everywhere;
  }
});

test('a transaction that is given what was prepared at the primary before, since nobody has looked yet, is found (R9)', () => {
  const { lock } = TxnLocks.prototype;
  TxnLocks.prototype.lock = TxnLocks.prototype['request'];
  try {
    assert.match(runExecs(143).failure ?? '', /saw .* not 0/);
  } finally {
    TxnLocks.prototype.lock = lock;
  }
});

test('a member that does not know of swaps made before it joined, or led, is found (700108)', () => {
  const { swapped } = PrimaryRing.prototype;
  const { message } = SyncSource.prototype as unknown as { message: (request: Request) => void };
  const forgets = Object.getOwnPropertyDescriptor(PrimaryRing.prototype, 'swappedSince')!;
  try {
    // A primary learns only of the swaps that it executes itself.
    Object.defineProperty(PrimaryRing.prototype, 'swappedSince', {
      ...forgets,
      value: (document: RingDocument) => document,
    });
    PrimaryRing.prototype.swapped = function (this: PrimaryRing) {
      const { store } = this as unknown as { store: Store };
      const { version, swaps } = store.swapped;
      return version === this.document.version && this.adopt({ ...this.document, swaps });
    };
    assert.match(runExecs(700_108).failure ?? '', /not answered/);
  } finally {
    Object.defineProperty(PrimaryRing.prototype, 'swappedSince', forgets);
    PrimaryRing.prototype.swapped = swapped;
  }
  try {
    // A candidate is not told.
    Object.assign(SyncSource.prototype, {
      message(this: SyncSource, request: Request): void {
        const { store } = this;
        const before = store.swapped;
        store.swapped = { version: 0, swaps: 0 };
        try {
          message.call(this, request);
        } finally {
          store.swapped = before;
        }
      },
    });
    assert.match(runExecs(700_108).failure ?? '', /not answered/);
  } finally {
    Object.assign(SyncSource.prototype, { message });
  }
  assert.equal(runExecs(700_108).failure, null);
});

test('SWAPDBs one after another, while keys move, are answered (133)', () => {
  assert.equal(runExecs(133).failure, null);
});

test('what transactions found: a FORGET that a new primary took too early, an orphan asked about by one that leads no more', () => {
  for (const seed of [119, 592]) assert.equal(runExecs(seed).failure, null, `seed ${seed}`);
});
