// How commands over several groups become transactions: what is locked and read where, and what is written.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeyValue, Locked, Next } from '../../src/commit/index.js';
import { planForAll, planOf } from '../../src/router/plan.js';
import type { Route } from '../../src/router/route.js';
import { commands, keyIn, request, route, rowOf } from './make.js';

// Named so that the order of the ids is not the order of the list.
const ROUTE = route(7, 'g3', 'g1', 'g2');
const [A, A2] = [keyIn(ROUTE, 'g1', 'a'), keyIn(ROUTE, 'g1', 'aa')];
const [B, C] = [keyIn(ROUTE, 'g2', 'b'), keyIn(ROUTE, 'g3', 'c')];

const plan = (text: string, db = 0, on: Route = ROUTE) => {
  const asked = request(text);
  return planOf(on, rowOf(asked), asked, { db, proto: 2 })!;
};
/** Shares as `group: keys; what is read`. */
const shares = (text: string, db = 0) =>
  plan(text, db).shares.map(({ group, keys, fetch, read }) => {
    const names = keys.map((key) => `${key.db}:${key.key}${key.exclusive ? '!' : ''}`).join(' ');
    const what = read === null ? '' : `; ${read.db}: ${commands(read.command).join(', ')}`;
    return `${group}: ${names}${fetch ? '; fetch' : ''}${what}`;
  });
const replies = (of: Record<string, string>, values: Record<string, KeyValue[]> = {}) =>
  new Map<string, Locked>(
    Object.entries(of).map(([group, reply]) => [
      group,
      { values: values[group] ?? [], reply: Buffer.from(reply), firm: true },
    ]),
  );
const shown = (next: Next): unknown => {
  if (next.kind === 'answer') return next.reply.toString();
  if (next.kind === 'settled') return next.kind;
  if (next.kind === 'aside')
    return { ...next, runs: next.runs.map(({ command }) => commands(command).join()) };
  const effects = [...next.effects].map(([group, bytes]) => `${group}: ${commands(bytes).join(', ')}`);
  return { effects, reply: next.reply.toString() };
};
const locked = (text: string, of: Record<string, string>, db = 0) =>
  shown(plan(text, db).locked(replies(of)));

