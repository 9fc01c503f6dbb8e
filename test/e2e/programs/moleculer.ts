// Services of moleculer on two nodes, one at each router: calls and events go over its Redis transporter, results are
// kept by its Redis cacher, which both share.
import assert from 'node:assert/strict';
import { type Context, ServiceBroker } from 'moleculer';
import { fail, host, keysLeft, type Place, run, until } from './program.js';

function brokerAt(place: Place, which: 0 | 1): ServiceBroker {
  const redis = { host, port: place.ports[which], db: place.database };
  const broker = new ServiceBroker({
    nodeID: `node-${which}`,
    logger: false,
    transporter: { type: 'Redis', options: redis },
    cacher: { type: 'Redis', options: { redis, ttl: 600, maxParamsLength: 60 } },
    requestTimeout: 20_000,
    heartbeatTimeout: 30,
  });
  broker.createService({
    name: 'watcher',
    events: {
      '$transporter.error': (ctx: Context) => fail(JSON.stringify(ctx.params)),
      '$cacher.error': (ctx: Context) => fail(JSON.stringify(ctx.params)),
    },
  });
  return broker;
}

interface Post {
  id: number;
  title: string;
  edition: number;
}

run(async (place) => {
  const [front, back] = [brokerAt(place, 0), brokerAt(place, 1)];
  const editions = new Map<number, number>();
  let made = 0;
  back.createService({
    name: 'posts',
    actions: {
      get: {
        cache: { keys: ['id', '#user'] },
        handler({ params }: Context<{ id: number }>): Post {
          made++;
          return {
            id: params.id,
            title: `Post ${params.id} – ${'long '.repeat(50)}`,
            edition: editions.get(params.id) ?? 0,
          };
        },
      },
      many: {
        cache: true,
        handler({ params }: Context<{ ids: number[]; why: string }>) {
          made++;
          return params.ids.map((id) => ({ id }));
        },
      },
      async edit(ctx: Context<{ id: number }>) {
        const { id } = ctx.params;
        editions.set(id, (editions.get(id) ?? 0) + 1);
        await back.cacher!.clean(`posts.get:${id}|**`);
        await ctx.broadcast('post.edited', { id });
      },
    },
  });
  const edited: number[] = [];
  front.createService({
    name: 'site',
    actions: {
      page: (ctx: Context<{ id: number }>) =>
        ctx.call('posts.get', { id: ctx.params.id }, { meta: { user: 'reader' } }),
    },
    events: { 'post.edited': (ctx: Context<{ id: number }>) => void edited.push(ctx.params.id) },
  });
  await Promise.all([front.start(), back.start()]);
  await front.waitForServices(['posts'], 20_000, 10);
  await back.waitForServices(['site'], 20_000, 10);
  return {
    async round(number) {
      const ids = Array.from({ length: 15 }, (_, i) => number * 100 + i);
      const before = made;
      const page = (id: number) => back.call<Post, { id: number }>('site.page', { id });
      const first = await Promise.all(ids.map(page));
      assert.deepEqual(
        first.map(({ id, edition }) => [id, edition]),
        ids.map((id) => [id, 0]),
      );
      assert.deepEqual(await Promise.all([...ids, ...ids].map(page)), [...first, ...first]);
      assert.equal(made - before, ids.length, 'each is made once');
      await front.call('posts.edit', { id: ids[3] });
      assert.equal((await page(ids[3]!)).edition, 1);
      assert.equal(made - before, ids.length + 1);
      await until('the event has come', () => edited.includes(ids[3]!));

      // Parameters that are too long for a key are hashed into one.
      const params = { ids, why: 'because '.repeat(30) };
      assert.equal((await front.call<unknown[], typeof params>('posts.many', params)).length, ids.length);
      assert.deepEqual(
        await back.call('posts.many', params),
        ids.map((id) => ({ id })),
      );
      assert.equal(made - before, ids.length + 2);
      // Two nodes fill a queue of an action that is called in both directions at once.
      const calls = Array.from({ length: 200 }, (_, i) =>
        i % 2 === 0 ? page(ids[i % 15]!) : front.call('posts.get', { id: ids[0] }),
      );
      assert.equal((await Promise.all(calls)).length, 200);
    },
    async finish(rounds) {
      const keys = await keysLeft(place);
      assert.equal(
        keys.filter((key) => key.startsWith('MOL-posts.get:') && key.endsWith('|reader')).length,
        15 * rounds,
      );
      await front.cacher!.clean('posts.**');
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all([front.stop(), back.stop()]);
      return `${made} results made`;
    },
  };
});
