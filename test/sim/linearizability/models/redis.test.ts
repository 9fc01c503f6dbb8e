// The Redis model against a real redis-server: the same random commands must get the same replies from both.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from 'redis';
import { needs } from '../../../needs.js';
import { seeded } from '../random.js';
import { execute, type RedisInput, type RedisOutput, redis } from './redis.js';

const KEYS = ['a', 'b', 'c'];
const VALUES = ['1', '-7', '007', '+5', 'word', '', '9223372036854775807', '-9223372036854775808', '€'];

function command(random: () => number): RedisInput {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const key = () => pick(KEYS);
  const value = () => pick(VALUES);
  return pick<() => RedisInput>([
    () => ['GET', key()],
    () => [
      'SET',
      key(),
      value(),
      ...pick([[], ['NX'], ['xx'], ['GET'], ['NX', 'GET'], ['GET', 'XX'], ['NX', 'XX']]),
    ],
    () => ['DEL', key(), key()],
    () => ['UNLINK', key()],
    () => ['EXISTS', key(), key()],
    () => ['INCR', key()],
    () => ['DECR', key()],
    () => ['INCRBY', key(), value()],
    () => ['APPEND', key(), value()],
    () => ['GETDEL', key()],
    () => ['GETSET', key(), value()],
    () => ['SETNX', key(), value()],
    () => ['MGET', key(), key()],
    () => ['MSET', key(), value(), key(), value()],
    () => ['MSETNX', key(), value(), key(), value()],
    () => ['RENAME', key(), key()],
    () => ['RENAMENX', key(), key()],
    () => ['COPY', key(), key(), ...pick([[], ['REPLACE']])],
  ])();
}

test('the model answers as redis-server does', needs('redis-server'), async () => {
  const folder = await mkdtemp(join(tmpdir(), 'towline-model-'));
  const path = join(folder, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    let log = '';
    for await (const chunk of server.stdout) {
      log += chunk;
      if (log.includes('ready to accept')) break;
    }
    const client = createClient({ socket: { path, tls: false, reconnectStrategy: false } });
    client.on('error', () => {}); // each call reports its own failure
    await client.connect();
    const random = seeded(7);
    let state = redis.init();
    for (let i = 0; i < 4000; i++) {
      const input = command(random);
      const reply = (await client
        .sendCommand([...input])
        .catch((error: Error) => ({ error: error.message }))) as RedisOutput;
      const done = execute(state, input);
      assert.deepEqual(done.output, reply, `command ${i}: ${JSON.stringify(input)} on ${redis.key(state)}`);
      assert.equal(redis.step(state, input, reply).ok, true);
      if (redis.readOnly(input, reply)) assert.equal(done.state, state, `${input[0]} is taken for a read`);
      state = done.state;
    }
    client.destroy();
  } finally {
    server.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
});
