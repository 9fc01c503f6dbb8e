// Keyspace events against a live redis-server: the random commands of every type's tests, and the same messages in the
// same order, of every class. Also the letters of notify-keyspace-events.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { eventFlags, eventLetters, KEYEVENT, KEYSPACE } from '../../src/command/index.js';
import { encodeCommand } from '../../src/resp/index.js';
import { needs } from '../needs.js';
import { command } from './commands.js';
import { geoCommand } from './geo-commands.js';
import { Primary } from './harness.js';
import { hashCommand } from './hash-commands.js';
import { hllCommand } from './hyperloglog-commands.js';
import { listCommand } from './list-commands.js';
import { startRedis } from './redis.js';
import { setCommand } from './set-commands.js';
import { streamCommand } from './stream-commands.js';
import { sortedSetCommand } from './zset-commands.js';

const EVERY = 'AKEmn';
/** Commands that make other types of some keys, and expiries that are over at once. */
const KEYS = [
  ...['a', 'b', 'c', 'k{a}', 'h1', 'h2', 'h3', 'l1', 'l2', 's1', 's2', 'z1', 'z2', 'g1', 'g2', 'other'],
];
/** A stream with a group, as DUMP gives it. */
function dumpedStream(): string {
  const primary = new Primary();
  for (const each of ['XADD s 1-1 f v', 'XGROUP CREATE s g 0', 'XREADGROUP GROUP g ann STREAMS s >'])
    primary.line(each);
  const reply = primary.line('DUMP s');
  return reply.slice(reply.indexOf('\n') + 1, -2);
}
const key = fc.constantFrom(...KEYS);
const around = fc.oneof(
  fc.tuple(
    fc.constantFrom('DEL', 'UNLINK', 'TYPE', 'EXISTS', 'TTL', 'PERSIST', 'GETDEL', 'DUMP', 'TOUCH'),
    key,
  ),
  fc.tuple(fc.constantFrom('RENAME', 'RENAMENX', 'COPY', 'GETSET', 'APPEND'), key, key),
  fc.tuple(fc.constant('PEXPIREAT'), key, fc.constantFrom('33000000000000', '1')),
  fc.tuple(fc.constant('COPY'), key, key, fc.constantFrom('REPLACE')),
  fc.tuple(fc.constant('RESTORE'), key, fc.constant('0'), fc.constant(dumpedStream())),
  fc.tuple(fc.constant('MOVE'), key, fc.constantFrom('1', '2')),
  fc.tuple(fc.constant('SORT'), key, fc.constantFrom('ALPHA', 'DESC'), fc.constant('STORE'), key),
  fc.tuple(fc.constantFrom('OBJECT', 'MEMORY'), fc.constantFrom('ENCODING', 'USAGE', 'IDLETIME'), key),
  fc.tuple(fc.constantFrom('BLPOP', 'BRPOP', 'BZPOPMIN', 'BZPOPMAX'), key, key, fc.constant('0.001')),
) as fc.Arbitrary<string[]>;

/** Each event as the messages that tell it. */
function messages(primary: Primary): string[] {
  const found = primary.ctx.events.flatMap(({ event, db, key: name }) => [
    [`__keyspace@${db}__:${name}`, event],
    [`__keyevent@${db}__:${event}`, name],
  ]);
  primary.ctx.events = [];
  return found.map((words) => encodeCommand(['pmessage', '__key*', ...words]).latin1Slice());
}

