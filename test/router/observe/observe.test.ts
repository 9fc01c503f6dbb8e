// What a router has seen of its clients: MONITOR's lines as redis-server writes them, secrets left out, the slow log as
// Redis trims it, latencies in their buckets and seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LEAVES } from '../../../src/command/index.js';
import { Latency } from '../../../src/router/observe/latency.js';
import { quoted, shownWords } from '../../../src/router/observe/redaction.js';
import { SlowLog } from '../../../src/router/observe/slow-log.js';
import { Timed } from '../../../src/router/observe/timed.js';
import { needs } from '../../needs.js';
import { startRedis } from '../../store/redis.js';
import { request } from '../make.js';
import { World } from '../pubsub-world.js';

test('words are quoted as redis-server shows them', needs('redis-server'), async (t) => {
  const open = await startRedis(t);
  const [connection, watcher] = [await open(), await open()];
  await watcher.ask('MONITOR');
  let heard = (_line: string) => {};
  watcher.unasked = (line) => heard(line);
  const word = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), async (all) => {
      const words = ['ECHO', ...all.map((codes) => String.fromCharCode(...codes))].slice(0, 2);
      const line = new Promise<string>((resolve) => {
        heard = resolve;
      });
      await connection.ask(...words.map((each) => Buffer.from(each, 'latin1')));
      const shown = (await line).replace(/^\+[0-9.]+ \[[^\]]*\] /, '');
      assert.equal(words.map(quoted).join(' '), shown.trimEnd());
    }),
    { seed: 3, numRuns: 400 },
  );
});

test('secrets are left out', () => {
  const shown = (text: string, name: string) => shownWords(name, text.split(' ')).join(' ');
  assert.equal(shown('AUTH secret', 'auth'), 'AUTH (redacted)');
  assert.equal(shown('auth default secret', 'auth'), 'auth (redacted) (redacted)');
  assert.equal(
    shown('HELLO 3 SETNAME x AUTH me secret', 'hello'),
    'HELLO 3 SETNAME x AUTH (redacted) (redacted)',
  );
  const set = 'CONFIG SET requirepass secret timeout 5 RequirePass other';
  assert.equal(
    shown(set, 'config|set'),
    'CONFIG SET requirepass (redacted) timeout 5 RequirePass (redacted)',
  );
  assert.equal(shown('SET requirepass secret', 'set'), 'SET requirepass secret');
});

test('MONITOR: what others do, in order, what is queued when it is executed, and nothing an administrator does', async () => {
  const world = new World();
  const router = world.add();
  const [watcher, client] = [world.client(router), world.client(router)];
  assert.equal(await watcher.say('MONITOR'), '+OK\r\n');
  await client.say(
    'PING a',
    'CONFIG GET timeout',
    'MULTI',
    'ECHO b',
    'ECHO c',
    'EXEC',
    'nosuch',
    'AUTH x',
    'GET',
  );
  const words = (text: string) =>
    text
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line) => /^\+[0-9]+\.[0-9]{6} \[0 [0-9.]+:[0-9]+\] (.*)$/.exec(line)?.[1]);
  assert.deepEqual(words(await watcher.heard()), [
    '"PING" "a"',
    '"MULTI"',
    '"ECHO" "b"',
    '"ECHO" "c"',
    '"EXEC"',
    '"AUTH" "(redacted)"',
  ]);
  await client.say('MULTI', 'ECHO d', 'DISCARD', 'SELECT 3', 'PING');
  assert.deepEqual(words(await watcher.heard()).slice(0, 2), ['"MULTI"', '"DISCARD"']);
  assert.match(await client.say('CLIENT LIST'), /flags=O .*\n.*flags=N /s);
  assert.match(await watcher.say('RESET'), /\+RESET\r\n$/);
  await client.say('PING');
  assert.equal(await watcher.heard(), '');
  assert.equal(router.observer.monitoring, false);
  await watcher.say('MONITOR');
  await watcher.hangUp();
  assert.equal(router.observer.monitoring, false);
});

test('SLOWLOG and LATENCY HISTOGRAM from the commands of a session', async () => {
  const world = new World();
  const router = world.add();
  const client = world.client(router);
  assert.match(await client.say('CONFIG GET slowlog*'), /\r\n100000\r\n.*128\r\n/s);
  await client.say(
    'CONFIG SET slowlog-log-slower-than 0',
    'CLIENT SETNAME me',
    'CONFIG SET requirepass secret',
  );
  await client.say('AUTH secret', 'PING x');
  assert.equal(await client.say('SLOWLOG LEN'), ':5\r\n');
  const entries = router.observer.slowLog.newest(-1);
  assert.deepEqual(
    entries.map(({ words }) => words.join(' ')),
    [
      'SLOWLOG LEN',
      'PING x',
      'AUTH (redacted)',
      'CONFIG SET requirepass (redacted)',
      'CLIENT SETNAME me',
      'CONFIG SET slowlog-log-slower-than 0',
    ],
  );
  assert.deepEqual(
    entries.map(({ id }) => id),
    [5, 4, 3, 2, 1, 0],
  );
  assert.equal(entries[0]!.name, 'me');
  assert.match(
    await client.say('LATENCY HISTOGRAM ping'),
    /^\*2\r\n\$4\r\nping\r\n\*4\r\n\$5\r\ncalls\r\n:1\r\n/,
  );
  assert.match(await client.say('INFO commandstats'), /cmdstat_ping:calls=1,usec=0,usec_per_call=0.00,/);
  await client.say('CONFIG SET slowlog-log-slower-than -1 slowlog-max-len 2');
  assert.equal(router.observer.slowLog.length, 2);
  await client.say('CONFIG SET latency-tracking no', 'CONFIG RESETSTAT', 'PING');
  assert.equal(router.observer.timing, false);
  assert.equal(await client.say('LATENCY HISTOGRAM'), '*0\r\n');
});

