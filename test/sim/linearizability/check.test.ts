// The checker on histories of our own, small ones with known verdicts and large ones made from seeds; its budget; its
// excerpts; the recorder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './check.js';
import { HISTORIES } from './histories.js';
import { Recorder } from './history.js';
import { parseEtcd, parseKv } from './jepsen.js';
import { type RedisInput, type RedisOutput, redis } from './models/redis.js';
import { correctHistory } from './random.js';
import { parseScript } from './script.js';

for (const { name, verdict, text } of HISTORIES) {
  test(`${verdict}: ${name}`, () => {
    assert.equal(check(redis, parseScript(text)).verdict, verdict);
  });
}

/** Single-key commands, and `share` of multi-key ones, over `keys` keys. */
const commands = (keys: number, share: number) => (random: () => number, serial: number) => {
  const key = () => `k${Math.floor(random() * keys)}`;
  const many = [key(), key(), key()];
  if (random() < share) {
    const kind = random();
    if (kind < 0.5) return ['MGET', ...many];
    return kind < 0.9 ? ['MSET', ...many.flatMap((name) => [name, `m${serial}`])] : ['RENAME', key(), key()];
  }
  const kind = random();
  if (kind < 0.45) return ['GET', key()];
  if (kind < 0.8) return ['SET', key(), `v${serial}`];
  return kind < 0.9 ? ['APPEND', key(), `.${serial}`] : ['DEL', key()];
};

test('10,000 operations of 10 clients over 20 keys take few steps', () => {
  const shape = { operations: 10_000, clients: 10, unknown: 0.002, command: commands(20, 0) };
  const { verdict, steps } = check(redis, correctHistory(1, shape));
  assert.equal(verdict, 'ok');
  assert.ok(steps < 100_000, `${steps} steps`);
});

test('10,000 operations on several keys each, all of one component, take few steps', () => {
  const shape = { operations: 10_000, clients: 10, unknown: 0, command: commands(20, 0.1) };
  const history = correctHistory(2, shape);
  const { verdict, steps } = check(redis, history);
  assert.equal(verdict, 'ok');
  assert.ok(steps < 100_000, `${steps} steps`);

  const read = history.findLast(({ input, output }) => input[0] === 'MGET' && Array.isArray(output));
  assert.ok(Array.isArray(read?.output));
  read.output[0] = 'never written';
  const spoiled = check(redis, history);
  assert.equal(spoiled.verdict, 'violation');
  assert.ok(spoiled.steps < 200_000, `${spoiled.steps} steps`);
});

/** Many writes of unknown outcome, and a read that none of their orders explains: hopeless to search through. */
function hopeless(): ReturnType<typeof parseScript> {
  const lines = Array.from({ length: 40 }, (_, i) => `A ${i}-? APPEND hard ${'ab'[i % 2]}${i}`);
  return parseScript([...lines, `B 100-101 GET hard = ${JSON.stringify('x'.repeat(60))}`].join('\n'));
}

test('a budget of steps ends a hopeless search, undecided, with its key', () => {
  const { verdict, undecided, steps } = check(redis, hopeless(), { steps: 50_000 });
  assert.equal(verdict, 'undecided');
  assert.deepEqual(undecided, [['hard']]);
  assert.ok(steps < 60_000, `${steps} steps`);
});

test('a budget of memory does too, long before the steps are used up', () => {
  const { verdict, steps } = check(redis, hopeless(), { bytes: 1_000_000 });
  assert.equal(verdict, 'undecided');
  assert.ok(steps < 50_000, `${steps} steps`);
});

test('a hopeless part does not hide a violation elsewhere, nor its own verdict an ok elsewhere', () => {
  const stale = parseScript('A 1-2 SET x 1 = "OK"\nB 3-4 GET x = null');
  const found = check(redis, [...hopeless(), ...stale], { steps: 50_000 });
  assert.equal(found.verdict, 'violation');
  assert.deepEqual(found.violation?.keys, ['x']);
  const fine = parseScript('A 1-2 SET x 1 = "OK"\nB 3-4 GET x = "1"');
  assert.deepEqual(check(redis, [...fine, ...hopeless()], { steps: 50_000 }).undecided, [['hard']]);
});

test('an excerpt names the key, what was placed, what could not be, and can be read back', () => {
  const history = parseScript(`
    A 1-2 MSET x 1 y 1 z 1 = "OK"
    C 3-4 SET z 2 = "OK"
    A 3-6 MSET x 2 y 2 = "OK"
    D 4-? DEL y
    B 4-5 MGET x y = ["2", "1"]`);
  const { violation } = check(redis, history);
  assert.ok(violation);
  assert.deepEqual(violation.keys.toSorted(), ['x', 'y', 'z']);
  assert.equal(violation.total, 4);
  assert.deepEqual(
    violation.blocked.map(({ client }) => client),
    ['B', 'A'],
  );
  assert.match(violation.text, /not linearizable \(redis\): keys/);
  assert.match(violation.text, / {2}B 4-5 MGET x y = \["2","1"\]/);
  assert.equal(
    check(redis, parseScript(violation.text)).verdict,
    'violation',
    'the excerpt alone is in violation',
  );
});

test('an excerpt stays small', () => {
  const history = correctHistory(3, { operations: 3000, clients: 10, unknown: 0, command: commands(2, 0) });
  const read = history.findLast(({ input }) => input[0] === 'GET');
  assert.ok(read);
  read.output = 'y'.repeat(10_000);
  const { violation } = check(redis, history);
  assert.ok(violation);
  assert.ok(violation.text.length < 8000, `${violation.text.length} characters`);
});

test('the recorder keeps order, and leaves out what was refused', () => {
  const recorder = new Recorder<RedisInput, RedisOutput>();
  const write = recorder.call('A', ['SET', 'x', '1']);
  const refused = recorder.call('B', ['DEL', 'x']);
  const lost = recorder.call('C', ['INCR', 'x']);
  recorder.call('D', ['GET', 'x']);
  write.done('OK');
  refused.refused();
  lost.unknown();
  lost.done(2); // a reply after the client gave up teaches it nothing
  recorder.call('A', ['GET', 'x']).done('2');
  const history = recorder.history();
  assert.deepEqual(
    history.map(({ client, call, return: end }) => [client, call, end]),
    [
      ['A', 0, 4],
      ['C', 2, null],
      ['D', 3, null],
      ['A', 5, 6],
    ],
  );
  assert.equal(check(redis, history).verdict, 'ok');
});

test('what is not understood is refused', () => {
  assert.throws(() => parseScript('A 1-2 SET x 1'), /not understood/);
  assert.throws(
    () => parseEtcd('INFO  jepsen.util - 0\t:ok\t:read\tnil'),
    /line 1: process has invoked nothing/,
  );
  assert.throws(
    () => parseEtcd('INFO  jepsen.util - 0\t:invoke\t:delete\tnil'),
    /not a line of a Jepsen log/,
  );
  assert.throws(() => parseKv('{:process 0, :type :invoke}'), /not a line of a kv history/);
  assert.throws(() => check(redis, parseScript('A 1-2 LPUSH x 1 = 1')), /does not know LPUSH/);
  assert.throws(() => check(redis, parseScript('A 1-2 SET x 1 EX = "OK"')), /SET EX is not in the model/);
  assert.throws(() => check(redis, parseScript('A 2-1 GET x = null')), /returns before it is called/);
});
