// What a store tells of its changes (CLIENT TRACKING): every key that holds another value or expiry than before was told
// since, at a primary and where effects are applied. Too many may be told, but none when nothing was done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Context, KeyExport, Store, VERB_ADOPT, VERB_PUT, VERB_STAGE } from '../../src/store/index.js';
import { command } from './commands.js';
import { geoCommand } from './geo-commands.js';
import { contents, Primary } from './harness.js';
import { hashCommand } from './hash-commands.js';
import { hllCommand } from './hyperloglog-commands.js';
import { listCommand } from './list-commands.js';
import { setCommand } from './set-commands.js';
import { streamCommand } from './stream-commands.js';
import { sortedSetCommand } from './zset-commands.js';

const KEYS = ['a', 'b', 'c', 'h1', 'h2', 'l1', 'l2', 's1', 's2', 'z1', 'z2', 'g1', 'other'];
const key = fc.constantFrom(...KEYS);
const database = fc.constantFrom('0', '1', '2');
const around = fc.oneof(
  fc.tuple(fc.constantFrom('DEL', 'PERSIST', 'GETDEL'), key),
  fc.tuple(fc.constantFrom('RENAME', 'RENAMENX', 'COPY'), key, key),
  fc.tuple(fc.constant('PEXPIREAT'), key, fc.constantFrom('1000000050000', '1000000090000', '1')),
  fc.tuple(fc.constantFrom('MOVE'), key, database),
  fc.tuple(fc.constant('COPY'), key, key, fc.constant('DB'), database),
  fc.tuple(fc.constant('SORT'), key, fc.constant('ALPHA'), fc.constant('STORE'), key),
  fc.tuple(fc.constant('SWAPDB'), database, database),
  fc.tuple(fc.constantFrom('FLUSHDB', 'FLUSHALL')),
) as fc.Arbitrary<string[]>;
const FAMILIES: Record<string, fc.Arbitrary<string[]>> = {
  strings: command,
  hashes: hashCommand,
  lists: listCommand,
  sets: setCommand,
  'sorted sets': sortedSetCommand,
  geo: geoCommand,
  streams: streamCommand,
  HyperLogLogs: hllCommand,
};

type Step =
  | { readonly db: number; readonly words: string[] }
  /** The group's clock, and then so many keys that active expiry may look at. */
  | { readonly pass: number; readonly expire: number }
  /** A key comes from another group, at once or in pieces, as what `from` is. */
  | { readonly put: string; readonly from: string; readonly pieces: boolean };

const steps = (of: fc.Arbitrary<string[]>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.record({ db: fc.constantFrom(0, 0, 0, 1), words: of }) },
      { weight: 6, arbitrary: fc.record({ db: fc.constantFrom(0, 0, 1), words: around }) },
      { weight: 1, arbitrary: fc.record({ pass: fc.constant(60_000), expire: fc.constantFrom(0, 5) }) },
      { weight: 1, arbitrary: fc.record({ put: key, from: key, pieces: fc.boolean() }) },
    ) as fc.Arbitrary<Step>,
    { minLength: 1, maxLength: 40, size: 'max' },
  );

/** Remembers what a store tells; null: any key may have changed. */
class Told {
  private told: Set<string> | null = new Set();
  private before = new Map<string, string>();

  constructor(private readonly store: Store) {
    store.onChange = (name) => {
      if (name === null) this.told = null;
      else this.told?.add(name);
    };
  }

  /** @throws AssertionError when something changed and was not told */
  check(what: string): void {
    const { told, before } = this;
    const now = contents(this.store);
    for (const id of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(id) === now.get(id) || told === null) continue;
      assert.ok(told.has(id.slice(id.indexOf(':') + 1)), `${what}: ${id} changed, and nobody was told`);
    }
    this.before = now;
    this.told = new Set();
  }

  get nothing(): boolean {
    return this.told?.size === 0;
  }
}

/** The effects by which a key becomes what another one is. */
function coming({ store, ctx }: Primary, step: Extract<Step, { put: string }>): void {
  const { put, from, pieces } = step;
  const payload = store.exportKey(0, from);
  if (payload === null) return;
  if (!pieces) return ctx.effects.command([VERB_PUT, put, payload]);
  const parts = KeyExport.of(store, 0, from, { bytes: 1000, parts: 10 })!;
  for (let n = 0; !parts.over; n++) {
    const piece = parts.next()!;
    ctx.effects.command([VERB_STAGE, 'stage', n, parts.over ? 1 : 0, piece]);
  }
  ctx.effects.command([VERB_ADOPT, put, 'stage']);
}

function play(all: readonly Step[]): void {
  const primary = new Primary();
  const { ctx, store } = primary;
  const copy = new Store();
  const behind = new Context();
  const [mine, its] = [new Told(store), new Told(copy)];
  for (const step of all) {
    const what = JSON.stringify(step).slice(0, 200);
    if ('words' in step) {
      ctx.db = step.db;
      ctx.effects.command(['TOWLINE.DB', step.db]);
      const { length } = ctx.effects;
      primary.run(...step.words);
      ctx.db = 0;
      if (ctx.effects.length === length) assert.ok(mine.nothing, `${what}: told, and nothing was done`);
    } else if ('pass' in step) {
      ctx.now += step.pass;
      store.expireSome(ctx, step.expire);
    } else {
      coming(primary, step);
      store.apply(Buffer.from(ctx.effects.view(0)), ctx);
    }
    mine.check(what);
    behind.seq = ctx.seq;
    copy.apply(ctx.effects.take(), behind);
    its.check(`${what}, at a copy`);
  }
}

for (const [name, of] of Object.entries(FAMILIES)) {
  test(`whatever changes is told: ${name}`, () => {
    fc.assert(
      fc.property(steps(of), (all) => play(all)),
      { seed: 62_000, numRuns: 60 },
    );
  });
}

test('databases that trade places: any key may have changed, unless none is in them', () => {
  const primary = new Primary();
  const told: (string | null)[] = [];
  primary.store.onChange = (name) => told.push(name);
  primary.line('SWAPDB 0 1');
  primary.line('SET a 1');
  primary.line('SWAPDB 2 3');
  primary.line('SWAPDB 0 0');
  assert.deepEqual(told, ['a']);
  primary.line('SWAPDB 1 0');
  assert.deepEqual(told, ['a', null]);
});