async function compare(t: TestContext, commands: fc.Arbitrary<string[][]>, runs: number): Promise<void> {
  const open = await startRedis(t);
  const [connection, subscriber] = [await open(), await open()];
  await connection.ask('CONFIG', 'SET', 'notify-keyspace-events', EVERY);
  await subscriber.ask('PSUBSCRIBE', '__key*');
  let heard: string[] = [];
  let told = () => {};
  subscriber.unasked = (message) => {
    if (message.includes('__key-end')) told();
    else heard.push(message);
  };
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      heard = [];
      const end = new Promise<void>((resolve) => {
        told = resolve;
      });
      await connection.askAll([['FLUSHALL'], ...all, ['PUBLISH', '__key-end', '']]);
      await end;
      const primary = new Primary(Date.now());
      primary.ctx.notifying = eventFlags(EVERY)!;
      const mine: string[] = [];
      for (const words of all) {
        const before = mine.length;
        primary.run(...words);
        mine.push(...messages(primary));
        const theirs = heard.slice(before, mine.length);
        assert.deepEqual(mine.slice(before), theirs, `${JSON.stringify(words)}: events are others`);
      }
      assert.deepEqual(heard.slice(mine.length), [], 'events that redis-server tells, and nobody here');
    }),
    { seed: 60_000, numRuns: runs, endOnFailure: false },
  );
}

const FAMILIES: readonly (readonly [string, fc.Arbitrary<string[]>])[] = [
  ['strings', command],
  ['hashes', hashCommand],
  ['lists', listCommand],
  ['sets', setCommand],
  ['sorted sets', sortedSetCommand],
  ['geo', geoCommand],
  ['streams', streamCommand],
  ['HyperLogLogs', hllCommand],
];

for (const [name, of] of FAMILIES) {
  test(
    `${name}: the same events as redis-server, in the same order`,
    needs('redis-server'),
    (t: TestContext) => {
      const each = fc.oneof({ weight: 4, arbitrary: of }, { weight: 1, arbitrary: around });
      return compare(t, fc.array(each, { minLength: 1, maxLength: 40, size: 'max' }), 150);
    },
  );
}

test('an event is announced only where its class is wanted, and by no copy', () => {
  const primary = new Primary();
  primary.line('SET a 1');
  assert.deepEqual(primary.ctx.events, []);
  primary.ctx.notifying = eventFlags('Kg')!;
  primary.line('SET a 1 EX 100');
  assert.deepEqual(primary.ctx.events.splice(0), [
    { kind: eventFlags('g'), event: 'expire', db: 0, key: 'a' },
  ]);
  const effects = primary.ctx.effects.take();
  primary.ctx.notifying = eventFlags('AKEmn')!;
  primary.store.apply(effects, primary.ctx);
  assert.deepEqual(primary.ctx.events, []);
});

test('what has expired is announced before what found it so, and once', () => {
  const primary = new Primary(1000);
  primary.ctx.notifying = eventFlags(EVERY)!;
  const events = () => primary.ctx.events.splice(0).map(({ event, key: name }) => `${event} ${name}`);
  const again = () => {
    primary.line('SET a 1 PXAT 2000');
    events();
    primary.ctx.now += 1001;
  };
  again();
  primary.line('GET a');
  assert.deepEqual(events(), ['expired a', 'keymiss a']);
  for (const write of ['SET a 2', 'MSET a 2', 'SETEX a 100 2']) {
    primary.line('DEL a');
    primary.ctx.now = 1000;
    again();
    primary.line(write);
    assert.deepEqual(events().slice(0, 3), ['expired a', 'new a', 'set a'], write);
  }
  primary.line('DEL a');
  primary.ctx.now = 1000;
  again();
  assert.equal(primary.store.expireSome(primary.ctx, 10), 1);
  assert.deepEqual(events(), ['expired a']);
});

test('the letters of notify-keyspace-events are those of redis-server', needs('redis-server'), async (t) => {
  const connection = await (await startRedis(t))();
  const letters = fc.array(fc.constantFrom(...'Ag$lshzxeKEtmdnq'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(letters, async (some) => {
      const text = some.join('');
      const said = await connection.ask('CONFIG', 'SET', 'notify-keyspace-events', text);
      const flags = eventFlags(text);
      assert.equal(flags !== null, said === '+OK\r\n', text);
      if (flags === null) return;
      const shown = await connection.ask('CONFIG', 'GET', 'notify-keyspace-events');
      assert.equal(eventLetters(flags), shown.split('\r\n').at(-2), text);
    }),
    { seed: 61_000, numRuns: 300 },
  );
  assert.equal(eventFlags('KE'), KEYSPACE | KEYEVENT);
});