describe('planOf', () => {
  it('array: each group reads its keys, under shared locks; elements go where their keys stand', () => {
    assert.deepEqual(shares(`MGET ${C} ${A} ${B} ${A2} ${A}`), [
      `g1: 0:${A} 0:${A2} 0:${A}; 0: MGET ${A} ${A2} ${A}`,
      `g2: 0:${B}; 0: MGET ${B}`,
      `g3: 0:${C}; 0: MGET ${C}`,
    ]);
    const of = {
      g1: '*3\r\n$2\r\na1\r\n$-1\r\n$2\r\na3\r\n',
      g2: '*1\r\n$2\r\n\r\n\r\n',
      g3: '*1\r\n$-1\r\n',
    };
    assert.equal(
      locked(`MGET ${C} ${A} ${B} ${A2} ${A}`, of),
      '*5\r\n$-1\r\n$2\r\na1\r\n$2\r\n\r\n\r\n$-1\r\n$2\r\na3\r\n',
    );
  });
  it('an error of one group is the answer, and nothing is written', () => {
    const error = '-ERR internal error\r\n';
    assert.equal(locked(`MGET ${A} ${B}`, { g1: '*1\r\n$-1\r\n', g2: error }), error);
    assert.equal(locked(`EXISTS ${A} ${B}`, { g1: error, g2: ':1\r\n' }), error);
    assert.equal(locked(`DEL ${A} ${B}`, { g1: ':1\r\n', g2: error }), error);
    assert.equal(locked(`MSETNX ${A} 1 ${B} 2`, { g1: error, g2: ':0\r\n' }), error);
  });
  it('pairs: a key without its value is an error, and nothing is written', () => {
    for (const name of ['MSET', 'MSETNX']) {
      const wrong = `-ERR wrong number of arguments for '${name.toLowerCase()}' command\r\n`;
      assert.equal(locked(`${name} ${A} 1 ${B}`, { g1: ':0\r\n', g2: ':0\r\n' }), wrong);
    }
  });
  it('streams: each group reads its own, and what each has is put in the order of the keys', () => {
    const text = `XREAD COUNT 5 STREAMS ${C} ${A} ${B} ${A2} 1 2 3 $`;
    assert.deepEqual(shares(text), [
      `g1: 0:${A} 0:${A2}; 0: XREAD COUNT 5 STREAMS ${A} ${A2} 2 $`,
      `g2: 0:${B}; 0: XREAD COUNT 5 STREAMS ${B} 3`,
      `g3: 0:${C}; 0: XREAD COUNT 5 STREAMS ${C} 1`,
    ]);
    const bulk = (word: string) => `$${word.length}\r\n${word}\r\n`;
    const of = (key: string) => `*2\r\n${bulk(key)}*1\r\n*2\r\n${bulk('1-0')}*2\r\n${bulk('f')}${bulk(key)}`;
    const nil = '*-1\r\n';
    assert.equal(locked(text, { g1: nil, g2: nil, g3: nil }), nil);
    assert.equal(
      locked(text, { g1: `*1\r\n${of(A2)}`, g2: nil, g3: `*1\r\n${of(C)}` }),
      `*2\r\n${of(C)}${of(A2)}`,
    );
    assert.equal(
      locked(text, { g1: `*2\r\n${of(A)}${of(A2)}`, g2: `*1\r\n${of(B)}`, g3: nil }),
      `*3\r\n${of(A)}${of(B)}${of(A2)}`,
    );
    const map = (key: string) => of(key).slice(4);
    assert.equal(
      locked(text, { g1: `%2\r\n${map(A)}${map(A2)}`, g2: `%1\r\n${map(B)}`, g3: '_\r\n' }),
      `%3\r\n${map(A)}${map(B)}${map(A2)}`,
    );
    // A word too many goes with each, to be refused.
    assert.deepEqual(shares(`XREAD STREAMS ${A} ${B} 1 2 3`), [
      `g1: 0:${A}; 0: XREAD STREAMS ${A} 1 3`,
      `g2: 0:${B}; 0: XREAD STREAMS ${B} 2 3`,
    ]);
    // The error of the first key that has one.
    assert.equal(locked(text, { g1: '-ERR one\r\n', g2: '-ERR two\r\n', g3: nil }), '-ERR one\r\n');
  });
  it('sum: each group counts its keys, as often as they are named', () => {
    assert.deepEqual(shares(`EXISTS ${A} ${B} ${A}`, 3), [
      `g1: 3:${A} 3:${A}; 3: EXISTS ${A} ${A}`,
      `g2: 3:${B}; 3: EXISTS ${B}`,
    ]);
    assert.equal(locked(`EXISTS ${A} ${B} ${A}`, { g1: ':2\r\n', g2: ':1\r\n' }), ':3\r\n');
  });
  it('pairs: each group is given its own pairs, exclusively locked', () => {
    const text = `MSET ${B} 1 ${A} 2 ${B} 3`;
    assert.deepEqual(shares(text), [`g1: 0:${A}!`, `g2: 0:${B}! 0:${B}!`]);
    assert.deepEqual(locked(text, { g1: '', g2: '' }), {
      effects: [`g1: MSET ${A} 2`, `g2: MSET ${B} 1 ${B} 3`],
      reply: '+OK\r\n',
    });
    assert.deepEqual(locked(`MSET ${B} 1 ${A} 2`, { g1: '', g2: '' }, 4), {
      effects: [`g1: TOWLINE.DB 4, MSET ${A} 2`, `g2: TOWLINE.DB 4, MSET ${B} 1`],
      reply: '+OK\r\n',
    });
  });
  it('pairs-if-none: all pairs or none', () => {
    const text = `MSETNX ${B} 1 ${A} 2`;
    assert.deepEqual(shares(text), [`g1: 0:${A}!; 0: EXISTS ${A}`, `g2: 0:${B}!; 0: EXISTS ${B}`]);
    assert.equal(locked(text, { g1: ':1\r\n', g2: ':0\r\n' }), ':0\r\n');
    assert.deepEqual(locked(text, { g1: ':0\r\n', g2: ':0\r\n' }), {
      effects: [`g1: MSET ${A} 2`, `g2: MSET ${B} 1`],
      reply: ':1\r\n',
    });
  });
  it('delete: counts each key once, and writes only where something is', () => {
    const text = `DEL ${A} ${B} ${A} ${C}`;
    assert.deepEqual(shares(text), [
      `g1: 0:${A}! 0:${A}!; 0: EXISTS ${A}`,
      `g2: 0:${B}!; 0: EXISTS ${B}`,
      `g3: 0:${C}!; 0: EXISTS ${C}`,
    ]);
    assert.deepEqual(locked(text, { g1: ':1\r\n', g2: ':0\r\n', g3: ':1\r\n' }), {
      effects: [`g1: DEL ${A} ${A}`, `g3: DEL ${C}`],
      reply: ':2\r\n',
    });
    assert.equal(locked(text, { g1: ':0\r\n', g2: ':0\r\n', g3: ':0\r\n' }), ':0\r\n');
  });
  it('aside: fetches, executes at the lowest group, and puts each change where its key lives', () => {
    const text = `RENAME ${B} ${A}`;
    assert.deepEqual(shares(text, 2), [`g1: 2:${A}!; fetch`, `g2: 2:${B}!; fetch`]);
    const of = plan(text, 2);
    const a = { db: 2, key: A, payload: null };
    const b = { db: 2, key: B, payload: Buffer.from('v') };
    assert.deepEqual(shown(of.locked(replies({ g1: '', g2: '' }, { g1: [a], g2: [b] }))), {
      kind: 'aside',
      group: 'g1',
      values: [a, b],
      runs: [text],
    });
    const changes = [
      { db: 2, key: B, payload: null },
      { db: 2, key: A, payload: Buffer.from('v') },
    ];
    assert.deepEqual(shown(of.ran!(Buffer.from('+OK\r\n'), changes)), {
      effects: [`g2: TOWLINE.DB 2, DEL ${B}`, `g1: TOWLINE.DB 2, TOWLINE.PUT ${A} v`],
      reply: '+OK\r\n',
    });
    assert.throws(() => of.ran!(Buffer.from('+OK\r\n'), [{ db: 2, key: C, payload: null }]), /not locked/);
  });
  it('aside: a second database is locked and fetched too', () => {
    assert.deepEqual(shares(`COPY ${B} ${A} DB 5`, 2), [
      `g1: 2:${A}! 5:${A}!; fetch`,
      `g2: 2:${B}! 5:${B}!; fetch`,
    ]);
  });
  it('carries the version of the ring that it was made with (R2)', () =>
    assert.equal(plan(`DEL ${A} ${B}`).ring, 7));
});

