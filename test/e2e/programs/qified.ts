// A queue of tasks of @qified/redis, on lists and sorted sets: two workers at two routers, retries, a shelf for what
// cannot be done, and messages by its publish and subscribe.
import assert from 'node:assert/strict';
import { RedisMessageProvider, RedisTaskProvider } from '@qified/redis';
import { Qified } from 'qified';
import { keysLeft, type Place, run, until, url } from './program.js';

function nodeAt(place: Place, which: 0 | 1) {
  const uri = url(place, which);
  const tasks = new RedisTaskProvider({ uri, retries: 3, timeout: 60_000, pollInterval: 20 });
  const messages = new RedisMessageProvider({ uri, id: `node ${which}` });
  const qified = new Qified({ taskProviders: [tasks], messageProviders: [messages] });
  return { tasks, messages, qified };
}

interface Work {
  number: number;
  kind: 'plain' | 'twice' | 'never';
}

run(async (place) => {
  const nodes = [nodeAt(place, 0), nodeAt(place, 1)];
  const done: string[][] = [[], []];
  const attempts = new Map<string, number>();
  const told: string[] = [];
  let shelved = 0;
  let given = 0;
  for (const [i, { qified }] of nodes.entries()) {
    await qified.dequeue('mail', {
      handler: async ({ id, data }, { ack, reject, metadata }) => {
        const { number, kind } = data as Work;
        attempts.set(id, metadata.attempt);
        if (kind === 'never' || (kind === 'twice' && metadata.attempt < 2)) return reject(true);
        done[i]!.push(`${kind} ${number}`);
        await ack();
      },
    });
    await qified.subscribe('told', {
      handler: async ({ data }) => void told.push(`${i} hears ${String(data)}`),
    });
  }
  return {
    async round(number) {
      const kinds: Work['kind'][] = ['plain', 'plain', 'twice', 'plain', 'never'];
      const work = Array.from({ length: 40 }, (_, i) => ({ number: number * 1000 + i, kind: kinds[i % 5]! }));
      await Promise.all(work.map((data, i) => nodes[i % 2]!.qified.enqueue('mail', { data })));
      given += work.length;
      shelved += work.filter(({ kind }) => kind === 'never').length;
      const { tasks } = nodes[number % 2]!;
      await until('all are done or shelved', async () => {
        const { waiting, processing, deadLetter } = await tasks.getQueueStats('mail');
        return waiting === 0 && processing === 0 && deadLetter === shelved;
      });
      const all = done.flat();
      await until('all are done', () => done.flat().length >= given - shelved);
      assert.equal(new Set(all).size, all.length, 'nothing is done twice');
      const text = `round ${number}`;
      await nodes[number % 2]!.qified.publish('told', { id: text, data: text });
      await until('both are told', () => [0, 1].every((i) => told.includes(`${i} hears ${text}`)));
    },
    async finish(rounds) {
      const wanted = Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
        Array.from({ length: 40 }, (_, i) => i)
          .filter((i) => i % 5 !== 4)
          .map((i) => `${i % 5 === 2 ? 'twice' : 'plain'} ${round * 1000 + i}`),
      );
      assert.deepEqual(done.flat().sort(), wanted.sort());
      const shelf = await nodes[0]!.tasks.getDeadLetterTasks('mail');
      assert.equal(shelf.length, shelved);
      for (const { id, data } of shelf)
        assert.deepEqual([(data as Work).kind, attempts.get(id)], ['never', 3]);
      assert.equal(told.length, 2 * rounds);
      await nodes[1]!.tasks.clearQueue('mail');
      assert.deepEqual(await keysLeft(place), []);
      await Promise.all(nodes.map(({ qified }) => qified.disconnect()));
      return `${given} tasks, ${done[0]!.length} by the first and ${done[1]!.length} by the second`;
    },
  };
});
