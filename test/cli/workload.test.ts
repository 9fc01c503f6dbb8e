// `towline workload` as a program, against routers that behave and routers that do not: it must say `lost 0, wrong 0,
// errors 0` only when that is so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from '../../src/cli/workload/show.js';
import { type FakeRouter, type Mischief, startFakeRouter } from './fake-router.js';
import { runTowline } from './program.js';

/** Runs a short workload against fakes and closes them. */
async function observe(
  fakes: FakeRouter[],
  ...more: string[]
): Promise<{ code: number | null; result: Result }> {
  const routers = fakes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const args = [
    'workload',
    '--routers',
    routers,
    '--clients',
    '4',
    '--keys',
    '20',
    '--seconds',
    '1',
    '--json',
  ];
  try {
    const { code, out, err } = await runTowline([...args, ...more]);
    assert.notEqual(out, '', err);
    return { code, result: JSON.parse(out) as Result };
  } finally {
    await Promise.all(fakes.map((fake) => fake.close()));
  }
}

async function against(mischief: Mischief, ...more: string[]) {
  return observe([await startFakeRouter(mischief)], ...more);
}

test('a router that behaves: nothing lost, wrong or an error, exit code 0, and the keys are gone', async () => {
  const fake = await startFakeRouter();
  const { code, result } = await observe([fake], '--reads', '0.5');
  assert.equal(code, 0);
  assert.deepEqual([result.lost, result.wrong, result.errors, result.unverified], [0, 0, 0, 0]);
  assert.equal(result.verified, 20);
  assert.equal(result.operations, result.reads + result.writes);
  assert.ok(result.reads > 0 && result.writes > 0 && result.latencyMs.max >= result.latencyMs.p50);
  assert.equal(fake.acknowledged, result.writes);
  assert.ok(result.groups['g1']!.reads > 0 && result.groups['g1']!.writes > 0);
  assert.equal(fake.data.size, 0);
});

test('the text ends with the judgement, and --keep keeps the keys', async () => {
  const fake = await startFakeRouter();
  const routers = `127.0.0.1:${fake.port}`;
  const args = [
    'workload',
    '--routers',
    routers,
    '--seconds',
    '1.2',
    '--clients',
    '2',
    '--keys',
    '5',
    '--keep',
  ];
  const { code, out } = await runTowline(args);
  await fake.close();
  assert.equal(code, 0);
  const lines = out.trimEnd().split('\n');
  assert.match(
    lines[0]!,
    /1 s \|.*commands\/s \| g1 .*reads\/s.*writes\/s \| p50 .*max .* ms \| lost 0, wrong 0/,
  );
  assert.equal(lines.at(-1), 'lost 0, wrong 0, errors 0');
  assert.ok(fake.data.size > 0);
});

test('an acknowledged write that was forgotten is lost', async () => {
  let sets = 0;
  const { code, result } = await against({ forget: () => ++sets % 10 === 0 });
  assert.equal(code, 1);
  assert.ok(result.lost > 0);
  assert.equal(result.findings[0]!.verdict, 'lost');
  assert.ok(result.findings.length <= 10);
  assert.deepEqual([result.wrong, result.errors], [0, 0]);
});

test('a loss that only the final look can find is found', async () => {
  // Nothing is read while it runs, and the last value of one key never arrives.
  const { code, result } = await against({ forget: (key) => key.endsWith(':7') }, '--reads', '0');
  assert.equal(code, 1);
  assert.deepEqual([result.lost, result.wrong, result.errors], [1, 0, 0]);
});

test('a value of another key is wrong', async () => {
  const lie = (key: string, value: string | undefined) => (key.endsWith(':3') ? '4:1:' : value);
  const { code, result } = await against({ lie });
  assert.equal(code, 1);
  assert.ok(result.wrong > 0);
});

test('error replies are errors, by kind', async () => {
  let sets = 0;
  const refuse = (name: string) => (name === 'SET' && ++sets % 7 === 0 ? 'UNCERTAIN no answer' : undefined);
  const { code, result } = await against({ refuse }, '--reads', '0.5');
  assert.equal(code, 1);
  assert.deepEqual([result.lost, result.wrong], [0, 0]);
  assert.deepEqual(Object.keys(result.replyErrors), ['UNCERTAIN']);
  assert.equal(result.errors, result.replyErrors['UNCERTAIN']);
});

for (const when of ['before', 'after'] as const) {
  test(`a connection cut ${when} a write is done makes it unknown, not lost`, async () => {
    let sets = 0;
    const cut = (name: string) => (name === 'SET' && ++sets % 50 === 0 ? when : undefined);
    const { code, result } = await against({ cut }, '--reads', '0.5');
    assert.equal(code, 1);
    assert.deepEqual([result.lost, result.wrong], [0, 0]);
    assert.ok(result.errors > 0);
    assert.deepEqual(result.replyErrors, {});
    const connections = Object.values(result.connectionErrors).reduce((sum, n) => sum + n, 0);
    assert.equal(result.errors, connections);
    assert.equal(result.verified, 20);
  });
}

test('a router that dies and comes back: errors are those of its connections only', async () => {
  const data = new Map<string, string>();
  const steady = await startFakeRouter({}, { data, id: 'steady' });
  const first = await startFakeRouter({}, { data, id: 'first' });
  const observed = observe([steady, first], '--seconds', '3');
  // Long enough that connections stand; the outcome does not depend on it.
  while (first.acknowledged === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await first.close();
  while (data.size < 5) await new Promise((resolve) => setTimeout(resolve, 20));
  const second = await startFakeRouter({}, { data, id: 'second', port: first.port });
  const { code, result } = await observed;
  await second.close();
  assert.equal(code, 1);
  assert.deepEqual([result.lost, result.wrong, result.unverified], [0, 0, 0]);
  assert.deepEqual(Object.keys(result.connectionErrorsByRouter), [`127.0.0.1:${first.port}`]);
  assert.ok(second.acknowledged > 0, 'its clients came back');
});

test('a router that stays dead: its keys are verified through the others', async () => {
  const data = new Map<string, string>();
  const steady = await startFakeRouter({}, { data, id: 'steady' });
  const dying = await startFakeRouter({}, { data, id: 'dying' });
  const observed = observe([steady, dying]);
  while (dying.acknowledged === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await dying.close();
  const { result } = await observed;
  assert.deepEqual([result.lost, result.wrong, result.verified], [0, 0, 20]);
});

test('no router: a message and exit code 1; fewer keys than clients: exit code 2', async () => {
  const fake = await startFakeRouter();
  await fake.close();
  const absent = await runTowline(['workload', '--routers', `127.0.0.1:${fake.port}`, '--seconds', '1']);
  assert.equal(absent.code, 1);
  assert.match(absent.err, new RegExp(`no router answers at 127.0.0.1:${fake.port}`));
  const few = await runTowline(['workload', '--clients', '5', '--keys', '4']);
  assert.equal(few.code, 2);
});
