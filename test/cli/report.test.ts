// What `status` makes of ZooKeeper's tree and of the members' own words, and what it says of silent ones.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { after, test } from 'node:test';
import { ask, askStatus } from '../../src/cli/ask.js';
import { Failure } from '../../src/cli/failure.js';
import { type Report, reportOf } from '../../src/cli/report.js';
import { reportText, sizeText } from '../../src/cli/report-text.js';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** A port that answers every chunk with `reply`, or with nothing. */
async function port(reply: string | null): Promise<number> {
  const server = createServer((socket) => {
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => reply !== null && socket.write(reply));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const bulk = (tree: unknown) => {
  const text = JSON.stringify(tree);
  return `$${text.length}\r\n${text}\r\n`;
};

test('a report: who answers, who is silent, which group serves', async () => {
  const member = async (id: string, reply: string | null) => ({
    id,
    host: '127.0.0.1',
    port: await port(reply),
    pid: 7,
  });
  const a = await member(
    'a',
    bulk({ role: 'primary', state: 'serving', keys: 3, bytes: 2048, seq: 9, error: 'help' }),
  );
  const b = await member('b', null);
  const c = await member('c', '-ERR no such command\r\n');
  const tree = {
    ring: { version: 2, groups: [{ id: 'g1', weight: 1 }], history: [], abandoned: [] },
    groups: [
      { id: 'g1', config: { epoch: 4, term: 2, primary: 'a', inSync: ['a', 'b'] }, members: [a, b, c] },
      { id: 'g2', config: { epoch: 1, term: 1, primary: 'c', inSync: ['c'] }, members: [c] },
      { id: 'g3', config: { epoch: 1, term: 1, primary: 'z', inSync: ['z'] }, members: [] },
      { id: 'g4', config: null, members: [] },
      { id: 'g5', config: null, members: [a] },
    ],
    routers: [{ id: 'r', host: '127.0.0.1', port: 6380, pid: 8 }],
    drain: null,
  };
  const report = await reportOf(tree);
  assert.deepEqual(
    report.groups.map(({ id, state }) => [id, state]),
    [
      ['g1', 'serving'],
      ['g2', 'electing'],
      ['g3', 'lost'],
      ['g4', 'forming'],
      ['g5', 'forgotten'],
    ],
  );
  const known = { pid: 7, keys: null, bytes: null, seq: null, error: null, state: 'unreachable' };
  assert.deepEqual(report.groups[0]!.members, [
    {
      id: 'a',
      address: `127.0.0.1:${a.port}`,
      pid: 7,
      role: 'primary',
      state: 'serving',
      keys: 3,
      bytes: 2048,
      seq: 9,
      error: 'help',
    },
    { ...known, id: 'b', address: `127.0.0.1:${b.port}`, role: 'backup' },
    { ...known, id: 'c', address: `127.0.0.1:${c.port}`, role: 'spare' },
  ]);
  assert.deepEqual(report.ring, {
    version: 2,
    groups: [{ id: 'g1', weight: 1 }],
    history: [],
    abandoned: [],
    retired: [],
  });
  assert.deepEqual(
    report.groups.map(({ ring }) => ring),
    ['owner', 'none', 'none', 'none', 'none'],
  );
  assert.deepEqual(report.routers, [{ id: 'r', address: '127.0.0.1:6380', pid: 8 }]);
  assert.match(
    reportText(report),
    /group g1: serving, epoch 4, primary a[\s\S]*a +primary +in sync +serving[\s\S]*2\.0 KiB/,
  );
  assert.match(reportText(report), /^ {2}ERROR a: help$/m);
  assert.match(
    reportText(report),
    /^group g3: LOST, .*\n(.*\n)*? {2}to give its data up: .* group reset g3 /m,
  );
});

test('the text of an empty cluster, and sizes in words', () => {
  const ring = { version: 0, groups: [], history: [], abandoned: [], retired: [] };
  const empty: Report = { ring, drain: null, groups: [], routers: [] };
  assert.equal(reportText(empty), 'ring version 0: no groups\n\nrouters: 0\n');
  assert.deepEqual([0, 1023, 1024, 1.5 * 1024 ** 2].map(sizeText), ['0 B', '1023 B', '1.0 KiB', '1.5 MiB']);
});

test('a question ends, whatever the other side does', async () => {
  const to = async (reply: string | null) => ({ host: '127.0.0.1', port: await port(reply), timeoutMs: 200 });
  const command = ['X'];
  const fails = (question: Promise<unknown>, words: RegExp) =>
    assert.rejects(question, (error) => error instanceof Failure && words.test(error.message));
  assert.deepEqual(await ask({ ...(await to('*2\r\n:1\r\n$-1\r\n')), command }), [1, null]);
  await fails(ask({ ...(await to(null)), command }), /did not answer within 200 ms/);
  await fails(ask({ ...(await to('-ERR no\r\n')), command }), /answered ERR no/);
  await fails(ask({ ...(await to('HTTP/1.1 400\r\n')), command }), /not the Redis protocol/);
  await fails(askStatus(await to('$2\r\nhi\r\n')), /not a Towline process/);
  const gone = await to(null);
  for (const close of closers.splice(0)) close();
  await fails(ask({ ...gone, command }), /cannot be reached|closed the connection/);
});
