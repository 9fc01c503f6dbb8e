// A shop on express with its sessions in connect-redis: two servers, one at each router. A visitor's requests go to
// them in turn, so that what one server wrote is what the other must read.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { fail, host, type Place, run, url } from './program.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
    cart: string[];
  }
}

const VISITORS = 8;
const STAYING_S = 600;

async function shop(place: Place, which: 0 | 1) {
  const client = createClient({ url: url(place, which) });
  client.on('error', fail);
  await client.connect();
  const store = new RedisStore({ client, prefix: 'shop:' });
  const app = express();
  app.use(session({ store, secret: 'oyster', resave: false, saveUninitialized: false, rolling: true }));
  app.use((request, _answer, next) => {
    request.session.cookie.maxAge = STAYING_S * 1000;
    next();
  });
  app.post('/login/:user', (request, answer) => {
    // A new id, so that one that was known before means nothing.
    request.session.regenerate((error) => {
      if (error) return answer.status(500).send(String(error));
      request.session.user = request.params.user;
      request.session.cart = [];
      answer.json({ welcome: request.params.user });
    });
  });
  app.post('/cart/:item', (request, answer) => {
    if (request.session.user === undefined) return void answer.sendStatus(401);
    request.session.cart!.push(request.params.item);
    answer.json(request.session.cart);
  });
  app.get('/cart', (request, answer) => {
    if (request.session.user === undefined) return void answer.sendStatus(401);
    answer.json({ user: request.session.user, cart: request.session.cart });
  });
  app.post('/logout', (request, answer) => {
    request.session.destroy((error) => void answer.sendStatus(error ? 500 : 204));
  });
  const server = app.listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  return { client, store, server, at: `http://${host}:${(server.address() as AddressInfo).port}` };
}

run(async (place) => {
  const shops = [await shop(place, 0), await shop(place, 1)];
  let visits = 0;
  let staying = 0;

  async function visit(name: string, stays: boolean): Promise<void> {
    let cookie = '';
    let turn = visits++;
    const ask = async (method: string, path: string) => {
      const response = await fetch(shops[turn++ % 2]!.at + path, { method, headers: { cookie } });
      const set = response.headers.get('set-cookie');
      if (set !== null) cookie = set.split(';')[0]!;
      const text = await response.text();
      assert.notEqual(response.status, 500, text);
      return { status: response.status, body: response.ok && text !== '' ? JSON.parse(text) : text };
    };
    assert.equal((await ask('GET', '/cart')).status, 401);
    assert.deepEqual((await ask('POST', `/login/${name}`)).body, { welcome: name });
    const wanted: string[] = [];
    for (const item of ['tea', 'a pot', 'cups', 'sugar']) {
      wanted.push(item);
      assert.deepEqual((await ask('POST', `/cart/${encodeURIComponent(item)}`)).body, wanted);
    }
    assert.deepEqual((await ask('GET', '/cart')).body, { user: name, cart: wanted });
    if (stays) {
      staying++;
      const id = decodeURIComponent(cookie.split('=')[1]!).slice(2).split('.')[0]!;
      const left = await shops[0]!.client.ttl(`shop:${id}`);
      assert.ok(left > STAYING_S / 2 && left <= STAYING_S, `the session goes in ${left} s`);
      return;
    }
    assert.equal((await ask('POST', '/logout')).status, 204);
    assert.equal((await ask('GET', '/cart')).status, 401);
  }

  return {
    async round(number) {
      const names = Array.from({ length: VISITORS }, (_, i) => `visitor ${number}-${i}`);
      await Promise.all(names.map((name, i) => visit(name, i === 0)));
      const { store } = shops[number % 2]!;
      assert.equal(await store.length(), staying);
    },
    async finish(rounds) {
      const { store } = shops[1]!;
      const all = (await store.all()) as { id: string; user: string; cart: string[] }[];
      assert.deepEqual(
        all.map(({ user }) => user).sort(),
        Array.from({ length: rounds }, (_, i) => `visitor ${i}-0`).sort(),
      );
      for (const { cart } of all) assert.deepEqual(cart, ['tea', 'a pot', 'cups', 'sugar']);
      assert.equal(new Set((await store.ids()) as string[]).size, rounds);
      await store.clear();
      assert.equal(await shops[0]!.store.length(), 0);
      for (const { server, client } of shops) {
        server.closeAllConnections();
        server.close();
        await client.close();
      }
      return `${visits} visits`;
    },
  };
});
