// Publish and subscribe over routers that know each other: who receives what, in which order, when a subscription is
// confirmed, and what happens when a router freezes, breaks its connection, or is another one than was meant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame, World } from './pubsub-world.js';

async function threeRouters() {
  const world = new World();
  const routers = [world.add(), world.add(), world.add()];
  world.meet();
  await world.settle();
  for (const { pubsub } of routers) assert.equal(pubsub.peers().up, 2);
  return { world, routers: routers as [(typeof routers)[0], (typeof routers)[0], (typeof routers)[0]] };
}

const published = (world: World, port: number) =>
  world.passed.filter((one) => one.port === port && one.text.includes('PUBLISH')).length;

test('a message reaches subscribers at every router, by name and by pattern, and PUBLISH counts them all', async () => {
  const { world, routers } = await threeRouters();
  const clients = routers.map((router) => world.client(router));
  const [a, b, c] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
  assert.equal(await b.say('SUBSCRIBE news'), frame('subscribe', 'news', 1));
  assert.equal(await c.say('PSUBSCRIBE n?ws'), frame('psubscribe', 'n?ws', 1));
  assert.equal(await c.say('SUBSCRIBE news'), frame('subscribe', 'news', 2));
  assert.equal(
    await a.say('PUBLISH news one', 'PUBLISH news two', 'PUBLISH nuws x', 'SPUBLISH news no'),
    ':3\r\n:3\r\n:1\r\n:0\r\n',
  );
  assert.equal(await b.heard(), frame('message', 'news', 'one') + frame('message', 'news', 'two'));
  const both = (m: string) => frame('message', 'news', m) + frame('pmessage', 'n?ws', 'news', m);
  assert.equal(await c.heard(), both('one') + both('two') + frame('pmessage', 'n?ws', 'nuws', 'x'));
  assert.equal(await a.say('PUBSUB NUMSUB news none'), '*4\r\n$4\r\nnews\r\n:2\r\n$4\r\nnone\r\n:0\r\n');
  assert.equal(await a.say('PUBSUB NUMPAT'), ':1\r\n');
  assert.equal(await a.say('PUBSUB CHANNELS'), '*1\r\n$4\r\nnews\r\n');
  assert.equal(await a.say('PUBSUB CHANNELS x*'), '*0\r\n');
});

test('a router without a subscriber is not sent the message', async () => {
  const { world, routers } = await threeRouters();
  const [a, b] = [world.client(routers[0]), world.client(routers[1])];
  await b.say('SUBSCRIBE x');
  assert.equal(await a.say('PUBLISH x 1', 'PUBLISH y 1'), ':1\r\n:0\r\n');
  assert.deepEqual([published(world, 2), published(world, 3)], [1, 0]);
  assert.equal(await b.say('UNSUBSCRIBE x'), frame('message', 'x', '1') + frame('unsubscribe', 'x', 0));
  world.passed.length = 0;
  assert.equal(await a.say('PUBLISH x 2'), ':0\r\n');
  assert.deepEqual([published(world, 2), published(world, 3)], [0, 0]);
});

test('shard channels are other names', async () => {
  const { world, routers } = await threeRouters();
  const [a, b] = [world.client(routers[0]), world.client(routers[1])];
  assert.equal(await b.say('SSUBSCRIBE s'), frame('ssubscribe', 's', 1));
  assert.equal(await b.say('PSUBSCRIBE *'), frame('psubscribe', '*', 1));
  assert.equal(await a.say('SPUBLISH s m', 'PUBSUB SHARDNUMSUB s'), `:1\r\n*2\r\n$1\r\ns\r\n:1\r\n`);
  assert.equal(await b.heard(), frame('smessage', 's', 'm'));
  assert.equal(await b.say('SUNSUBSCRIBE'), frame('sunsubscribe', 's', 0));
});

test('a subscription is confirmed when the others have heard of it, and no message comes before', async () => {
  const { world, routers } = await threeRouters();
  const [a, b, c] = [world.client(routers[0]), world.client(routers[1]), world.client(routers[2])];
  world.frozen.add(3);
  assert.equal(await b.say('SUBSCRIBE x'), '', 'router 3 has not heard of it');
  // Router 1 has: what it sends in the meantime is not for this client yet.
  assert.equal(await a.say('PUBLISH x early'), ':0\r\n');
  world.frozen.clear();
  assert.equal(await b.heard(), frame('subscribe', 'x', 1));
  assert.equal(await c.say('PUBLISH x m'), ':1\r\n');
  assert.equal(await b.heard(), frame('message', 'x', 'm'));
});

