// Starts the programs of this folder, each a process, and says how they are. What is started here ends with `end` or
// `kill`, or with this process.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Order, Place, Word } from './program.js';

/** A file of this folder, and what it runs. */
export interface Entry {
  file: string;
  packages: string;
}

/** Each has the database of its place in this list. */
export const PROGRAMS: Entry[] = [
  { file: 'sessions', packages: 'express-session, connect-redis' },
  { file: 'keyv', packages: '@keyv/redis, @keyv/test-suite' },
  { file: 'cache-manager', packages: 'cache-manager, @keyv/redis' },
  { file: 'socketio', packages: 'socket.io, @socket.io/redis-adapter, @socket.io/redis-emitter' },
  { file: 'socketio-streams', packages: 'socket.io, @socket.io/redis-streams-adapter' },
  { file: 'graphql', packages: 'graphql-redis-subscriptions' },
  { file: 'catbox', packages: '@hapi/catbox, @hapi/catbox-redis' },
  { file: 'unstorage', packages: 'unstorage' },
  { file: 'mqtt', packages: 'aedes, aedes-persistence-redis, mqemitter-redis' },
  { file: 'moleculer', packages: 'moleculer' },
  { file: 'bentocache', packages: 'bentocache' },
  { file: 'qified', packages: '@qified/redis' },
];

/** How long a program may take to end when it has nothing more to do. */
const END_MS = 30_000;
const ROUND_MS = 60_000;

/** A program that runs. */
export interface Running {
  name: string;
  /** Resolves when so many rounds have ended. @throws Error when the program ends before, with what it printed */
  rounds(count: number): Promise<void>;
  /** Rounds so far. */
  count(): number;
  /** Lets it end, and says what it did. @throws Error when it failed, complained or does not end */
  end(): Promise<string>;
  kill(): void;
}

/** Starts one. */
export function startProgram(file: string, place: Place): Running {
  const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
  const child = fork(path, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let printed = '';
  let rounds = 0;
  let done: string | null = null;
  let ended: string | null = null;
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      printed = (printed + chunk).slice(-8192);
    });
  }
  child.on('message', (word: Word) => {
    if ('done' in word) done = word.done;
    else rounds = word.rounds;
  });
  child.on('close', (code, signal) => {
    ended = String(code ?? signal);
  });
  const order = (what: Order) => void (child.connected && child.send(what));
  order({ start: place });
  const wait = async (so: () => boolean, limitMs: number, what: string) => {
    const end = performance.now() + limitMs;
    while (!so()) {
      if (ended !== null) throw new Error(`${file} ended with ${ended}: ${printed}`);
      if (performance.now() > end) throw new Error(`${file}: ${what} (${rounds} rounds). ${printed}`);
      await sleep(10);
    }
  };
  return {
    name: file,
    count: () => rounds,
    rounds: (count) => wait(() => rounds >= count, count * ROUND_MS, 'the round does not end'),
    end: async () => {
      order('finish');
      const from = rounds;
      await wait(() => done !== null, ROUND_MS + END_MS, `it does not finish after round ${from}`);
      const end = performance.now() + END_MS;
      while (ended === null) {
        if (performance.now() > end) throw new Error(`${file} is done and does not end: ${printed}`);
        await sleep(10);
      }
      if (ended !== '0' || printed !== '') throw new Error(`${file} ended with ${ended}: ${printed}`);
      return done!;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
