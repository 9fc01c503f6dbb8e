// The program's face: --version, --help, what is refused with exit code 2, and one role's life from start to signal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { humanLine } from '../../src/cli/log.js';
import { allGone, launch, programPath, repository, runTowline } from './program.js';

test('--version is the version of package.json; --help names every command', async () => {
  const version = await runTowline(['--version']);
  const { version: wanted } = JSON.parse(readFileSync(join(repository(), 'package.json'), 'utf8'));
  assert.deepEqual([version.code, version.out], [0, `${wanted}\n`]);
  const help = await runTowline(['--help']);
  assert.equal(help.code, 0);
  for (const name of ['up', 'router', 'data', 'zk', 'status', 'workload']) {
    assert.match(help.out, new RegExp(`^  ${name} `, 'm'));
  }
});

test('bin/towline.js starts the bundle, what the compiler wrote since then, or says that neither is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'towline-bin-'));
  try {
    const bin = join(folder, 'bin/towline.js');
    cpSync(join(repository(), 'bin/towline.js'), bin);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const started = async () => {
      const child = spawn(process.execPath, [bin], { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
      const code = await new Promise((resolve) => child.on('close', resolve));
      return [code, said.trim()];
    };
    const write = (place: string, at: number) => {
      const file = join(folder, 'dist', place, 'entry.js');
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, `console.log(${JSON.stringify(place)});\n`);
      utimesSync(file, at, at);
    };
    assert.deepEqual(await started(), [1, 'towline: not built yet; run: npm run build']);
    write('src/cli', 1000);
    assert.deepEqual(await started(), [0, 'src/cli']);
    write('bundle', 1001);
    assert.deepEqual(await started(), [0, 'bundle']);
    // As in an archive.
    write('src/cli', 1001);
    assert.deepEqual(await started(), [0, 'bundle']);
    write('src/cli', 1002);
    assert.deepEqual(await started(), [0, 'src/cli']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is unknown or not valid: a message, exit code 2', async () => {
  const cases: [string[], RegExp][] = [
    [['nope'], /unknown command 'nope'/],
    [[], /Usage: towline/],
    [['up', '--nope'], /unknown option '--nope'/],
    [['up', 'nope'], /too many arguments/],
    [['up', '--groups', '0'], /--groups: '0'/],
    [['up', '--port', '65535', '--routers', '2'], /no room for 2 routers/],
    [['router'], /--zookeeper is missing/],
    [['router', '--zookeeper', 'nowhere'], /--zookeeper: 'nowhere'/],
    [['data', '--zookeeper', 'z:1', '--group', 'a b'], /--group: 'a b'/],
    [['data', '--zookeeper', 'z:1', '--group', 'g1', '--lease-ms', '1250'], /must be more than --lease-ms/],
    [['zk', '--port', 'x'], /--port: 'x'/],
    [['zk', '--host', '10.1.2.3'], /loopback only/],
    [['zk', '--config', '/nowhere.cfg'], /cannot be read/],
    [['status', '--port', '-1'], /--port: '-1'/],
    [['workload', '--reads', '2'], /--reads: '2'/],
  ];
  for (const [args, words] of cases) {
    const { code, err } = await runTowline(args);
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, words);
  }
});

test('towline zk listens, says so, stops on SIGTERM with 0; a taken port: named, exit code 1', async () => {
  const { child, finished, out } = launch(['zk', '--port', '0']);
  try {
    while (!/listening on 127\.0\.0\.1:\d+/.test(out()))
      await new Promise((resolve) => setTimeout(resolve, 10));
    const port = /127\.0\.0\.1:(\d+)/.exec(out())![1]!;
    const second = await runTowline(['zk', '--port', port]);
    assert.equal(second.code, 1);
    assert.match(second.err, new RegExp(`port ${port} on 127.0.0.1 is taken`));
    const json = await runTowline(['zk', '--port', port, '--json-logs']);
    assert.equal(json.code, 1);
  } finally {
    child.kill('SIGTERM');
  }
  const { code, signal } = await finished;
  assert.deepEqual([code, signal], [0, null]);
});

test('towline up with a taken port: named, exit code 1, nothing was started', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, out, err } = await runTowline(['up', '--port', String(port)]);
  server.close();
  assert.equal(code, 1);
  assert.match(err, new RegExp(`port ${port} on 127.0.0.1 is taken`));
  assert.equal(out, '');
});

test('status without a router to ask: a message, exit code 1', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const { code, err } = await runTowline(['status', '--port', String(port)]);
  assert.equal(code, 1);
  assert.match(err, /no router to ask.*try --port or --zookeeper/);
});

test('a role whose parent is gone stops by itself', async () => {
  // A parent that starts the role with a channel, says its pid, and is killed.
  const script = `
    const { fork } = require('node:child_process');
    const child = fork(${JSON.stringify(programPath())}, ['zk', '--port', '0'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('message', () => console.log(child.pid));
  `;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk))),
  );
  parent.kill('SIGKILL');
  // Ends when the role has: a role that stays makes the runner's own limit fail this test.
  await allGone([pid]);
});

test('a log record in one line for people', () => {
  const line = (record: object) => humanLine(JSON.stringify(record));
  assert.equal(line({ level: 30, time: 0, name: 'router', msg: 'hello' }), 'router     hello');
  assert.equal(line({ level: 40, time: 0, msg: 'hm' }), 'warning: hm');
  assert.equal(line({ level: 50, time: 0, msg: 'no', err: { message: 'why' } }), 'ERROR no (why)');
  assert.equal(humanLine('plain words', 'g1/1'), 'g1/1       plain words');
  assert.equal(humanLine('17'), '17');
});
