// A chat on two socket.io servers, one at each router, joined by @socket.io/redis-streams-adapter: each appends to one
// stream and reads it from where it was, so that nothing is missed while a connection or a primary is lost. One of them
// uses ioredis, the other one node-redis.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { chatRound, type Guest, guestOf } from './chat.js';
import { fail, host, type Place, run, until, url } from './program.js';

/** A client, and how it is closed. */
async function connect(place: Place, which: 0 | 1): Promise<{ client: unknown; close: () => unknown }> {
  if (which === 0) {
    const client = new Redis(url(place, which));
    client.on('error', fail);
    return { client, close: () => client.disconnect() };
  }
  const client = createClient({ url: url(place, which) });
  client.on('error', fail);
  await client.connect();
  return { client, close: () => client.close() };
}

async function serverAt(place: Place, which: 0 | 1) {
  const { client, close } = await connect(place, which);
  const http = createServer();
  // Channels are of no database: those of the other adapter's program begin with socket.io.
  const options = { blockTimeInMs: 500, maxLen: 5000, heartbeatTimeout: 60_000, channelPrefix: 'streams' };
  const adapter = createAdapter(client, options);
  const io = new Server(http, { adapter });
  await new Promise<void>((resolve) => http.listen(0, host, resolve));
  return { io, close, at: `http://${host}:${(http.address() as AddressInfo).port}` };
}

run(async (place) => {
  const servers = [await serverAt(place, 0), await serverAt(place, 1)];
  const guests: Guest[] = [];
  for (const [i, name] of ['ann', 'bob', 'cleo', 'dan'].entries()) {
    const { io, at } = servers[i % 2]!;
    guests.push(await guestOf(io, at, name));
  }
  // The adapter begins to read where the stream ends when it asks for the first time: until then it misses what is said.
  for (const [i, { io }] of servers.entries()) {
    const { heard } = guests[1 - i]!;
    const before = heard();
    let times = 0;
    await until('the other server reads', () => {
      io.emit('news', `server ${i} says ${++times}`);
      return heard() > before;
    });
  }
  return {
    async round(number) {
      await chatRound(
        servers.map(({ io }) => io),
        guests,
        number,
      );
      const from = servers[number % 2]!.io;
      from.emit('news', `for all ${number}`);
      await Promise.all(guests.map((guest) => guest.hears('news', `for all ${number}`)));
      from.to('even').emit('news', `for some ${number}`);
      await Promise.all([guests[0]!, guests[2]!].map((guest) => guest.hears('news', `for some ${number}`)));
    },
    async finish(rounds) {
      for (const guest of guests) guest.heardAllOnce();
      servers[0]!.io.disconnectSockets(true);
      await Promise.all(guests.map((guest) => guest.gone()));
      for (const { io, close } of servers) {
        await io.close();
        await close();
      }
      assert.ok(guests.every((guest) => guest.heard() >= 4 * rounds));
      return `${guests.reduce((sum, guest) => sum + guest.heard(), 0)} messages heard`;
    },
  };
});
