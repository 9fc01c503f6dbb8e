// hapi's cache: policies of @hapi/catbox over @hapi/catbox-redis, one server at each router.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Policy } from '@hapi/catbox';
import { Engine } from '@hapi/catbox-redis';
import { keysLeft, type Place, run, until, url } from './program.js';

interface Weather {
  city: string;
  degrees: number[];
  made: number;
}

async function clientAt(place: Place, which: 0 | 1) {
  const client = new Client<Weather>(
    Engine as never,
    { partition: 'weather', url: url(place, which) } as never,
  );
  await client.start();
  assert.ok(client.isReady());
  return client;
}

run(async (place) => {
  const clients = [await clientAt(place, 0), await clientAt(place, 1)];
  let made = 0;
  const generateFunc = async (id: string | { id: string }): Promise<Weather> => {
    made++;
    await sleep(2);
    return { city: String(id), degrees: Array.from({ length: 24 }, (_, hour) => hour / 2), made };
  };
  const options = { expiresIn: 600_000, generateFunc, generateTimeout: 15_000, dropOnError: false };
  const policies = clients.map(
    (client) => new Policy<Weather, typeof options>(options, client, 'days & nights'),
  );
  const kept = new Map<string, Weather>();
  return {
    async round(number) {
      const [here, there] = [policies[number % 2]!, policies[(number + 1) % 2]!];
      const cities = Array.from({ length: 12 }, (_, i) => `city ${number}/${i} ß`);
      const before = made;
      const first = await Promise.all(cities.map((city) => here.get(city)));
      const again = await Promise.all([...cities, ...cities].map((city) => there.get(city)));
      assert.deepEqual(again, [...first, ...first]);
      assert.equal(made - before, cities.length, 'each is made once');
      await there.drop(cities[1]!);
      assert.notEqual((await here.get(cities[1]!))!.made, first[1]!.made, 'what was dropped is made anew');

      // Stale after 100 ms: the old one is served while a new one is made.
      const stale = { ...options, staleIn: 100, staleTimeout: 1, pendingGenerateTimeout: 15_000 };
      const fresh = new Policy<Weather, typeof stale>(stale, clients[0]!, 'now');
      const old = (await fresh.get('here'))!;
      await until('a new one has been made', async () => (await fresh.get('here'))!.made > old.made);
      await fresh.drop('here');

      // What has a short life.
      await here.set('soon gone', first[0]!, 50);
      await until(
        'it is gone',
        async () => (await clients[1]!.get({ segment: 'days & nights', id: 'soon gone' })) === null,
      );
      const { item, ttl } = (await clients[1]!.get({ segment: 'days & nights', id: cities[0]! }))!;
      assert.deepEqual(item, first[0]);
      assert.ok(ttl > 0 && ttl <= 600_000);
      for (const city of cities.slice(2)) await here.drop(city);
      kept.set(cities[0]!, first[0]!);
      await here.drop(cities[1]!);
    },
    async finish(rounds) {
      for (const [id, weather] of kept) {
        assert.deepEqual((await clients[0]!.get({ segment: 'days & nights', id }))!.item, weather);
      }
      const left = await keysLeft(place);
      const days = left.filter((key) => key.startsWith('weather:days%20%26%20nights:'));
      assert.equal(days.length, rounds, left.join());
      await Promise.all(clients.map((client) => client.stop()));
      return `${made} days of weather`;
    },
  };
});
