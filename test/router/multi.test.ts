// What one client queues and watches: order, databases, bounds. And the plan of an EXEC over several groups: what is
// asked of whom, when it is dirty, what is written where.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Locked, Plan } from '../../src/commit/index.js';
import { encodeCommand, ReplyWriter, RequestParser } from '../../src/resp/index.js';
import { nilOf, outdated, execPlan as planOrRefusal } from '../../src/router/exec-plan.js';
import { Multi, type WatchedKey } from '../../src/router/multi.js';
import { Route } from '../../src/router/route.js';
import { Sorts } from '../../src/router/sorts.js';
import { commands, keyIn, request, route, rowOf } from './make.js';

function queue(multi: Multi, ...texts: string[]): (string | null)[] {
  return texts.map((text) => multi.add(rowOf(request(text)), request(text)));
}
function open(db = 0): Multi {
  const multi = new Multi();
  multi.begin(db);
  return multi;
}

describe('Multi', () => {
  it('keeps commands in order, each with its database', () => {
    const multi = open(2);
    queue(
      multi,
      'GET a',
      'SELECT 15',
      'SET a 1',
      'SELECT 16',
      'SELECT 01',
      'SELECT +1',
      'GET b',
      'SELECT 0',
      'GET c',
    );
    assert.equal(multi.length, 9);
    assert.deepEqual(
      multi.take()!.map(({ request: { argc }, db }) => `${argc} ${db}`),
      ['2 2', '2 2', '3 15', '2 15', '2 15', '2 15', '2 15', '2 15', '2 0'],
    );
    assert.deepEqual([multi.open, multi.length, multi.take()], [false, -1, null]);
  });

  it('does not keep the bytes that a request is a view of', () => {
    const multi = open();
    const parser = new RequestParser();
    parser.feed(encodeCommand(['SET', 'a', '1']));
    parser.next();
    multi.add(rowOf(parser.request), parser.request);
    // The parser's one request becomes the next command.
    parser.feed(encodeCommand(['DEL', 'b']));
    parser.next();
    assert.equal(parser.request.texts().join(' '), 'DEL b');
    assert.equal(multi.take()![0]!.request.texts().join(' '), 'SET a 1');
  });

  it('gives nothing after a refusal, and begins anew after that', () => {
    const multi = open();
    queue(multi, 'SET a 1');
    multi.spoil();
    assert.equal(multi.take(), null);
    multi.begin(0);
    queue(multi, 'GET a');
    assert.equal(multi.take()!.length, 1);
  });

  it('bounds bytes, and the words of the messages that carry it out', () => {
    const multi = open();
    const many = `DEL ${Array.from({ length: 9999 }, (_, i) => i).join(' ')}`;
    let queued = 0;
    while (queue(multi, many)[0] === null) assert.ok(++queued < 100);
    // Four words a key: far below what a parser takes (resp/limits.ts), with room for 100,000 watched ones.
    assert.equal(queued, 15);
    assert.equal(multi.take(), null);
    multi.begin(0);
    assert.deepEqual(queue(multi, 'GET a'), [null], 'the next transaction has all of it again');
  });
});

const ring = (version: number, groups: string[], history: string[][] = []): Route => {
  const list = (ids: string[]) => ids.map((id) => ({ id, weight: 1 }));
  return new Route({ version, groups: list(groups), history: history.map(list), abandoned: [] });
};
const queued = (...texts: string[]) =>
  texts.map((text) => ({ row: rowOf(request(text)), request: request(text), db: 0 }));
const watch = (key: string, ring: number, states: Record<string, string>): WatchedKey => ({
  db: 0,
  key,
  ring,
  states: new Map(Object.entries(states)),
});
/** The plan of what is not refused. */
function execPlan(...of: Parameters<typeof planOrRefusal>): Plan {
  const plan = planOrRefusal(...of);
  assert.ok(!Buffer.isBuffer(plan), `${plan}`);
  return plan;
}
/** A group's answer: nothing is there, and these are states of watched keys. */
function locked(keys: string[], ...states: string[]): Locked {
  const reply = new ReplyWriter();
  reply.array(states.length);
  for (const state of states) reply.bulk(state);
  return { values: keys.map((key) => ({ db: 0, key, payload: null })), reply: reply.take(), firm: true };
}

const rest = () => ({ random: () => 0, sorts: new Sorts(() => 0) });

