// The search's shortcuts against a search that has none: small random histories, correct ones and spoiled ones, must
// get the same verdict from both. A seed names each history.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './check.js';
import type { Operation } from './history.js';
import { type RedisInput, type RedisOutput, redis } from './models/redis.js';
import { correctHistory, seeded } from './random.js';

type Redis = Operation<RedisInput, RedisOutput>;

/** Tries every order. */
function bruteForce(rest: readonly Redis[], state = redis.init()): boolean {
  if (rest.every((operation) => operation.return === null)) return true;
  return rest.some((operation) => {
    const others = rest.filter((other) => other !== operation);
    if (others.some((other) => other.return !== null && other.return < operation.call)) return false;
    const next = redis.step(state, operation.input, operation.output);
    return next.ok && bruteForce(others, next.state);
  });
}

function severalKeys(random: () => number, serial: number): RedisInput {
  const key = () => 'abc'[Math.floor(random() * 3)]!;
  const value = String(random() < 0.5 ? 1 : serial);
  const makers: (() => RedisInput)[] = [
    () => ['GET', key()],
    () => ['GET', key()],
    () => ['SET', key(), value],
    () => ['SET', key(), value, 'NX', 'GET'],
    () => ['INCR', key()],
    () => ['APPEND', key(), value],
    () => ['GETDEL', key()],
    () => ['DEL', key(), key()],
    () => ['MGET', key(), key()],
    () => ['MSET', key(), value, key(), '2'],
    () => ['MSETNX', key(), value, key(), '3'],
    () => ['RENAME', key(), key()],
    () => ['COPY', key(), key()],
  ];
  return makers[Math.floor(random() * makers.length)]!();
}

/** Few values and many ways to reach each: what tells apart configurations that look alike. */
function oneKey(random: () => number): RedisInput {
  const digit = String(Math.floor(random() * 2));
  const makers: RedisInput[] = [
    ['GET', 'a'],
    ['GET', 'a'],
    ['SET', 'a', digit],
    ['INCR', 'a'],
    ['GETSET', 'a', digit],
    ['DEL', 'a'],
    ['SETNX', 'a', digit],
  ];
  return makers[Math.floor(random() * makers.length)]!;
}

/** Gives some operation the output of another of the same command, or of an earlier moment, or another interval. */
function spoil(history: Redis[], random: () => number): Redis[] {
  const spoiled = history.map((operation) => ({ ...operation }));
  const known = spoiled.filter((operation) => operation.return !== null);
  const pick = () => known[Math.floor(random() * known.length)]!;
  if (known.length === 0) return spoiled;
  const one = pick();
  const like = known.filter((other) => other.input[0] === one.input[0]);
  if (random() < 0.6) one.output = like[Math.floor(random() * like.length)]!.output;
  else if (typeof one.output === 'number') one.output += random() < 0.5 ? 1 : -1;
  else one.output = pick().output;
  if (random() < 0.3) one.call = one.return! - 0.5;
  return spoiled;
}

test('agrees with a search of every order', () => {
  const seen = { ok: 0, violation: 0 };
  for (let seed = 1; seed <= 4000; seed++) {
    const random = seeded(seed);
    const shape = {
      operations: 3 + (seed % 6),
      clients: 2 + Math.floor(random() * 4),
      unknown: [0, 0.1, 0.2, 0.3][seed % 4]!,
      command: seed % 2 === 0 ? severalKeys : oneKey,
    };
    const correct = correctHistory(seed, shape);
    const history = seed % 5 === 0 ? correct : spoil(spoil(correct, random), random);
    const { verdict } = check(redis, history);
    const expected = bruteForce(history) ? 'ok' : 'violation';
    if (history === correct) assert.equal(expected, 'ok', `seed ${seed}: made to be linearizable`);
    assert.equal(verdict, expected, `seed ${seed}: ${JSON.stringify(history)}`);
    seen[expected]++;
  }
  assert.ok(seen.ok > 1000 && seen.violation > 1000, `both verdicts occur: ${JSON.stringify(seen)}`);
});