test('a router that does not answer holds up subscriptions and messages for a bounded time only', async () => {
  const { world, routers } = await threeRouters();
  const [a, b] = [world.client(routers[0]), world.client(routers[1])];
  await world.client(routers[2]).say('SUBSCRIBE x');
  world.frozen.add(3);
  assert.equal(await b.say('SUBSCRIBE x'), '');
  assert.equal(await a.say('PUBLISH x 1'), '', 'it may still answer');
  await world.pass(4000);
  assert.equal(await b.heard(), frame('subscribe', 'x', 1));
  assert.equal(await a.heard(), ':0\r\n');
  assert.deepEqual(routers[0].pubsub.peers().lost, 1);
  assert.deepEqual(routers[0].pubsub.peers().away, 1);
  assert.equal(await a.say('PUBLISH x 2'), ':1\r\n', 'nobody waits for it any more');
  assert.equal(await world.client(routers[1]).say('SUBSCRIBE y'), frame('subscribe', 'y', 1));
  world.frozen.clear();
  await world.pass(2000);
  assert.equal(await a.say('PUBLISH x 3'), ':2\r\n', 'it is back, with its subscriber');
  assert.equal(await world.client(routers[2]).say('PUBLISH y m'), ':1\r\n', 'and knows what it had missed');
});

test('after a broken connection messages wait for the next one, in order, and none comes twice', async () => {
  const { world, routers } = await threeRouters();
  const [a, b] = [world.client(routers[0]), world.client(routers[1])];
  await b.say('SUBSCRIBE x');
  await world.cut(1, 2);
  a.send('PUBLISH x 1', 'PUBLISH x 2', 'PUBLISH none 0');
  await world.pass(1000);
  assert.equal(await a.say('PUBLISH x 3'), ':1\r\n:1\r\n:0\r\n:1\r\n');
  assert.equal(await b.heard(), [1, 2, 3].map((n) => frame('message', 'x', `${n}`)).join(''));
});

test('a router that is gone is not waited for', async () => {
  const { world, routers } = await threeRouters();
  const [a, b] = [world.client(routers[0]), world.client(routers[1])];
  await world.client(routers[2]).say('SUBSCRIBE x');
  world.deaf.add(3);
  routers[2].stop();
  await world.cut(3, 1);
  await world.cut(3, 2);
  await world.pass(100);
  assert.equal(await b.say('SUBSCRIBE x'), frame('subscribe', 'x', 1));
  assert.equal(await a.say('PUBLISH x 1'), ':1\r\n');
});

test('a new router is known as soon as it has said hello, and misses nothing after a confirmation', async () => {
  const world = new World();
  const old = world.add();
  world.meet();
  const fresh = world.add();
  // Only the new one has read ZooKeeper.
  world.meet(fresh);
  const b = world.client(fresh);
  b.send('SUBSCRIBE x');
  assert.equal(await b.heard(), frame('subscribe', 'x', 1));
  assert.equal(await world.client(old).say('PUBLISH x 1'), ':1\r\n');
  assert.equal(await b.heard(), frame('message', 'x', '1'));
});

test('what is published before the links stand waits for them', async () => {
  const world = new World();
  const [one, two] = [world.add(), world.add()];
  const b = world.client(two);
  await b.say('SUBSCRIBE x');
  const a = world.client(one);
  one.pubsub.setRouters([{ id: 'router-2', host: '127.0.0.1', port: 2 }]);
  a.send('PUBLISH x 1');
  assert.equal(await a.heard(), ':1\r\n');
  assert.equal(await b.heard(), frame('message', 'x', '1'));
});

