// The drain's rounds: one that waits in vain is not the end of the drain.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Locked, Plan } from '../../src/commit/index.js';
import { SLOTS } from '../../src/ring/index.js';
import type { DataLane, Sink } from '../../src/router/data-lane.js';
import { Mover, type MoverOwner } from '../../src/router/mover.js';
import { Route } from '../../src/router/route.js';
import { FakeHost } from '../net/fake-host.js';

const OLD = [{ id: 'g1', weight: 1 }];
const NEW = [...OLD, { id: 'g2', weight: 1 }];

it('a round that hears nothing begins anew, and what it hears then is not its business any more', () => {
  const host = new FakeHost();
  const asked: Sink[] = [];
  let trims = 0;
  const lane = { full: false, send: (sink: Sink) => void asked.push(sink) } as unknown as DataLane;
  const owner = {
    route: new Route({ version: 2, groups: NEW, history: [OLD], abandoned: [] }),
    lanes: [lane, lane],
    holding: () => false,
    lost: () => false,
    trim: (_version: number, _empty: unknown, done: () => void) => {
      trims++;
      done();
    },
  } as unknown as MoverOwner;
  const mover = new Mover(host, owner);
  mover.lead(true);
  host.advance(1);
  assert.equal(asked.length, 1, 'the older group is asked what is empty');
  host.advance(19_000);
  assert.equal(mover.tick(host.now()), false);
  assert.equal(asked.length, 1);
  host.advance(2000);
  assert.equal(mover.tick(host.now()), true);
  host.advance(1);
  assert.equal(asked.length, 2, 'it is asked again');
  assert.equal(mover.tick(host.now()), false);
  const bits = Buffer.alloc(2048, 0xff);
  const reply = Buffer.concat([Buffer.from('$2048\r\n'), bits, Buffer.from('\r\n')]);
  asked[0]!.reply(0, reply, 0, reply.length);
  assert.equal(trims, 0, 'too late');
  asked[1]!.reply(0, reply, 0, reply.length);
  assert.equal(trims, 1, 'nothing is left to be moved: history is shortened');
});

it('writes are plain ones again in slots that a group has given the last keys of', () => {
  const host = new FakeHost();
  const asked: Sink[] = [];
  const lane = { full: false, send: (sink: Sink) => void asked.push(sink) } as unknown as DataLane;
  const route = new Route({ version: 2, groups: NEW, history: [OLD], abandoned: [] });
  const moving = Array.from({ length: SLOTS }, (_, slot) => slot).filter(
    (slot) => route.table.older(slot).length > 0,
  );
  /** What was asked last is answered: every slot is empty but these. */
  const answer = (held: readonly number[]) => {
    const bits = Buffer.alloc(SLOTS / 8, 0xff);
    for (const slot of held) bits[slot >> 3]! &= ~(1 << (slot & 7));
    const reply = Buffer.concat([Buffer.from(`$${bits.length}\r\n`), bits, Buffer.from('\r\n')]);
    asked.at(-1)!.reply(0, reply, 0, reply.length);
  };
  const jobs: { slots: number[]; done(): void }[] = [];
  const start = (job: { plan(): Plan; answer(reply: Buffer): void }) => {
    const plan = job.plan();
    const { take } = plan.shares.find(({ group }) => group === 'g1')!;
    const taken = { keys: 3, bytes: 30, rest: false, large: null, effects: Buffer.from('E') };
    const done = () => {
      const locked: Locked = { values: [], reply: Buffer.alloc(0), firm: true };
      const next = plan.locked(
        new Map([
          ['g1', { ...locked, taken }],
          ['g2', locked],
        ]),
      );
      assert.equal(next.kind, 'write');
      if (next.kind === 'write') next.decided?.();
      job.answer(Buffer.from('+OK\r\n'));
    };
    jobs.push({ slots: take!.slots, done });
  };
  const owner = {
    route,
    lanes: [lane, lane],
    holding: () => false,
    lost: () => false,
    coordinators: { start },
  } as unknown as MoverOwner;
  const mover = new Mover(host, owner);
  mover.lead(true);
  host.advance(1);
  assert.equal(asked.length, 1, 'what there is to move');
  answer(moving);
  assert.equal(jobs.length, 2, 'two transactions at a time');
  const [first, second] = jobs;
  first!.done();
  assert.equal(asked.length, 2, 'it is asked what is left');
  second!.done();
  assert.equal(asked.length, 2, 'one question at a time');
  assert.ok(!route.settled.slotSettled(first!.slots[0]!), 'nothing rests on what was moved');
  answer(moving.filter((slot) => !first!.slots.includes(slot)));
  assert.ok(first!.slots.every((slot) => route.settled.slotSettled(slot)));
  assert.ok(!second!.slots.some((slot) => route.settled.slotSettled(slot)));
  assert.equal(asked.length, 3, 'and again, for what came to an end meanwhile');
  assert.equal(mover.progress!.keysMoved, 6);
});