describe('planForAll', () => {
  it('locks everything everywhere, in the order of ids, and gives each group the same command', () => {
    const all = planForAll(ROUTE, request('FLUSHDB').raw(), 3, Buffer.from('+OK\r\n'));
    assert.deepEqual(
      all.shares.map(({ group, everything, keys }) => ({ group, everything, keys })),
      ['g1', 'g2', 'g3'].map((group) => ({ group, everything: true, keys: [] })),
    );
    assert.deepEqual(shown(all.locked(new Map())), {
      effects: ['g1', 'g2', 'g3'].map((group) => `${group}: TOWLINE.DB 3, FLUSHDB`),
      reply: '+OK\r\n',
    });
  });
});

describe('Route.single', () => {
  const single = (text: string, on = ROUTE) => {
    const asked = request(text);
    const index = on.single(rowOf(asked), asked, 0);
    return index < 0 ? null : on.groups[index];
  };
  it('names the one group of all keys, or none', () => {
    assert.equal(single(`GET ${A}`), 'g1');
    assert.equal(single(`MGET ${A} ${A2} ${A}`), 'g1');
    assert.equal(single(`MGET ${A} ${B}`), null);
    assert.equal(single(`MSET ${B} x ${B} y`), 'g2');
    assert.equal(single(`MSET ${C} x ${B} y`), null);
    assert.equal(single(`RENAME ${C} ${C}`), 'g3');
    assert.equal(single('RENAME {tag}a {tag}b') !== null, true);
    assert.equal(single(`MGET ${A} ${B} ${C}`, route(1, 'only')), 'only');
  });
  it('knows whether there is a ring at all', () => {
    assert.ok(route(0).empty);
    assert.ok(!ROUTE.empty);
    assert.equal(ROUTE.fence, 7);
  });
});