test('with a password routers give it to each other; with another one they are not heard', async () => {
  const world = new World();
  const [one, two, three] = [world.add('secret'), world.add('secret'), world.add('other')];
  world.meet();
  await world.pass(4000);
  assert.deepEqual(
    [one, two, three].map(({ pubsub }) => pubsub.peers().up),
    [1, 1, 0],
  );
  const a = world.client(one);
  assert.match(await a.say('TOWLINE.PEER HELLO router-1 router-9 127.0.0.1 9'), /^-NOAUTH/);
  assert.match(
    await a.say('AUTH secret', 'TOWLINE.PEER PUBLISH channel x y'),
    /^\+OK\r\n-ERR TOWLINE.PEER is for routers/,
  );
});

test('whoever else listens at a router’s address refuses, and a router does not talk to itself', async () => {
  const world = new World();
  const router = world.add();
  const one = world.client(router);
  assert.equal(
    await one.say('TOWLINE.PEER HELLO router-7 router-8 127.0.0.1 8'),
    '-ERR this is router-1\r\n',
  );
  assert.equal(
    await one.say('TOWLINE.PEER HELLO router-1 router-1 127.0.0.1 1'),
    '-ERR this is router-1\r\n',
  );
  world.meet();
  assert.deepEqual(router.pubsub.peers(), { up: 0, away: 0, lost: 0, bytes: 0 });
});

test('routers are no clients: not counted, not listed', async () => {
  const { world, routers } = await threeRouters();
  const list = await world.client(routers[0]).say('CLIENT LIST');
  assert.equal(list.match(/id=/g)?.length, 1);
  assert.equal(routers[0].clients.size, 1);
});

test('a client that goes while its subscription waits leaves nothing behind', async () => {
  const { world, routers } = await threeRouters();
  world.frozen.add(3);
  const b = world.client(routers[1]);
  assert.equal(await b.say('SUBSCRIBE x'), '');
  await b.hangUp();
  world.frozen.clear();
  await world.settle();
  assert.equal(await world.client(routers[0]).say('PUBSUB CHANNELS'), '*0\r\n');
  assert.equal(await world.client(routers[0]).say('PUBLISH x 1'), ':0\r\n');
});

test('the end of a connection, and RESET, end its subscriptions everywhere', async () => {
  const { world, routers } = await threeRouters();
  const b = world.client(routers[1]);
  const c = world.client(routers[1]);
  await b.say('SUBSCRIBE x', 'PSUBSCRIBE y*');
  await c.say('SUBSCRIBE x z');
  await b.hangUp();
  const a = world.client(routers[0]);
  assert.equal(await a.say('PUBLISH x 1', 'PUBLISH yy 1', 'PUBSUB NUMPAT'), ':1\r\n:0\r\n:0\r\n');
  assert.equal(await c.say('RESET', 'PING'), `${frame('message', 'x', '1')}+RESET\r\n+PONG\r\n`);
  assert.equal(await a.say('PUBSUB CHANNELS'), '*0\r\n');
});

test('confirmations and messages keep their place among the replies of a pipeline', async () => {
  const { world, routers } = await threeRouters();
  const a = world.client(routers[0]);
  const told = await a.say(
    'HELLO 3',
    'PING',
    'SUBSCRIBE x',
    'PUBLISH x 1',
    'PING',
    'UNSUBSCRIBE x',
    'PUBLISH x 2',
  );
  const after = told.slice(told.indexOf('+PONG'));
  const push = (...parts: (string | number)[]) => frame(...parts).replace('*', '>');
  assert.equal(
    after,
    `+PONG\r\n${push('subscribe', 'x', 1)}${push('message', 'x', '1')}:1\r\n+PONG\r\n${push('unsubscribe', 'x', 0)}:0\r\n`,
  );
});

test('INFO and CLIENT LIST tell of it', async () => {
  const { world, routers } = await threeRouters();
  const b = world.client(routers[1]);
  await b.say('SUBSCRIBE x y', 'PSUBSCRIBE z*', 'SSUBSCRIBE s');
  const a = world.client(routers[0]);
  assert.match(await a.say('INFO stats'), /pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1/);
  assert.match(await a.say('INFO towline'), /routers_reached:2\r\nrouters_not_reached:0/);
  const c = world.client(routers[1]);
  assert.match(await c.say('CLIENT LIST TYPE pubsub'), /flags=P db=0 sub=2 psub=1 ssub=1/);
});
