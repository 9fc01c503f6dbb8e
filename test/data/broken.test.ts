// Commands that break an assertion while they are executed: APPEND and GETRANGE do so here, the first after it has
// changed the key, wherever the key is named `poison`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findText } from '../../src/command/index.js';
import { encodeCommand } from '../../src/resp/index.js';
import type { Handler } from '../../src/store/handler.js';
import { HANDLERS } from '../../src/store/handlers.js';
import { type Group, type GroupShape, type RouterLane, serving } from './group.js';

const BROKE = '-ERR internal error: nothing was changed; the log of the data node says more';
const WRITE_BROKE =
  '-UNCERTAIN internal error: the command may or may not have been executed; the log of the data node says more';

/** Replies in the order in which they left, without which command each is of. */
const heard = (lane: RouterLane) => lane.replies().replaceAll(/>2 \$10 TOWLINE\.AT :\d+ /g, '');

function brittle(shape: GroupShape = {}): Group {
  const group = serving(shape);
  group.broken = [];
  return group;
}

describe('a command that breaks an assertion', () => {
  const handlers = HANDLERS as Handler[];
  const sound = new Map<number, Handler>();
  before(() => {
    for (const name of ['append', 'getrange']) {
      const { id } = findText(name)!;
      const handler = handlers[id]!;
      sound.set(id, handler);
      handlers[id] = (store, request, ctx) => {
        handler(store, request, ctx);
        if (request.text(1) === 'poison') throw new Error('broken for a test');
      };
    }
  });
  after(() => {
    for (const [id, handler] of sound) handlers[id] = handler;
  });

  it('is answered, whoever leads; its half is undone by the one that leads next', () => {
    const group = brittle();
    const lane = group.lane('a');
    lane.send('TOWLINE.CLIENT', 1).send('SET', 'poison', '1');
    assert.match(lane.replies(), /\+OK$/);
    lane.send('SET', 'before', '1').send('APPEND', 'poison', '2').send('SET', 'behind', '3');
    lane.send('GET', 'poison');
    group.until(() => group.leads('b'), 500, 'b leads');
    assert.deepEqual(group.broken, ['a APPEND: broken for a test']);
    assert.equal(group.at('a').failures.length, 1, 'a begins anew');
    assert.ok(!lane.replies().includes('12'), 'nobody has read the half of it');
    // The router says again what it has heard no reply to.
    const again = group.lane('b', 'r1', 2, 6);
    again.send('TOWLINE.CLIENT', 1).send('SET', 'before', '1').send('APPEND', 'poison', '2');
    again.send('SET', 'behind', '3').send('GET', 'poison');
    assert.equal(heard(again), `+OK ${WRITE_BROKE} $1 1 +OK`);
    assert.deepEqual(group.keys('b'), ['0:before=1', '0:behind=3', '0:poison=1']);
    assert.equal(group.broken.length, 1, 'it was tried once');
    group.run(1000);
    assert.deepEqual(group.keys('c'), group.keys('b'));
    assert.equal(group.inSync, 'b c');
  });

  it('undoes all of an EXEC, in other databases too', () => {
    const group = brittle({ members: 2 });
    const lane = group.lane('a');
    const runs = [
      [3, 'SET', 'x', '1'],
      [0, 'APPEND', 'poison', '2'],
      [0, 'SET', 'y', '1'],
    ].flatMap(([db, ...words]) => [db!, encodeCommand(words as string[])]);
    lane.send('SET', 'first', '1').send('TOWLINE.EXEC', 0, ...runs);
    group.until(() => group.leads('b'), 500, 'b leads');
    const again = group.lane('b', 'r1', 1, 3);
    again
      .send('SET', 'first', '1')
      .send('TOWLINE.EXEC', 0, ...runs)
      .send('SET', 'last', '1');
    assert.equal(heard(again), `+OK ${WRITE_BROKE} +OK`);
    assert.deepEqual(group.keys('b'), ['0:first=1', '0:last=1']);
  });

  it('ends nothing where it only reads', () => {
    const group = brittle();
    const lane = group.lane('a');
    lane.send('SET', 'poison', '1').send('GETRANGE', 'poison', 0, 1).send('GET', 'poison');
    assert.equal(heard(lane), `+OK ${BROKE} $1 1`);
    group.run(1000);
    assert.ok(group.leads('a'));
    assert.deepEqual(group.broken, ['a GETRANGE: broken for a test']);
  });

  it('is answered by the only copy there is, which leads on, and others get it as it is', () => {
    const group = brittle({ members: 1 });
    const lane = group.lane('a');
    lane.send('SET', 'poison', '1').send('APPEND', 'poison', '2').send('SET', 'behind', '3');
    assert.equal(heard(lane), `+OK ${WRITE_BROKE} +OK`);
    group.start('b');
    group.until(() => group.inSync === 'a b', 3000);
    assert.deepEqual(group.keys('b'), group.keys('a'));
  });

  it('hands over once, whoever wants it too meanwhile', () => {
    const group = brittle({ held: true });
    const lane = group.lane('a');
    lane.send('APPEND', 'poison', '2');
    group.until(() => group.changes.length === 1, 500, 'the hand-over is asked for');
    let told = 0;
    group.at('a').node.handOver(() => told++);
    assert.equal(told, 1, 'at once');
    group.run(100);
    assert.equal(group.changes.length, 1, 'asked for once');
    group.release();
    group.until(() => group.leads('b'), 500, 'b leads');
  });

  it('leaves what a lock has read before it as it is', () => {
    const group = brittle();
    const control = group.control('a');
    group.lane('a').send('SET', 'k', 'v');
    control.ask({
      kind: 'lock',
      txn: 'r1:1',
      ring: group.ring.version,
      keys: [{ db: 0, key: 'poison', exclusive: true }],
      everything: false,
      fetch: true,
      read: { db: 0, proto: 2, command: encodeCommand(['GET', 'k']) },
      aside: {
        values: [{ db: 0, key: 'poison', payload: null }],
        runs: [{ db: 0, proto: 2, command: encodeCommand(['APPEND', 'poison', '2']) }],
      },
    });
    const [answer] = control.answers();
    assert.ok(answer?.kind === 'locked');
    assert.equal(answer.reply.toString(), `$1\r\nv\r\n${BROKE}\r\n`);
  });

  it('is answered where it runs aside, and changes nothing', () => {
    const group = brittle();
    const control = group.control('a');
    const run = (...words: string[]) => ({ db: 0, proto: 2 as const, command: encodeCommand(words) });
    control.ask({
      kind: 'aside',
      txn: 'r1:1',
      values: [{ db: 0, key: 'poison', payload: null }],
      runs: [run('SET', 'poison', '1'), run('APPEND', 'poison', '2')],
    });
    const [answer] = control.answers();
    assert.ok(answer?.kind === 'ran');
    assert.equal(answer.reply.toString(), `${BROKE}\r\n${BROKE}\r\n`);
    assert.deepEqual(answer.changes, []);
    assert.deepEqual(group.broken, ['a SET APPEND: broken for a test']);
    const lane = group.lane('a');
    lane.send('SET', 'k', '1').send('GET', 'poison');
    assert.equal(heard(lane), '$-1 +OK');
  });
});
