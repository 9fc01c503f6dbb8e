// Counters and rates, with the clock as an argument.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_MS, Statistics } from '../../../src/router/local/index.js';

test('operations per second are the mean of the last 16 samples', () => {
  const statistics = new Statistics();
  let now = 1_000;
  statistics.tick(now);
  for (let i = 0; i < 8; i++) {
    statistics.commands += 100;
    statistics.bytesIn += 1024;
    statistics.tick((now += SAMPLE_MS));
  }
  assert.equal(statistics.operationsPerSecond, 500);
  assert.equal(statistics.inputKbps, 5);
  for (let i = 0; i < 8; i++) {
    statistics.commands += 100;
    statistics.tick((now += SAMPLE_MS));
  }
  assert.equal(statistics.operationsPerSecond, 1000);
  // A late tick measures over the time that really passed.
  for (let i = 0; i < 16; i++) {
    statistics.commands += 100;
    statistics.tick((now += 2 * SAMPLE_MS));
  }
  assert.equal(statistics.operationsPerSecond, 500);
  for (let i = 0; i < 16; i++) statistics.tick((now += SAMPLE_MS));
  assert.equal(statistics.operationsPerSecond, 0);
});

test('ticks at the same moment and a reset give no nonsense', () => {
  const statistics = new Statistics();
  statistics.tick(5);
  statistics.commands = 10;
  statistics.tick(5);
  statistics.commands = 1_000;
  statistics.tick(105);
  statistics.reset();
  statistics.tick(205);
  assert.equal(statistics.operationsPerSecond, 0);
});

test('errors are counted by their first word, of which there are not arbitrarily many', () => {
  const statistics = new Statistics();
  statistics.error('ERR a');
  statistics.error('ERR b');
  statistics.error('NOAUTH');
  for (let i = 0; i < 10_000; i++) statistics.error(`X${i} y`);
  assert.equal(statistics.errorsByPrefix.get('ERR'), 2);
  assert.equal(statistics.errorsByPrefix.get('NOAUTH'), 1);
  assert.equal(statistics.errors, 10_003);
  assert.ok(statistics.errorsByPrefix.size <= 129);
  assert.equal(
    [...statistics.errorsByPrefix.values()].reduce((a, b) => a + b),
    10_003,
  );
});
