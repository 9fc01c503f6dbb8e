// ZooKeeper comes back without anything (the embedded one keeps nothing): members that hold data go on serving by what
// they know, say so, and nobody begins their group anew as long as one of them runs (R3).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ByHand, type Running, until } from './by-hand.js';

let cluster: ByHand;
let nodes: Running[];
let fresh: Running;
let ask: ReturnType<ByHand['client']>;

before(async () => {
  cluster = await ByHand.begin();
  nodes = await Promise.all([cluster.data('g1', 2), cluster.data('g1', 2)]);
  const router = await cluster.router();
  await cluster.untilGroup('g1', 'serving', 2);
  ask = cluster.client(router.port);
  await until('writes are taken', async () => (await ask('SET', 'k', '1')) === 'OK');
});
after(() => cluster.stop());

test('members with data serve on, and status says what has happened', async () => {
  await cluster.forgetZooKeeper();
  await until('they are registered again', async () => (await cluster.group('g1'))?.members.length === 2);
  await cluster.untilGroup('g1', 'forgotten');
  await until('both say so', async () =>
    (await cluster.group('g1'))!.members.every(({ error }) =>
      /lost this group's configuration/.test(error ?? ''),
    ),
  );
  assert.equal(await ask('GET', 'k'), '1');
  assert.equal(await ask('SET', 'k', '2'), 'OK');
  const { out } = await cluster.towline('status');
  assert.match(out, /^group g1: FORGOTTEN, /m);
  assert.match(out, /^ {2}ERROR .*lost this group's configuration/m);
});

test('a fresh node does not begin the group anew, and says why', async () => {
  fresh = await cluster.data('g1');
  await until('it says why', async () =>
    /not begun anew while/.test((await cluster.member('g1', fresh))?.error ?? ''),
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal((await cluster.group('g1'))!.state, 'forgotten');
  assert.equal(await ask('GET', 'k'), '2');
});

test('when the operator has stopped the old members the group begins anew', async () => {
  for (const node of nodes) node.kill();
  await Promise.all(nodes.map(({ finished }) => finished));
  await cluster.untilGroup('g1', 'serving', 1);
  const { primary, members } = (await cluster.group('g1'))!;
  assert.equal(primary, fresh.id);
  assert.deepEqual(
    members.map(({ error }) => error),
    [null],
  );
});