describe('the plan of an EXEC', () => {
  const of = route(1, 'g1', 'g2');
  const [a, b] = [keyIn(of, 'g1'), keyIn(of, 'g2')];

  it('locks written keys exclusively, watched and read ones together, in the order of groups', () => {
    const { shares } = execPlan(of, {
      commands: queued(`SET ${b} 1`, `GET ${a}`),
      watched: [watch(a, 1, { g1: '1.a0' }), watch(b, 1, { g2: '1.p4' })],
      proto: 2,
      ...rest(),
    });
    assert.deepEqual(
      shares.map(({ group, keys, fetch, everything }) => ({ group, keys, fetch, everything })),
      [
        { group: 'g1', keys: [{ db: 0, key: a, exclusive: false }], fetch: true, everything: false },
        { group: 'g2', keys: [{ db: 0, key: b, exclusive: true }], fetch: true, everything: false },
      ],
    );
    assert.deepEqual(
      shares.map(({ read }) => commands(read!.command)),
      [[`TOWLINE.STATES 0 ${a}`], [`TOWLINE.STATES 0 ${b}`]],
    );
  });

  it('is planned as often as it takes, but not when a SORT names other keys each time', () => {
    const named = (name: string) => Buffer.from(`*1\r\n$${name.length}\r\n${name}\r\n`, 'latin1');
    const work = { commands: queued('SORT l BY w_*'), watched: [], proto: 2 as const, ...rest() };
    for (let attempt = 0; attempt < 100; attempt++) assert.equal(execPlan(of, work).shares.length, 1);
    for (let attempt = 0; attempt < 32; attempt++) {
      const plan = execPlan(of, work);
      plan.locked(new Map(plan.shares.map(({ group, keys }) => [group, locked(keys.map(({ key }) => key))])));
      assert.equal(plan.ran!(named(`x${attempt}`), []).kind, 'settled');
    }
    assert.match(String(planOrRefusal(of, work)), /^-BUSY what is sorted changes/);
  });

  it('is nil when a state is another one, in the protocol of the client', () => {
    for (const proto of [2, 3] as const) {
      const work = {
        commands: queued(`SET ${a} 1`, `SET ${b} 1`),
        watched: [watch(a, 1, { g1: '1.p3' })],
        proto,
        ...rest(),
      };
      const said = (state: string) =>
        execPlan(of, work).locked(
          new Map([
            ['g1', locked([a], state)],
            ['g2', { ...locked([b]), reply: Buffer.alloc(0) }],
          ]),
        );
      assert.equal(said('1.p3').kind, 'aside');
      for (const state of ['1.p4', '2.p3', '1.a3', '1.xp3'])
        assert.deepEqual(said(state), { kind: 'answer', reply: nilOf(proto) });
    }
    assert.deepEqual([`${nilOf(2)}`, `${nilOf(3)}`], ['*-1\r\n', '_\r\n']);
  });

  it('answers at once when only watched keys were looked at', () => {
    const plan = execPlan(of, { commands: [], watched: [watch(a, 1, { g1: '1.a0' })], proto: 3, ...rest() });
    const said = plan.locked(new Map([['g1', locked([a], '1.a0')]]));
    assert.deepEqual(said, { kind: 'answer', reply: Buffer.from('*0\r\n') });
  });

  it('a flush reaches every group before what is written behind it; a refused one none', () => {
    const plan = execPlan(of, {
      commands: queued(`SET ${b} 1`, 'FLUSHALL'),
      watched: [],
      proto: 2,
      ...rest(),
    });
    assert.deepEqual(
      plan.shares.map(({ group, everything }) => [group, everything]),
      [
        ['g1', true],
        ['g2', true],
      ],
    );
    plan.locked(
      new Map([
        ['g1', locked([])],
        ['g2', locked([b])],
      ]),
    );
    const next = plan.ran!(Buffer.from('+OK\r\n+OK\r\n'), [{ db: 0, key: b, payload: Buffer.from('p') }]);
    assert.ok(next.kind === 'write');
    assert.deepEqual(commands(next.effects.get('g1')!), ['FLUSHALL']);
    assert.deepEqual(commands(next.effects.get('g2')!), ['FLUSHALL', `TOWLINE.PUT ${b} p`]);
    assert.equal(`${next.reply}`, '*2\r\n+OK\r\n+OK\r\n');
    const bad = execPlan(of, { commands: queued('FLUSHALL NOW'), watched: [], proto: 2, ...rest() });
    bad.locked(
      new Map([
        ['g1', locked([])],
        ['g2', locked([])],
      ]),
    );
    const none = bad.ran!(Buffer.from('-ERR syntax error\r\n'), []);
    assert.ok(none.kind === 'write');
    assert.equal(none.effects.size, 0);
  });

  it('a watched key asked elsewhere than where it was watched is dirty; one that has settled is not', () => {
    const moving = ring(2, ['g1', 'g2', 'g3'], [['g1', 'g2']]);
    const key = ['g1', 'g2'].flatMap((old) =>
      Array.from({ length: 2000 }, (_, i) => `k${i}`).filter(
        (name) => moving.groups[moving.ownerOfKey(name)] === 'g3' && of.groups[of.ownerOfKey(name)] === old,
      ),
    )[0]!;
    const old = of.groups[of.ownerOfKey(key)]!;
    const work = (states: Record<string, string>, version: number) => ({
      commands: queued(`SET ${key} 1`),
      watched: [watch(key, version, states)],
      proto: 2 as const,
      ...rest(),
    });
    const run = (states: Record<string, string>, version: number, now: Record<string, string>) =>
      execPlan(moving, work(states, version)).locked(
        new Map(Object.entries(now).map(([group, state]) => [group, locked([key], state)])),
      ).kind;
    // Watched under the old ring: the new one has another owner.
    assert.equal(run({ [old]: '1.p3' }, 1, { [old]: '1.p3', g3: '1.a0' }), 'answer');
    assert.equal(run({ [old]: '1.p3', g3: '1.a0' }, 2, { [old]: '1.p3', g3: '1.a0' }), 'aside');
    assert.equal(run({ [old]: '1.p3', g3: '1.a0' }, 2, { [old]: '1.a4', g3: '1.p5' }), 'answer');
    moving.settled.addKey(0, key);
    assert.equal(run({ [old]: '1.a0', g3: '1.p3' }, 2, { g3: '1.p3' }), 'aside');
    assert.equal(run({ [old]: '1.p3', g3: '1.a0' }, 2, { g3: '1.a0' }), 'answer');
  });

  it('absent everywhere under another ring: it may have come and gone', () => {
    const states = new Map([['g1', '1.a0']]);
    assert.deepEqual([outdated(states, 1, of), outdated(states, 2, of)], [false, true]);
    assert.equal(outdated(new Map([['g1', '1.p7']]), 2, of), false);
    assert.equal(outdated(new Map([['g1', '1.xp7']]), 2, of), false);
  });
});
