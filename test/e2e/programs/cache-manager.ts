// A slow source behind cache-manager over @keyv/redis: two caches at two routers share what either of them fetched.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { type Cache, createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { fail, keysLeft, type Place, run, until, url } from './program.js';

const DAY_MS = 86_400_000;

function cacheAt(place: Place, which: 0 | 1): Cache {
  const redis = new KeyvRedis(url(place, which), { throwOnErrors: true, useUnlink: true });
  const store = new Keyv({ store: redis, namespace: 'books' });
  store.on('error', fail);
  const cache = createCache({ stores: [store], ttl: DAY_MS });
  for (const event of ['get', 'set', 'mget', 'mset', 'del'] as const) {
    cache.on(event, ({ error }: { error?: unknown }) => error !== undefined && fail(error));
  }
  return cache;
}

interface Book {
  title: string;
  pages: number[];
}

run(async (place) => {
  const [here, there] = [cacheAt(place, 0), cacheAt(place, 1)];
  let fetched = 0;
  let refreshed = 0;
  here.on('refresh', ({ error }) => (error === undefined ? refreshed++ : fail(error)));
  const fetchBook = async (title: string): Promise<Book> => {
    fetched++;
    await sleep(5);
    return { title, pages: Array.from({ length: 50 }, (_, i) => i * title.length) };
  };
  const kept = new Map<string, Book>();
  return {
    async round(number) {
      const titles = Array.from({ length: 10 }, (_, i) => `volume ${number}, ${i} – ünïcode`);
      const before = fetched;
      // Five readers of each at once, and the source is asked once for each.
      const read = (cache: Cache) =>
        Promise.all(
          titles.flatMap((title) =>
            Array.from({ length: 5 }, () => cache.wrap(title, () => fetchBook(title))),
          ),
        );
      for (const [i, book] of (await read(here)).entries())
        assert.equal(book.title, titles[Math.floor(i / 5)]);
      for (const [i, book] of (await read(there)).entries())
        assert.equal(book.title, titles[Math.floor(i / 5)]);
      assert.equal(fetched - before, titles.length);
      const [left] = await Promise.all([here.ttl(titles[0]!), there.ttl(titles[1]!)]);
      assert.ok(left! > Date.now() + DAY_MS / 2 && left! <= Date.now() + DAY_MS);

      await here.mset(titles.map((title, i) => ({ key: `short ${title}`, value: i, ttl: 400 })));
      const shorts = titles.map((title) => `short ${title}`);
      await until('what lives shortly is gone', async () =>
        (await there.mget(shorts)).every((value) => value === undefined),
      );
      // What is about to expire is fetched anew behind the reader's back.
      const fresh = { ttl: 20_000, refreshThreshold: 19_990 };
      let edition = 1;
      refreshed = 0;
      const refreshing = () => here.wrap(`news ${number}`, () => edition++, fresh);
      assert.equal(await refreshing(), 1);
      await until('it is refreshed', async () => (await refreshing()) > 1);
      await until('no refreshing is under way', () => refreshed === edition - 2);
      assert.ok((await there.get<number>(`news ${number}`))! > 1);
      await there.del(`news ${number}`);
      assert.equal(await here.get(`news ${number}`), undefined);

      await there.mdel(titles.slice(1));
      assert.deepEqual(
        (await here.mget<Book>(titles)).map((book) => book?.title),
        titles.map((title, i) => (i === 0 ? title : undefined)),
      );
      kept.set(titles[0]!, (await here.get<Book>(titles[0]!))!);
    },
    async finish(rounds) {
      const titles = [...kept.keys()];
      assert.equal(titles.length, rounds);
      assert.deepEqual(await there.mget(titles), [...kept.values()]);
      assert.equal((await keysLeft(place)).length, rounds);
      await here.clear();
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all([here.disconnect(), there.disconnect()]);
      return `${fetched} books fetched`;
    },
  };
});
