// MULTI with real processes: two groups, three routers, and while money goes from account to account a primary is
// SIGKILLed and a third group joins. The sum is kept, every reader sees all of it, and no client sees an error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByHand, type Running, until } from './by-hand.js';
import { Asker, numbersIn, transfers } from './multi.js';

const EACH = 1000;
const CLIENTS = 9;

/** Chance from a seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('transfers while a primary is killed and a group is added: the sum is kept', async (t) => {
  const cluster = await ByHand.begin();
  try {
    const start = async (group: string): Promise<Running[]> => {
      const nodes = Array.from({ length: 2 }, () => cluster.data(group, 2));
      return Promise.all(nodes);
    };
    const nodes = [...(await start('g1')), ...(await start('g2'))];
    const routers = await Promise.all(Array.from({ length: 3 }, () => cluster.router()));
    const inRing = async (group: string) =>
      (await cluster.status()).ring.groups.some(({ id }) => id === group);
    await until('both groups own slots', async () => (await inRing('g1')) && (await inRing('g2')));
    const accounts = [...(await cluster.keysOf('g1', 5)), ...(await cluster.keysOf('g2', 5))];
    const asker = new Asker(routers[0]!.port);
    await asker.ask(['MSET', ...accounts.flatMap((key) => [key, EACH])]);
    const sum = EACH * accounts.length;
    let over = false;
    const ports = routers.map(({ port }) => port);
    const load = transfers(ports, accounts, { clients: CLIENTS, sum, over: () => over, random: chance(1) });
    await sleep(700);
    const primary = (await cluster.group('g1'))!.primary;
    const killed = nodes.find(({ id }) => id === primary);
    assert.ok(killed !== undefined, `nobody is ${primary}`);
    killed.kill('SIGKILL');
    await cluster.untilGroup('g1', 'serving', 1);
    await sleep(700);
    await start('g3');
    await until('g3 owns slots', () => inRing('g3'));
    await sleep(1000);
    over = true;
    const seen = await load;
    t.diagnostic(JSON.stringify(seen));
    assert.deepEqual(
      { wrong: seen.wrong, errors: seen.errors, unknown: seen.unknown },
      { wrong: [], errors: [], unknown: 0 },
    );
    assert.ok(seen.transfers > 100 && seen.watched > 100 && seen.reads > 20, JSON.stringify(seen));
    const [all] = await asker.ask(['MGET', ...accounts]);
    assert.equal(
      numbersIn(all!).reduce((sum, each) => sum + each, 0),
      sum,
    );
    asker.close();
  } finally {
    await cluster.stop();
  }
});
