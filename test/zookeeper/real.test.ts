// Client and recipes against Debian's ZooKeeper: the code path that production takes, with a server that stops and dies.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CasDocument,
  DocumentView,
  Election,
  Membership,
  MembershipView,
  ReadWriteLock,
  type WatchEvent,
  type ZooKeeper,
} from '../../src/zookeeper/index.js';
import { needs, ZOOKEEPER } from '../needs.js';
import { client, embedded, next, until } from './helpers.js';
import { type RealZooKeeper, startRealZooKeeper } from './real-server.js';

/** The same operations through the client; what they gave, without what differs from run to run. */
async function script(zk: ZooKeeper): Promise<unknown[]> {
  const trace: unknown[] = [];
  const step = async (label: string, promise: Promise<unknown>) => {
    const shown = await promise.then(
      (value) => value,
      (error: { code: string; index?: number }) => ({ code: error.code, index: error.index }),
    );
    trace.push([label, JSON.parse(JSON.stringify(shown ?? null, plain))]);
  };
  const plain = (key: string, value: unknown) => {
    if (/zxid|time|ephemeralOwner/.test(key)) return typeof value === 'bigint' ? value > 0n : typeof value;
    if (key === 'names') return (value as string[]).toSorted();
    return value;
  };
  const watcher = ({ type, path }: WatchEvent) => trace.push(['event', type, path]);
  await step('ensure', zk.ensure('/p/q'));
  await step('ensure again', zk.ensure('/p/q'));
  await step('exists, watched', zk.exists('/p/n', watcher));
  await step('create', zk.create('/p/n', 'data'));
  await step('create again', zk.create('/p/n', 'data'));
  await step('sequential', zk.create('/p/n/s', '', { sequential: true, ephemeral: true }));
  await step('get, watched', zk.get('/p/n', watcher));
  await step('children, watched', zk.children('/p/n', watcher));
  await step('not empty', zk.remove('/p/n', -1));
  await step(
    'multi',
    zk.multi([
      { type: 'set', path: '/p/n', data: '', version: 0 },
      { type: 'remove', path: '/p/n/s0000000000' },
    ]),
  );
  await step(
    'multi refused',
    zk.multi([
      { type: 'remove', path: '/p/q' },
      { type: 'set', path: '/p/n', data: '', version: 0 },
    ]),
  );
  await step('empty data', zk.get('/p/n'));
  await step('bad version', zk.set('/p/n', 'x', 7));
  await step(
    'under an ephemeral',
    zk.create('/e', '', { ephemeral: true }).then(() => zk.create('/e/x')),
  );
  await step('remove', zk.remove('/p/n', 1));
  await step('remove again', zk.remove('/p/n', 1));
  await step('barrier', zk.barrier());
  return trace;
}

describe('on the real server', needs(...ZOOKEEPER), () => {
  let real: RealZooKeeper;
  before(async () => {
    real = await startRealZooKeeper();
  });
  after(() => real?.close());

  test('the client gives the same results as on the embedded one', async (t) => {
    const { zk: onReal } = await client(t, real.address);
    const { zk: onEmbedded } = await client(t, (await embedded(t)).address);
    const expected = await script(onReal);
    assert.deepEqual(await script(onEmbedded), expected);
    assert.ok(expected.length > 18);
  });

  test('every recipe works, over a stopped server and the end of a session', async (t) => {
    const [{ zk: a, states }, { zk: b }] = [
      await client(t, real.address, { sessionTimeoutMs: 1500 }),
      await client(t, real.address, { sessionTimeoutMs: 1500 }),
    ];
    const member = new Membership(a, '/towline/members', { id: 'm' });
    const view = new MembershipView<{ id: string }>(b, '/towline/members');
    const doc = new CasDocument<{ n: number }>(a, '/towline/doc');
    const docView = new DocumentView<{ n: number }>(b, '/towline/doc');
    const election = new Election(a, '/towline/leader', 'a');
    const rival = new Election(b, '/towline/leader', 'b');
    await Promise.all([member.start(), view.start(), docView.start()]);
    await election.start();
    await rival.start();
    await until('the member is seen', () => view.members.length === 1);
    await doc.create({ n: 1 });
    await until('the document is seen', () => docView.document?.value.n === 1);
    await until('a leads', () => election.isLeader);
    const held = await new ReadWriteLock(a, '/towline/locks/x').acquire('write');

    // Stopped: nobody may act, and everything goes on afterwards.
    const suspended = Promise.all([next(a, 'suspended'), next(b, 'suspended')]);
    real.process.kill('SIGSTOP');
    await suspended;
    assert.ok(!member.registered && !view.current && !docView.current && !election.isLeader && !held.safe);
    real.process.kill('SIGCONT');
    await until('all are back', () => member.registered && view.current && docView.current);
    await until('somebody leads', () => election.isLeader || rival.isLeader);
    await doc.update((now) => ({ n: (now?.n ?? 0) + 1 }));
    await until('the change is seen', () => docView.document?.value.n === 2);
    assert.ok(states.includes('suspended'));

    // The first client goes: its lock, its leadership and its registration go with its session.
    const waiting = new ReadWriteLock(b, '/towline/locks/x').acquire('read');
    await a.close();
    await waiting.then((lock) => lock.release());
    await until('b leads', () => rival.isLeader);
    await until('nobody is registered', () => view.members.length === 0);
    await Promise.all([view.stop(), docView.stop(), rival.stop()]);
  });
});
