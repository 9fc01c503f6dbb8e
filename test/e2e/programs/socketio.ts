// A chat on two socket.io servers, one at each router, joined by @socket.io/redis-adapter; a process of another kind
// speaks into it by @socket.io/redis-emitter.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { chatRound, type Guest, guestOf } from './chat.js';
import { fail, host, type Place, run, url } from './program.js';

async function connect(place: Place, which: 0 | 1) {
  const client = createClient({ url: url(place, which) });
  client.on('error', fail);
  await client.connect();
  return client;
}

async function serverAt(place: Place, which: 0 | 1) {
  const clients = [await connect(place, which), await connect(place, which)] as const;
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(...clients, { requestsTimeout: 15_000 }) });
  await new Promise<void>((resolve) => http.listen(0, host, resolve));
  return { io, clients, at: `http://${host}:${(http.address() as AddressInfo).port}` };
}

run(async (place) => {
  const servers = [await serverAt(place, 0), await serverAt(place, 1)];
  const voice = await connect(place, 0);
  const emitter = new Emitter(voice);
  const guests: Guest[] = [];
  for (const [i, name] of ['ann', 'bob', 'cleo', 'dan'].entries()) {
    const { io, at } = servers[i % 2]!;
    guests.push(await guestOf(io, at, name));
  }
  return {
    lingers: 'the adapter forgets a broadcast that was answered by a timer which it never stops',
    async round(number) {
      await chatRound(
        servers.map(({ io }) => io),
        guests,
        number,
      );
      emitter.emit('news', `for all ${number}`);
      await Promise.all(guests.map((guest) => guest.hears('news', `for all ${number}`)));
      emitter.to('even').except('nobody').emit('news', `for some ${number}`);
      await Promise.all([guests[0]!, guests[2]!].map((guest) => guest.hears('news', `for some ${number}`)));
      emitter.in(guests[1]!.id()).socketsJoin(`corner ${number}`);
      emitter.to(`corner ${number}`).emit('news', `for one ${number}`);
      await guests[1]!.hears('news', `for one ${number}`);
      emitter.socketsLeave(`corner ${number}`);
    },
    async finish(rounds) {
      for (const guest of guests) guest.heardAllOnce();
      servers[0]!.io.disconnectSockets(true);
      await Promise.all(guests.map((guest) => guest.gone()));
      for (const { io, clients } of servers) {
        await io.close();
        await Promise.all(clients.map((client) => client.close()));
      }
      await voice.close();
      assert.ok(guests.every((guest) => guest.heard() >= 5 * rounds));
      return `${guests.reduce((sum, guest) => sum + guest.heard(), 0)} messages heard`;
    },
  };
});
