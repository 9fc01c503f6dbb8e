// bentocache in two processes' worth, one at each router: a first layer in memory, a second in Redis, and its bus, by
// which one tells the other what is no longer true.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { host, keysLeft, type Place, run, until } from './program.js';

function cacheAt(place: Place, which: 0 | 1) {
  const connection = { host, port: place.ports[which], db: place.database };
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 10_000 }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection }));
  return new BentoCache({
    default: 'all',
    stores: { all: store },
    ttl: '10m',
    prefix: 'store',
    suppressL2Errors: false,
  });
}

interface Product {
  id: string;
  price: number;
}

run(async (place) => {
  const caches = [cacheAt(place, 0), cacheAt(place, 1)];
  let made = 0;
  const kept = new Map<string, number>();
  // A cache connects when it is first used, and does not say when it hears the other.
  await Promise.all(caches.map((cache) => cache.has({ key: 'warm' })));
  for (const [i, cache] of caches.entries()) {
    const other = caches[1 - i]!;
    let heard = false;
    other.on('bus:message:received', () => {
      heard = true;
    });
    await until('the other hears', async () => {
      await cache.set({ key: 'warm', value: 1 });
      await sleep(10);
      return heard;
    });
  }
  await caches[0]!.delete({ key: 'warm' });
  return {
    async round(number) {
      const [here, there] = [caches[number % 2]!, caches[(number + 1) % 2]!];
      const keys = Array.from({ length: 12 }, (_, i) => `product ${number}:${i}`);
      const before = made;
      const read = (cache: typeof here, key: string) =>
        cache.getOrSet<Product>({
          key,
          tags: [`round ${number}`],
          timeout: '15s',
          factory: async () => {
            made++;
            await sleep(2);
            return { id: key, price: made };
          },
        });
      // A stampede on each: one asks the source, the others wait for it.
      const first = await Promise.all(
        keys.flatMap((key) => Array.from({ length: 4 }, () => read(here, key))),
      );
      assert.equal(made - before, keys.length);
      for (const [i, { id, price }] of first.entries()) {
        assert.equal(id, keys[Math.floor(i / 4)]);
        assert.deepEqual(await read(there, id), { id, price });
      }
      assert.equal(made - before, keys.length);

      // What one writes the other must not keep in its memory.
      await there.set({ key: keys[0]!, value: { id: keys[0], price: -1 } });
      await until('it is known here', async () => (await here.get<Product>({ key: keys[0]! })).price === -1);
      await here.deleteMany({ keys: keys.slice(1, 4) });
      await until('they are gone there', async () => {
        const found = await Promise.all(keys.slice(1, 4).map((key) => there.has({ key })));
        return !found.includes(true);
      });
      await here.deleteByTag({ tags: [`round ${number}`] });
      await until('what has the tag is made anew there', async () => {
        const [seen, fresh] = [made, await read(there, keys[5]!)];
        return made > seen && fresh.price === made;
      });
      const user = here.namespace(`user ${number}`);
      await user.set({ key: 'name', value: 'Ann', ttl: '1h' });
      assert.equal(await there.namespace(`user ${number}`).get({ key: 'name' }), 'Ann');
      assert.equal(await there.namespace(`user ${number}`).pull('name'), 'Ann');
      await until('nobody has it', async () => !(await user.has({ key: 'name' })));
      await here.set({ key: `last ${number}`, value: number, ttl: '1d' });
      kept.set(`last ${number}`, number);
    },
    async finish() {
      for (const [key, value] of kept) assert.equal(await caches[1]!.get({ key }), value);
      const keys = await keysLeft(place);
      for (const key of kept.keys()) assert.ok(keys.includes(`store:${key}`), `${key} in ${keys.join()}`);
      await caches[0]!.clear();
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all(caches.map((cache) => cache.disconnectAll()));
      return `${made} products made`;
    },
  };
});