test('when all is slow, no more than some of each turn are written down', async () => {
  const world = new World();
  const router = world.add();
  const client = world.client(router);
  await client.say('CONFIG SET slowlog-log-slower-than 1', 'CONFIG SET latency-monitor-threshold 1');
  const { observer } = router;
  const timed = new Timed();
  const row = LEAVES.find(({ name }) => name === 'get')!;
  const begun = (count: number) => {
    for (let seq = 0; seq < count; seq++) observer.begin(timed, seq, 0, row, request(`GET ${seq}`));
  };
  begun(100);
  await world.pass(200);
  for (let seq = 0; seq < 100; seq++) observer.end(timed, seq, router.clients.list()[0]!);
  assert.equal(observer.slowLog.length, 8);
  await world.pass(50);
  begun(3);
  await world.pass(200);
  for (let seq = 0; seq < 3; seq++) observer.end(timed, seq, router.clients.list()[0]!);
  assert.equal(observer.slowLog.length, 11);
  assert.ok(observer.slowLog.newest(1)[0]!.duration >= 200_000);
  assert.deepEqual(
    observer.latency.events().map(({ name, worst }) => [name, worst >= 200]),
    [['fast-command', true]],
  );
});

test('the slow log keeps the newest, and of each what Redis keeps', () => {
  const log = new SlowLog();
  const add = (...words: string[]) => log.add({ time: 1, duration: 2, words, address: 'a', name: '' }, 3);
  for (const word of ['a', 'b', 'c', 'd']) add(word);
  assert.deepEqual(
    log.newest(-1).map(({ words, id }) => [words[0], id]),
    [
      ['d', 3],
      ['c', 2],
      ['b', 1],
    ],
  );
  assert.equal(log.newest(1).length, 1);
  const many = Array.from({ length: 33 }, (_, i) => `${i}`);
  add(...many);
  assert.deepEqual(log.newest(1)[0]!.words, [...many.slice(0, 31), '... (2 more arguments)']);
  add('x'.repeat(129), 'y'.repeat(128));
  assert.deepEqual(log.newest(1)[0]!.words, [`${'x'.repeat(128)}... (1 more bytes)`, 'y'.repeat(128)]);
  log.reset();
  assert.equal(log.length, 0);
  add('e');
  assert.equal(log.newest(1)[0]!.id, 6, 'numbers go on');
});

test('latencies: buckets as Redis counts them, the worst of each second', () => {
  const latency = new Latency();
  for (const micros of [0, 1, 1.5, 2, 3, 1e6, 1e30]) latency.took(3, micros);
  assert.equal(latency.histogram(2), null);
  const { calls, cumulative } = latency.histogram(3)!;
  assert.equal(calls, 7);
  assert.deepEqual(cumulative.slice(0, 4), [
    [1, 2],
    [2, 4],
    [4, 5],
    [1_073_741, 6],
  ]);
  assert.equal(cumulative.at(-1)![1], 7);
  latency.event('command', 10, 5);
  latency.event('command', 10, 9);
  latency.event('command', 10, 7);
  latency.event('command', 11, 1);
  latency.event('fast-command', 11, 2);
  assert.deepEqual(latency.events()[0], {
    name: 'command',
    samples: [
      { time: 10, ms: 9 },
      { time: 11, ms: 1 },
    ],
    worst: 9,
  });
  for (let i = 0; i < 500; i++) latency.event('command', 20 + i, 1);
  assert.equal(latency.events()[0]!.samples.length, 160);
  assert.equal(latency.reset(['nosuch']), 0);
  assert.equal(latency.reset(['command']), 1);
  assert.equal(latency.reset([]), 1);
});

test('commands under way are timed, however many there are and in whatever order they end', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { minLength: 1, maxLength: 200 }), (steps) => {
      const timed = new Timed();
      const open = new Map<number, number>();
      let [head, tail] = [0, 0];
      for (const step of steps) {
        if (step < 60) {
          const bytes = Buffer.from(`${tail}`);
          timed.begin(tail, head, tail % 7, tail * 10, { buffer: bytes, start: 0, end: bytes.length });
          open.set(tail, tail++);
        } else {
          const seq = [...open.keys()][step % Math.max(1, open.size)];
          if (seq === undefined) continue;
          const slot = timed.end(seq);
          assert.ok(slot >= 0);
          assert.deepEqual(
            [timed.row(slot), timed.since(slot), `${timed.bytes(slot)}`],
            [seq % 7, seq * 10, `${seq}`],
          );
          timed.clear(slot);
          open.delete(seq);
          assert.equal(timed.end(seq), -1);
          while (head < tail && !open.has(head)) head++;
        }
      }
    }),
    { seed: 4, numRuns: 500 },
  );
});
