// A group that has lost every in-sync member (R3, R5): it says so, others are served, nobody begins it anew but an
// operator, and the operator only when the old processes are seen to be gone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allGone } from '../cli/program.js';
import { ByHand, type Running, until } from './by-hand.js';

let cluster: ByHand;
let old: Running[];
let fresh: Running;
let ask: ReturnType<ByHand['client']>;
let lost: string[];
let kept: string[];

before(async () => {
  cluster = await ByHand.begin();
  const nodes = await Promise.all([cluster.data('g1', 2), cluster.data('g1', 2), cluster.data('g2')]);
  old = nodes.slice(0, 2);
  const router = await cluster.router();
  await cluster.untilGroup('g1', 'serving', 2);
  await cluster.untilGroup('g2', 'serving', 1);
  ask = cluster.client(router.port);
  await until('the ring names both', async () => (await cluster.status()).ring.groups.length === 2);
  lost = await cluster.keysOf('g1', 5);
  kept = await cluster.keysOf('g2', 5);
  for (const key of [...lost, ...kept]) {
    await until('writes are taken', async () => (await ask('SET', key, `of ${key}`)) === 'OK');
  }
});
after(() => cluster.stop());

test('SIGKILL of its last member: commands on its keys are refused by its name, other groups are served', async () => {
  // The one leaves, and the other is the last that holds the data.
  const { primary } = (await cluster.group('g1'))!;
  const last = old.find(({ id }) => id !== primary)!;
  old.find(({ id }) => id === primary)!.kill();
  await cluster.untilGroup('g1', 'serving', 1);
  assert.equal(await ask('GET', lost[0]!), `of ${lost[0]}`, 'one copy is enough');
  last.kill();
  await cluster.untilGroup('g1', 'lost');
  await until('the router knows', async () => /^GROUPLOST/.test(String(await ask('GET', lost[0]!))));
  const refused = /^GROUPLOST group g1 /;
  const [one, two] = lost as [string, string];
  const other = kept[0]!;
  for (const command of [
    ['GET', one],
    ['SET', two, 'x'],
    ['MGET', other, one],
    ['MSET', other, 'x', two, 'x'],
    ['DEL', one, other],
    ['DBSIZE'],
    ['FLUSHALL'],
  ]) {
    assert.match(String(await ask(...(command as [string]))), refused, command.join(' '));
  }
  for (const key of kept) assert.equal(await ask('GET', key), `of ${key}`, 'untouched');
  assert.equal(await ask('SET', other, 'new'), 'OK');
  const { out } = await cluster.towline('status');
  assert.match(out, /^group g1: LOST, /m);
  assert.match(out, /towline group reset g1 --accept-data-loss/);
});

test('a data node that is started for it does not begin it anew', async () => {
  fresh = await cluster.data('g1');
  await until('it is registered', async () => (await cluster.member('g1', fresh)) !== undefined);
  // Well beyond lease, grace and every retry.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const group = (await cluster.group('g1'))!;
  assert.equal(group.state, 'lost');
  assert.ok(!group.inSync.includes(fresh.id));
  assert.deepEqual([(await cluster.member('g1', fresh))!.role, group.epoch], ['candidate', group.epoch]);
  assert.match(String(await ask('GET', lost[0]!)), /^GROUPLOST/);
  const direct = cluster.client(fresh.port);
  assert.match(String(await direct('SET', lost[0]!, 'x')), /^(NOTPRIMARY|ERR|READONLY)/);
});

test('reset refuses without the word, while a group serves, and while an old process may live', async () => {
  const word = '--accept-data-loss';
  const without = await cluster.towline('group', 'reset', 'g1');
  assert.notEqual(without.code, 0);
  const serving = await cluster.towline('group', 'reset', 'g2', word);
  assert.equal(serving.code, 1);
  assert.match(serving.err, /still registered/);
  // A second cluster of the same name would be a mistake too.
  const none = await cluster.towline('group', 'reset', 'g9', word);
  assert.match(none.err, /there is no group g9/);
  assert.equal((await cluster.group('g1'))!.state, 'lost');
});

test('reset when the old processes are gone: it starts empty, and serves', async () => {
  await allGone(old.map(({ pid }) => pid));
  const { code, err, out } = await cluster.towline('group', 'reset', 'g1', '--accept-data-loss');
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`begins anew, empty, with ${fresh.id}`));
  await cluster.untilGroup('g1', 'serving', 1);
  await until('the router serves it', async () => (await ask('GET', lost[0]!)) === null);
  for (const key of lost) assert.equal(await ask('GET', key), null);
  assert.equal(await ask('SET', lost[0]!, 'again'), 'OK');
  assert.equal(await ask('GET', kept[1]!), `of ${kept[1]}`);
  // And it takes backups as ever.
  await cluster.data('g1');
  await cluster.untilGroup('g1', 'serving', 2);
});

test('a frozen process of a group is not gone: reset refuses until it is, or the operator says so', async () => {
  const { primary, inSync } = (await cluster.group('g2'))!;
  assert.deepEqual(inSync, [primary]);
  const pid = (await cluster.group('g2'))!.members[0]!.pid;
  process.kill(pid, 'SIGSTOP');
  await cluster.untilGroup('g2', 'lost');
  const { epoch } = (await cluster.group('g2'))!;
  const next = await cluster.data('g2');
  await until('it is registered', async () => (await cluster.member('g2', next)) !== undefined);
  const args = ['group', 'reset', 'g2', '--accept-data-loss'];
  const refused = await cluster.towline(...args);
  assert.equal(refused.code, 1, refused.out);
  assert.ok(refused.err.includes(primary!), refused.err);
  assert.match(refused.err, /--gone/);
  const { state, epoch: now } = (await cluster.group('g2'))!;
  assert.deepEqual([state, now], ['lost', epoch], 'nothing has changed');
  // The operator's word counts; should the process come back after all, it finds out that it is nobody.
  const done = await cluster.towline(...args, '--gone', primary!);
  assert.equal(done.code, 0, done.err);
  await cluster.untilGroup('g2', 'serving', 1);
  process.kill(pid, 'SIGCONT');
  await cluster.untilGroup('g2', 'serving', 2);
  const { primary: leads, members } = (await cluster.group('g2'))!;
  assert.equal(leads, next.id);
  assert.ok(
    members.some((member) => member.pid === pid && member.role === 'backup'),
    'it began anew',
  );
  await until('the router serves it', async () => (await ask('GET', kept[1]!)) === null);
});
