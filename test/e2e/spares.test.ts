// Members that an operator lets in, and what a group does without enough of them (R4; design, section 4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByHand, until } from './by-hand.js';

test('hotfix 0 registers a spare; group sync lets it in, and then it holds the same', async () => {
  const cluster = await ByHand.begin();
  try {
    const first = await cluster.data('g1');
    const router = await cluster.router();
    await cluster.untilGroup('g1', 'serving', 1);
    const ask = cluster.client(router.port);
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    await until('writes are taken', async () => (await ask('SET', keys[0]!, 'value 0')) === 'OK');
    await Promise.all(keys.map((key, i) => ask('SET', key, `value ${i}`)));
    const spare = await cluster.data('g1', 1, '--hotfix', '0');
    await until('it is registered', async () => (await cluster.member('g1', spare)) !== undefined);
    // It is left alone: several times what a candidate waits for.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const before = (await cluster.member('g1', spare))!;
    assert.deepEqual([before.role, before.keys], ['spare', 0]);
    assert.deepEqual((await cluster.group('g1'))!.inSync, [first.id]);
    assert.match((await cluster.towline('status')).out, new RegExp(`${spare.id} +spare`));

    const wrong = await cluster.towline('group', 'sync', 'g1', 'nobody:1@x');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /no such member/);
    assert.match((await cluster.towline('group', 'sync', 'g9', spare.id)).err, /there is no group g9/);
    const { code, err } = await cluster.towline('group', 'sync', 'g1', spare.id);
    assert.equal(code, 0, err);
    await cluster.untilGroup('g1', 'serving', 2);
    assert.equal((await cluster.member('g1', spare))!.role, 'backup');
    await ask('SET', keys[1]!, 'after');
    const copy = cluster.client(spare.port);
    await until('it has applied that', async () => (await copy('GET', keys[1]!)) === 'after');
    const whole = cluster.client(first.port);
    for (const key of keys) assert.equal(await copy('GET', key), await whole('GET', key));
    assert.equal(await copy('DBSIZE'), 300);
    // It is a member as any other: it takes over.
    first.kill();
    await until('it leads', async () => (await cluster.group('g1'))!.primary === spare.id);
    await until('it serves', async () => (await ask('GET', keys[7]!)) === 'value 7');
  } finally {
    await cluster.stop();
  }
});

test('minInSync 2 without its backup: writes are refused, reads served, until another one has joined (R4)', async () => {
  const cluster = await ByHand.begin();
  try {
    const flags = ['--min-in-sync', '2'];
    const nodes = await Promise.all([cluster.data('g1', 2, ...flags), cluster.data('g1', 2, ...flags)]);
    const router = await cluster.router();
    await cluster.untilGroup('g1', 'serving', 2);
    const ask = cluster.client(router.port);
    await until('writes are taken', async () => (await ask('SET', 'k', '1')) === 'OK');
    const { primary } = (await cluster.group('g1'))!;
    nodes.find(({ id }) => id !== primary)!.kill();
    await cluster.untilGroup('g1', 'serving', 1);
    assert.match(String(await ask('SET', 'k', '2')), /^NOREPLICAS/);
    assert.match(String(await ask('MSET', 'k', '2', 'l', '2')), /^NOREPLICAS/);
    assert.equal(await ask('GET', 'k'), '1');
    assert.equal(await ask('EXISTS', 'l'), 0);
    const next = await cluster.data('g1', 2, ...flags);
    await cluster.untilGroup('g1', 'serving', 2);
    assert.equal(await ask('SET', 'k', '3'), 'OK');
    const copy = cluster.client(next.port);
    await until('it holds that', async () => (await copy('GET', 'k')) === '3');
    assert.equal((await cluster.group('g1'))!.primary, primary);
  } finally {
    await cluster.stop();
  }
});
