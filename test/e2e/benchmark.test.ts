// redis-benchmark runs through without an error, in each of the forms people use. It says nothing here about speed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ask } from '../../src/cli/ask.js';
import { needs } from '../needs.js';
import { startCluster } from './cluster.js';

const run = promisify(execFile);
/** The whole default list has so many tests. */
const DEFAULT_TESTS = 20;
const TESTS = ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET (10 keys)'];

test('redis-benchmark', needs('redis-benchmark'), async (t) => {
  const cluster = await startCluster({ groups: 2, members: 2, routers: 1 });
  const port = cluster.routerPorts[0]!;
  try {
    for (const [clients, depth] of [
      [50, 1],
      [50, 16],
      [500, 1],
      [500, 16],
    ]) {
      await t.test(`-c ${clients} -P ${depth}`, async () => {
        const list = ['-t', 'ping_inline,ping_mbulk,set,get,incr,mset', '-q', '-r', '1000'];
        const args = ['-p', String(port), '-c', String(clients), '-P', String(depth), '-n', '8000', ...list];
        const { stdout, stderr } = await run('redis-benchmark', args, { timeout: 300_000 });
        // An error reply ends it with exit code 1; -q prints one line for each test.
        assert.doesNotMatch(stdout + stderr, /error|-ERR|refused/i);
        const done = stdout.split(/[\r\n]+/).filter((line) => line.includes('requests per second'));
        for (const name of TESTS) {
          assert.ok(
            done.some((line) => line.startsWith(name)),
            `${name} in ${stdout}`,
          );
        }
      });
    }
    // It also asks for settings first, which a list with -q does too.
    for (const depth of [1, 16]) {
      await t.test(`the whole default list, -P ${depth}`, async () => {
        const args = ['-p', String(port), '-P', String(depth), '-n', '2000', '--csv'];
        const { stdout, stderr } = await run('redis-benchmark', args, { timeout: 300_000 });
        assert.equal(stderr, '');
        const lines = stdout.trim().split('\n').slice(1);
        assert.equal(lines.length, DEFAULT_TESTS, stdout);
        for (const line of lines) assert.match(line, /^"[^"]+"(,"[0-9.]+")+$/);
      });
    }
    await t.test('every INCR was counted', async () => {
      const counters: number[] = [];
      for (let i = 0; i < 1000; i++) {
        const key = `counter:${String(i).padStart(12, '0')}`;
        counters.push(Number(await ask({ host: '127.0.0.1', port, command: ['GET', key], timeoutMs: 5000 })));
      }
      assert.equal(
        counters.reduce((sum, n) => sum + n, 0),
        4 * 8000,
      );
    });
  } finally {
    await cluster.stop();
  }
});
