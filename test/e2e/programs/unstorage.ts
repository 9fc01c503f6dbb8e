// unstorage over its redis driver: files of users in two storages, one at each router, listed, copied and cleared.
import assert from 'node:assert/strict';
import { createStorage, prefixStorage, restoreSnapshot, snapshot } from 'unstorage';
import redisDriver from 'unstorage/drivers/redis';
import { keysLeft, type Place, run, until, url } from './program.js';

function storageAt(place: Place, which: 0 | 1) {
  const storage = createStorage();
  // Brackets and stars in the name must mean themselves when keys are listed.
  storage.mount('home', redisDriver({ base: 'home[*]', url: url(place, which), scanCount: 7 }));
  storage.mount('cache', redisDriver({ base: 'cache', url: url(place, which), ttl: 500 }));
  return storage;
}

run(async (place) => {
  const storages = [storageAt(place, 0), storageAt(place, 1)];
  let files = 0;
  return {
    async round(number) {
      const [here, there] = [storages[number % 2]!, storages[(number + 1) % 2]!];
      const mine = prefixStorage(here, `home:user${number}`);
      const theirs = prefixStorage(there, `home:user${number}`);
      const names = Array.from({ length: 40 }, (_, i) => `docs:file${i}.json`);
      await Promise.all(names.map((name, i) => mine.setItem(name, { name, lines: Array(i).fill('æ') })));
      files += names.length;
      assert.deepEqual((await theirs.getKeys()).sort(), [...names].sort());
      assert.deepEqual(await theirs.getItem(names[7]!), { name: names[7], lines: Array(7).fill('æ') });
      const items = await theirs.getItems(names);
      assert.deepEqual(
        items.map(({ value }) => (value as { lines: string[] }).lines.length),
        names.map((_, i) => i),
      );
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      await theirs.setItemRaw('picture', bytes);
      assert.deepEqual(Uint8Array.from((await mine.getItemRaw('picture')) as Uint8Array), bytes);
      await mine.setMeta('picture', { owner: `user${number}` });
      assert.equal((await theirs.getMeta('picture'))['owner'], `user${number}`);
      assert.equal(await theirs.hasItem('picture'), true);
      await theirs.removeItem('picture', { removeMeta: true });
      assert.equal(await mine.hasItem('picture'), false);

      // A copy of all of it, taken at one and laid down at the other under another name.
      const taken = await snapshot(here, `home:user${number}`);
      assert.equal(Object.keys(taken).length, names.length);
      await restoreSnapshot(there, taken, `home:copy${number}`);
      assert.equal((await here.getKeys(`home:copy${number}`)).length, names.length);
      await Promise.all(names.map((name) => mine.removeItem(name)));
      assert.deepEqual(await there.getKeys(`home:user${number}`), []);
      await Promise.all(names.slice(5).map((name) => there.removeItem(`home:copy${number}:${name}`)));

      await here.setItem(`cache:page${number}`, 'seen', { ttl: 1 });
      assert.equal(await there.getItem(`cache:page${number}`), 'seen');
      await until('it is gone', async () => !(await there.hasItem(`cache:page${number}`)));
    },
    async finish(rounds) {
      for (let number = 0; number < rounds; number++) {
        const item = await storages[0]!.getItem(`home:copy${number}:docs:file3.json`);
        assert.deepEqual(item, { name: 'docs:file3.json', lines: ['æ', 'æ', 'æ'] });
      }
      assert.equal((await keysLeft(place)).length, 5 * rounds);
      await storages[1]!.clear('home');
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all(storages.map((storage) => storage.dispose()));
      return `${files} files`;
    },
  };
});
