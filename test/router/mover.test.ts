// The drain's rounds: one that waits in vain is not the end of the drain.
import assert from 'node:assert/strict';
import { it } from 'node:test';
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
