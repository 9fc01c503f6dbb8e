// A chat over two socket.io servers, whichever adapter joins them: guests on both, rooms, broadcasts that are answered,
// and what one server asks of the other.
import assert from 'node:assert/strict';
import type { Server } from 'socket.io';
import { io as connect } from 'socket.io-client';
import { fail, until } from './program.js';

/** Somebody in the chat, with a connection to one of the servers. */
export interface Guest {
  name: string;
  id(): string;
  /** Resolves when this was heard. */
  hears(event: string, text: string): Promise<void>;
  say(text: string): Promise<unknown>;
  heard(): number;
  /** @throws AssertionError when something was heard twice */
  heardAllOnce(): void;
  /** Resolves when the server has ended the connection. */
  gone(): Promise<void>;
}

/** Lets somebody in; guests of even length of name stand in the room `even`. */
export async function guestOf(io: Server, at: string, name: string): Promise<Guest> {
  if (io.listenerCount('connection') === 0) {
    io.on('connection', (socket) => {
      const { name } = socket.handshake.auth as { name: string };
      socket.data = { name };
      void socket.join(['all', `home of ${name}`]);
      socket.on('say', (text: string, answer: (heard: string) => void) => {
        socket.to('all').emit('said', `${name}: ${text}`);
        answer(`${name} has said`);
      });
      socket.emit('welcome');
    });
  }
  const socket = connect(at, { auth: { name }, transports: ['websocket'], reconnection: false });
  socket.on('connect_error', fail);
  const heard: string[] = [];
  let welcome = false;
  let gone = false;
  socket.on('welcome', () => {
    welcome = true;
  });
  socket.on('disconnect', () => {
    gone = true;
  });
  for (const event of ['said', 'news'])
    socket.on(event, (text: string) => void heard.push(`${event} ${text}`));
  socket.on('question', (text: string, answer: (text: string) => void) => answer(`${name} on ${text}`));
  await until(`${name} is welcome`, () => welcome);
  return {
    name,
    id: () => socket.id!,
    hears: (event, text) => until(`${name} hears ${text}`, () => heard.includes(`${event} ${text}`)),
    say: (text) => socket.timeout(20_000).emitWithAck('say', text),
    heard: () => heard.length,
    heardAllOnce: () => assert.equal(new Set(heard).size, heard.length, 'nothing is heard twice'),
    gone: () => until(`${name} is gone`, () => gone),
  };
}

/** Guests stand at the servers in turn: 0 and 2 at the first, 1 and 3 at the other. */
export async function chatRound(servers: Server[], guests: Guest[], round: number): Promise<void> {
  const [here, there] = [servers[round % 2]!, servers[(round + 1) % 2]!];
  for (const guest of guests) {
    assert.equal(await guest.say(`hello ${round}`), `${guest.name} has said`);
    const others = guests.filter((other) => other !== guest);
    await Promise.all(others.map((other) => other.hears('said', `${guest.name}: hello ${round}`)));
  }
  // Rooms are joined from afar, and who stands in them is known everywhere.
  const even = guests.filter((_, i) => i % 2 === 0);
  for (const { id } of even) here.in(id()).socketsJoin('even');
  await until('everyone knows who is in the room', async () => {
    const inside = await there.in('even').fetchSockets();
    return (
      inside
        .map(({ id }) => id)
        .sort()
        .join() ===
      even
        .map(({ id }) => id())
        .sort()
        .join()
    );
  });
  const all = await here.fetchSockets();
  assert.deepEqual(
    all.map(({ data }) => (data as { name: string }).name).sort(),
    guests.map(({ name }) => name).sort(),
  );
  there.to('even').emit('news', `even ${round}`);
  await Promise.all(even.map((guest) => guest.hears('news', `even ${round}`)));
  there.except('even').emit('news', `odd ${round}`);
  await Promise.all(guests.filter((_, i) => i % 2 === 1).map((guest) => guest.hears('news', `odd ${round}`)));
  // A question to all, answered by those at both servers.
  const answers = (await here.timeout(15_000).emitWithAck('question', `number ${round}`)) as string[];
  assert.deepEqual(answers.sort(), guests.map(({ name }) => `${name} on number ${round}`).sort());
  // And one from server to server.
  const asked = new Promise<string>((resolve) => {
    there.once('status', (text: string, answer: (text: string) => void) => {
      answer('well');
      resolve(text);
    });
  });
  assert.deepEqual(await here.serverSideEmitWithAck('status', `how are you ${round}`), ['well']);
  assert.equal(await asked, `how are you ${round}`);
}
